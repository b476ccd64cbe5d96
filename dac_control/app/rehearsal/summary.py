"""What many rehearsals of one run say together; pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from dac_control.app.rehearsal.rehearsal import Rehearsed
from dac_control.app.station import Station
from dac_control.safety.light import Dose

__all__ = ["summarise_rehearsals"]

_SWITCHING_S: Final = 0.1
"""By which a real light is open longer than it exposes, each time: what the line to a laser takes
to switch it on, read its power back and switch it off. The twin's switches at once."""

_DIGITS = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def summarise_rehearsals(rehearsed: Sequence[Rehearsed], station: Station) -> dict[str, Any]:
    """Put rehearsals into one JSON-able document.

    Parameters
    ----------
    rehearsed : sequence of Rehearsed
        One for each seed, at least one.
    station : Station
        What was rehearsed.

    Returns
    -------
    dict
        ``duration_h``, ``top_pressure_gpa``, ``steps``, ``events`` and ``exposure_s`` as median
        and 95 % band over the seeds; ``record_bytes`` likewise; ``targets``, what is measured
        where each is reached. Of one seed the band of a pressure is its own 95 % interval;
        ``dose``, which a real light exceeds by ``switching_mj`` at the least, ``helium``,
        ``limits_touched``, ``outcomes``; ``first_rule``, the station's rule that fires soonest,
        with what it asks for and what was read then; ``rules``, all that fire of
        ``rules_declared``; ``first_hold``, the run that ends soonest without success.
    """
    ordered = sorted(rehearsed, key=lambda each: each.seed)

    def spread(value: Callable[[Rehearsed], float]) -> dict[str, float | None]:
        return _spread([value(each) for each in ordered])

    return {
        "seeds": [each.seed for each in ordered],
        "duration_h": spread(lambda each: each.duration_s / 3600.0),
        "top_pressure_gpa": _pressures([each.top_pressure_gpa for each in ordered]),
        "targets": _targets(ordered),
        "steps": spread(lambda each: len(each.steps)),
        "events": spread(lambda each: each.events),
        "record_bytes": spread(lambda each: each.record_bytes),
        "dose": _dose(ordered),
        "helium": _helium(ordered, station),
        "limits_touched": _limits(ordered),
        "outcomes": _outcomes(ordered),
        "first_rule": _first_rule(ordered),
        "rules": _rules(ordered),
        "rules_declared": len(station.rules),
        "first_hold": _first_hold(ordered),
    }


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    """Median and central 95 % of what is finite; None where nothing is."""
    finite = np.asarray([value for value in values if np.isfinite(value)], float)
    if not finite.size:
        return {"median": None, "low": None, "high": None}
    low, median, high = np.quantile(finite, [0.025, 0.5, 0.975])
    return {"median": float(median), "low": float(low), "high": float(high)}


def _pressures(measured: Sequence[tuple[float, float]]) -> dict[str, float | None]:
    """Spread over the seeds; of one, its pressure and 95 % interval, from half of its width."""
    if len(measured) > 1:
        return _spread([pressure_gpa for pressure_gpa, _ in measured])
    spread = _spread([pressure_gpa for pressure_gpa, _ in measured])
    for pressure_gpa, half_gpa in measured:
        if np.isfinite(pressure_gpa) and np.isfinite(half_gpa):
            spread |= {"low": pressure_gpa - half_gpa, "high": pressure_gpa + half_gpa}
    return spread


def _targets(rehearsed: Sequence[Rehearsed]) -> list[dict[str, Any]]:
    """Each target on the way; a stage that some seeds did not come to is one not reached."""
    longest = max((each.targets for each in rehearsed), key=len)
    found = []
    for at, target in enumerate(longest):
        there = [each.targets[at] for each in rehearsed if at < len(each.targets)]
        found.append(
            {
                "target": target.target,
                "unit": target.unit,
                "leg": target.leg,
                "reached": sum(each.step > 0 for each in there),
                "pressure_gpa": _pressures(
                    [(each.pressure_gpa, each.half_width_95_gpa) for each in there]
                ),
            }
        )
    return found


