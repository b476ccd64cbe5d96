"""Checks of the light that fell on the specimen."""

from collections.abc import Callable

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.text import duration, number

__all__ = ["LIGHT_CHECKS"]


def _recorded(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    light, clause = evidence.light, "light accounted for"
    if light.recorded:
        shots = sum(spot.run.shots for spot in light.spots)
        unended = sum(spot.run.unended for spot in light.spots)
        if unended:
            text = f"{unended} openings of a light have no known end; they count until the run's."
            return Check(clause, False, text)
        text = f"Every opening of a light is on record ({shots} in this run)."
        if "microscope" in (evidence.start.get("devices") or {}):
            text += " What lights the microscope is no device and not among them."
        return Check(clause, True, text + _stretched(evidence))
    seconds = duration(sum(light.exposure_s.values()))
    why = f": {light.problem}" if light.problem else ""
    text = (
        f"How much light fell on the specimen is not on record{why}. All that is known: its "
        f"spectra were exposed for {seconds} altogether."
    )
    return Check(clause, False, text)


def _stretched(evidence: Evidence) -> str:
    """Why a light is open for much longer than it exposes, where the clock of a run is fast."""
    light, speed = evidence.light, evidence.start.get("speed")
    open_s = sum(spot.run.open_s for spot in light.spots)
    if not (isinstance(speed, (int, float)) and speed > 1 and open_s > 0):
        return ""
    return (
        f" It was open for {duration(open_s)} and exposed for "
        f"{duration(sum(light.exposure_s.values()))}: the clock ran at {speed:g} times real time, "
        "and what computer and line take around each exposure counts so many times, too."
    )


def _budget(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    light, clause = evidence.light, "light within its budget"
    if not light.budget_stated:
        text = "No budget of light was stated: nothing limited what the specimen was given."
        return Check(clause, False, text)
    if not light.recorded:
        return Check(clause, False, "A budget of light was stated, and nothing shows it was kept.")
    over = [
        f"{spot.light} on {spot.spot} ({'; '.join(spot.excesses)})"
        for spot in light.spots
        if spot.overspent
    ]
    if over:
        return Check(clause, False, f"More light than the budget allows: {', '.join(over)}.")
    free = [
        f"{spot.light} on {spot.spot} ({number(spot.run.energy_mj, 2)} mJ)"
        for spot in light.spots
        if spot.unlimited
    ]
    if free:
        text = (
            f"No limit of energy held for all of the light: none was stated for {', '.join(free)}."
        )
        return Check(clause, False, text)
    return Check(clause, True, "The light stayed within its budget.")


LIGHT_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (_recorded, _budget)
