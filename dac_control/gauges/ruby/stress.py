"""Ratio, splitting and width ratio of a doublet, free of the priors that helped to find it.

They are the record of non-hydrostatic stress and the thermometer: with their priors they would
report the priors.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.r2_population import STRENGTH_MAX
from dac_control.gauges.ruby.scoring import Scored
from dac_control.gauges.ruby.windows import SPLITTING_LIMITS_CM1

__all__ = ["FreeStress", "prior_free"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_STRESS: Final = slice(8, 11)
_SMALL: Final = 0.02
"""Square of a step in units of sigma up to which it counts as linear: a seventh of sigma."""
_AT_LIMIT: Final = 1e-9
_LOWEST, _HIGHEST = np.array(((0.0, STRENGTH_MAX), SPLITTING_LIMITS_CM1, (-np.inf, np.inf))).T
"""Between what all of them are believed without another fit."""


@dataclass(frozen=True)
class FreeStress:
    """Ratio, splitting in cm-1 and width ratio of some doublets; NaN where not to be had."""

    parameters: Array
    """Shape (spectra, 3)."""
    variance: Array
    """Shape (spectra, 3)."""

    @classmethod
    def of(cls, scored: Scored) -> "FreeStress":
        """Read them off fits without priors."""
        good = (scored.regular & scored.converged)[:, None]
        variance = np.maximum(np.diagonal(scored.covariance, axis1=1, axis2=2)[:, _STRESS], 0.0)
        return cls(
            np.where(good, scored.parameters[:, _STRESS], np.nan),
            np.where(good, variance, np.nan),
        )

    def put(self, rows: NDArray[np.intp], other: "FreeStress") -> None:
        """Replace some of the rows."""
        self.parameters[rows], self.variance[rows] = other.parameters, other.variance


def prior_free(scored: Scored, expected: Array, precision: Array) -> tuple[FreeStress, Mask]:
    """Take the priors of splitting, width ratio and ratio away again, by one linear step.

    The information without a prior of precision ``L`` on parameter ``k`` has, by Sherman and
    Morrison, the inverse ``C + C_k C_k^T / (1/L - C_kk)``, and the gradient there is
    ``L (p - expected)``. The ratio goes after the other two, whose prior every doublet has.

    Parameters
    ----------
    scored : Scored
    expected, precision : arrays, shape (spectra, 11)
        Means of the priors, and 1 / sigma squared of each.

    Returns
    -------
    free : FreeStress
    far : array of bool, shape (spectra,)
        Where the step is too long to be linear, or a limit was in its way: fit these again.
    """
    p, expected, precision = (a[:, _STRESS] for a in (scored.parameters, expected, precision))
    free, wide = scored.covariance[:, _STRESS, _STRESS], 1.0 / precision
    eta = scored.parameters[:, 2]
    linear = scored.regular & scored.converged & (eta > _AT_LIMIT) & (eta < 1.0 - _AT_LIMIT)
    for k in (1, 2, 0):
        column, left = free[:, k, :, None], wide[:, k] - free[:, k, k]
        linear &= left > 0.0
        free = free + column * (column / left[:, None, None]).transpose(0, 2, 1)
    gradient = (p - expected) * precision
    step = np.vecdot(free, gradient[:, None, :])
    linear &= np.vecdot(step, gradient) < _SMALL
    value = p + step
    linear &= ((value > _LOWEST) & (value < _HIGHEST)).all(axis=1)
    variance = np.maximum(np.diagonal(free, axis1=1, axis2=2), 0.0)
    return FreeStress(value, variance), ~linear
