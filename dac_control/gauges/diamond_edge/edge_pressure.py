"""From an edge with all its circumstances to a measurement, on every published scale."""

from typing import Final

import numpy as np

from dac_control.gauges.budget import BudgetTerm, quadrature, rectangle_rms
from dac_control.gauges.diamond_edge.edge_budget import (
    ASSESSED_NU0_SIGMA_CM1,
    EdgeCircumstances,
    EdgeReading,
    edge_terms,
    pressure_of,
)
from dac_control.gauges.diamond_edge.nu0 import Nu0
from dac_control.gauges.measurement import OnScale, PressureMeasurement
from dac_control.gauges.quoting import on_scale, quote, raman_axis_flags, range_note
from dac_control.gauges.scales import Scale, scales_of

__all__ = ["GAUGE", "edge_pressure", "nu0_for", "reference_sentence"]

GAUGE: Final = "diamond_edge"
_NAN: Final = float("nan")
_LATEST_NU0_CM1: Final = 1334.0
"""Of the sources that print one, most: for a user's scale that states none."""


def edge_pressure(
    scale: Scale,
    reading: EdgeReading,
    known: EdgeCircumstances,
    *,
    flags: tuple[str, ...] = (),
    fit: object | None = None,
) -> PressureMeasurement:
    """Turn an edge into a measurement.

    Parameters
    ----------
    scale : Scale
    reading : EdgeReading
    known : EdgeCircumstances
    flags : tuple of str
        Of the fit; ``outside_scale_range`` and ``raman_axis_unknown`` are added where they apply.
    fit : object, optional
        What the edge comes from.
    """
    nu0 = nu0_for(scale, known)
    pressure = pressure_of(scale, reading, nu0)
    terms = edge_terms(scale, reading, known, nu0) if np.isfinite(pressure) else ()
    note = range_note(scale, pressure, reading.temperature_k, "edge")
    own = _in_short(scale, pressure, terms, note)
    others = _on_all(own, scale, reading, known)
    budget: tuple[BudgetTerm, ...] = ()
    if terms:
        budget = (*terms, _spread(pressure, terms, others))
        flags = (*flags, *raman_axis_flags(known.axis_sigma_cm1))
    return quote(
        scale,
        (reading.edge_cm1, reading.sigma_cm1),
        reading.temperature_k,
        pressure_gpa=pressure,
        budget=budget,
        note=note,
        reference=reference_sentence(scale, known),
        alternatives=others,
        flags=flags,
        fit=fit,
    )


def nu0_for(scale: Scale, known: EdgeCircumstances) -> Nu0:
    """The nu0 that was given, or that of the scale's source."""
    if known.nu0 is not None:
        return known.nu0
    return Nu0(
        value_cm1=_LATEST_NU0_CM1 if scale.reference is None else scale.reference,
        sigma_cm1=ASSESSED_NU0_SIGMA_CM1,
        convention="vacuum",
        source=f"the scale's own, {scale.citation}; uncertainty assessed",
    )


def reference_sentence(scale: Scale, known: EdgeCircumstances) -> str:
    """What a pressure counts from, and on which anvil."""
    anvil = f", anvil {known.anvil}" if known.anvil else ""
    return f"Counted from nu0 = {nu0_for(scale, known).describe()}{anvil}."


def _on_all(
    own: OnScale, scale: Scale, reading: EdgeReading, known: EdgeCircumstances
) -> tuple[OnScale, ...]:
    """The edge on every scale of the registry, and as `own` on the one in use."""
    scales = scales_of(GAUGE)
    scales.setdefault(scale.name, scale)
    return tuple(own if other is scale else _on(other, reading, known) for other in scales.values())


def _on(scale: Scale, reading: EdgeReading, known: EdgeCircumstances) -> OnScale:
    nu0 = nu0_for(scale, known)
    pressure = pressure_of(scale, reading, nu0)
    terms = edge_terms(scale, reading, known, nu0) if np.isfinite(pressure) else ()
    note = range_note(scale, pressure, reading.temperature_k, "edge")
    return _in_short(scale, pressure, terms, note)


def _in_short(scale: Scale, pressure: float, terms: tuple[BudgetTerm, ...], note: str) -> OnScale:
    sigma = quadrature(terms, "systematic") if terms else _NAN
    return on_scale(scale, pressure, sigma, in_range=not note)


def _spread(
    pressure_gpa: float, terms: tuple[BudgetTerm, ...], others: tuple[OnScale, ...]
) -> BudgetTerm:
    """What the published scales differ by, beyond what this scale's own coefficients explain.

    A scale counts wherever the pressure is not below its range: beyond the upper end of all of
    them is where edges are read. Coefficients that no source confirms do not count.
    """
    counted = [
        other.pressure_gpa
        for other in others
        if other.evidence != "from memory" and other.pressure_gpa >= other.range_gpa[0]
    ]
    name = "spread between scales"
    if not counted:
        return BudgetTerm(name, "systematic", 0.0, "no other scale reaches this edge")
    low, high = min(*counted, pressure_gpa), max(*counted, pressure_gpa)
    own = sum(term.sigma_gpa**2 for term in terms if term.name.startswith("scale co"))
    own += sum(term.sigma_gpa**2 for term in terms if term.name == "scale, assessed")
    whole = rectangle_rms(pressure_gpa, low, high)
    beyond = float(np.sqrt(max(whole**2 - own, 0.0)))
    # what is left of the rectangle keeps its shape
    part = beyond / whole if beyond > 0.0 else 0.0
    return BudgetTerm(
        name,
        "systematic",
        beyond,
        f"the same edge is {low:.1f} to {high:.1f} GPa on published scales; less what the "
        "coefficients of this one explain",
        between_gpa=(part * (low - pressure_gpa), part * (high - pressure_gpa)),
    )
