"""A number from anywhere to a pressure on any scale, and back: what ``pressure`` computes."""

import math
from collections.abc import Sequence
from typing import Final

from dac_control.app.conversion_request import Request, check_request
from dac_control.app.converted import Conversion, Converted, converted
from dac_control.errors import ConfigurationError
from dac_control.gauges import BudgetTerm, Lambda0, RubyGauge, SrB4O7Gauge, quadrature
from dac_control.gauges.scales import Scale, get_scale, scales_of

__all__ = ["COLD_SCALE", "convert"]

COLD_SCALE: Final = "feng2010"
"""The ruby scale made in the cold, shown beside the others below room temperature."""

_ROOM_K: Final = 296.0
_CORRECTION: Final = "datchi2007"


def convert(request: Request) -> Conversion:
    """Convert a line or edge to a pressure, or a pressure to a line or edge.

    Raises
    ------
    ConfigurationError
        A name is unknown, a number is missing, is none, or cannot be what it is said to be.
    NotMeasured
        A temperature is none.
    """
    known = scales_of(request.gauge)
    scale = get_scale(request.scale or next(iter(known)), request.gauge)
    check_request(request, scale)
    assumed: list[str] = []
    if request.gauge == "ruby":
        request = _with_temperatures(request, assumed)
        every = tuple(_ruby(other, request) for other in known.values())
    else:
        usable = [other for other in known.values() if _goes_with(other, scale, request)]
        by = {"diamond_edge": _edge, "srb4o7": _srb4o7}.get(request.gauge, _plain)
        every = tuple(by(other, request) for other in usable)
    chosen = next(item for item in every if item.scale is scale)
    if request.gauge != "ruby":
        assumed += _assumed(request, chosen)
    return Conversion(
        chosen=chosen,
        every=every,
        correction=request.correction,
        temperature_k=request.temperature_k,
        lambda0_temperature_k=request.lambda0_temperature_k,
        assumed=tuple(assumed),
    )


def _goes_with(other: Scale, chosen: Scale, request: Request) -> bool:
    """True where the numbers given for one scale are enough for another, too.

    Scales of a user's gauge may differ in unit, or in whether they need a reference.
    """
    if other is chosen:
        return True
    given = request.nu0_cm1 if other.unit == "cm-1" else request.lambda0_nm
    needs_none = other.form.argument == "absolute"
    has_reference = needs_none or given is not None or other.reference is not None
    return other.unit == chosen.unit and has_reference


def _with_temperatures(request: Request, assumed: list[str]) -> Request:
    temperature, at_zero = request.temperature_k, request.lambda0_temperature_k
    if temperature is None and at_zero is not None:
        raise ConfigurationError(
            "--lambda0-temperature-k is given without --temperature-k, that of the line; "
            "give both, or none for room temperature."
        )
    if temperature is None:
        assumed.append(f"line and lambda0 at room temperature, {_ROOM_K:g} K")
    elif at_zero is None:
        assumed.append(f"lambda0 at room temperature, {_ROOM_K:g} K")
    return Request(
        gauge=request.gauge,
        observable=request.observable,
        pressure_gpa=request.pressure_gpa,
        lambda0_nm=request.lambda0_nm,
        temperature_k=_ROOM_K if temperature is None else temperature,
        lambda0_temperature_k=_ROOM_K if at_zero is None else at_zero,
        correction=request.correction or _CORRECTION,
    )


def _ruby(scale: Scale, request: Request) -> Converted:
    assert request.lambda0_nm is not None and request.temperature_k is not None
    assert request.lambda0_temperature_k is not None and request.correction is not None
    gauge = RubyGauge(
        scale=scale,
        correction=request.correction,
        lambda0=_lambda0(request.lambda0_nm, request.lambda0_temperature_k),
        axis_sigma_nm=0.0,
        temperature_sigma_k=0.0,
    )
    lambda0_nm = gauge.lambda0_at(request.temperature_k)
    line = _observable(scale, request, lambda0_nm)
    if not math.isfinite(line):
        return _nowhere(scale, request, lambda0_nm)
    measured = gauge.pressure_from_line(line, 0.0, request.temperature_k)
    return converted(scale, line, lambda0_nm, measured)


def _lambda0(value_nm: float, temperature_k: float) -> Lambda0:
    """Surer than any: the output says that its uncertainty is not in that of the pressure."""
    return Lambda0(
        value_nm=value_nm,
        sigma_nm=1e-9,
        chip="as given",
        date=None,
        temperature_k=temperature_k,
    )


