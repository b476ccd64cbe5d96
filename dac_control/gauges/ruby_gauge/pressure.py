"""From a line with all its circumstances to a measurement: pressure, budget, ranges, scales."""

import math
from dataclasses import dataclass, replace
from typing import Final

from dac_control.gauges import quoting
from dac_control.gauges.budget import BudgetTerm, quadrature
from dac_control.gauges.measurement import OnScale, PressureMeasurement
from dac_control.gauges.ruby import RubyFit
from dac_control.gauges.ruby_gauge.budget import ruby_budget
from dac_control.gauges.ruby_gauge.line import RubyLine
from dac_control.gauges.ruby_gauge.zero_line import ZeroLine
from dac_control.gauges.scales import ROOM_K, Scale, get_scale

__all__ = ["not_measured", "on_scale", "ruby_pressure"]

_NEARLY_SAME_K: Final = 5.0
"""Closer than this lambda0 hardly moves, so that the range of a correction does not matter:
below 100 K 5 K is worth less than 0.02 GPa."""

_ROOM_SCALE: Final = "ruby2020"
_COLD_SCALE: Final = "feng2010"
"""The only scale that was made in the cold."""


def ruby_pressure(
    line: RubyLine,
    *,
    flags: tuple[str, ...] = (),
    fit: object | None = None,
) -> PressureMeasurement:
    """Turn a line into a measurement.

    Parameters
    ----------
    line : RubyLine
    flags : tuple of str
        Of the fit; ``outside_scale_range`` is added where it applies.
    fit : object, optional
        What the line comes from.
    """
    judged = _judge(line)
    return quoting.quote(
        line.scale,
        (line.line_nm, line.sigma_nm),
        line.temperature_k,
        pressure_gpa=line.pressure_gpa,
        budget=judged.budget,
        note=judged.range_note,
        reference=line.zero.sentence,
        alternatives=_side_by_side(judged),
        flags=flags,
        fit=fit,
    )


def not_measured(
    scale: Scale, zero: ZeroLine, fit: RubyFit, temperature_k: float
) -> PressureMeasurement:
    """Record that a spectrum gave no pressure; the flags of its fit say why."""
    line = fit.r1_nm, fit.r1_sigma_nm
    return quoting.quote(
        scale, line, temperature_k, reference=zero.sentence, flags=fit.flags, fit=fit
    )


def on_scale(line: RubyLine) -> OnScale:
    """State a line on its scale in short."""
    return _in_short(_judge(line))


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A line with its budget, so that none is made twice."""

    line: RubyLine
    budget: tuple[BudgetTerm, ...]
    sigma_stat_gpa: float
    sigma_sys_gpa: float
    range_note: str


def _judge(line: RubyLine) -> _Judged:
    budget = ruby_budget(line)
    statistical, systematic = quadrature(budget, "statistical"), quadrature(budget, "systematic")
    return _Judged(
        line=line,
        budget=budget,
        sigma_stat_gpa=statistical,
        sigma_sys_gpa=systematic,
        range_note=_range_note(line, math.hypot(statistical, systematic)),
    )


def _in_short(judged: _Judged) -> OnScale:
    line, inside = judged.line, not judged.range_note
    return quoting.on_scale(line.scale, line.pressure_gpa, judged.sigma_sys_gpa, in_range=inside)


def _side_by_side(own: _Judged) -> tuple[OnScale, ...]:
    """In the cold, the scale made at room temperature beside the one made at 4.5 K."""
    line = own.line
    if line.temperature_k >= ROOM_K[0]:
        return ()
    if line.scale.name == _COLD_SCALE:
        return on_scale(replace(line, scale=get_scale(_ROOM_SCALE))), _in_short(own)
    return _in_short(own), on_scale(replace(line, scale=get_scale(_COLD_SCALE)))


def _range_note(line: RubyLine, sigma_gpa: float) -> str:
    """What is used outside which range, in sentences; empty if nothing is."""
    parts, t = [], line.temperature_k
    if not line.scale.covers(line.pressure_gpa, 2.0 * sigma_gpa) or not (
        line.scale.covers_temperature(t)
    ):
        parts.append(
            f"The scale {line.scale.name} was made for {_span(line.scale)} and is used at "
            f"{line.pressure_gpa:.2f} GPa and {t:.4g} K."
        )
    correction, source_k = line.correction, line.zero.source_k
    if abs(t - source_k) > _NEARLY_SAME_K and not (
        correction.covers(t) and correction.covers(source_k)
    ):
        low, high = correction.range_k
        parts.append(
            f"The temperature correction {correction.name} was made for {low:g} to {high:g} K "
            f"and is used between {source_k:.4g} and {t:.4g} K."
        )
    return " ".join(parts)


def _span(scale: Scale) -> str:
    (low, high), (cold, warm) = scale.range_gpa, scale.range_k
    return f"{low:g} to {high:g} GPa at {cold:g} to {warm:g} K"
