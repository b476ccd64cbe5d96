"""Expressions over readings: a closed set of nodes, parsed with `ast`, never evaluated by Python.

Readings by name, numbers, ``+ - * /``, ``abs``, ``min``, ``max``, comparisons, ``and``, ``or``,
``not``, and of a reading ``x``:

- ``rate(x, 60)``: its slope over the last 60 s, in units per minute;
- ``change(x)`` and ``previous(x)``: its last value less the one before, and the one before;
- ``age(x)``: seconds since it was last read.
"""

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dac_control.errors import RuleError
from dac_control.safety.rules.readings import Reading

__all__ = [
    "Both",
    "Calculation",
    "Comparison",
    "Condition",
    "Either",
    "Leaf",
    "Not",
    "Number",
    "Quantity",
    "leaves",
    "parse_condition",
]

LeafKind: TypeAlias = Literal["value", "rate", "change", "previous", "age"]
Operator: TypeAlias = Literal["+", "-", "*", "/", "abs", "min", "max"]
Relation: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]

# A rule is a line of text; what is longer was not written by a person.
_LONGEST = 1000


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Leaf:
    """A reading, or what its history says."""

    kind: LeafKind
    reading: str
    window_s: float = 0.0
    """Of a rate."""


@dataclass(frozen=True)
class Calculation:
    """Arithmetic; a single operand of ``-`` is negated."""

    operator: Operator
    operands: "tuple[Quantity, ...]"


@dataclass(frozen=True)
class Comparison:
    """Two quantities."""

    relation: Relation
    left: "Quantity"
    right: "Quantity"


@dataclass(frozen=True)
class Both:
    """``and``."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Either:
    """``or``."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Not:
    """``not``."""

    part: "Condition"


Quantity: TypeAlias = Number | Leaf | Calculation
Condition: TypeAlias = Comparison | Both | Either | Not

_ARITHMETIC: dict[type[ast.operator], Operator] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_RELATIONS: dict[type[ast.cmpop], Relation] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_FUNCTIONS = "rate, change, previous, age, abs, min, max"


def parse_condition(text: str, readings: Mapping[str, Reading]) -> Condition:
    """Parse an expression that is true or false.

    Parameters
    ----------
    text : str
        The expression.
    readings : mapping of str to Reading
        What it may name.

    Raises
    ------
    RuleError
        For anything that is not of the closed set, with its place in the text.
    """
    if len(text) > _LONGEST:
        raise RuleError(f"an expression of {len(text)} characters is too long ({_LONGEST})")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise RuleError(f"{text!r} is no expression: {what}") from None
    try:
        return _Parser(readings).condition(tree.body)
    except RecursionError:
        raise RuleError(f"{text!r} is nested too deeply") from None


def leaves(node: Condition | Quantity) -> Iterator[Leaf]:
    """Yield every reading of an expression, and what is asked of its history."""
    match node:
        case Leaf():
            yield node
        case Calculation(operands=parts) | Both(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from leaves(part)
        case Comparison(left=left, right=right):
            yield from leaves(left)
            yield from leaves(right)
        case Not(part=part):
            yield from leaves(part)
        case Number():
            return


class _Parser:
    def __init__(self, readings: Mapping[str, Reading]) -> None:
        self._readings = readings
        self._functions: dict[str, Callable[[ast.Call], Quantity]] = {
            "rate": self._rate,
            "change": lambda call: Leaf("change", self._only_reading(call)),
            "previous": lambda call: Leaf("previous", self._only_reading(call)),
            "age": lambda call: Leaf("age", self._only_reading(call)),
            "abs": lambda call: self._apply("abs", call, 1, 1),
            "min": lambda call: self._apply("min", call, 2, 100),
            "max": lambda call: self._apply("max", call, 2, 100),
        }

    def condition(self, node: ast.expr) -> Condition:
        match node:
            case ast.BoolOp(op=operator, values=values):
                parts = tuple(self.condition(value) for value in values)
                return Both(parts) if isinstance(operator, ast.And) else Either(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.condition(operand))
            case ast.Compare(left=left, ops=operators, comparators=others):
                terms = [self.quantity(term) for term in (left, *others)]
                parts = tuple(
                    Comparison(self._relation(operator, node), terms[n], terms[n + 1])
                    for n, operator in enumerate(operators)
                )
                return parts[0] if len(parts) == 1 else Both(parts)
        raise self._wrong(node, "is not true or false; compare it with something")

    def quantity(self, node: ast.expr) -> Quantity:
        match node:
            case ast.Constant(value=value):
                return Number(self._number(node, value))
            case ast.Name(id=name):
                return Leaf("value", self._known(node, name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Calculation("-", (self.quantity(operand),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.quantity(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) not in _ARITHMETIC:
                    raise self._wrong(node, "uses an operator that rules do not have; + - * / are")
                both = (self.quantity(left), self.quantity(right))
                return Calculation(_ARITHMETIC[type(operator)], both)
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                return self._functions[name](node)
            case ast.Call():
                raise self._wrong(node, f"calls what rules do not have; there are {_FUNCTIONS}")
        raise self._wrong(node, "is no quantity")

    def _relation(self, operator: ast.cmpop, node: ast.expr) -> Relation:
        try:
            return _RELATIONS[type(operator)]
        except KeyError:
            raise self._wrong(node, "compares in a way that rules do not have") from None

    def _number(self, node: ast.expr, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(node, "is no number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._wrong(node, "is too large")
        return number

    def _known(self, node: ast.expr, name: str) -> str:
        if name not in self._readings:
            known = ", ".join(sorted(self._readings))
            raise self._wrong(node, f"is no reading; there are {known}")
        return name

    def _reading(self, call: ast.Call) -> str:
        match call.args:
            case [ast.Name(id=name) as node, *_]:
                return self._known(node, name)
        raise self._wrong(call, "must begin with the name of a reading")

    def _only_reading(self, call: ast.Call) -> str:
        self._count(call, 1, 1)
        return self._reading(call)

    def _rate(self, call: ast.Call) -> Leaf:
        self._count(call, 2, 2)
        match call.args[1]:
            case ast.Constant(value=value):
                window_s = self._number(call.args[1], value)
                if window_s > 0:
                    return Leaf("rate", self._reading(call), window_s)
        raise self._wrong(call, "wants the window as a number of seconds, as in rate(x, 60)")

    def _apply(self, name: Operator, call: ast.Call, least: int, most: int) -> Calculation:
        self._count(call, least, most)
        return Calculation(name, tuple(self.quantity(each) for each in call.args))

    def _count(self, call: ast.Call, least: int, most: int) -> None:
        if call.keywords or not least <= len(call.args) <= most:
            wanted = str(least) if least == most else f"{least} or more"
            raise self._wrong(call, f"has {len(call.args)} arguments and wants {wanted}")

    def _wrong(self, node: ast.expr, what: str) -> RuleError:
        shown = ast.unparse(node)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return RuleError(f"{shown!r} (column {node.col_offset + 1}) {what}")
