"""What a gauge hands on: a measured pressure, its budget, and the same on other scales."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from dac_control.gauges.budget import BudgetTerm, finite_or_none

__all__ = ["MEASUREMENT_FLAGS", "BudgetTerm", "OnScale", "PressureMeasurement"]

MEASUREMENT_FLAGS: Final = {
    "outside_scale_range": "scale or temperature correction was used outside the pressures or "
    "temperatures that it was made for",
    "raman_axis_unknown": "nobody stated how wrong the Raman axis may be (axis_sigma_cm1), so ± is "
    "without it",
}
"""Flags that a gauge adds to those of its fit; none of them makes a pressure unmeasured."""


@dataclass(frozen=True)
class OnScale:
    """The same observable on one scale."""

    scale: str
    pressure_gpa: float
    sigma_sys_gpa: float
    """Systematic standard uncertainty on this scale."""
    in_range: bool
    """True where the scale was made for this pressure and temperature."""
    range_gpa: tuple[float, float]
    citation: str
    evidence: str
    """How well the coefficients were checked."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        return {
            "scale": self.scale,
            "pressure_gpa": finite_or_none(self.pressure_gpa),
            "sigma_sys_gpa": finite_or_none(self.sigma_sys_gpa),
            "in_range": self.in_range,
            "range_gpa": [finite_or_none(bound) for bound in self.range_gpa],
            "citation": self.citation,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class PressureMeasurement:
    """A pressure that a gauge measured, or the record that it did not.

    The only type that says `measured`: what a load curve predicts is of another type.
    """

    measured: bool
    pressure_gpa: float
    """NaN where nothing was measured."""
    sigma_stat_gpa: float
    """Standard uncertainty from noise: differs from one spectrum to the next."""
    sigma_sys_gpa: float
    """Standard uncertainty of everything that all spectra share."""
    half_width_95_gpa: float = float("nan")
    """The truth lies within this of `pressure_gpa` with 95 %: see `dac_control.gauges.interval`."""
    gauge: str
    """The method: "ruby", "diamond_edge", ..."""
    scale: str
    observable: float
    """Line or edge on the axis it was measured on; NaN where none was found."""
    observable_sigma: float
    """Statistical standard uncertainty of the observable."""
    observable_unit: Literal["nm", "cm-1"]
    temperature_k: float
    """Of the gauge; NaN where unknown."""
    in_range: bool
    """True where scale and temperature correction were made for this pressure and temperature."""
    range_note: str = ""
    """One sentence that says what is outside which range; empty where `in_range`."""
    reference: str = ""
    """One sentence: which lambda0 or nu0 the pressure counts from, and why that one."""
    budget: tuple[BudgetTerm, ...]
    alternatives: tuple[OnScale, ...] = ()
    """The same observable on the scales that a reader must see beside this one."""
    flags: tuple[str, ...]
    fit: object | None = None
    """What the fit returned; None where the pressure was recomputed from a stored observable."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the fit as JSON takes it; what is not finite is None."""
        return {
            "measured": self.measured,
            "pressure_gpa": finite_or_none(self.pressure_gpa),
            "sigma_stat_gpa": finite_or_none(self.sigma_stat_gpa),
            "sigma_sys_gpa": finite_or_none(self.sigma_sys_gpa),
            "half_width_95_gpa": finite_or_none(self.half_width_95_gpa),
            "gauge": self.gauge,
            "scale": self.scale,
            "observable": finite_or_none(self.observable),
            "observable_sigma": finite_or_none(self.observable_sigma),
            "observable_unit": self.observable_unit,
            "temperature_k": finite_or_none(self.temperature_k),
            "in_range": self.in_range,
            "range_note": self.range_note,
            "reference": self.reference,
            "budget": [term.to_dict() for term in self.budget],
            "alternatives": [other.to_dict() for other in self.alternatives],
            "flags": list(self.flags),
        }
