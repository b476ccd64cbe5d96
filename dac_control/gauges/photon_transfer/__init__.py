"""Photon transfer: gain, read noise, linearity and full well from pairs of spectra."""

from dac_control.gauges.photon_transfer.curve import measure_transfer
from dac_control.gauges.photon_transfer.pairs import ExposurePair, exposures_for
from dac_control.gauges.photon_transfer.result import PhotonTransfer, TransferPoint

__all__ = [
    "ExposurePair",
    "PhotonTransfer",
    "TransferPoint",
    "exposures_for",
    "measure_transfer",
]
