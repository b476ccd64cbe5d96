"""What two measurements share: their errors cancel only where it was one and the same thing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.evidence import ReflectanceEvidence
from dac_control.reflectance.loading import PIECE
from dac_control.reflectance.results import (
    AbsoluteReflectance,
    Reflectance,
    RelativeReflectance,
)
from dac_control.reflectance.uncertainty import Scope, Term

__all__ = ["one_foil", "one_piece", "owner_of", "why_not_tested", "with_foil_error"]

Vector = NDArray[np.float64]

SAMPLE: Final = "sample"
CONTROL: Final = "control"


def _piece_of(evidence: ReflectanceEvidence, run: str) -> tuple[str, ...]:
    """What tells one piece of a reference from another.

    Parameters
    ----------
    evidence : ReflectanceEvidence
    run : str
        Side of the comparison; stands for the piece where the loading is not on record.
    """
    loading = evidence.loading
    if evidence.reference_outside:
        return (evidence.reference, evidence.reference_source)
    if loading is not None and loading.known:
        return (evidence.reference, loading.cell, loading.specimen)
    return (evidence.reference, run)


def _foil_of(evidence: ReflectanceEvidence, run: str) -> tuple[str, ...]:
    """The piece, and the table that says what it reflects."""
    return (evidence.reference_source, *_piece_of(evidence, run))


def owner_of(evidence: ReflectanceEvidence, scope: Scope, reading: str, run: str) -> str:
    """Name what an error belongs to: two measurements with one owner share it.

    Optics and anvils are those of another measurement only where the cell is; which cell it was
    must be on record.
    """
    if scope == "reading":
        return reading
    if scope == "foil":
        return " | ".join(_foil_of(evidence, run))
    loading = evidence.loading
    if scope == "run" or loading is None or not loading.cell:
        return run
    return " | ".join(
        (
            loading.cell,
            evidence.reference,
            evidence.reference_source,
            evidence.multiple_reflections,
        )
    )


def one_foil(sample: Sequence[Reflectance], control: Sequence[Reflectance]) -> bool:
    """True where all were measured against one and the same piece, by one table."""
    return _one(_foil_of, sample, control)


def one_piece(sample: Sequence[Reflectance], control: Sequence[Reflectance]) -> bool:
    """True where all were measured against one and the same piece of the reference."""
    return _one(_piece_of, sample, control)


def _one(
    name: Callable[[ReflectanceEvidence, str], tuple[str, ...]],
    sample: Sequence[Reflectance],
    control: Sequence[Reflectance],
) -> bool:
    names = {name(step.evidence, SAMPLE) for step in sample}
    return len(names | {name(step.evidence, CONTROL) for step in control}) == 1


def why_not_tested(
    sample: Sequence[Reflectance], control: Sequence[Reflectance], foil_u: float | None
) -> str:
    """Say why nothing can be tested between two pieces of gasket; empty where it can.

    A ratio and a reflectance are the same light over the same piece's, the one times what a table
    says of that foil: by how much two pieces of it differ enters both.
    """
    if one_piece(sample, control):
        return ""
    open_steps = [step for step in (*sample, *control) if not _settled(step)]
    if any(_stated(step, foil_u) is None for step in open_steps):
        return (
            "Whether they differ is not tested: they were measured against pieces of gasket that "
            "are not known to be one and the same, and how much two of them differ is stated "
            "nowhere. foil_u and foil_source of [cell] in the station file state it for later "
            "runs, the argument foil_u of compare_with_control for these."
        )
    if any(_per_reference(step) is None for step in open_steps):
        return (
            "Whether they differ is not tested: they were measured against pieces of gasket that "
            "are not known to be one and the same, and a record of an earlier version does not say "
            "what foil_u does to its reflectance; evaluate its readings again."
        )
    return ""


def with_foil_error(steps: Sequence[Reflectance], foil_u: float | None) -> list[Reflectance]:
    """Charge each step, once, with what its piece of gasket may reflect more than another.

    Parameters
    ----------
    steps : sequence of AbsoluteReflectance or RelativeReflectance
    foil_u : float, optional
        Counts where the record does not state one.
    """
    return [_with_error(step, foil_u) for step in steps]


def _with_error(step: Reflectance, foil_u: float | None) -> Reflectance:
    stated, slope = _stated(step, foil_u), _per_reference(step)
    if stated is None or slope is None or _settled(step):
        return step
    term = Term(
        name=PIECE,
        kind="systematic",
        sigma=slope * stated,
        note=f"{stated:.2g}, of one piece against others",
        scope="foil",
    )
    return replace(step, terms=(*(each for each in step.terms if each.name != PIECE), term))


def _settled(step: Reflectance) -> bool:
    """True where a piece is in the budget already, or the table is of the very thing used."""
    if any(term.name == PIECE and np.nansum(np.abs(term.sigma)) > 0.0 for term in step.terms):
        return True
    return isinstance(step, AbsoluteReflectance) and step.evidence.reference_outside


def _stated(step: Reflectance, foil_u: float | None) -> float | None:
    loading = step.evidence.loading
    return foil_u if loading is None or loading.foil_u is None else loading.foil_u


def _per_reference(step: Reflectance) -> Vector | None:
    """What a piece that reflects more adds, over the fraction; a ratio only changes its sign."""
    return step.count_ratio if isinstance(step, RelativeReflectance) else step.per_reference