def _dose(rehearsed: Sequence[Rehearsed]) -> dict[str, Any]:
    """Light that a run adds; without a laser in the station file its power is not known."""
    found: dict[tuple[str, str], list[Dose]] = {}
    for each in rehearsed:
        for dose in each.doses:
            found.setdefault((dose.light, dose.spot), []).append(dose)
    return {
        "exposure_s": _spread([each.exposures_s for each in rehearsed]),
        "switching_s": _SWITCHING_S,
        "spots": [
            {
                "light": light,
                "spot": spot,
                "energy_mj": _spread([dose.energy_mj for dose in doses]),
                "switching_mj": _spread([_switching_mj(dose) for dose in doses]),
                "open_s": _spread([dose.open_s for dose in doses]),
                "shots": _spread([dose.shots for dose in doses]),
                "peak_intensity_mw_per_um2": max(d.peak_intensity_mw_per_um2 for d in doses),
            }
            for (light, spot), doses in sorted(found.items())
        ],
    }


def _switching_mj(dose: Dose) -> float:
    """What a real light would add to a rehearsed one, which is on for its exposures exactly."""
    return dose.energy_mj / dose.open_s * _SWITCHING_S * dose.shots if dose.open_s > 0 else 0.0


def _helium(rehearsed: Sequence[Rehearsed], station: Station) -> dict[str, Any]:
    if station.rehearsal.cooling == "closed_cycle":
        return {"cooling": "closed_cycle", "litres": None}
    litres = _spread([each.helium_litres for each in rehearsed])
    return {"cooling": "helium_flow", "litres": litres}


def _limits(rehearsed: Sequence[Rehearsed]) -> list[dict[str, Any]]:
    """Every limit that any seed touched, the one touched by most seeds first."""
    found = []
    for name in sorted({name for each in rehearsed for name in each.touched}):
        touches = [(t, each.seed) for each in rehearsed for t in each.touched.get(name, ())]
        first, seed = min(touches, key=lambda touch: touch[0].lab_time_s)
        found.append(
            {
                "limit": name,
                "seeds": len({seed for _, seed in touches}),
                "steps": len(touches),
                "at_steps": sorted({touch.step for touch, _ in touches}),
                "first_h": first.lab_time_s / 3600.0,
                "first_step": first.step,
                "first_seed": seed,
            }
        )
    return sorted(found, key=lambda each: (-each["seeds"], each["first_h"]))


def _outcomes(rehearsed: Sequence[Rehearsed]) -> list[dict[str, Any]]:
    """How runs ended, alike where only numbers differ; the commonest first."""
    groups: dict[tuple[str, str], list[Rehearsed]] = {}
    for each in rehearsed:
        groups.setdefault((each.exit_status, _DIGITS.sub("#", each.reason)), []).append(each)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return [
        {
            "exit_status": status,
            "reason": group[0].reason,
            "count": len(group),
            "part": len(group) / len(rehearsed),
            "seeds": [each.seed for each in group],
        }
        for (status, _), group in ordered
    ]


def _first_rule(rehearsed: Sequence[Rehearsed]) -> dict[str, Any] | None:
    """The rule of the station that fires soonest; None where none does."""
    fired = [(each.fired[0], each.seed) for each in rehearsed if each.fired]
    if not fired:
        return None
    rule, seed = min(fired, key=lambda each: each[0].lab_time_s)
    document = asdict(rule)
    return {"seed": seed, "time_h": document.pop("lab_time_s") / 3600.0, **document}


def _rules(rehearsed: Sequence[Rehearsed]) -> list[dict[str, Any]]:
    """Each rule that fires for any seed, the soonest first."""
    found: dict[str, dict[int, float]] = {}
    for each in rehearsed:
        for rule in each.fired:
            found.setdefault(rule.rule, {}).setdefault(each.seed, rule.lab_time_s)
    rules = [
        {"rule": name, "seeds": len(times), "first_h": min(times.values()) / 3600.0}
        for name, times in found.items()
    ]
    return sorted(rules, key=lambda each: each["first_h"])


def _first_hold(rehearsed: Sequence[Rehearsed]) -> dict[str, Any] | None:
    """The run that ends soonest without success; None where every one succeeds."""
    held = [each for each in rehearsed if each.exit_status != "success"]
    if not held:
        return None
    first = min(held, key=lambda each: each.duration_s)
    return {
        "reason": first.reason,
        "seed": first.seed,
        "time_h": first.duration_s / 3600.0,
        "step": first.steps[-1].number if first.steps else 0,
    }
