"""Smooth correction through named lines: weights, scatter, leave-one-out residuals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from dac_control.gauges.axis_calibration.identify import Match

__all__ = ["SeriesFit", "dwarfs_the_others", "fit_series", "sigma_nm"]

_LINES_FOR_DEGREE: Final = ((10, 3), (7, 2))
"""Lines needed for a degree; a straight correction takes fewer. The degree is never chosen by the
data: a curvature of two standard errors would be dropped for not being significant, and the
uncertainty would then know nothing of it. An axis that an instrument reports is itself a cubic."""


@dataclass(frozen=True)
class SeriesFit:
    """A Legendre series of the correction, arrays over the lines in order."""

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    scatter_nm: float
    residual: NDArray[np.float64]
    left_out: NDArray[np.float64]
    left_out_sigma: NDArray[np.float64]
    chi2_reduced: float

    @property
    def rms_nm(self) -> float:
        """Root mean square of the residuals of lines left out."""
        return float(np.sqrt(np.mean(self.left_out**2)))


def fit_series(matches: Sequence[Match], centre_nm: float, half_span_nm: float) -> SeriesFit:
    """Fit the correction, of the degree that the number of lines carries."""
    degree = next((d for lines, d in _LINES_FOR_DEGREE if len(matches) >= lines), 1)
    return _fit(matches, degree, centre_nm, half_span_nm)


def _fit(matches: Sequence[Match], degree: int, centre: float, half: float) -> SeriesFit:
    """Weighted Legendre series, with the scatter that brings chi-square to its expectation.

    The scatter is that of Paule & Mandel, J. Res. Natl. Bur. Stand. 87, 377 (1982); the residual
    with a line left out is ``r / (1 - h)``, h its diagonal element of the hat matrix.
    """
    measured = np.array([match.peak.position_nm for match in matches])
    wanted = np.array([match.line.wavelength_nm for match in matches]) - measured
    own = np.array([sigma_nm(match) for match in matches])
    design = legendre.legvander((measured - centre) / half, degree)
    freedom = wanted.size - degree - 1

    def solve(scatter: float) -> tuple[NDArray, NDArray, NDArray, NDArray, float]:
        variance = own**2 + scatter**2
        root = design / np.sqrt(variance)[:, None]
        _, triangle = np.linalg.qr(root)
        inverse = np.linalg.inv(triangle)
        covariance = inverse @ inverse.T
        solution = covariance @ (design.T @ (wanted / variance))
        residual = wanted - design @ solution
        chi2 = float(np.sum(residual**2 / variance)) / freedom
        return solution, covariance, residual, variance, chi2

    low, high = 0.0, float(np.ptp(wanted)) + 1e-6
    scatter = 0.0
    if solve(0.0)[-1] > 1.0:
        for _ in range(60):
            scatter = 0.5 * (low + high)
            low, high = (scatter, high) if solve(scatter)[-1] > 1.0 else (low, scatter)
    solution, covariance, residual, variance, chi2 = solve(scatter)
    leverage = np.einsum("ij,jk,ik->i", design, covariance, design) / variance
    free = np.maximum(1.0 - leverage, 1e-6)
    return SeriesFit(
        coefficients=solution,
        covariance=covariance,
        scatter_nm=scatter,
        residual=residual,
        left_out=residual / free,
        left_out_sigma=np.sqrt(variance / free),
        chi2_reduced=chi2,
    )


def sigma_nm(match: Match) -> float:
    """Uncertainty of peak and table together."""
    return math.hypot(match.peak.sigma_nm, match.line.sigma_nm)


def dwarfs_the_others(left_out: NDArray[np.float64], worst: int) -> bool:
    """True if one residual dwarfs the others: a fitted scatter would swallow it."""
    others = np.abs(np.delete(left_out, worst))
    return bool(abs(left_out[worst]) > 4.0 * others.max() and abs(left_out[worst]) > 1e-4)
