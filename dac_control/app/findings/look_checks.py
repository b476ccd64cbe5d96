"""Checks of what was looked at closely, and of what people say it is."""

from collections.abc import Callable
from typing import Any, Final

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.reflectance.claims import NOT_SHOWN
from dac_control.reflectance.names import claims_in

__all__ = ["LOOK_CHECKS"]


def _specimen(evidence: Evidence) -> Check | None:
    """A line of the specimen is the last proof that it is there."""
    seen = evidence.looks.specimen_seen
    if seen is None:
        return None
    return Check("specimen there", seen, evidence.looks.sentences_of["last_seen"][0])


_PEOPLE_SAY: Final = ("operator", "purpose", "contents", "specimen", "cell", "station")
"""What people write into a start document, and every page of the run repeats."""


def _no_claim(evidence: Evidence) -> Check | None:
    """Nothing else that is measured here shows what a sample is: people's words stay theirs."""
    if not evidence.shows_reflectance:
        return None
    linked = (*evidence.linked.controls, *evidence.linked.controlled)
    said: dict[str, Any] = {key: evidence.start.get(key) for key in _PEOPLE_SAY}
    said |= {"reason": evidence.run.reason}
    said |= {f"contents of the run {each.uid[:8]}": each.contents for each in linked}
    claims = claims_in(said)
    if not claims:
        return None
    named = "; ".join(f"{key.replace('.', ' ')}: “{text}”" for key, text in claims.items())
    text = f"These are the operator's words, and nothing here shows it ({named}). {NOT_SHOWN}"
    return Check("no more said than shown", False, text)


LOOK_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (_specimen, _no_claim)
