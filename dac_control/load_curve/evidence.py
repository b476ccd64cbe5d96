"""Evidence and Gaussian posterior of many linear models at once.

All models share the points and the discrepancy; they differ in the shape that carries the rise,
in the prior of the discrepancy and in the scatter. So everything follows from inner products of
columns that the discrepancy was taken out of once: no model is fitted by itself.

It is taken out by orthogonal projection (Björck, Numerical Methods for Least Squares Problems,
SIAM 1996, ch. 2). As a difference of inner products it would leave nothing but rounding where a
gauge is good to 1e-5 of the pressure: there they are 1e16 times what is left of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Solved", "solve"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

LEAST = 1e-300
"""Keeps a determinant above 0 where two points lie so close that rounding eats it."""


@dataclass(frozen=True)
class Solved:
    """Solutions for s scatters, t priors of the discrepancy, g shapes and p columns of it."""

    log_evidence: Array
    """Shape (s, t, g), up to a constant."""
    inner: Array
    """Inner products of ``1, shapes, y`` with the discrepancy taken out, (s, t, g+2, g+2)."""
    pulled: Array
    """What the discrepancy takes of each of these columns, shape (s, t, p, g+2)."""
    inverse: Array
    """Covariance of the discrepancy at fixed offset and rise, shape (s, t, p, p)."""

    def components(self, s: Index, t: Index, g: Index) -> tuple[Array, Array]:
        """Mean (c, 2+p) and covariance (c, 2+p, 2+p) of offset, rise and discrepancy."""
        inner, pulled = self.inner, self.pulled
        # entries and columns are picked singly: whole matrices would be most of the time
        n11, n1g, ngg = inner[s, t, 0, 0], inner[s, t, 0, 1 + g], inner[s, t, 1 + g, 1 + g]
        det = np.maximum(n11 * ngg - n1g**2, LEAST)
        cov = np.stack([ngg, -n1g, -n1g, n11], axis=-1).reshape(-1, 2, 2) / det[:, None, None]
        right = np.stack([inner[s, t, 0, -1], inner[s, t, 1 + g, -1]], axis=-1)
        linear = (cov @ right[..., np.newaxis])[..., 0]
        both = np.stack([pulled[s, t, :, 0], pulled[s, t, :, 1 + g]], axis=-1)
        drift = pulled[s, t, :, -1] - (both @ linear[..., np.newaxis])[..., 0]
        cross = -cov @ both.swapaxes(1, 2)
        own = self.inverse[s, t] + both @ cov @ both.swapaxes(1, 2)
        above = np.concatenate([cov, cross], axis=2)
        under = np.concatenate([cross.swapaxes(1, 2), own], axis=2)
        return np.concatenate([linear, drift], axis=1), np.concatenate([above, under], axis=1)


def solve(columns: Array, shapes: int, variance: Array, precision: Array) -> Solved:
    """Solve all models; offset and rise have flat priors.

    Parameters
    ----------
    columns : ndarray, shape (n, 2 + g + p)
        Ones, the g shapes, the pressures in GPa, the p columns of the discrepancy.
    shapes : int
        g.
    variance : ndarray, shape (s, n)
        Of each point, GPa², for each scatter.
    precision : ndarray, shape (t, p)
        Of the coefficients of the discrepancy, for each of its priors.
    """
    cut, (priors, drifts) = shapes + 2, precision.shape
    white = columns / np.sqrt(variance)[..., np.newaxis]
    # the prior of the discrepancy as further rows, in which nothing was measured
    prior = np.sqrt(precision)[:, :, np.newaxis] * np.eye(drifts)
    each = (len(variance), priors)
    drift = np.concatenate(
        [
            np.broadcast_to(white[:, np.newaxis, :, cut:], (*each, columns.shape[0], drifts)),
            np.broadcast_to(prior, (*each, drifts, drifts)),
        ],
        axis=2,
    )
    q, r = np.linalg.qr(drift)
    fixed = np.zeros((*each, drift.shape[2], cut))
    fixed[:, :, : columns.shape[0]] = white[:, np.newaxis, :, :cut]
    along = q.swapaxes(2, 3) @ fixed
    rest = fixed - q @ along
    inner = rest.swapaxes(2, 3) @ rest
    root = np.asarray(np.linalg.inv(r), dtype=np.float64)
    pulled, inverse = root @ along, root @ root.swapaxes(2, 3)
    size = np.abs(np.diagonal(r, axis1=2, axis2=3))
    log_det = 2.0 * np.sum(np.log(size), axis=2) - np.sum(np.log(precision), axis=1)
    n11, n1y, nyy = inner[..., 0, 0, None], inner[..., 0, -1, None], inner[..., -1, -1, None]
    n1g, ngy = inner[..., 0, 1:-1], inner[..., 1:-1, -1]
    ngg = np.diagonal(inner, axis1=-2, axis2=-1)[..., 1:-1]
    det = np.maximum(n11 * ngg - n1g**2, LEAST)
    # a shape that is flat over these points has no determinant, and overflows
    with np.errstate(over="ignore", invalid="ignore"):
        rise, offset = (n11 * ngy - n1g * n1y) / det, (ngg * n1y - n1g * ngy) / det
        chi2 = nyy - offset * n1y - rise * ngy
    spread = np.sum(np.log(variance), axis=1)[:, np.newaxis] + log_det
    log_evidence = -0.5 * (spread[..., np.newaxis] + np.log(det) + chi2)
    log_evidence = np.where(np.isfinite(log_evidence), log_evidence, -np.inf)
    return Solved(log_evidence, inner, pulled, inverse)
