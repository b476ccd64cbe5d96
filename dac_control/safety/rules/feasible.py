"""Can a condition be true at all, over what readings can plausibly be? Pure.

A condition is put into disjunctive normal form; for each of its clauses the ranges of the
readings are narrowed by every comparison in turn (HC4: F. Benhamou et al., *Revising hull and box
consistency*, ICLP 1999) until nothing changes. An empty range proves that the clause is never
true. The proof is sound: what is refused can indeed not happen. It is not complete: readings are
taken as independent of each other and of their own rates.
"""

import itertools
from collections.abc import Iterable, Mapping

from dac_control.safety.rules.expression import (
    Both,
    Calculation,
    Comparison,
    Condition,
    Either,
    Leaf,
    Not,
    Number,
    Quantity,
    Relation,
    leaves,
)
from dac_control.safety.rules.history import SAMPLES_KEPT
from dac_control.safety.rules.intervals import (
    EMPTY,
    EVERYTHING,
    Interval,
    add,
    divide,
    meet,
    multiply,
    negate,
    outward,
)
from dac_control.safety.rules.readings import Reading

__all__ = ["can_be_true", "ranges_of"]

Box = dict[Leaf, Interval]
Clause = tuple[Comparison, ...]

# Beyond this a rule is not analysed but taken as it is.
_MOST_CLAUSES = 256
_MOST_ROUNDS = 20
_OPPOSITE: dict[Relation, Relation] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


def ranges_of(condition: Condition, known: Mapping[str, Reading]) -> Box:
    """Range of every leaf of a condition, from those of the readings.

    A rate is bounded by the whole range between two samples; an age is not negative.
    """
    return {leaf: _range_of(leaf, known[leaf.reading]) for leaf in leaves(condition)}


def can_be_true(condition: Condition, ranges: Mapping[Leaf, Interval]) -> bool:
    """Return False only if no values within the ranges make the condition true."""
    clauses = _clauses(condition, wanted=True)
    if clauses is None:
        return True
    return any(_feasible(clause, dict(ranges)) for clause in clauses)


def _range_of(leaf: Leaf, reading: Reading) -> Interval:
    width = reading.high - reading.low
    if leaf.kind == "age":
        return Interval(0.0, float("inf"))
    if leaf.kind == "change":
        return Interval(-width, width)
    if leaf.kind == "rate":
        # A least-squares slope is a mean of slopes between two samples, weighted by their
        # distance squared, and none are closer than the spacing at which samples are kept.
        steepest = 60.0 * width * SAMPLES_KEPT / leaf.window_s
        return Interval(-steepest, steepest)
    return Interval(reading.low, reading.high)


def _clauses(node: Condition, *, wanted: bool) -> list[Clause] | None:
    """Disjunctive normal form of a condition, or of its opposite; None if that grows too long."""
    match node:
        case Comparison(relation=relation, left=left, right=right):
            return [(node if wanted else Comparison(_OPPOSITE[relation], left, right),)]
        case Not(part=part):
            return _clauses(part, wanted=not wanted)
        case Both(parts=parts) | Either(parts=parts):
            inner: list[list[Clause]] = []
            for part in parts:
                found = _clauses(part, wanted=wanted)
                if found is None:
                    return None
                inner.append(found)
            together = isinstance(node, Both) == wanted
            return _all_of(inner) if together else _bounded(itertools.chain(*inner))


def _all_of(inner: list[list[Clause]]) -> list[Clause] | None:
    count = 1
    for each in inner:
        count *= len(each)
    if count > _MOST_CLAUSES:
        return None
    return [tuple(itertools.chain(*choice)) for choice in itertools.product(*inner)]


def _bounded(clauses: Iterable[Clause]) -> list[Clause] | None:
    several = list(clauses)
    return several if len(several) <= _MOST_CLAUSES else None


def _feasible(clause: Clause, box: Box) -> bool:
    # ranges do not know that a quantity equals itself
    if any(each.left == each.right and each.relation in ("<", ">", "!=") for each in clause):
        return False
    for _ in range(_MOST_ROUNDS):
        before = dict(box)
        for comparison in clause:
            _narrow_by(comparison, box)
            if any(each.empty for each in box.values()):
                return False
        if before == box:
            break
    return all(_possible(comparison, box) for comparison in clause)


