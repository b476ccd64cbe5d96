"""The same doublet by lmfit and by scipy's curve_fit: on one window, from one start.

Nine parameters: R1, width, Lorentzian share, height, ratio of areas, splitting, width ratio, and a
straight background. Weights are 1 / sigma of each pixel from the counts.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.optimize import curve_fit

from gauge_precision.shapes import Array

__all__ = ["NAMES", "Rival", "by_curve_fit", "by_lmfit", "jacobian", "model"]

Rival = Callable[[Array, Array, Array, Array], Array]
"""Wavelengths, counts, sigmas and start to parameters."""

NAMES: Final = (
    "r1",
    "fwhm",
    "eta",
    "height",
    "ratio",
    "splitting",
    "width_ratio",
    "level",
    "slope",
)
_LN2: Final = float(np.log(2.0))


def model(x: Array, *parameters: float) -> Array:
    """Counts at `x`, shape (pixels,)."""
    r1, fwhm, eta, height, ratio, splitting, widths, level, slope = parameters
    r2 = 1e7 / (1e7 / r1 + splitting)
    first = _line((x - r1) / fwhm, eta)
    second = _line((x - r2) / (fwhm * widths), eta)
    return height * (first + ratio / widths * second) + level + slope * (x - r1)


def jacobian(x: Array, *parameters: float) -> Array:
    """Derivatives of `model`, shape (pixels, 9)."""
    r1, fwhm, eta, height, ratio, splitting, widths, _level, slope = parameters
    r2 = 1e7 / (1e7 / r1 + splitting)
    u1, u2 = (x - r1) / fwhm, (x - r2) / (fwhm * widths)
    line1, du1, de1 = _with_slopes(u1, eta)
    line2, du2, de2 = _with_slopes(u2, eta)
    share = ratio / widths
    by_r2 = -height * share * du2 / (fwhm * widths)
    columns = (
        -height * du1 / fwhm - slope + by_r2 * (r2 / r1) ** 2,
        -height * (du1 * u1 + share * du2 * u2) / fwhm,
        height * (de1 + share * de2),
        line1 + share * line2,
        height / widths * line2,
        -by_r2 * r2 * r2 / 1e7,
        -height * share / widths * (line2 + du2 * u2),
        np.ones_like(x),
        x - r1,
    )
    return np.stack(columns, axis=1)


def by_curve_fit(*, analytic: bool) -> Rival:
    """scipy.optimize.curve_fit, with its default Jacobian or with ours."""
    jac = jacobian if analytic else None

    def fit(x: Array, y: Array, sigma: Array, start: Array) -> Array:
        found, _covariance = curve_fit(
            model, x, y, p0=start, sigma=sigma, absolute_sigma=True, jac=jac
        )
        return found

    return fit


def by_lmfit() -> Rival:
    """lmfit.Model with the same function.

    Raises
    ------
    ImportError
        lmfit is not installed.
    """
    import lmfit

    def lines(
        x: Array,
        r1: float,
        fwhm: float,
        eta: float,
        height: float,
        ratio: float,
        splitting: float,
        width_ratio: float,
        level: float,
        slope: float,
    ) -> Array:
        return model(x, r1, fwhm, eta, height, ratio, splitting, width_ratio, level, slope)

    doublet = lmfit.Model(lines)

    def fit(x: Array, y: Array, sigma: Array, start: Array) -> Array:
        parameters = doublet.make_params(**dict(zip(NAMES, map(float, start), strict=True)))
        result = doublet.fit(y, parameters, x=x, weights=1.0 / sigma)
        return np.array([result.params[name].value for name in NAMES])

    return fit


def _line(u: Array, eta: float) -> Array:
    square = 4.0 * u * u
    return eta / (1.0 + square) + (1.0 - eta) * np.exp(-_LN2 * square)


def _with_slopes(u: Array, eta: float) -> tuple[Array, Array, Array]:
    """Line, its derivatives by `u` and by `eta`."""
    square = 4.0 * u * u
    lorentz, gauss = 1.0 / (1.0 + square), np.exp(-_LN2 * square)
    by_u = -8.0 * u * (eta * lorentz * lorentz + (1.0 - eta) * _LN2 * gauss)
    return eta * lorentz + (1.0 - eta) * gauss, by_u, lorentz - gauss
