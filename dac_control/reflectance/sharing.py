"""What two measurements share: their errors cancel only where it was one and the same thing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dac_control.reflectance.evidence import ReflectanceEvidence
from dac_control.reflectance.results import Reflectance, RelativeReflectance
from dac_control.reflectance.uncertainty import Scope, Term

__all__ = ["one_foil", "owner_of", "why_not_tested", "with_foil_error"]

SAMPLE: Final = "sample"
CONTROL: Final = "control"


def _foil_of(evidence: ReflectanceEvidence, run: str) -> tuple[str, ...]:
    """What tells one piece of a reference from another.

    Parameters
    ----------
    evidence : ReflectanceEvidence
    run : str
        Side of the comparison; stands for the piece where the loading is not on record.
    """
    loading = evidence.loading
    if evidence.reference_outside:
        piece: tuple[str, ...] = ()
    elif loading is not None and loading.known:
        piece = (loading.cell, loading.specimen)
    else:
        piece = (run,)
    return (evidence.reference, evidence.reference_source, *piece)


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
    """True where all were measured against one and the same piece of the reference."""
    pieces = {_foil_of(step.evidence, SAMPLE) for step in sample}
    return len(pieces | {_foil_of(step.evidence, CONTROL) for step in control}) == 1


def why_not_tested(
    sample: Sequence[Reflectance], control: Sequence[Reflectance], foil_u: float | None
) -> str:
    """Say why nothing can be tested between two pieces of gasket; empty where it can.

    An absolute reflectance has its reference's error in its budget. A ratio has not: against its
    own piece it is right whatever that piece reflects.
    """
    if foil_u is not None or one_foil(sample, control):
        return ""
    for step in (*sample, *control):
        loading = step.evidence.loading
        if isinstance(step, RelativeReflectance) and (loading is None or loading.foil_u is None):
            return (
                "Whether they differ is not tested: both are ratios to pieces of gasket that are "
                "not known to be one and the same, and how much two of them differ is stated "
                "nowhere. foil_u and foil_source of [cell] in the station file state it for later "
                "runs, the argument foil_u of compare_with_control for these; or close the links "
                "that make the reflectances relative."
            )
    return ""


def with_foil_error(steps: Sequence[Reflectance], foil_u: float | None) -> list[Reflectance]:
    """Charge each ratio with what its piece of gasket may reflect more than another.

    Parameters
    ----------
    steps : sequence of AbsoluteReflectance or RelativeReflectance
    foil_u : float, optional
        Counts where the record does not state one.
    """
    return [_with_error(step, foil_u) for step in steps]


def _with_error(step: Reflectance, foil_u: float | None) -> Reflectance:
    loading = step.evidence.loading
    stated = foil_u if loading is None or loading.foil_u is None else loading.foil_u
    if not isinstance(step, RelativeReflectance) or stated is None:
        return step
    term = Term(
        name="this piece of the reference",
        kind="systematic",
        sigma=step.count_ratio * stated,
        note=f"{stated:.2g}, of one piece against others",
        scope="foil",
    )
    return replace(step, terms=(*step.terms, term))