def _possible(comparison: Comparison, box: Mapping[Leaf, Interval]) -> bool:
    left, right = _span(comparison.left, box), _span(comparison.right, box)
    match comparison.relation:
        case "<":
            return left.low < right.high
        case "<=":
            return left.low <= right.high
        case ">":
            return left.high > right.low
        case ">=":
            return left.high >= right.low
        case "==":
            return not meet(left, right).empty
        case "!=":
            return not left.low == left.high == right.low == right.high


def _narrow_by(comparison: Comparison, box: Box) -> None:
    left, right = _span(comparison.left, box), _span(comparison.right, box)
    match comparison.relation:
        case "<" | "<=":
            left, right = Interval(left.low, right.high), Interval(left.low, right.high)
        case ">" | ">=":
            left, right = Interval(right.low, left.high), Interval(right.low, left.high)
        case "==":
            left = right = meet(left, right)
        case "!=":
            return
    _narrow(comparison.left, left, box)
    _narrow(comparison.right, right, box)


def _span(quantity: Quantity, box: Mapping[Leaf, Interval]) -> Interval:
    """All that a quantity can be."""
    match quantity:
        case Number(value=value):
            return Interval(value, value)
        case Leaf():
            return box[quantity]
        case Calculation(operator=operator, operands=operands):
            return _combine(operator, [_span(each, box) for each in operands])


def _combine(operator: str, spans: list[Interval]) -> Interval:
    if any(span.empty for span in spans):
        return EMPTY
    match operator, spans:
        case "-", [only]:
            return negate(only)
        case "abs", [only]:
            low = 0.0 if only.low <= 0.0 <= only.high else min(abs(only.low), abs(only.high))
            return Interval(low, max(abs(only.low), abs(only.high)))
        case "min", _:
            return Interval(min(s.low for s in spans), min(s.high for s in spans))
        case "max", _:
            return Interval(max(s.low for s in spans), max(s.high for s in spans))
        case "+", [one, other]:
            return add(one, other)
        case "-", [one, other]:
            return add(one, negate(other))
        case "*", [one, other]:
            return multiply(one, other)
        case "/", [one, other]:
            return divide(one, other)
    return EVERYTHING


def _narrow(quantity: Quantity, allowed: Interval, box: Box) -> None:
    """Take from the ranges what would put a quantity outside of what is allowed."""
    match quantity:
        case Leaf():
            box[quantity] = meet(box[quantity], allowed)
        case Calculation(operator=operator, operands=operands):
            spans = [_span(each, box) for each in operands]
            # wider by a rounding: the exact result may lie just outside of what is allowed
            allowed = outward(*meet(allowed, _combine(operator, spans)))
            for operand, narrower in zip(operands, _inverse(operator, spans, allowed), strict=True):
                _narrow(operand, narrower, box)
        case Number():
            return


def _inverse(operator: str, spans: list[Interval], allowed: Interval) -> list[Interval]:
    """What each operand can be where the result is allowed."""
    if allowed.empty or any(span.empty for span in spans):
        return [EMPTY] * len(spans)
    match operator, spans:
        case "-", [_]:
            return [negate(allowed)]
        case "abs", [only]:
            return [_inside_abs(only, allowed)]
        case "min", _:
            return [Interval(allowed.low, span.high) for span in spans]
        case "max", _:
            return [Interval(span.low, allowed.high) for span in spans]
        case "+", [one, other]:
            return [add(allowed, negate(other)), add(allowed, negate(one))]
        case "-", [one, other]:
            return [add(allowed, other), add(one, negate(allowed))]
        case "*", [one, other]:
            return [divide(allowed, other), divide(allowed, one)]
        case "/", [_, other]:
            return [multiply(allowed, other), EVERYTHING]
    return spans


def _inside_abs(span: Interval, allowed: Interval) -> Interval:
    above = meet(span, allowed)
    below = meet(span, negate(allowed))
    if above.empty or below.empty:
        return below if above.empty else above
    return Interval(below.low, above.high)
