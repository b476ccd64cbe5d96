"""What a set of wavelengths and errors can say about a Drude model, before or after a fit."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.reflectance.drude import (
    DrudeParameters,
    drude_jacobian,
    drude_reflectance,
)

__all__ = ["Identifiability", "identifiability"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Beyond this condition number of the information the directions cannot be told apart in double
# precision, and the inverse is noise.
_SINGULAR: Final = 1e13


@dataclass(frozen=True, kw_only=True)
class Identifiability:
    """What can be expected of a fit with these wavelengths and errors at one set of parameters."""

    parameters: DrudeParameters
    n_wavelengths: int
    n_parameters: int
    condition_number: float
    """Of the Fisher information of the logarithms; inf where singular."""
    expected_sigma_plasma_ev: float
    """Fisher bound; inf where nothing fixes it."""
    expected_sigma_tau_fs: float
    correlation: float
    """Between ln wp and ln tau; NaN where singular."""
    reflectance_span: float
    """Largest less smallest reflectance of the model over these wavelengths."""
    typical_sigma: float
    """Median standard uncertainty of one reflectance relative to all others: what they share does
    not count."""

    @property
    def dof(self) -> int:
        """Degrees of freedom: wavelengths less parameters."""
        return self.n_wavelengths - self.n_parameters

    def allows(self, sigma_plasma_ev: float) -> bool:
        """True where a standard uncertainty of the plasma energy could be claimed and tested."""
        return self.dof > 0 and self.expected_sigma_plasma_ev <= sigma_plasma_ev

    def statement(self, asked_ev: float = 2.0) -> tuple[str, ...]:
        """Say what these data can and cannot do, in full sentences.

        Parameters
        ----------
        asked_ev : float
            The standard uncertainty of the plasma energy that somebody would like to quote.
        """
        found = [self._freedom(), self._expectation()]
        if not self.allows(asked_ev):
            found.append(
                f"An uncertainty of ±{asked_ev:.3g} eV is not available from these wavelengths "
                "and errors."
            )
        if self.reflectance_span < 2.0 * self.typical_sigma:
            found.append(
                f"The model is flat here: its reflectance changes by {self.reflectance_span:.2g} "
                f"over these wavelengths, the error of one is {self.typical_sigma:.2g}."
            )
        return tuple(found)

    def _freedom(self) -> str:
        head = f"{self.n_wavelengths} wavelengths and {self.n_parameters} parameters leave"
        if self.dof > 0:
            return f"{head} {self.dof} degrees of freedom to test the model with."
        if self.dof == 0:
            return f"{head} no degree of freedom: nothing can be tested."
        return f"{head} fewer data than unknowns: there is nothing to fit."

    def _expectation(self) -> str:
        if not np.isfinite(self.expected_sigma_plasma_ev):
            return "Nothing in these data fixes the plasma energy."
        return (
            f"The expected standard uncertainty of the plasma energy is "
            f"±{self.expected_sigma_plasma_ev:.3g} eV at {self.parameters.plasma_ev:.3g} eV "
            f"(condition number {self.condition_number:.2g}, correlation with the scattering "
            f"time {self.correlation:+.2f})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        numbers = {
            "condition_number": self.condition_number,
            "expected_sigma_plasma_ev": self.expected_sigma_plasma_ev,
            "expected_sigma_tau_fs": self.expected_sigma_tau_fs,
            "correlation": self.correlation,
            "reflectance_span": self.reflectance_span,
            "typical_sigma": self.typical_sigma,
        }
        return {
            "n_wavelengths": self.n_wavelengths,
            "n_parameters": self.n_parameters,
            "dof": self.dof,
            **{k: float(v) if np.isfinite(v) else None for k, v in numbers.items()},
            "statement": list(self.statement()),
        }


def identifiability(
    wavelength_nm: Vector,
    covariance: Matrix | Vector | float,
    index: Vector | float,
    parameters: DrudeParameters,
    *,
    eps_inf_free: bool = False,
) -> Identifiability:
    """Fisher information of a Drude model at given wavelengths and errors.

    Ask it before an experiment which lines are worth having.

    Parameters
    ----------
    wavelength_nm : array, shape (n,)
    covariance : array, shape (n, n) or (n,), or float
        Covariance of the reflectances; a vector or number is standard uncertainties.
    index : array, shape (n,), or float
        Of the diamond at the culet.
    parameters : DrudeParameters
    eps_inf_free : bool
        True where eps_inf is a third unknown.

    Raises
    ------
    ConfigurationError
        There is no wavelength, or an uncertainty is not positive.
    """
    wavelength = np.atleast_1d(np.asarray(wavelength_nm, dtype=np.float64))
    if not wavelength.size or not np.all(np.isfinite(wavelength) & (wavelength > 0.0)):
        raise ConfigurationError("Identifiability needs at least one wavelength, all positive.")
    index_row = np.broadcast_to(np.asarray(index, dtype=np.float64), wavelength.shape)
    matrix = _covariance(covariance, wavelength.size)
    count = 3 if eps_inf_free else 2
    logs = parameters.logarithms
    jacobian = drude_jacobian(wavelength, logs, index_row)[:, :count]
    information = jacobian.T @ np.linalg.solve(matrix, jacobian)
    condition, inverse = _inverted(information)
    sigmas = np.sqrt(np.diag(inverse))
    model = drude_reflectance(wavelength, logs, index_row)
    with np.errstate(invalid="ignore"):
        correlation = float(inverse[0, 1] / (sigmas[0] * sigmas[1]))
    return Identifiability(
        parameters=parameters,
        n_wavelengths=wavelength.size,
        n_parameters=count,
        condition_number=condition,
        expected_sigma_plasma_ev=float(parameters.plasma_ev * sigmas[0]),
        expected_sigma_tau_fs=float(parameters.tau_fs * sigmas[1]),
        correlation=correlation,
        reflectance_span=float(np.max(model) - np.min(model)),
        typical_sigma=float(np.median(np.diag(np.linalg.inv(matrix)) ** -0.5)),
    )


def _covariance(given: Matrix | Vector | float, size: int) -> Matrix:
    array = np.asarray(given, dtype=np.float64)
    if array.ndim < 2:
        if array.shape not in ((), (size,)) or not np.all(array > 0.0):
            raise ConfigurationError(
                f"The uncertainties of {size} reflectances have the shape {array.shape} and are "
                "not all positive numbers."
            )
        array = np.diag(np.broadcast_to(array, (size,)) ** 2)
    if array.shape != (size, size) or not np.all(np.isfinite(array)) or np.any(np.diag(array) <= 0):
        raise ConfigurationError(
            f"The uncertainties of {size} reflectances have the shape {array.shape}; each must be "
            "finite and positive."
        )
    return array


def _inverted(information: Matrix) -> tuple[float, Matrix]:
    """Condition number and inverse; infinite where singular."""
    values = np.linalg.eigvalsh(information)
    condition = float(values[-1] / values[0]) if values[0] > 0.0 else np.inf
    if condition > _SINGULAR:
        return np.inf, np.full(information.shape, np.inf)
    return condition, np.asarray(np.linalg.inv(information), dtype=np.float64)
