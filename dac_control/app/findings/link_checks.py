"""Checks of what stands beside the run: its controls, and other runs on the specimen."""

import math
from collections.abc import Callable, Mapping

from dac_control.app.findings.approaches import approaches_in, approaches_words, from_both_sides
from dac_control.app.findings.curves import stated_turns
from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.linked_runs import LinkedRun
from dac_control.reflectance import describe_comparison

__all__ = ["LINK_CHECKS"]


def _control_run(evidence: Evidence) -> Check:
    clause = "control run"
    linked = evidence.linked
    if linked.controlled:
        subject = linked.controlled[0]
        where = f" ({subject.folder})" if subject.found else ", which is not beside it"
        text = f"This run is itself a control, of the run {subject.uid[:8]}{where}."
        if subject.differs:
            text += f" It differs from that run in: {', '.join(subject.differs)}."
        return Check(clause, subject.found and not subject.differs, text)
    if not linked.controls:
        text = (
            "No control run (an empty or coated cell, the same steps) is linked to this one: a "
            "referee cannot exclude that gasket, diamonds or coating show the same by themselves."
        )
        return Check(clause, False, text)
    held = [each for each in linked.controls if _holds(each)]
    words = " ".join(_control_words(each) for each in linked.controls)
    return Check(clause, bool(held), words)


def _holds(control: LinkedRun) -> bool:
    return control.found and control.exit_status == "success" and not control.differs


def _control_words(control: LinkedRun) -> str:
    if not control.found:
        return f"The control run {control.uid[:8]} is named, but not beside this run."
    inside = f", {control.contents} in its cell" if control.contents else ""
    text = f"Control run {control.uid[:8]} ({control.folder}{inside})"
    if control.exit_status != "success":
        return f"{text} was not carried out to its end ({control.exit_status})."
    if control.differs:
        return f"{text} differs from this run in: {', '.join(control.differs)}."
    same = "the same targets, settings and gauges, at the same temperature"
    return f"{text}: {same} ({control.temperatures})."


def _repeated(evidence: Evidence) -> Check:
    clause = "repeated"
    specimen = evidence.start.get("specimen") or {}
    name = specimen.get("id") if isinstance(specimen, Mapping) else specimen
    which = f"the specimen “{name}”" if name else "a specimen that is not named"
    targets = evidence.start.get("targets") or {}
    if "repeat" in targets:
        arguments = evidence.start.get("plan_args") or {}
        step = (arguments.get("settings") or {}).get("step") or {}
        within_gpa = float(step.get("tolerance_gpa", math.nan))
        grid_turns = stated_turns(evidence.start, "grid_turns") or 0.0
        found = approaches_in(evidence.steps, float(targets["repeat"]), within_gpa, grid_turns)
        return Check(clause, from_both_sides(found), approaches_words(found, targets, within_gpa))
    others = evidence.linked.same_specimen
    if others:
        runs = "1 other run" if len(others) == 1 else f"{len(others)} other runs"
        text = f"{runs} on {which} lie beside this one; whether they agree is not tested here."
        return Check(clause, False, text)
    return Check(clause, False, f"One run on {which}: nothing is said of repeatability.")


def _reflectance(evidence: Evidence) -> Check | None:
    found = evidence.reflectances
    if found.own is None and found.comparison is None:
        return None
    clause = "reflectance compared with a control"
    if found.comparison is None:
        return Check(clause, False, found.not_compared)
    said = describe_comparison(found.comparison)
    tested = found.comparison.p_value is not None
    return Check(clause, tested, said[0] if tested else f"{said[0]} {found.comparison.not_tested}")


LINK_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _control_run,
    _reflectance,
    _repeated,
)
