"""The specimen's own limit: how warm it may become, by the sensor and by the ruby's own lines."""

import math

from dac_control.errors import LimitError, RampHeld
from dac_control.gauges.ruby_gauge.thermometer import ChipTemperature
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
    That is asked of the exponent ``ln(s / r)``, which has the Gaussian error: in kelvin the error
    grows with the square of the temperature, and the hottest chip would look the least certain.

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
    chip = instruments.ruby.chip
    # without a usable ratio it is NaN, and above nothing
    if chip is None or not chip.pull_against(limit_k, 0.0) > CERTAIN_SIGMA:
        return
    raise RampHeld(
        f"The run holds: the ruby's own lines say {_words(chip)}, above "
        f"specimen.max_temperature_k ({limit_k:g} K), while the sensor reads "
        f"{reading.cell_temperature_k:.2f} K. Use less light."
    )


def _words(chip: ChipTemperature) -> str:
    if math.isfinite(chip.sigma_k):
        return f"{chip.temperature_k:.0f} +- {chip.sigma_k:.0f} K"
    if math.isfinite(chip.interval_k[0]):
        return f"more than {chip.interval_k[0]:.0f} K"
    return "endlessly hot (R2 is stronger than any temperature makes it)"
