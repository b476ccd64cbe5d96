"""Ratio, splitting and width ratio of a doublet, free of the priors that helped to find it.

They are the record of non-hydrostatic stress and the thermometer: with their priors they would
report the priors.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.scoring import Scored
from dac_control.gauges.ruby.windows import PRIORS, SPLITTING_LIMITS_CM1

__all__ = ["FreeStress", "prior_free"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_STRESS: Final = slice(8, 11)
_SMALL: Final = 0.02
"""Square of a step in units of sigma up to which it counts as linear: a seventh of sigma."""
_AT_LIMIT: Final = 1e-9


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


def prior_free(
    scored: Scored, ratio_known: tuple[Array, Array], *, largest_ratio: float
) -> tuple[FreeStress, Mask]:
    """Take the priors of splitting, width ratio and ratio away again, by one linear step.

    With ``k`` the parameters and ``L`` the precision of their priors, the information without
    them is ``I - L`` on ``k``; by Woodbury's identity its inverse is
    ``C + C_k (1/L - C_kk)^-1 C_k^T``, and the gradient there is ``L (p - expected)``. The ratio
    goes after the other two, whose prior every doublet has.

    Parameters
    ----------
    scored : Scored
    ratio_known : tuple of arrays, shape (spectra,)
        Mean and precision of the prior of the ratio.
    largest_ratio : float
        Ratio beyond which nothing is believed.

    Returns
    -------
    free : FreeStress
    far : array of bool, shape (spectra,)
        Where the step is too long to be linear, or a limit was in its way: fit these again.
    """
    p, covariance = scored.parameters, scored.covariance
    expected, precision = PRIORS
    columns = covariance[:, :, 9:11]
    middle = np.diag(1.0 / precision) - columns[:, 9:11]
    determinant = middle[:, 0, 0] * middle[:, 1, 1] - middle[:, 0, 1] ** 2
    possible = (middle[:, 0, 0] > 0.0) & (middle[:, 1, 1] > 0.0) & (determinant > 0.0)
    adjugate = np.stack(
        (middle[:, 1, 1], -middle[:, 0, 1], -middle[:, 0, 1], middle[:, 0, 0]), axis=1
    ).reshape(-1, 2, 2)
    with np.errstate(all="ignore"):
        inner = adjugate / determinant[:, None, None]
        spread = columns[:, _STRESS] @ inner
        free = covariance[:, _STRESS, _STRESS] + spread @ columns[:, _STRESS].transpose(0, 2, 1)
        of_ratio = free[:, :, 0]
        left = 1.0 / ratio_known[1] - free[:, 0, 0]
        possible &= left > 0.0
        free = free + of_ratio[:, :, None] * (of_ratio / left[:, None])[:, None, :]
        gradient = np.concatenate(
            (
                ((p[:, 8] - ratio_known[0]) * ratio_known[1])[:, None],
                (p[:, 9:11] - expected) * precision,
            ),
            axis=1,
        )
        step = np.einsum("bij,bj->bi", free, gradient)
        variance = np.diagonal(free, axis1=1, axis2=2)
        small = np.einsum("bi,bi->b", step, gradient) < _SMALL
    value = p[:, _STRESS] + step
    low, high = SPLITTING_LIMITS_CM1
    inside = (p[:, 2] > _AT_LIMIT) & (p[:, 2] < 1.0 - _AT_LIMIT)
    inside &= (value[:, 0] > 0.0) & (value[:, 0] < largest_ratio)
    inside &= (value[:, 1] > low) & (value[:, 1] < high)
    linear = scored.regular & scored.converged & possible & small & inside
    return FreeStress(value, np.maximum(variance, 0.0)), ~linear
