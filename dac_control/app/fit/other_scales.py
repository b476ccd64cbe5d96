"""What the same line or edge is on the scales that must be seen beside the one in use."""

import math
from dataclasses import dataclass

from dac_control.app.fit.number_text import span
from dac_control.app.fit.results import SpectrumResult

__all__ = ["OtherScales", "on_other_scales"]


@dataclass(frozen=True)
class OtherScales:
    """In short, for a table or a picture."""

    text: str
    """One pressure, or the span of several with that of the scale in use; in GPa."""
    where: str
    """On which scale, or on how many."""


def on_other_scales(each: SpectrumResult) -> OtherScales | None:
    """Say in short what a spectrum is on other scales; None where there is none to be seen."""
    found = each.reading.measurement
    if found is None or not found.measured:
        return None
    others = [
        other
        for other in found.alternatives
        if other.scale != found.scale and math.isfinite(other.pressure_gpa)
    ]
    if not others:
        return None
    if len(others) == 1:
        return OtherScales(f"{others[0].pressure_gpa:.2f}", f"on {others[0].scale}")
    # as in the spread of the budget: what no source confirms is listed elsewhere, not counted
    counted = [other.pressure_gpa for other in others if other.evidence != "from memory"]
    pressures = [found.pressure_gpa, *counted]
    return OtherScales(span(pressures), f"on {len(pressures)} scales")
