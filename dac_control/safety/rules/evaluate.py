"""Expressions on values: true, false, or unknown (Kleene's logic). Pure."""

import math
from collections.abc import Callable

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
)

__all__ = ["holds", "quantity_of"]

Look = Callable[[Leaf], float]

_COMPARE: dict[Relation, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}


def holds(condition: Condition, look: Look) -> bool | None:
    """Say whether a condition is met; None where missing values leave that open.

    What is decided without the missing value is decided: ``a or b`` is true where ``a`` is.

    Parameters
    ----------
    condition : Condition
        The condition.
    look : callable
        The value of a leaf, NaN where there is none.
    """
    match condition:
        case Comparison(relation=relation, left=left, right=right):
            one, other = quantity_of(left, look), quantity_of(right, look)
            unknown = math.isnan(one) or math.isnan(other)
            return None if unknown else _COMPARE[relation](one, other)
        case Not(part=part):
            found = holds(part, look)
            return None if found is None else not found
        case Both(parts=parts):
            return _decide([holds(part, look) for part in parts], ruling=False)
        case Either(parts=parts):
            return _decide([holds(part, look) for part in parts], ruling=True)


def quantity_of(quantity: Quantity, look: Look) -> float:
    """Calculate a quantity; NaN where it has no value, a division by 0 included."""
    match quantity:
        case Number(value=value):
            return value
        case Leaf():
            return look(quantity)
        case Calculation(operator=operator, operands=operands):
            values = [quantity_of(each, look) for each in operands]
            return math.nan if any(math.isnan(v) for v in values) else _calculate(operator, values)


def _decide(found: list[bool | None], *, ruling: bool) -> bool | None:
    if ruling in found:
        return ruling
    return None if None in found else not ruling


def _calculate(operator: str, values: list[float]) -> float:
    match operator, values:
        case "abs", [value]:
            return abs(value)
        case "-", [value]:
            return -value
        case "min", _:
            return min(values)
        case "max", _:
            return max(values)
        case "+", [one, other]:
            return one + other
        case "-", [one, other]:
            return one - other
        case "*", [one, other]:
            return one * other
        case "/", [one, other]:
            return one / other if other else math.nan
    raise AssertionError(f"the parser lets no {operator} with {len(values)} operands through")
