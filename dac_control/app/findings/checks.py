"""What the run shows and what it cannot show: every clause has its check.

The list answers the objections that were raised against the claims of 2017 (Goncharov and
Struzhkin, Science 357, eaam9736; Liu et al., Science 357, eaan2286; Eremets and Drozdov, arXiv
1702.05125; Loubeyre et al., arXiv 1702.07192). A check that does not pass is printed as a
limitation.
"""

import math
from collections.abc import Callable

from dac_control.app.findings.condition_checks import CONDITION_CHECKS
from dac_control.app.findings.curve_checks import CURVE_CHECKS
from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.frame_signs import FIRST_FRAMES
from dac_control.app.findings.gauge_checks import GAUGE_CHECKS
from dac_control.app.findings.light_checks import LIGHT_CHECKS
from dac_control.app.findings.link_checks import LINK_CHECKS
from dac_control.app.findings.look_checks import LOOK_CHECKS
from dac_control.app.findings.pressure_checks import PRESSURE_CHECKS

__all__ = ["run_checks"]


def run_checks(evidence: Evidence) -> list[Check]:
    """Carry out every check; those that do not pass are the run's limitations."""
    plan = evidence.start.get("plan_name")
    checks = _FOR_CALIBRATIONS if plan in _CALIBRATIONS else _CHECKS
    return [check for make in checks if (check := make(evidence)) is not None]


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


def _all_listed(evidence: Evidence) -> Check | None:
    streams = (evidence.steps, evidence.dwell, *evidence.further)
    gaps = [
        f"{readings.stream} misses {readings.seq_num[-1] - readings.count:.0f}"
        for readings in streams
        if readings.count and readings.seq_num[-1] != readings.count
    ]
    taken = sum(readings.count for readings in streams)
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
    exposures = [each for each in evidence.frame_exposures_s if not math.isnan(each)]
    count = len(evidence.frame_exposures_s)
    if not count:
        text = "No microscope frame was recorded: hole and specimen were not seen."
        return Check("frame at every step", False, text)
    if count < evidence.steps.count:
        text = f"Only {count} of {evidence.steps.count} steps have a microscope frame."
        return Check("frame at every step", False, text)
    if len({round(each, 9) for each in exposures}) > 1:
        text = "The exposure of the frames changed, so their brightness cannot be compared."
        return Check("frames comparable", False, text)
    return Check("frames comparable", True, "All frames were taken with one exposure.")


def _signs(evidence: Evidence) -> Check | None:
    """What the frames said of a failing cell, while the run went on; nothing where none was judged.

    Records from before frames said so count as not judged.
    """
    frames, clause = evidence.frame_signs, "no sign in the frames"
    found = [
        f"{sign.replace('_', ' ')} at step {step}"
        for step, signs in frames.signs.items()
        for sign in signs
    ]
    if found:
        text = f"Frames show signs of change: {', '.join(found)}. None of them proves a cause."
        return Check(clause, False, text)
    if not frames.count:
        return None
    if not frames.judged.any():
        few = (
            f"{frames.count} frame{'s' * (frames.count != 1)} alone: none was compared with others"
        )
        why = "Nothing says that a frame was compared with those before it"
        text = (
            f"{few if frames.count <= FIRST_FRAMES else why}: a blow-out, a fracture, or a "
            "specimen that is gone would not have been noticed."
        )
        return Check(clause, False, text)
    if frames.unseen:
        text = (
            f"On {frames.unseen} of {frames.count} frames a blow-out, a fracture, or a specimen "
            "that is gone would not have been noticed: they show no hole, or could not be compared "
            "with those before them. The others show no such sign."
        )
        return Check(clause, False, text)
    text = (
        "No frame shows a blow-out, a fracture, or a specimen that is gone; each but the first "
        f"{FIRST_FRAMES} of {frames.count} was compared with those before it."
    )
    return Check(clause, True, text)


def _camera_manual(evidence: Evidence) -> Check | None:
    """The dispute of 2017 was also about photographs taken with a telephone's automatic."""
    if not evidence.frame_exposures_s:
        return None
    camera = (evidence.start.get("instruments") or {}).get("microscope") or {}
    autos = camera.get("autos_off")
    clause = "camera without automatics"
    if autos is True:
        text = "Exposure, gain and white balance of the camera were set by hand and kept."
        return Check(clause, True, text)
    found = "were on" if autos is False else "may have been on: the record does not say"
    text = f"Automatic gain or white balance of the camera {found}; colours are not comparable."
    return Check(clause, False, text)


def _unmeasured_allowed(evidence: Evidence) -> Check | None:
    allowed = evidence.start.get("allow_unmeasured_steps")
    if allowed is None:
        return None
    clause = "no step without a measurement was allowed"
    if not allowed:
        return Check(clause, True, "The screw was never allowed to move on without a measurement.")
    text = (
        f"UNMEASURED STEPS ALLOWED: somebody wrote allow_unmeasured_steps = {allowed}, so the "
        "screw may have moved up to that many times where nothing measured what came of it."
    )
    return Check(clause, False, text)


_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _real,
    _finished,
    _interrupted,
    _unmeasured_allowed,
    *PRESSURE_CHECKS,
    *GAUGE_CHECKS,
    *CURVE_CHECKS,
    *CONDITION_CHECKS,
    *LIGHT_CHECKS,
    *LINK_CHECKS,
    *LOOK_CHECKS,
    _all_listed,
    _seen,
    _signs,
    _camera_manual,
)

# Runs that measure an instrument or a chip: what they say of pressure nobody asks.
_CALIBRATIONS = frozenset(
    ("calibrate_axis", "measure_gain", "measure_lambda0", "measure_reference_ruby")
)
_FOR_CALIBRATIONS: tuple[Callable[[Evidence], Check | None], ...] = (
    _real,
    _finished,
    _interrupted,
    *LIGHT_CHECKS,
    _all_listed,
)
