"""How strong R2 can be beside R1: the thermal population of the upper 2E level."""

from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "R2_GONE_K",
    "SPLITTING_CM1",
    "STRENGTH_MAX",
    "TYPICAL_STRENGTH",
    "WARM_RATIO",
    "boltzmann",
    "largest_ratio",
    "ratio_prior",
]

SPLITTING_CM1: Final = 29.7
"""Splitting of the 2E state at zero pressure, 1.43 nm at 694 nm."""

R2_GONE_K: Final = 12.0
"""Below, the Boltzmann factor of R2 is under 3 %: one line, unless the data show a second."""

TYPICAL_STRENGTH: Final = 0.7
"""Usual strength of R2 relative to R1 at equal population."""

WARM_RATIO: Final = 0.5
"""R2 to R1 of a warm chip, to start from."""

_STRENGTH_SIGMA: Final = 0.23
"""Of the strength relative to R1: 0.53 to 0.9 are in use."""

_CM1_PER_K: Final = 0.695034800
"""Boltzmann's constant over h c, in cm-1 per K (CODATA 2018)."""

# Largest strength of R2 relative to R1 at equal population. The oscillator strengths of the
# ordinary ray give 0.53 (Bel'skii, 1964); it depends on orientation and polarisation, so this
# bound is our choice and generous.
STRENGTH_MAX: Final = 1.2
# Headroom for a chip that the laser warms above the sensor.
_WARMER_K: Final = 10.0


@overload
def boltzmann(temperature_k: float, splitting_cm1: float = ...) -> float: ...
@overload
def boltzmann(
    temperature_k: NDArray[np.float64], splitting_cm1: float = ...
) -> NDArray[np.float64]: ...
def boltzmann(
    temperature_k: float | NDArray[np.float64], splitting_cm1: float = SPLITTING_CM1
) -> float | NDArray[np.float64]:
    """Population of the upper 2E level relative to the lower at a temperature in K."""
    return np.exp(-splitting_cm1 / (_CM1_PER_K * temperature_k))


def largest_ratio(temperature_k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest ratio R2 to R1 that a ruby at this temperature may show."""
    return STRENGTH_MAX * boltzmann(temperature_k + _WARMER_K)


def ratio_prior(largest: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is known beforehand of R2 to R1 where the temperature bounds it.

    The usual strength, a third of it as sigma: chips, orientations and polarisations differ.

    Parameters
    ----------
    largest : array
        As `largest_ratio` has it; nothing is known where it is 0, or that of any temperature.

    Returns
    -------
    expected, precision : arrays
        Mean, and 1 / sigma squared, 0 where nothing is known.
    """
    expected = TYPICAL_STRENGTH / STRENGTH_MAX * largest
    known = (largest > 0.0) & (largest < STRENGTH_MAX)
    sigma = np.where(known, _STRENGTH_SIGMA / STRENGTH_MAX * largest, np.inf)
    return expected, sigma**-2.0
