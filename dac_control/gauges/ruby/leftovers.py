"""What a fit leaves over, as a few sums for each window: most fits need no closer look.

Both engines fill one row of `LEFTOVERS` columns a window when it has come to rest. Spikes, foreign
lines, misfit and skewness are looked for pixel by pixel only where these sums ask for it.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM
from dac_control.gauges.ruby.r2_population import SPLITTING_CM1

if TYPE_CHECKING:
    from dac_control.gauges.ruby.scoring import Windows

__all__ = [
    "EXCESS",
    "FREEDOM",
    "LAGGED",
    "LEFTOVERS",
    "NEAR",
    "NEAR_PIXELS",
    "NEAR_SQUARES",
    "SCATTER",
    "SKEW",
    "USED",
    "WORST",
    "WORST_Z",
    "leftovers",
    "near_lines",
    "r2_nm",
]

Array = NDArray[np.float64]

LEFTOVERS: Final = 12
WORST_Z: Final = 0
"""Largest residual over sigma, 0 at least."""
WORST: Final = 1
"""Largest residual in counts, 0 at least."""
LAGGED: Final = 2
"""Sum of products of residuals two pixels apart."""
NEAR_SQUARES: Final = 3
"""Sum of squared residuals near R1 and R2."""
NEAR_PIXELS: Final = 4
"""Pixels near R1 and R2."""
USED: Final = 5
"""Pixels that were fitted."""
FREEDOM: Final = 6
"""Degrees of freedom: these pixels less the parameters that were fitted, 1 at least."""
SCATTER: Final = 7
"""Chi squared per degree of freedom."""
EXCESS: Final = 8
"""Chi squared above what noise alone makes of it, in units of its own sigma."""
SKEW: Final = 9
"""First of the three sums that `asymmetry` has of every window."""

NEAR: Final = 3.0
"""Full widths from R1 or R2 up to which a pixel is near."""


def leftovers(
    windows: "Windows",
    parameters: Array,
    active: NDArray[np.bool_],
    model: Array,
    variance: Array,
    chi2: Array,
    skewness: Array,
) -> Array:
    """Sums over the windows, shape (spectra, `LEFTOVERS`).

    Parameters
    ----------
    windows : Windows
    parameters, active : arrays, shape (spectra, 11)
    model, variance : arrays, shape (spectra, pixels)
        Expected counts and the variance of the counts under the model.
    chi2 : array, shape (spectra,)
    skewness : array, shape (spectra, 3)
        As `asymmetry.projected` has it.
    """
    used, p = windows.used, parameters
    sums = np.empty((p.shape[0], LEFTOVERS))
    residual = np.where(used, windows.y - model, 0.0)
    per_sigma = np.where(used, 1.0 / np.sqrt(variance), 0.0)
    z = residual * per_sigma
    sums[:, WORST_Z], sums[:, WORST] = z.max(axis=1), residual.max(axis=1)
    sums[:, LAGGED] = np.einsum("bk,bk->b", residual[:, 2:], residual[:, :-2])
    near = near_lines(windows.x, p) & used
    sums[:, NEAR_SQUARES] = np.einsum("bk,bk,bk->b", near, residual, residual)
    sums[:, NEAR_PIXELS] = near.sum(axis=1)
    sums[:, USED] = used.sum(axis=1)
    sums[:, FREEDOM] = np.maximum(sums[:, USED] - active.sum(axis=1), 1.0)
    freedom = sums[:, FREEDOM]
    sums[:, SCATTER] = chi2 / freedom
    sums[:, EXCESS] = (chi2 - freedom) / np.sqrt(2.0 * freedom)
    sums[:, SKEW:] = skewness
    return sums


def near_lines(x: Array, parameters: Array) -> NDArray[np.bool_]:
    """Pixels near R1 or R2, shape of `x`: (spectra, pixels)."""
    p = parameters
    reach = NEAR * p[:, 1:2]
    return (np.abs(x - p[:, :1]) < reach) | (np.abs(x - r2_nm(p)[:, None]) < reach)


def r2_nm(parameters: Array) -> Array:
    """Where R2 stands, or would stand next to a single line, shape (spectra,)."""
    splitting = np.where(parameters[:, 9] > 0.0, parameters[:, 9], SPLITTING_CM1)
    return CM1_NM / (CM1_NM / parameters[:, 0] + splitting)
