"""What ``pressure`` answers: one number on one scale, and on all of them."""

import math
from dataclasses import dataclass
from typing import Final

from dac_control.gauges import BudgetTerm, PressureMeasurement
from dac_control.gauges.scales import Scale

__all__ = ["Conversion", "Converted", "converted"]

_SPREAD: Final = "spread between scales"


@dataclass(frozen=True, kw_only=True)
class Converted:
    """One number on one scale."""

    scale: Scale
    observable: float
    """Line or edge in the scale's unit; NaN where the scale has none."""
    pressure_gpa: float
    """NaN where the scale has none."""
    sigma_sys_gpa: float
    in_range: bool
    range_note: str
    reference: float | None
    """lambda0 at the temperature, or nu0, that went into the formula."""
    budget: tuple[BudgetTerm, ...]

    @property
    def sigma_beside_gpa(self) -> float:
        """Uncertainty where all scales stand side by side: without the spread between them."""
        spread = sum(term.sigma_gpa**2 for term in self.budget if term.name == _SPREAD)
        return math.sqrt(max(0.0, self.sigma_sys_gpa**2 - spread)) if spread else self.sigma_sys_gpa


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """The answer on the scale that was asked for, and on every scale of the gauge."""

    chosen: Converted
    every: tuple[Converted, ...]
    """The chosen scale among them, in the registry's order."""
    correction: str | None
    temperature_k: float | None
    lambda0_temperature_k: float | None
    assumed: tuple[str, ...]
    """What was not given and is taken instead; one sentence each."""

    @property
    def spread_gpa(self) -> tuple[float, float] | None:
        """Lowest and highest pressure on scales whose coefficients were checked."""
        pressures = [
            item.pressure_gpa
            for item in self.every
            if item.scale.evidence != "from memory" and math.isfinite(item.pressure_gpa)
        ]
        return (min(pressures), max(pressures)) if pressures else None

    @property
    def sigma_note(self) -> str:
        """What the uncertainty holds and what no number from anywhere can tell."""
        return _NOTES.get(self.chosen.scale.gauge, _OWN)


_OWN: Final = "scale only; what it counts from, temperature and the axis are not in it"
_NOTES: Final = {
    "ruby": "scale and temperature only; lambda0 and the wavelength axis are not in it",
    "srb4o7": "scales only; lambda0, the wavelength axis and temperature are not in it; beside "
    "other scales, ± is without the spread between them",
    "diamond_edge": "the noise of the edge, the laser's wavelength, the Raman axis and the stress "
    "of the anvil are not in it; beside other scales, ± is without the spread between them",
}


def converted(
    scale: Scale, observable: float, reference: float | None, found: PressureMeasurement
) -> Converted:
    """What the gauge itself says of a line or edge, without the terms that are nothing."""
    return Converted(
        scale=scale,
        observable=observable,
        pressure_gpa=found.pressure_gpa,
        sigma_sys_gpa=found.sigma_sys_gpa,
        in_range=found.in_range,
        range_note=found.range_note,
        reference=reference,
        budget=tuple(term for term in found.budget if term.sigma_gpa > 1e-6),
    )
