"""What a Raman shift counts from: nu0, the laser, and whether wavelengths were those of air."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.air import air_index
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention

__all__ = ["Nu0", "vacuum_shift_cm1"]

_NU0_LIMITS_CM1: Final = (1320.0, 1345.0)
"""The line of unstressed diamond: 1332.4 cm-1 of 12C, 1282 of 13C excluded; the sources of the
scales print 1332.5 to 1334."""


@dataclass(frozen=True, kw_only=True)
class Nu0:
    """The line of unstressed diamond that an edge is compared with.

    Raises
    ------
    ConfigurationError
        A value is none that the line of unstressed diamond can have.
    """

    value_cm1: float
    sigma_cm1: float
    """Standard uncertainty."""
    convention: AxisConvention = "unknown"
    """Whether its Raman shift was computed from vacuum or air wavelengths."""
    source: str
    """Who measured it, when and on what; or the paper it was taken from."""
    same_axis: bool = False
    """True where it was measured with the laser and on the axis that show the edge: errors of
    these then move both."""
    axis: str = ""
    """What lamp lines made of the axis that it stands on; empty for the instrument's own."""

    def __post_init__(self) -> None:
        low, high = _NU0_LIMITS_CM1
        if not low <= self.value_cm1 <= high:
            raise ConfigurationError(
                f"nu0 is given as {self.value_cm1} cm-1; the line of unstressed diamond lies "
                f"between {low:g} and {high:g} cm-1."
            )
        if not 0.0 <= self.sigma_cm1 < 10.0:
            raise ConfigurationError(
                f"The uncertainty of nu0 is {self.sigma_cm1} cm-1; give a standard uncertainty "
                "of 0 or more and below 10 cm-1."
            )
        if self.convention not in ("vacuum", "air", "unknown"):
            raise ConfigurationError(
                f"nu0 is said to be of '{self.convention}' wavelengths; write vacuum, air or "
                "unknown."
            )
        if not self.source.strip():
            raise ConfigurationError("nu0 needs a source: who measured it, on which anvil, when.")

    def describe(self) -> str:
        """One line for a budget or a report."""
        return (
            f"{self.value_cm1:.2f} +- {self.sigma_cm1:.2f} cm-1, {self.convention}, {self.source}"
        )


def vacuum_shift_cm1(air_shift_cm1: float, laser_nm: float) -> float:
    """Raman shift from one that was computed from air wavelengths of laser and light.

    Parameters
    ----------
    air_shift_cm1 : float
        ``1e7 / laser_in_air - 1e7 / light_in_air``.
    laser_nm : float
        Vacuum wavelength of the laser.

    Returns
    -------
    float
        0.57 cm-1 less at 2000 cm-1 and 532 nm. NaN where no light has such a shift.
    """
    laser = 1e7 / laser_nm
    light_in_air = laser * air_index(laser_nm) - air_shift_cm1
    if not light_in_air > 0.0:
        return float("nan")
    # The index changes so slowly that its value at the air wavelength is good to 1e-9.
    light = light_in_air / air_index(1e7 / light_in_air)
    return float(np.float64(laser - light))
