"""The Raman edge of the diamond anvil as a pressure gauge."""

from dac_control.gauges.diamond_edge.fit import fit_edge
from dac_control.gauges.diamond_edge.gauge import DiamondEdgeGauge
from dac_control.gauges.diamond_edge.model import EdgeShape, evaluate_edge
from dac_control.gauges.diamond_edge.nu0 import Nu0, vacuum_shift_cm1
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention, RamanSpectrum
from dac_control.gauges.diamond_edge.result import DISQUALIFYING_EDGE, EDGE_FLAGS, EdgeFit

__all__ = [
    "DISQUALIFYING_EDGE",
    "EDGE_FLAGS",
    "AxisConvention",
    "DiamondEdgeGauge",
    "EdgeFit",
    "EdgeShape",
    "Nu0",
    "RamanSpectrum",
    "evaluate_edge",
    "fit_edge",
    "vacuum_shift_cm1",
]
