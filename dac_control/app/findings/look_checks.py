"""Checks of what was looked at closely."""

from collections.abc import Callable

from dac_control.app.findings.evidence import Check, Evidence

__all__ = ["LOOK_CHECKS"]


def _specimen(evidence: Evidence) -> Check | None:
    """A line of the specimen is the last proof that it is there."""
    seen = evidence.looks.specimen_seen
    if seen is None:
        return None
    return Check("specimen there", seen, evidence.looks.sentences_of["last_seen"][0])


LOOK_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (_specimen,)
