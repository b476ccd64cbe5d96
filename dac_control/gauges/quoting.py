"""What the gauges share on the way from an observable to a pressure that is quoted."""

import math
from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, quadrature
from dac_control.gauges.interval import half_width_gpa
from dac_control.gauges.measurement import OnScale, PressureMeasurement
from dac_control.gauges.scales import Scale, get_scale

__all__ = [
    "OUTSIDE_SCALE_RANGE",
    "check_sigma",
    "check_temperature",
    "expected_observables",
    "on_scale",
    "quote",
    "raman_axis_flags",
    "raman_axis_note",
    "range_note",
    "scale_for",
    "scale_terms",
]

_NAN: Final = float("nan")
OUTSIDE_SCALE_RANGE: Final = "outside_scale_range"


def quote(
    scale: Scale,
    observable: tuple[float, float],
    temperature_k: float,
    *,
    pressure_gpa: float = _NAN,
    budget: tuple[BudgetTerm, ...] = (),
    note: str = "",
    reference: str = "",
    alternatives: tuple[OnScale, ...] = (),
    flags: tuple[str, ...] = (),
    fit: object | None = None,
) -> PressureMeasurement:
    """Put a measurement together, or the record that nothing was measured.

    Parameters
    ----------
    scale : Scale
    observable : tuple of float
        Line or edge and its statistical uncertainty, in the unit of the scale.
    temperature_k : float
    pressure_gpa : float
        NaN where there is none: the fit does not hold, or the scale does not reach so far.
    budget : tuple of BudgetTerm
    note : str
        What is used outside which range; with it comes the flag ``outside_scale_range``.
    reference : str
        What the pressure counts from, in a sentence.
    alternatives : tuple of OnScale
    flags : tuple of str
        Of the fit.
    fit : object, optional
    """
    measured = math.isfinite(pressure_gpa)
    return PressureMeasurement(
        measured=measured,
        pressure_gpa=float(pressure_gpa),
        sigma_stat_gpa=quadrature(budget, "statistical") if measured else _NAN,
        sigma_sys_gpa=quadrature(budget, "systematic") if measured else _NAN,
        half_width_95_gpa=half_width_gpa(budget) if measured else _NAN,
        gauge=scale.gauge,
        scale=scale.name,
        observable=float(observable[0]),
        observable_sigma=float(observable[1]),
        observable_unit=scale.unit,
        temperature_k=float(temperature_k),
        in_range=measured and not note,
        range_note=note,
        reference=reference,
        budget=budget if measured else (),
        alternatives=alternatives,
        flags=(*flags, OUTSIDE_SCALE_RANGE) if note else flags,
        fit=fit,
    )


def on_scale(scale: Scale, pressure_gpa: float, sigma_sys_gpa: float, *, in_range: bool) -> OnScale:
    """State a pressure on one scale in short."""
    return OnScale(
        scale=scale.name,
        pressure_gpa=pressure_gpa,
        sigma_sys_gpa=sigma_sys_gpa,
        in_range=in_range,
        range_gpa=scale.range_gpa,
        citation=scale.citation,
        evidence=scale.evidence,
    )


def range_note(scale: Scale, pressure_gpa: float, temperature_k: float, what: str = "line") -> str:
    """What is used outside which range, in sentences; empty if nothing is.

    Parameters
    ----------
    scale : Scale
    pressure_gpa, temperature_k : float
        An unknown temperature (NaN) is no reason.
    what : str
        What is observed, for a person.
    """
    (low, high), (cold, warm) = scale.range_gpa, scale.range_k
    parts: list[str] = []
    if not math.isfinite(pressure_gpa):
        parts.append(f"The scale {scale.name} gives this {what} no pressure.")
    elif not scale.covers(pressure_gpa):
        parts.append(
            f"The scale {scale.name} was made for {low:g} to {high:g} GPa and is used at "
            f"{pressure_gpa:.4g} GPa."
        )
    if math.isfinite(temperature_k) and not scale.covers_temperature(temperature_k):
        parts.append(
            f"The scale {scale.name} was made at {cold:g} to {warm:g} K and is used at "
            f"{temperature_k:.4g} K."
        )
    return " ".join(parts)


def raman_axis_flags(sigma_cm1: float | None) -> tuple[str, ...]:
    """Flag a pressure whose uncertainty is without the error of the Raman axis."""
    return ("raman_axis_unknown",) if sigma_cm1 is None else ()


def raman_axis_note(sigma_cm1: float | None) -> str:
    """Say what the term of the Raman axis rests on; None is "not stated"."""
    if sigma_cm1 is None:
        return "not stated; axis_sigma_cm1 states the error of the axis without the laser's share"
    return "stated, without the laser's share"


def scale_terms(scale: Scale, argument: float) -> tuple[BudgetTerm, ...]:
    """What the scale itself is uncertain by: a term for each coefficient, and what is assessed."""
    terms: list[BudgetTerm] = []
    names = {coefficient.name for coefficient in scale.coefficients}
    for name, sigma_gpa in scale.coefficient_sigmas_gpa(argument).items():
        label = f"scale coefficient {name}" if name in names else f"scale, {name}"
        reason = scale.assessed_reason if name == "assessed" else ""
        terms.append(BudgetTerm(label, "systematic", float(sigma_gpa), reason or scale.citation))
    return tuple(terms)


def scale_for(scale: str | Scale, gauge: str, what: str) -> Scale:
    """Look a scale up and have it belong to the gauge.

    Raises
    ------
    ConfigurationError
        There is none of that name, or it is of another gauge.
    """
    found = get_scale(scale, gauge) if isinstance(scale, str) else scale
    if found.gauge != gauge:
        raise ConfigurationError(
            f"The scale '{found.name}' is of the gauge {found.gauge} and cannot read {what}."
        )
    return found


def expected_observables(
    scale: Scale, expected_gpa: tuple[float, float], reference: float | None
) -> tuple[float, float]:
    """Turn two pressures into the lines or edges that a scale gives them, the lower first.

    Raises
    ------
    ConfigurationError
        The range is empty, or the scale does not reach there.
    """
    low, high = expected_gpa
    if not low < high:
        raise ConfigurationError(
            f"The pressure is expected between {low} and {high} GPa; give the lower first."
        )
    found = [float(scale.observable(scale.inverse(p), reference)) for p in (low, high)]
    if not np.isfinite(found).all():
        raise ConfigurationError(
            f"The scale '{scale.name}' does not reach from {low} to {high} GPa; it was made for "
            f"{scale.range_gpa[0]:g} to {scale.range_gpa[1]:g} GPa."
        )
    return min(found), max(found)


def check_sigma(what: str, unit: str, sigma: float) -> None:
    """Refuse what is no standard uncertainty.

    Raises
    ------
    ConfigurationError
        It is negative or not finite.
    """
    if not 0.0 <= sigma < math.inf:
        raise ConfigurationError(
            f"The uncertainty of the {what} is {sigma} {unit}; give a number of 0 or more."
        )


def check_temperature(what: str, temperature_k: float) -> None:
    """Refuse what is no temperature; NaN is an unknown one.

    Raises
    ------
    ConfigurationError
        It is not above 0 K, or no number at all.
    """
    try:
        good = math.isnan(temperature_k) or 0.0 < temperature_k < 5000.0
    except TypeError:  # None from a table with a gap, or a text
        good = False
    if not good:
        raise ConfigurationError(
            f"The temperature of the {what} is given as {temperature_k} K; give one above 0 K, or "
            "NaN where it is unknown."
        )
