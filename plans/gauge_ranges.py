"""Whether the scales of the gauges in charge of a ramp reach along its whole way. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from dac_control.errors import LimitError
from dac_control.gauges.scales import Scale
from plans.route import Leg

__all__ = ["Span", "check_ranges", "span_gpa"]

Span = tuple[float, float]


def span_gpa(scale: Scale) -> Span:
    """Pressures that a gauge may be in charge at, in GPa: those that its scale was made for.

    A scale from 0 on has no lower end: what reads below is the error of its zero, and no other
    pressure. Nor has one that leads there from where its range begins (mao1978, made from 6 GPa
    on): what is read below is flagged.
    """
    low, high = scale.range_gpa
    return (-math.inf if low <= 0.0 or scale.reads_from_rest else low), high


def check_ranges(
    spans_gpa: Mapping[str, Span], gauges: Sequence[str], legs: Iterable[Leg] = ()
) -> None:
    """Refuse gauges that leave a gap between them, and targets that they have no scale for.

    Parameters
    ----------
    spans_gpa : mapping
        Of each gauge's scale, by name; see `span_gpa`.
    gauges : sequence of str
        In the order in which they take over.
    legs : iterable of Leg, optional
        Of targets in GPa.

    Raises
    ------
    LimitError
        Saying which gauge begins or ends where; nothing was moved.
    """
    for first, second in pairwise(gauges):
        if not _meet(spans_gpa[first], spans_gpa[second]):
            raise LimitError(
                f"{second} cannot take over from {first}: the scale of {first} reaches "
                f"{_words(spans_gpa[first])} and that of {second} "
                f"{_words(spans_gpa[second])}, and they are compared at pressures that both "
                "cover. Choose a scale in the station file that reaches into the other, or let a "
                "gauge between them take over. Nothing was moved."
            )
    top_gpa = -math.inf
    for number, leg in enumerate(legs):
        low_gpa, top_gpa = min(leg.aims), max(top_gpa, *leg.aims)
        # a way that leads down from where the cell is found begins with the first gauge
        _check_top(spans_gpa, gauges, top_gpa, falling=number == 0 and leg.sign < 0)
        if leg.sign < 0:
            # not above the first gauge that has a scale up to here; those after it may follow
            able = next(n for n, name in enumerate(gauges) if spans_gpa[name][1] >= top_gpa)
            _check_bottom(spans_gpa, gauges, gauges[able:], low_gpa)
        elif number == 0:
            _check_bottom(spans_gpa, gauges, gauges[:1], low_gpa)


def _meet(one: Span, other: Span) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _words(span_gpa: Span) -> str:
    begins = f"from {span_gpa[0]:g} " if math.isfinite(span_gpa[0]) else ""
    return f"{begins}to {span_gpa[1]:g} GPa"


def _check_top(
    spans_gpa: Mapping[str, Span], gauges: Sequence[str], top_gpa: float, *, falling: bool
) -> None:
    """Refuse a target beyond the scales of all that may be in charge there."""
    charged = gauges[:1] if falling else gauges
    highest = max(charged, key=lambda name: spans_gpa[name][1])
    end_gpa = spans_gpa[highest][1]
    if top_gpa <= end_gpa:
        return
    able = [
        name
        for name, span in spans_gpa.items()
        if span[1] >= top_gpa and name not in charged and _meet(span, spans_gpa[charged[-1]])
    ]
    if able and falling:
        first = (able[0], *(name for name in gauges if name != able[0]))
        remedy = f"let {able[0]} begin: gauge = [{_listed(first)}]"
    elif able:
        remedy = f"let {able[0]} take over: gauge = [{_listed((*gauges, able[0]))}]"
    else:
        remedy = "lower the target, or choose a scale in the station file that was made for it"
    raise LimitError(
        f"A target of {top_gpa:g} GPa lies beyond the scale of {highest}, which ends at "
        f"{end_gpa:g} GPa, and {'it begins' if falling else 'no gauge takes over'}; {remedy}. "
        "Nothing was moved."
    )


def _check_bottom(
    spans_gpa: Mapping[str, Span], gauges: Sequence[str], charged: Sequence[str], low_gpa: float
) -> None:
    """Refuse a target below the scales of all that may be in charge there."""
    lowest = min(charged, key=lambda name: spans_gpa[name][0])
    begin_gpa = spans_gpa[lowest][0]
    if low_gpa >= begin_gpa:
        return
    able = [
        name
        for name, span in spans_gpa.items()
        if span[0] <= low_gpa and name not in gauges and _meet(span, spans_gpa[gauges[0]])
    ]
    remedy = (
        f"let {able[0]} begin: gauge = [{_listed((able[0], *gauges))}]"
        if able and charged == gauges[:1]
        else "raise the target, or choose a scale in the station file that was made for it"
    )
    raise LimitError(
        f"A target of {low_gpa:g} GPa lies below the scale of {lowest}, which begins at "
        f"{begin_gpa:g} GPa; {remedy}. Nothing was moved."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