def _edge(scale: Scale, request: Request) -> Converted:
    """As the gauge does it, with a laser and an axis without error."""
    from dac_control.app.given_nu0 import nu0_given  # SciPy, which other gauges do without
    from dac_control.gauges.diamond_edge.edge_budget import EdgeCircumstances, EdgeReading
    from dac_control.gauges.diamond_edge.edge_pressure import edge_pressure, nu0_for

    known = EdgeCircumstances(
        nu0=nu0_given(request.nu0_cm1),
        laser_sigma_nm=0.0,
        axis_sigma_cm1=0.0,
        stress_sigma_gpa=None,
        anvil="",
    )
    nu0_cm1 = None if scale.form.argument == "absolute" else nu0_for(scale, known).value_cm1
    edge_cm1 = _observable(scale, request, nu0_cm1)
    if not math.isfinite(edge_cm1):
        return _nowhere(scale, request, nu0_cm1)
    temperature_k = math.nan if request.temperature_k is None else request.temperature_k
    reading = EdgeReading(edge_cm1=edge_cm1, sigma_cm1=0.0, temperature_k=temperature_k)
    return converted(scale, edge_cm1, nu0_cm1, edge_pressure(scale, reading, known))


def _srb4o7(scale: Scale, request: Request) -> Converted:
    """As the gauge does it; lambda0 is given at the temperature of the line."""
    assert request.lambda0_nm is not None
    line_nm = _observable(scale, request, request.lambda0_nm)
    if not 680.0 < line_nm < 740.0:
        return _nowhere(scale, request, request.lambda0_nm)
    at_k = min(request.temperature_k or _ROOM_K, 900.0)
    gauge = SrB4O7Gauge(scale=scale, lambda0=_lambda0(request.lambda0_nm, at_k), axis_sigma_nm=0.0)
    temperature_k = math.nan if request.temperature_k is None else request.temperature_k
    measured = gauge.pressure_from_line(line_nm, 0.0, temperature_k)
    return converted(scale, line_nm, request.lambda0_nm, measured)


def _plain(scale: Scale, request: Request) -> Converted:
    """Convert on a scale of the user's own."""
    given = request.nu0_cm1 if scale.unit == "cm-1" else request.lambda0_nm
    reference = given if given is not None else scale.reference
    if scale.form.argument == "absolute":
        reference = None
    observable = _observable(scale, request, reference)
    if not math.isfinite(observable):
        return _nowhere(scale, request, reference)
    argument = scale.argument(observable, reference)
    pressure = scale.pressure_gpa(argument)
    budget = _scale_budget(scale, argument)
    sigma = quadrature(budget, "systematic") if math.isfinite(pressure) else math.nan
    notes = _range_notes(scale, pressure, 2.0 * sigma, request.temperature_k)
    return Converted(
        scale=scale,
        observable=observable,
        pressure_gpa=pressure,
        sigma_sys_gpa=sigma,
        in_range=not notes,
        range_note="; ".join(notes),
        reference=reference,
        budget=budget,
    )


def _observable(scale: Scale, request: Request, reference: float | None) -> float:
    if request.observable is not None:
        return request.observable
    assert request.pressure_gpa is not None
    return scale.observable(scale.inverse(request.pressure_gpa), reference)


def _nowhere(scale: Scale, request: Request, reference: float | None) -> Converted:
    pressure = request.pressure_gpa if request.pressure_gpa is not None else math.nan
    return Converted(
        scale=scale,
        observable=math.nan,
        pressure_gpa=pressure,
        sigma_sys_gpa=math.nan,
        in_range=False,
        range_note=f"{scale.name} reaches no such pressure",
        reference=reference,
        budget=(),
    )


def _scale_budget(scale: Scale, argument: float) -> tuple[BudgetTerm, ...]:
    notes = {"assessed": scale.assessed_reason, "form": scale.note}
    return tuple(
        BudgetTerm(
            f"scale, {name}" if name in notes else f"scale coefficient {name}",
            "systematic",
            sigma,
            notes.get(name) or scale.citation,
        )
        for name, sigma in scale.coefficient_sigmas_gpa(argument).items()
        if math.isfinite(sigma)
    )


def _range_notes(
    scale: Scale, pressure_gpa: float, tolerance_gpa: float, temperature_k: float | None
) -> Sequence[str]:
    notes = []
    low, high = scale.range_gpa
    if math.isnan(pressure_gpa):
        notes.append(f"{scale.name} gives no pressure there")
    elif not scale.covers(pressure_gpa, tolerance_gpa):
        notes.append(f"{scale.name} was made for {low:g} to {high:g} GPa")
    if temperature_k is not None and not scale.covers_temperature(temperature_k):
        cold, warm = scale.range_k
        notes.append(f"{scale.name} was made at {cold:g} to {warm:g} K")
    return notes


def _assumed(request: Request, chosen: Converted) -> list[str]:
    assumed = []
    own_nu0 = request.nu0_cm1 is None and chosen.scale.unit == "cm-1"
    if own_nu0 and chosen.reference is not None:
        assumed.append(f"nu0 {chosen.reference:g} cm-1, that of the scale {chosen.scale.name}")
    if request.lambda0_nm is None and chosen.scale.unit == "nm" and chosen.reference is not None:
        assumed.append(f"lambda0 {chosen.reference:g} nm, that of the scale {chosen.scale.name}")
    if request.temperature_k is None and request.gauge == "diamond_edge":
        assumed.append("no temperature: ± allows for any")
    elif request.temperature_k is None:
        assumed.append("a temperature that the scale was made for")
    return assumed
