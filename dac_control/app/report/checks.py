"""What the run shows and what it cannot show: every clause has its check.

The list answers the objections that were raised against the claims of 2017 (Goncharov and
Struzhkin, Science 357, eaam9736; Liu et al., Science 357, eaan2286; Eremets and Drozdov, arXiv
1702.05125; Loubeyre et al., arXiv 1702.07192). A check that does not pass is printed as a
limitation.
"""

import math
from collections.abc import Callable, Mapping

from dac_control.app.report.evidence import Check, Evidence
from dac_control.app.report.pressure_checks import PRESSURE_CHECKS

__all__ = ["run_checks"]


def run_checks(evidence: Evidence) -> list[Check]:
    """Carry out every check; those that do not pass are the run's limitations."""
    return [check for make in _CHECKS if (check := make(evidence)) is not None]


def _real(evidence: Evidence) -> Check:
    if evidence.run.simulated:
        text = (
            "The run is SIMULATED: its instruments are programs with invented physics. "
            "It shows how the software works and says nothing of any specimen."
        )
    else:
        text = "The instruments were real."
    return Check("real instruments", not evidence.run.simulated, text)


def _finished(evidence: Evidence) -> Check:
    run = evidence.run
    if run.exit_status == "success":
        return Check("carried out as planned", True, "The plan was carried out to its end.")
    if run.exit_status == "unfinished":
        text = "The run has no end: it was killed, or was still going on when this was written."
    else:
        text = f"The plan was not carried out to its end ({run.exit_status}). {run.reason}".strip()
    return Check("carried out as planned", False, text)


def _interrupted(evidence: Evidence) -> Check | None:
    marks = evidence.run.table("interruptions")
    count = len(marks.get("seq_num", ()))
    if count == 0:
        return None
    words = ", ".join(str(word) for word in marks.get("interruption", ())) or f"{count} times"
    return Check("not interrupted", False, f"The run was interrupted by hand: {words}.")


def _control_run(evidence: Evidence) -> Check:
    control = evidence.start.get("control_run")
    if control:
        return Check("control run", True, f"Control run: {control}.")
    text = "No control run (an empty cell, the same steps) is linked to this one."
    return Check("control run", False, text)


def _repeated(evidence: Evidence) -> Check:
    specimen = evidence.start.get("specimen") or {}
    name = specimen.get("id") if isinstance(specimen, Mapping) else specimen
    which = f"the specimen “{name}”" if name else "a specimen that is not named"
    return Check("repeated", False, f"One run on {which}: nothing is said of repeatability.")


def _all_listed(evidence: Evidence) -> Check | None:
    gaps = [
        f"{readings.stream} misses {readings.seq_num[-1] - readings.count:.0f}"
        for readings in (evidence.steps, evidence.dwell)
        if readings.count and readings.seq_num[-1] != readings.count
    ]
    taken = evidence.steps.count + evidence.dwell.count
    if taken == 0:
        return None
    if gaps:
        text = f"The record is not complete: {'; '.join(gaps)} of its events."
        return Check("every spectrum listed", False, text)
    text = f"{taken} spectra were recorded and {taken} are listed, rejected ones included."
    return Check("every spectrum listed", True, text)


def _seen(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    if not evidence.frames:
        text = "No microscope frame was recorded: hole and specimen were not seen."
        return Check("frame at every step", False, text)
    exposures = {round(picture.exposure_s, 9) for picture in evidence.frames}
    if len({e for e in exposures if not math.isnan(e)}) > 1:
        text = "The exposure of the frames changed, so their brightness cannot be compared."
        return Check("frames comparable", False, text)
    return Check("frames comparable", True, "All frames were taken with one exposure.")


_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _real,
    _finished,
    _interrupted,
    *PRESSURE_CHECKS,
    _control_run,
    _repeated,
    _all_listed,
    _seen,
)
