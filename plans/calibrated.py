"""Calibrations in use: what was measured of axes, detectors and the chip, and whether it holds.

One way for all of them, whether the session found them in the station's file or a plan has just
measured them.
"""

import datetime
from collections.abc import Sequence
from typing import Final

from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.photon_transfer import PhotonTransfer
from dac_control.records.calibrations import CalibrationKind, CalibrationRecord
from dac_control.records.calibrations_in_use import Need
from devices.ruby import Ruby
from plans.instruments import Instruments

__all__ = ["check_calibrations", "needs_of", "take_calibration", "use_calibrations"]

_OF_PRESSURES: Final[tuple[CalibrationKind, ...]] = ("axis", "gain", "lambda0")


def needs_of(
    instruments: Instruments,
    gauges: Sequence[str],
    kinds: Sequence[CalibrationKind] = _OF_PRESSURES,
) -> list[Need]:
    """What gauges rest on: axis and gain of each spectrometer, lambda0 of the chip.

    Raises
    ------
    ConfigurationError
        If the station has no such gauge.
    """
    needs: list[Need] = []
    for name in gauges:
        port = instruments.gauge(name).spectrometer.name
        needs.extend([("axis", port), ("gain", port)])
        if name == "ruby":
            needs.append(("lambda0", instruments.ruby.gauge.lambda0.chip))
    return [need for need in dict.fromkeys(needs) if need[0] in kinds]


def check_calibrations(
    instruments: Instruments,
    gauges: Sequence[str],
    kinds: Sequence[CalibrationKind] = _OF_PRESSURES,
) -> None:
    """Refuse a run whose calibrations are missing or too old; reads no file.

    Raises
    ------
    StaleCalibration
        Before the run opens; nothing was moved.
    """
    now = datetime.datetime.fromtimestamp(instruments.wall_time(), tz=datetime.UTC)
    instruments.in_use.check(needs_of(instruments, gauges, kinds), now)


def take_calibration(instruments: Instruments, record: CalibrationRecord) -> None:
    """Use what has just been measured, from the next spectrum on."""
    instruments.in_use.take(record)
    use_calibrations(instruments)


def use_calibrations(instruments: Instruments) -> None:
    """Bring what `Instruments.in_use` holds to spectrometers and gauges.

    Raises
    ------
    ConfigurationError
        If a stored calibration is damaged.
    """
    lambda0s = instruments.in_use.lambda0s
    for optics in instruments.gauges.values():
        spectrometer = optics.spectrometer
        axis = instruments.in_use.of("axis", spectrometer.name)
        if axis is not None:
            spectrometer.axis = AxisCalibration.from_dict(axis.content)
        gain = instruments.in_use.of("gain", spectrometer.name)
        if gain is not None:
            found = PhotonTransfer.from_dict(gain.content)
            spectrometer.describe_detector(found.gain_e_per_count, found.read_noise_e)
        if not isinstance(optics.device, Ruby):
            optics.device.use_axis(spectrometer.axis)
        elif lambda0s:
            optics.device.use_lambda0(lambda0s, spectrometer.axis)
