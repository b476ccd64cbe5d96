"""The specimen's own limit: how warm it may become, by the sensor and by the ruby's own lines."""

import math

from dac_control.errors import LimitError, RampHeld
from plans.instruments import Instruments

__all__ = ["check_specimen_temperature", "check_temperature_target"]

CERTAIN_SIGMA = 3.0
"""How far above the limit the ruby's own temperature must lie, in its sigma, to count: with few
photons in R2 it says little."""


def check_temperature_target(limit_k: float | None, target_k: float) -> None:
    """Raise `LimitError` for a target above what the specimen stands; None where nobody said."""
    if limit_k is not None and target_k > limit_k:
        raise LimitError(
            f"A target of {target_k:g} K is above specimen.max_temperature_k ({limit_k:g} K); "
            "nothing was changed. Lower the target, or raise the limit in the station file if the "
            "specimen allows it."
        )


def check_specimen_temperature(instruments: Instruments) -> None:
    """Hold the run where the last readings say that the specimen is too warm.

    The sensor of the cell counts as it is; the temperature of the chip from R2/R1 only where it is
    above the limit by more than its own uncertainty: light can heat the chip and no sensor sees it.

    Raises
    ------
    RampHeld
    """
    limit_k, reading = instruments.max_temperature_k, instruments.cryostat.last
    if limit_k is None or reading is None:
        return
    if reading.cell_temperature_k > limit_k:
        raise RampHeld(
            f"The run holds: the cell's sensor reads {reading.cell_temperature_k:.2f} K, above "
            f"specimen.max_temperature_k ({limit_k:g} K). Cool it by hand; while there is no "
            "specimen in the cell, leave that limit out of the station file."
        )
    chip_k = float(instruments.ruby.chip_temperature_k.get())
    if not math.isfinite(chip_k):
        return
    sigma_k = float(instruments.ruby.chip_temperature_sigma_k.get())
    if chip_k - CERTAIN_SIGMA * sigma_k > limit_k:
        raise RampHeld(
            f"The run holds: the ruby's own lines say {chip_k:.0f} +- {sigma_k:.0f} K, above "
            f"specimen.max_temperature_k ({limit_k:g} K), while the sensor reads "
            f"{reading.cell_temperature_k:.2f} K. Use less light."
        )
