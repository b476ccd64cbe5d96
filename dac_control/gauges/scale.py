"""What a ruby scale is: a published formula from the shift of R1 to pressure.

Every scale is a function of ``delta = wavelength / lambda0 - 1``, a ratio, so that air and
vacuum wavelengths give the same pressure as long as both are of one kind. The scales were made
at room temperature; `lambda0` must be that of the ruby's temperature.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

__all__ = ["ASSESSED_RELATIVE_SIGMA", "Coefficient", "Evidence", "Form", "Scale"]

Form = Literal["power", "quadratic", "linear", "holzapfel"]
Evidence = Literal["abstract", "independent codes", "one code", "disputed"]
"""How the coefficients were checked: against the paper's own abstract, two or more independent
public programs, one program, or with sources that disagree."""

ASSESSED_RELATIVE_SIGMA: Final = 0.01
"""Standard uncertainty of a scale whose source states none that we know.

Our assessment: at one wavelength the hydrostatic scales spread by 1 % at 100 GPa.
"""


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of a scale."""

    name: str
    value: float
    sigma: float | None = None
    """Published standard uncertainty; None where none is known."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A published relation between the shift of R1 and pressure."""

    name: str
    form: Form
    coefficients: tuple[Coefficient, ...]
    range_gpa: tuple[float, float]
    """Pressures for which it was made; beyond it is an extrapolation."""
    medium: str
    citation: str
    evidence: Evidence
    note: str = ""

    def pressure_gpa(self, delta: float) -> float:
        """Pressure in GPa of a relative shift; NaN outside the domain of the formula."""
        return float(self._pressure(delta, self._values()))

    def slope(self, delta: float) -> float:
        """Derivative of the pressure by the relative shift, in GPa."""
        c = self._values()
        with np.errstate(all="ignore"):
            if self.form == "power":
                return float(c["A"] * np.power(np.float64(1.0 + delta), c["B"] - 1.0))
            if self.form == "quadratic":
                return float(c["A"] * (1.0 + 2.0 * c["C"] * delta))
            if self.form == "linear":
                return c["A"]
            total = c["B"] + c["C"]
            growth = self._pressure(delta, c) * total / c["A"] + 1.0
            return float(c["A"] * growth * np.power(np.float64(1.0 + delta), -c["C"] - 1.0))

    def inverse(self, pressure_gpa: float) -> float:
        """Relative shift at a pressure in GPa; NaN where the formula reaches no such pressure."""
        c, p = self._values(), np.float64(pressure_gpa)
        with np.errstate(all="ignore"):
            if self.form == "power":
                return float(np.power(1.0 + p * c["B"] / c["A"], 1.0 / c["B"]) - 1.0)
            if self.form == "quadratic":
                # The root that goes through zero, in the form that loses no digits near it.
                return float(2.0 * p / c["A"] / (1.0 + np.sqrt(1.0 + 4.0 * c["C"] * p / c["A"])))
            if self.form == "linear":
                return float(p / c["A"])
            total = c["B"] + c["C"]
            inner = 1.0 - c["C"] / total * np.log(1.0 + p * total / c["A"])
            return float(np.power(inner, -1.0 / c["C"]) - 1.0)

    def coefficient_sigmas_gpa(self, delta: float) -> dict[str, float]:
        """Standard uncertainty of the pressure from each coefficient, in GPa.

        By a shift of each coefficient by its sigma. Correlations between coefficients are not
        published, so the parts add in quadrature, which overstates rather than understates.
        Where the source leaves a coefficient without one, a part ``assessed`` is added.
        """
        values = self._values()
        here = self._pressure(delta, values)
        parts: dict[str, float] = {}
        for coefficient in self.coefficients:
            if coefficient.sigma is not None:
                moved = {**values, coefficient.name: coefficient.value + coefficient.sigma}
                parts[coefficient.name] = float(abs(self._pressure(delta, moved) - here))
        if any(coefficient.sigma is None for coefficient in self.coefficients):
            parts["assessed"] = float(abs(here)) * ASSESSED_RELATIVE_SIGMA
        return parts

    def sigma_gpa(self, delta: float) -> float:
        """Standard uncertainty of the pressure from all coefficients, in GPa."""
        parts = self.coefficient_sigmas_gpa(delta)
        return float(np.sqrt(sum(part * part for part in parts.values())))

    def covers(self, pressure_gpa: float, tolerance_gpa: float = 0.0) -> bool:
        """True where the pressure lies in the range of the scale, `tolerance_gpa` below it."""
        low, high = self.range_gpa
        return bool(low - tolerance_gpa <= pressure_gpa <= high)

    def _values(self) -> dict[str, float]:
        return {coefficient.name: coefficient.value for coefficient in self.coefficients}

    def _pressure(self, delta: float, c: dict[str, float]) -> np.float64:
        d = np.float64(delta)
        with np.errstate(all="ignore"):
            if self.form == "power":
                return np.float64(c["A"] / c["B"] * np.expm1(c["B"] * np.log1p(d)))
            if self.form == "quadratic":
                return np.float64(c["A"] * d * (1.0 + c["C"] * d))
            if self.form == "linear":
                return np.float64(c["A"] * d)
            total = c["B"] + c["C"]
            inner = total / c["C"] * -np.expm1(-c["C"] * np.log1p(d))
            return np.float64(c["A"] / total * np.expm1(inner))
