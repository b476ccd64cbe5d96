"""The ruby lines as functions of wavelength: two lines of one shape on a parabola.

A line is ``h S(u)`` with ``u = (wavelength - centre) / fwhm`` and
``S = eta L + (1 - eta) G + voigt D``: a pseudo-Voigt line (Wertheim et al., Rev. Sci. Instrum.
45, 1369, 1974) and the difference `D` that makes it a true Voigt line at ``voigt = 1``. Real
lines lie between: homogeneous and strain broadening make a Voigt line, gratings do not. R2 lies
at shorter wavelength by the splitting of the 2E state, which is almost constant in cm-1 and not
in nm; it shares the shape of R1, and its width is that of R1 times a ratio close to one.
"""

from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.ruby.voigt_difference import voigt_difference

__all__ = [
    "DOUBLET",
    "SINGLE",
    "LineModel",
    "evaluate_ruby",
    "parameter_names",
    "partner_nm",
    "pseudo_voigt",
    "third_derivative",
]

LineModel = Literal["doublet", "single", "none"]
Length = TypeVar("Length", float, NDArray[np.float64])

SINGLE: Final = (
    "r1_nm",
    "fwhm_nm",
    "eta",
    "height_counts",
    "background_counts",
    "background_slope_counts_per_nm",
    "background_curvature_counts_per_nm2",
    "voigt",
)
"""Parameters of one line; the background is a parabola about R1."""

DOUBLET: Final = (*SINGLE, "ratio", "splitting_cm1", "width_ratio")
"""Parameters of two lines; `ratio` is that of the areas, R2 to R1."""

CM1_NM: Final = 1e7
"""Wavelength in nm times wavenumber in cm-1."""
LN2_4: Final = 4.0 * float(np.log(2.0))


def parameter_names(model: LineModel) -> tuple[str, ...]:
    """Names of the parameters of a model, in the order of its arrays."""
    return {"doublet": DOUBLET, "single": SINGLE, "none": ()}[model]


def partner_nm(r1_nm: Length, splitting_cm1: float) -> Length:
    """Wavelength of R2 in nm: `splitting_cm1` above R1 in wavenumber.

    Air wavelengths give it to 3 parts in 1e4 of the splitting, far below what a fit can tell.
    """
    return CM1_NM / (CM1_NM / r1_nm + splitting_cm1)


def pseudo_voigt(
    offset_nm: NDArray[np.float64], fwhm_nm: float, eta: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Line of height 1 with its slopes.

    Parameters
    ----------
    offset_nm : array, shape (n,)
        Wavelength less that of the line; any other unit will do, if the width has it too.
    fwhm_nm, eta : float
        Full width at half maximum, and Lorentzian share between 0 and 1.

    Returns
    -------
    line, slope, d_eta : arrays, shape (n,)
        The line, its derivative by ``offset / fwhm``, and its derivative by `eta`.
    """
    u = offset_nm / fwhm_nm
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = np.exp(-LN2_4 * square)
    line = gauss + eta * (lorentz - gauss)
    slope = -2.0 * u * (4.0 * eta * lorentz * lorentz + (1.0 - eta) * LN2_4 * gauss)
    return line, slope, lorentz - gauss


def third_derivative(u: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Third derivative of a pseudo-Voigt line of height 1 by ``u``, in full widths."""
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = np.exp(-LN2_4 * square)
    of_gauss = (12.0 * LN2_4**2 - 8.0 * LN2_4**3 * square) * u * gauss
    of_lorentz = (384.0 - 3072.0 * square * lorentz) * u * lorentz**3
    return eta * of_lorentz + (1.0 - eta) * of_gauss


def evaluate_ruby(
    model: LineModel, parameters: ArrayLike, wavelength_nm: ArrayLike
) -> NDArray[np.float64]:
    """Counts of a fitted model at any wavelength, from its stored parameters alone.

    Parameters
    ----------
    model : "doublet", "single" or "none"
    parameters : array, shape (11,), (8,) or (0,)
        In the order of `parameter_names`.
    wavelength_nm : array, shape (n,)

    Returns
    -------
    counts : array, shape (n,)
        NaN everywhere for the model "none".

    Raises
    ------
    ConfigurationError
        The model is unknown or the number of parameters is not that of the model.
    """
    x = np.asarray(wavelength_nm, dtype=np.float64)
    values = np.asarray(parameters, dtype=np.float64)
    if model not in ("doublet", "single", "none"):
        raise ConfigurationError(
            f"There is no ruby line model '{model}'; the models are doublet, single and none."
        )
    expected = len(parameter_names(model))
    if values.shape != (expected,):
        raise ConfigurationError(
            f"The ruby line model '{model}' has {expected} parameters, not an array of shape "
            f"{values.shape}."
        )
    if model == "none":
        return np.full(x.shape, np.nan)
    r1, fwhm, eta, height, level, slope, curvature, voigt = values[:8]
    d = x - r1
    counts = level + d * (slope + d * curvature) + height * _shape(d, fwhm, eta, voigt)
    if model == "doublet":
        ratio, splitting, width_ratio = values[8:]
        partner = _shape(x - partner_nm(r1, splitting), fwhm * width_ratio, eta, voigt)
        counts = counts + height * ratio / width_ratio * partner
    return counts


def _shape(
    offset_nm: NDArray[np.float64], fwhm_nm: float, eta: float, voigt: float
) -> NDArray[np.float64]:
    line = pseudo_voigt(offset_nm, fwhm_nm, eta)[0]
    return line + voigt * voigt_difference(offset_nm / fwhm_nm, eta) if voigt else line
