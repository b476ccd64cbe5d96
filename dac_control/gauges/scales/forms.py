"""Formulas that scales are published in: value, analytic slope and inverse, over NumPy arrays.

Every formula is used on one branch only, the one through zero pressure (for a polynomial of the
observable itself: the rising one). Beyond it, where the curve turns over or leaves the real
numbers, value and slope are NaN, never a second pressure for the same light.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMS", "Argument", "Form", "table_form"]

Vector = NDArray[np.float64]
Values = Mapping[str, float]
Formula = Callable[[Vector, Values], Vector]

Argument = Literal["ratio", "difference", "absolute"]
"""What a formula takes: observable / reference - 1, observable - reference, or the observable."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """A formula: three functions of an array of shape (n,) and of coefficients by name."""

    name: str
    argument: Argument
    coefficients: tuple[str, ...]
    text: str
    """The formula for people; x is the argument."""
    value: Formula
    """Pressure in GPa of an argument."""
    slope: Formula
    """Derivative of the pressure by the argument."""
    inverse: Formula
    """Argument of a pressure in GPa."""


def _power(x: Vector, c: Values) -> Vector:
    return c["A"] / c["B"] * np.expm1(c["B"] * np.log1p(x))


def _power_slope(x: Vector, c: Values) -> Vector:
    return c["A"] * np.exp((c["B"] - 1.0) * np.log1p(x))


def _power_inverse(p: Vector, c: Values) -> Vector:
    return np.expm1(np.log1p(p * c["B"] / c["A"]) / c["B"])


def _quadratic(x: Vector, a: float, c: float) -> Vector:
    return np.where(1.0 + 2.0 * c * x > 0.0, a * x * (1.0 + c * x), np.nan)


def _quadratic_slope(x: Vector, a: float, c: float) -> Vector:
    rise = 1.0 + 2.0 * c * x
    return np.where(rise > 0.0, a * rise, np.nan)


def _quadratic_inverse(p: Vector, a: float, c: float) -> Vector:
    # The root that goes through zero, in the form that loses no digits near it.
    return 2.0 * p / a / (1.0 + np.sqrt(1.0 + 4.0 * c * p / a))


def _quadratic_form(
    name: str, names: tuple[str, str], text: str, curvature: Callable[[float, float], float]
) -> Form:
    """``A x (1 + C x)`` written with other coefficients; `curvature` gives C."""
    first, second = names

    def pair(c: Values) -> tuple[float, float]:
        return c[first], curvature(c[first], c[second])

    return Form(
        name=name,
        argument="ratio",
        coefficients=names,
        text=text,
        value=lambda x, c: _quadratic(x, *pair(c)),
        slope=lambda x, c: _quadratic_slope(x, *pair(c)),
        inverse=lambda p, c: _quadratic_inverse(p, *pair(c)),
    )


def _holzapfel(x: Vector, c: Values) -> Vector:
    total = c["B"] + c["C"]
    return c["A"] / total * np.expm1(total / c["C"] * -np.expm1(-c["C"] * np.log1p(x)))


def _holzapfel_slope(x: Vector, c: Values) -> Vector:
    grown = _holzapfel(x, c) * (c["B"] + c["C"]) / c["A"] + 1.0
    return c["A"] * grown * np.exp(-(c["C"] + 1.0) * np.log1p(x))


def _holzapfel_inverse(p: Vector, c: Values) -> Vector:
    total = c["B"] + c["C"]
    inner = -c["C"] / total * np.log1p(p * total / c["A"])
    return np.expm1(-np.log1p(inner) / c["C"])


def _on_rational_branch(x: Vector, c: Values) -> NDArray[np.bool_]:
    rising = 1.0 + 2.0 * c["B"] * x + c["B"] * c["C"] * x * x > 0.0
    return (1.0 + c["C"] * x > 0.0) & rising


def _rational(x: Vector, c: Values) -> Vector:
    value = c["A"] * x * (1.0 + c["B"] * x) / (1.0 + c["C"] * x)
    return np.where(_on_rational_branch(x, c), value, np.nan)


def _rational_slope(x: Vector, c: Values) -> Vector:
    rise = 1.0 + 2.0 * c["B"] * x + c["B"] * c["C"] * x * x
    slope = c["A"] * rise / (1.0 + c["C"] * x) ** 2
    return np.where(_on_rational_branch(x, c), slope, np.nan)


def _rational_inverse(p: Vector, c: Values) -> Vector:
    # A B x^2 + (A - C p) x - p = 0; each way of writing the root cancels on the other's side
    half = c["A"] - c["C"] * p
    root = np.sqrt(half * half + 4.0 * c["A"] * c["B"] * p)
    low = 2.0 * p / (half + root)
    high = (root - half) / (2.0 * c["A"] * c["B"])
    x = np.where(half > 0.0, low, high)
    return np.where(_on_rational_branch(x, c), x, np.nan)


def _polynomial(x: Vector, c: Values) -> Vector:
    value = c["c0"] + x * (c["c1"] + x * c["c2"])
    return np.where(c["c1"] + 2.0 * c["c2"] * x > 0.0, value, np.nan)


def _polynomial_slope(x: Vector, c: Values) -> Vector:
    rise = c["c1"] + 2.0 * c["c2"] * x
    return np.where(rise > 0.0, rise, np.nan)


def _polynomial_inverse(p: Vector, c: Values) -> Vector:
    root = np.sqrt(c["c1"] ** 2 + 4.0 * c["c2"] * (p - c["c0"]))
    if c["c1"] > 0.0:
        return 2.0 * (p - c["c0"]) / (c["c1"] + root)
    return (root - c["c1"]) / (2.0 * c["c2"])


_ALL: Final = (
    Form(
        name="power",
        argument="ratio",
        coefficients=("A", "B"),
        text="P = (A/B) [(1 + x)^B - 1]",
        value=_power,
        slope=_power_slope,
        inverse=_power_inverse,
    ),
    _quadratic_form("quadratic", ("A", "C"), "P = A x (1 + C x)", lambda a, c: c),
    Form(
        name="linear",
        argument="ratio",
        coefficients=("A",),
        text="P = A x",
        value=lambda x, c: c["A"] * x,
        slope=lambda x, c: np.full_like(x, c["A"]),
        inverse=lambda p, c: p / c["A"],
    ),
    Form(
        name="logarithm",
        argument="ratio",
        coefficients=("A",),
        text="P = A ln(1 + x)",
        value=lambda x, c: c["A"] * np.log1p(x),
        slope=lambda x, c: c["A"] / (1.0 + x),
        inverse=lambda p, c: np.expm1(p / c["A"]),
    ),
    Form(
        name="holzapfel",
        argument="ratio",
        coefficients=("A", "B", "C"),
        text="P = A/(B+C) {exp[(B+C)/C (1 - (1 + x)^-C)] - 1}",
        value=_holzapfel,
        slope=_holzapfel_slope,
        inverse=_holzapfel_inverse,
    ),
    _quadratic_form(
        "bulk",
        ("K0", "K0_prime"),
        "P = K0 x [1 + (K0' - 1) x / 2]",
        lambda k0, k0_prime: 0.5 * (k0_prime - 1.0),
    ),
    _quadratic_form("two_terms", ("A", "B"), "P = A x + B x^2", lambda a, b: b / a),
    Form(
        name="rational",
        argument="difference",
        coefficients=("A", "B", "C"),
        text="P = A x (1 + B x) / (1 + C x)",
        value=_rational,
        slope=_rational_slope,
        inverse=_rational_inverse,
    ),
    Form(
        name="polynomial",
        argument="absolute",
        coefficients=("c0", "c1", "c2"),
        text="P = c0 + c1 x + c2 x^2",
        value=_polynomial,
        slope=_polynomial_slope,
        inverse=_polynomial_inverse,
    ),
)

FORMS: Final[dict[str, Form]] = {form.name: form for form in _ALL}
"""Formulas by name. A table is none of them: it is made by `table_form`."""


def table_form(observable: Vector, pressure_gpa: Vector) -> Form:
    """Make a formula of points: a monotonic cubic through all of them (PCHIP).

    Parameters
    ----------
    observable, pressure_gpa : arrays, shape (points,)
        `observable` strictly rising, `pressure_gpa` strictly rising or strictly falling.
    """
    # here, since it would take half a second from every start, and few have a table
    from scipy.interpolate import PchipInterpolator

    curve = PchipInterpolator(observable, pressure_gpa, extrapolate=False)
    rise = curve.derivative()
    falling = bool(pressure_gpa[-1] < pressure_gpa[0])

    def inverse(p: Vector, _c: Values) -> Vector:
        low, high = np.full_like(p, observable[0]), np.full_like(p, observable[-1])
        # halves the table's span until it is as narrow as the numbers allow
        for _ in range(64):
            middle = 0.5 * (low + high)
            beyond = (curve(middle) > p) != falling
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        inside = (p >= pressure_gpa.min()) & (p <= pressure_gpa.max())
        return np.where(inside, 0.5 * (low + high), np.nan)

    return Form(
        name="table",
        argument="absolute",
        coefficients=(),
        text=f"P interpolated between {observable.size} points",
        value=lambda x, _c: curve(x),
        slope=lambda x, _c: rise(x),
        inverse=inverse,
    )
