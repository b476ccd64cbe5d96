"""An uncertainty budget after GUM: named terms, and their quadrature with covariances.

Every input quantity of a pressure is one term: how much the pressure moves with it
(sensitivity), how uncertain it is, whether it differs from one spectrum to the next
(statistical) or is shared by all of them (systematic), and with which other term its error is
shared. The combined standard uncertainty is that of JCGM 100:2008 (GUM), eq. 16:

``u**2 = sum_i (c_i u_i)**2 + 2 sum_(i<j) c_i u_i c_j u_j r_ij``

Any gauge can use it: what differs between gauges is only the list of terms.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from dac_control.errors import ConfigurationError

__all__ = ["BudgetTerm", "Kind", "finite_or_none", "quadrature", "rectangle_rms"]

Kind = Literal["statistical", "systematic"]

_KINDS: Final = ("statistical", "systematic")


@dataclass(frozen=True)
class BudgetTerm:
    """One contribution to the uncertainty of a pressure.

    Build it from sensitivity and uncertainty with `from_input`, or directly where only the
    uncertainty of the pressure is known.
    """

    name: str
    kind: Kind
    sigma_gpa: float
    """Standard uncertainty of the pressure from this input alone, 0 or more."""
    note: str
    """Where the number comes from; for a zero, why it is one or how to state it."""
    sensitivity: float = 1.0
    """Derivative of the pressure by the input, in GPa per `unit`, with its sign."""
    u: float = float("nan")
    """Standard uncertainty of the input in `unit`; NaN where only `sigma_gpa` is known."""
    unit: str = "GPa"
    correlated: tuple[tuple[str, float], ...] = ()
    """Names of other terms of the same kind, with the correlation coefficients of the inputs;
    one of a pair may name the other, or both may."""
    between_gpa: tuple[float, float] | None = None
    """Truth minus stated pressure lies evenly between these, in GPa, and not normally;
    `sigma_gpa` is then its root mean square."""

    @classmethod
    def from_input(
        cls,
        name: str,
        kind: Kind,
        *,
        sensitivity: float,
        u: float,
        unit: str,
        note: str,
        correlated: Iterable[tuple[str, float]] = (),
    ) -> "BudgetTerm":
        """Build the term of an input quantity.

        Parameters
        ----------
        name : str
        kind : {"statistical", "systematic"}
        sensitivity : float
            Derivative of the pressure by the input, in GPa per `unit`, with its sign.
        u : float
            Standard uncertainty of the input in `unit`.
        unit, note : str
        correlated : iterable of (str, float)
            Names of other terms and the correlation coefficients of their inputs with this.
        """
        return cls(
            name=name,
            kind=kind,
            sigma_gpa=float(abs(sensitivity * u)),
            note=note,
            sensitivity=float(sensitivity),
            u=float(u),
            unit=unit,
            correlated=tuple(correlated),
        )

    def evenly(self) -> "BudgetTerm":
        """Return the term as a rectangle about the stated pressure, of the same `sigma_gpa`."""
        half = math.sqrt(3.0) * self.sigma_gpa
        # not by `replace`, which takes ten times as long and is called for every spectrum
        return BudgetTerm(
            self.name,
            self.kind,
            self.sigma_gpa,
            self.note,
            self.sensitivity,
            self.u,
            self.unit,
            self.correlated,
            (-half, half),
        )

    @property
    def signed_gpa(self) -> float:
        """`sigma_gpa` with the sign of the sensitivity, as covariances need it."""
        return math.copysign(self.sigma_gpa, self.sensitivity)

    def to_dict(self) -> dict[str, Any]:
        """Return the term as JSON takes it; what is not finite is None."""
        return {
            "name": self.name,
            "kind": self.kind,
            "sigma_gpa": finite_or_none(self.sigma_gpa),
            "note": self.note,
            "sensitivity": finite_or_none(self.sensitivity),
            "u": finite_or_none(self.u),
            "unit": self.unit,
            "correlated": dict(self.correlated),
            "between_gpa": None if self.between_gpa is None else list(self.between_gpa),
        }


def quadrature(budget: Iterable[BudgetTerm], kind: Kind) -> float:
    """Combine all terms of one kind, covariances included (GUM, eq. 16).

    Parameters
    ----------
    budget : iterable of BudgetTerm
    kind : {"statistical", "systematic"}

    Returns
    -------
    float
        Combined standard uncertainty in GPa.

    Raises
    ------
    ConfigurationError
        A term is correlated with one that is not there or of another kind, or a correlation
        coefficient lies outside -1 to 1.
    """
    terms = [term for term in budget if term.kind == kind]
    signed = {term.name: term.signed_gpa for term in terms}
    variance = sum(term.sigma_gpa**2 for term in terms)
    for (one, other), r in _correlations(terms).items():
        variance += 2.0 * signed[one] * signed[other] * r
    # rounding may leave a difference of equals a little below zero
    return 0.0 if variance <= 0.0 else math.sqrt(variance)


def rectangle_rms(value: float, low: float, high: float) -> float:
    """Root mean square distance of `value` from a rectangle between two bounds.

    The standard uncertainty of a value that stands for a rectangular distribution without being
    its middle: half the width over sqrt(3) if it is the middle, the width over sqrt(3) if it is
    one end (GUM, F.2.4.5: the offset that is not corrected is added to the variance).
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    return math.hypot(value - middle, half / math.sqrt(3.0))


def _correlations(terms: list[BudgetTerm]) -> dict[tuple[str, str], float]:
    """Each correlated pair once, whichever of the two names the other."""
    names = {term.name for term in terms}
    pairs: dict[tuple[str, str], float] = {}
    for term in terms:
        for other, r in term.correlated:
            if other not in names or other == term.name:
                raise ConfigurationError(
                    f"The budget term '{term.name}' is correlated with '{other}', which is not "
                    f"another {term.kind} term of the same budget."
                )
            if not -1.0 <= r <= 1.0:
                raise ConfigurationError(
                    f"The budget terms '{term.name}' and '{other}' have the correlation "
                    f"coefficient {r}; it lies between -1 and 1."
                )
            first, second = sorted((term.name, other))
            pairs[first, second] = float(r)
    return pairs


def finite_or_none(value: float) -> float | None:
    """Return the value as JSON takes it."""
    return float(value) if math.isfinite(value) else None
