"""Uncertainty of a curve: named terms, statistical and systematic apart, and their covariance.

A statistical term is independent from one wavelength to the next. A systematic term moves all
wavelengths together: one unknown number times a signed sensitivity. The covariance of a curve is
therefore ``diag(sum stat**2) + sum_k s_k s_k^T`` (JCGM 102:2011, 6.2, law of propagation for
vectors).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scope", "Term", "finite_list", "statistical_sigma", "systematic_sigma"]

Vector = NDArray[np.float64]

Scope = Literal["reading", "run", "foil", "setup"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Term:
    """One contribution to the uncertainty of a curve."""

    name: str
    kind: Literal["statistical", "systematic"]
    sigma: Vector
    """Standard uncertainty of the curve from this alone, shape (n,); signed where systematic."""
    note: str
    """Where the number comes from."""
    scope: Scope = "reading"
    """How far the one error reaches: this reading only, all readings of a run, all that were taken
    against one piece of the reference, or every run with the same anvils and optics (so that it
    partly cancels between sample and control)."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        return {
            "name": self.name,
            "kind": self.kind,
            "sigma": finite_list(self.sigma),
            "note": self.note,
            "scope": self.scope,
        }


def statistical_sigma(terms: Sequence[Term], size: int) -> Vector:
    """Return the combined statistical standard uncertainty, shape (size,)."""
    return _combined(terms, "statistical", size)


def systematic_sigma(terms: Sequence[Term], size: int) -> Vector:
    """Return the combined systematic standard uncertainty, shape (size,)."""
    return _combined(terms, "systematic", size)


def _combined(terms: Sequence[Term], kind: str, size: int) -> Vector:
    variance = np.zeros(size)
    for term in terms:
        if term.kind == kind:
            variance += term.sigma**2
    return np.sqrt(variance)


def finite_list(values: Vector) -> list[float | None]:
    """Return an array as JSON takes it; what is not finite is None."""
    return [float(value) if np.isfinite(value) else None for value in values]
