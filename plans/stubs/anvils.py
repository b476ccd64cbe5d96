"""What the stressed anvils swallow, from light through the cell now and on a day without load."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from dac_control.errors import NotMeasured
from dac_control.reflectance import (
    AbsorptionUnknown,
    AtPressure,
    LightReading,
    absorption_from_transmission,
)
from dac_control.reflectance.absorption import Absorption
from devices.laser import Laser
from plans.instruments import Instruments
from plans.stubs.calibration import when

__all__ = ["UNSTRESSED_BELOW_GPA", "absorption_now", "keep_unstressed"]

UNSTRESSED_BELOW_GPA: Final = 5.0
"""A closed cell without load stands at a few GPa, and anvils begin to swallow visible light beyond
100 GPa."""
_SAME_DETECTOR_NM: Final = 1.0
"""Two calibrations of one axis differ by less, two spectrometers by more."""
_BESIDE_THE_LIGHT: Final = ("pressure_gpa", "lamp_power_mw")
"""What is kept with the reading."""


def keep_unstressed(
    instruments: Instruments, through: LightReading, pressure: AtPressure, time_s: float
) -> None:
    """Keep with the station what passes these anvils without load, and at which power of the lamp.

    Raises
    ------
    NotMeasured
        If the cell is loaded, or nobody knows; nothing was kept.
    """
    if not (pressure.measured and pressure.pressure_gpa <= UNSTRESSED_BELOW_GPA):
        raise NotMeasured(
            f"The anvils were to be read without load, and the cell stands at {pressure.text}; up "
            f"to {UNSTRESSED_BELOW_GPA:g} GPa, measured, count as none. Nothing was kept. Unload "
            "the cell, or take `unstressed` out of the run file."
        )
    if instruments.calibrations is None:
        raise NotMeasured("This session keeps nothing; build it from a station file.")
    beside = (pressure.pressure_gpa, _lamp_power_mw(instruments))
    content: dict[str, Any] = {
        **through.to_dict(),
        **dict(zip(_BESIDE_THE_LIGHT, beside, strict=True)),
    }
    instruments.calibrations.add(
        "unstressed",
        instruments.specimen,
        content,
        time=when(time_s),
        run=instruments.drive.run_uid or "",
        simulated=instruments.simulated,
    )


def absorption_now(
    instruments: Instruments, through: LightReading | None, pressure: AtPressure
) -> Absorption:
    """Compare what passes now with what passed the same place of this loading without load.

    Unknown, too, where the lamp gives another power than on that day: what differs by more than the
    stated drift of its light is another lamp or another setting, and no property of the anvils.
    """
    store = instruments.calibrations
    if through is None or store is None:
        return AbsorptionUnknown.not_measured()
    kept = store.history("unstressed", instruments.specimen, simulated=instruments.simulated)
    found = [each.content for each in kept if each.content.get("spot") == through.spot]
    if not found:
        return _unknown(
            f"what passes these anvils at the {through.spot} without load was never read; "
            "measure_reflectance with unstressed = true does so before the cell is loaded"
        )
    before, before_mw = _reading(found[-1]), found[-1].get("lamp_power_mw")
    now_mw, lamp_u = _lamp_power_mw(instruments), instruments.lamp_behind_drift_u
    if before_mw is None or now_mw is None:
        return _unknown(
            "the power of the lamp behind the cell is not on record, now or for when these anvils "
            "were read without load"
        )
    if abs(now_mw - before_mw) > lamp_u * before_mw:
        return _unknown(
            f"the lamp behind the cell has another power, {now_mw:g} mW, than when these anvils "
            f"were read without load, {before_mw:g} mW"
        )
    same = before.wavelength_nm.size == through.wavelength_nm.size
    if not same or np.max(np.abs(before.wavelength_nm - through.wavelength_nm)) > _SAME_DETECTOR_NM:
        return _unknown("what passed these anvils without load was read by another spectrometer")
    # pixel by pixel: the axis may have been calibrated anew since
    before = replace(before, wavelength_nm=through.wavelength_nm)
    return absorption_from_transmission(through, before, pressure=pressure, lamp_u=lamp_u)


def _reading(content: Mapping[str, Any]) -> LightReading:
    return LightReading.from_dict(
        {key: value for key, value in content.items() if key not in _BESIDE_THE_LIGHT}
    )


def _lamp_power_mw(instruments: Instruments) -> float | None:
    """Return what the lamp is set to, as last read back; None where nothing tells."""
    lamp = instruments.lamp_behind
    return float(lamp.setpoint_mw.get()) if isinstance(lamp, Laser) else None


def _unknown(reason: str) -> AbsorptionUnknown:
    return AbsorptionUnknown("not measured", reason)
