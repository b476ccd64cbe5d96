"""The ruby lines as functions of wavelength: one or two pseudo-Voigt lines on a straight line.

A pseudo-Voigt line is ``h (eta L + (1 - eta) G)`` with a Lorentzian and a Gaussian of one full
width at half maximum (Wertheim et al., Rev. Sci. Instrum. 45, 1369, 1974). R2 lies at shorter
wavelength by the splitting of the 2E state, which is almost constant in cm-1 and not in nm; it
shares `eta` with R1, and its width is that of R1 times a ratio close to one.
"""

from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError

__all__ = [
    "DOUBLET",
    "SINGLE",
    "LineModel",
    "evaluate_ruby",
    "model_and_jacobian",
    "parameter_names",
    "partner_nm",
    "pseudo_voigt",
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
)
"""Parameters of one line; the background is taken at R1, its slope against wavelength."""

DOUBLET: Final = (*SINGLE, "ratio", "splitting_cm1", "width_ratio")
"""Parameters of two lines; `ratio` is that of the areas, R2 to R1."""

_CM1_NM: Final = 1e7
"""Wavelength in nm times wavenumber in cm-1."""
_LN2: Final = float(np.log(2.0))


def parameter_names(model: LineModel) -> tuple[str, ...]:
    """Names of the parameters of a model, in the order of its arrays."""
    return {"doublet": DOUBLET, "single": SINGLE, "none": ()}[model]


def partner_nm(r1_nm: Length, splitting_cm1: float) -> Length:
    """Wavelength of R2 in nm: `splitting_cm1` above R1 in wavenumber.

    Air wavelengths give it to 3 parts in 1e4 of the splitting, far below what a fit can tell.
    """
    return _CM1_NM / (_CM1_NM / r1_nm + splitting_cm1)


def pseudo_voigt(
    offset_nm: NDArray[np.float64], fwhm_nm: float, eta: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Line of height 1 with its slopes.

    Parameters
    ----------
    offset_nm : array, shape (n,)
        Wavelength less that of the line.
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
    gauss = np.exp(-4.0 * _LN2 * square)
    line = gauss + eta * (lorentz - gauss)
    slope = -8.0 * u * (eta * lorentz * lorentz + (1.0 - eta) * _LN2 * gauss)
    return line, slope, lorentz - gauss


def model_and_jacobian(
    model: LineModel, parameters: NDArray[np.float64], wavelength_nm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts that a model expects, and their derivatives by its parameters.

    Returns
    -------
    counts : array, shape (n,)
    jacobian : array, shape (parameters, n)
    """
    r1, fwhm, eta, height, level, slope = parameters[:6]
    offset = wavelength_nm - r1
    line, d_u, d_eta = pseudo_voigt(offset, fwhm, eta)
    jacobian = np.empty((parameters.size, wavelength_nm.size))
    jacobian[0] = -height / fwhm * d_u - slope
    jacobian[1] = -height / fwhm * d_u * (offset / fwhm)
    jacobian[2] = height * d_eta
    jacobian[3] = line
    jacobian[4] = 1.0
    jacobian[5] = offset
    counts = height * line + level + slope * offset
    if model == "doublet":
        counts = counts + _add_partner(jacobian, parameters, wavelength_nm)
    return counts, jacobian


def _add_partner(
    jacobian: NDArray[np.float64],
    parameters: NDArray[np.float64],
    wavelength_nm: NDArray[np.float64],
) -> NDArray[np.float64]:
    r1, fwhm, eta, height = parameters[:4]
    ratio, splitting, width_ratio = parameters[6:]
    r2, fwhm2 = partner_nm(r1, splitting), fwhm * width_ratio
    offset = wavelength_nm - r2
    line, d_u, d_eta = pseudo_voigt(offset, fwhm2, eta)
    per_ratio = height / width_ratio
    height2 = ratio * per_ratio
    d_position = -height2 / fwhm2 * d_u
    d_width = d_position * (offset / fwhm2)
    jacobian[0] += d_position * (r2 / r1) ** 2
    jacobian[1] += d_width * width_ratio
    jacobian[2] += height2 * d_eta
    jacobian[3] += ratio / width_ratio * line
    jacobian[6] = per_ratio * line
    jacobian[7] = -d_position * r2 * r2 / _CM1_NM
    jacobian[8] = d_width * fwhm - height2 / width_ratio * line
    return height2 * line


def evaluate_ruby(
    model: LineModel, parameters: ArrayLike, wavelength_nm: ArrayLike
) -> NDArray[np.float64]:
    """Counts of a fitted model at any wavelength, from its stored parameters alone.

    Parameters
    ----------
    model : "doublet", "single" or "none"
    parameters : array, shape (9,), (6,) or (0,)
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
    return model_and_jacobian(model, values, x.ravel())[0].reshape(x.shape)
