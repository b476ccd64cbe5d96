"""What a scale is: a published relation between what a gauge shows and pressure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, overload

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.as_given import as_given
from dac_control.gauges.scales.forms import Form

__all__ = ["ROOM_K", "Coefficient", "Evidence", "Scale", "Unit"]

Vector = NDArray[np.float64]
Unit = Literal["nm", "cm-1"]
Evidence = Literal["abstract", "independent codes", "one code", "from memory", "disputed", "user"]
"""How the coefficients were checked: against the paper's own abstract; in two or more public
programs written independently; in one program; not at all; with sources that disagree; or they
come from a file of the user's."""

_AT_REST_GPA: Final = 1.0
"""How far from 0 a formula of the observable itself may be where nothing is stressed."""

ROOM_K: Final = (290.0, 310.0)
"""Temperatures that a scale "at room temperature" or "at 300 K" is taken to cover."""


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of a scale."""

    name: str
    value: float
    sigma: float | None = None
    """Published standard uncertainty; None where none is known."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A published relation between the observable of a gauge and pressure.

    The formula takes an *argument*: `argument` makes it from the observable and its reference
    (lambda0 or nu0), `observable` goes back. For ruby it is ``delta = lambda / lambda0 - 1``.
    Scalars give floats, arrays of shape (n,) give arrays; outside the formula's domain NaN.
    """

    gauge: str
    name: str
    form: Form
    coefficients: tuple[Coefficient, ...]
    unit: Unit
    """Of the observable and its reference."""
    range_gpa: tuple[float, float]
    """Pressures for which it was made; beyond it is an extrapolation."""
    range_k: tuple[float, float] = ROOM_K
    """Temperatures for which it was made."""
    medium: str
    wavelength: str
    """Convention: air or vacuum, and where it matters."""
    citation: str
    evidence: Evidence
    note: str = ""
    reference: float | None = None
    """lambda0 or nu0 that the source used. Never a default for ruby: it must be measured."""
    assessed_relative_sigma: float = 0.0
    """Part of the pressure that stands for what the source leaves out, our assessment."""
    assessed_reason: str = ""
    extra_sigma_gpa: tuple[str, Callable[[Vector], Vector]] | None = None
    """A further term: its name, and its sigma in GPa against the argument."""

    @overload
    def argument(self, observable: float, reference: float | None) -> float: ...
    @overload
    def argument(self, observable: Vector, reference: float | None) -> Vector: ...
    def argument(self, observable: float | Vector, reference: float | None) -> float | Vector:
        """What the formula takes, from the observable and its reference (nm or cm-1).

        Raises
        ------
        ConfigurationError
            The formula needs a reference, and there is none above 0.
        """
        kind = self.form.argument
        if kind == "absolute":
            return as_given(observable, np.asarray(observable, dtype=np.float64))
        checked = self._checked(reference)
        shift = np.asarray(observable, dtype=np.float64) - checked
        with np.errstate(all="ignore"):
            return as_given(observable, shift / checked if kind == "ratio" else shift)

    @overload
    def observable(self, argument: float, reference: float | None) -> float: ...
    @overload
    def observable(self, argument: Vector, reference: float | None) -> Vector: ...
    def observable(self, argument: float | Vector, reference: float | None) -> float | Vector:
        """Line or edge (nm or cm-1) of an argument: the way back from `argument`."""
        kind, x = self.form.argument, np.asarray(argument, dtype=np.float64)
        if kind == "absolute":
            return as_given(argument, x)
        checked = self._checked(reference)
        with np.errstate(all="ignore"):
            return as_given(argument, checked * (1.0 + x) if kind == "ratio" else checked + x)

    @overload
    def pressure_gpa(self, argument: float) -> float: ...
    @overload
    def pressure_gpa(self, argument: Vector) -> Vector: ...
    def pressure_gpa(self, argument: float | Vector) -> float | Vector:
        """Pressure in GPa; NaN outside the domain of the formula."""
        return as_given(argument, self._value(np.asarray(argument, dtype=np.float64)))

    @overload
    def slope(self, argument: float) -> float: ...
    @overload
    def slope(self, argument: Vector) -> Vector: ...
    def slope(self, argument: float | Vector) -> float | Vector:
        """Derivative of the pressure by the argument: GPa, GPa/nm or GPa cm."""
        x = np.asarray(argument, dtype=np.float64)
        with np.errstate(all="ignore"):
            return as_given(argument, _finite(self.form.slope(x, self._values)))

    @overload
    def inverse(self, pressure_gpa: float) -> float: ...
    @overload
    def inverse(self, pressure_gpa: Vector) -> Vector: ...
    def inverse(self, pressure_gpa: float | Vector) -> float | Vector:
        """Argument at a pressure in GPa; NaN where the formula reaches no such pressure."""
        p = np.asarray(pressure_gpa, dtype=np.float64)
        with np.errstate(all="ignore"):
            return as_given(pressure_gpa, _finite(self.form.inverse(p, self._values)))

    def slope_by_observable(self, observable: float, reference: float | None) -> float:
        """Derivative of the pressure by the line or edge, in GPa/nm or GPa cm."""
        slope = self.slope(self.argument(observable, reference))
        return slope / self._checked(reference) if self.form.argument == "ratio" else slope

    def slope_by_reference(self, observable: float, reference: float | None) -> float:
        """Derivative of the pressure by lambda0 or nu0, in GPa/nm or GPa cm."""
        if self.form.argument == "absolute":
            return 0.0
        slope = self.slope_by_observable(observable, reference)
        if self.form.argument == "ratio":
            return -slope * observable / self._checked(reference)
        return -slope

    @overload
    def coefficient_sigmas_gpa(self, argument: float) -> dict[str, float]: ...
    @overload
    def coefficient_sigmas_gpa(self, argument: Vector) -> dict[str, Vector]: ...
    def coefficient_sigmas_gpa(
        self, argument: float | Vector
    ) -> dict[str, float] | dict[str, Vector]:
        """Standard uncertainty of the pressure from each coefficient, in GPa.

        By a shift of each coefficient by its sigma. Correlations between coefficients are not
        published, so the parts add in quadrature, which overstates rather than understates.
        What the source leaves out adds a part ``assessed``, a second formula a part ``form``.
        """
        x = np.asarray(argument, dtype=np.float64)
        here, values = self._value(x), self._values
        parts: dict[str, Vector] = {}
        for coefficient in self.coefficients:
            if coefficient.sigma is not None:
                moved = {**values, coefficient.name: coefficient.value + coefficient.sigma}
                with np.errstate(all="ignore"):
                    parts[coefficient.name] = np.abs(self.form.value(x, moved) - here)
        if self.assessed_relative_sigma > 0.0:
            parts["assessed"] = np.abs(here) * self.assessed_relative_sigma
        if self.extra_sigma_gpa is not None:
            name, sigma = self.extra_sigma_gpa
            with np.errstate(all="ignore"):
                parts[name] = np.abs(sigma(x))
        if np.ndim(argument) == 0:
            return {name: float(part) for name, part in parts.items()}
        return parts

    @overload
    def sigma_gpa(self, argument: float) -> float: ...
    @overload
    def sigma_gpa(self, argument: Vector) -> Vector: ...
    def sigma_gpa(self, argument: float | Vector) -> float | Vector:
        """Standard uncertainty of the pressure from the scale alone, in GPa."""
        parts = self.coefficient_sigmas_gpa(argument)
        total = np.zeros(np.shape(argument))
        for part in parts.values():
            total = np.hypot(total, part)
        return as_given(argument, total)

    def covers(self, pressure_gpa: float, tolerance_gpa: float = 0.0) -> bool:
        """True where the pressure lies in the range of the scale, `tolerance_gpa` below it."""
        low, high = self.range_gpa
        return bool(low - tolerance_gpa <= pressure_gpa <= high)

    @property
    def reads_from_rest(self) -> bool:
        """True where the formula leads from 0, at the unstressed line or edge, into the range.

        Below its range such a scale lies between two ends that are known. Any other gives no
        pressure there (a table, akahama2010), or one that is not 0 at rest; a formula of the
        observable itself without a reference is taken for one of these.
        """
        x = self.reference if self.form.argument == "absolute" else 0.0
        # one branch, on which it only rises or only falls: see `forms`
        return x is not None and abs(self.pressure_gpa(x)) <= _AT_REST_GPA

    def covers_temperature(self, temperature_k: float) -> bool:
        """True where the scale was made for this temperature."""
        return bool(self.range_k[0] <= temperature_k <= self.range_k[1])

    @cached_property
    def _values(self) -> Mapping[str, float]:
        # NumPy numbers: division by a coefficient of 0 gives NaN instead of an exception
        return {item.name: np.float64(item.value) for item in self.coefficients}

    def _value(self, x: Vector) -> Vector:
        with np.errstate(all="ignore"):
            return _finite(self.form.value(x, self._values))

    def _checked(self, reference: float | None) -> float:
        if reference is None or not 0.0 < reference < np.inf:
            what = "nu0" if self.unit == "cm-1" else "lambda0"
            raise ConfigurationError(
                f"The scale '{self.name}' of the gauge '{self.gauge}' needs {what} in "
                f"{self.unit}, above 0; it was given {reference}."
            )
        return float(reference)


def _finite(values: Vector) -> Vector:
    return np.where(np.isfinite(values), values, np.nan)
