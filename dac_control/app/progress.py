"""How far a ramp is, and how long it still takes. Pure: documents in, numbers out."""

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

__all__ = ["RampProgress", "TimeLeft"]

# Steps whose dwells make the pace.
_RECENT = 6


class RampProgress:
    """Follows a ramp along its path: up to the last load target, down to the last unload one.

    Parameters
    ----------
    start : mapping
        Start document of the ramp, with its ``targets``.
    """

    def __init__(self, start: Mapping[str, Any]) -> None:
        targets = start.get("targets", {})
        self._by_pressure = targets.get("unit") == "gpa"
        self._load = [float(value) for value in targets.get("load", [])]
        self._unload = [float(value) for value in targets.get("unload", [])]
        self._begin: float | None = None
        self._passed: deque[tuple[float, float]] = deque(maxlen=_RECENT)

    def fraction(self, branch: str, target: float | None, turns: float, gpa: float) -> float:
        """Part of the path that lies behind, 0 to 1, after a step that ended here."""
        here = gpa if self._by_pressure else turns
        if self._begin is None:
            self._begin = here
        top = self._load[-1] if self._load else self._begin
        bottom = self._unload[-1] if self._unload else top
        total = abs(top - self._begin) + abs(top - bottom)
        if total == 0:
            return 1.0
        unloading = bool(self._unload) and target in self._unload and branch != "load"
        if unloading:
            done = abs(top - self._begin) + max(0.0, top - here)
        else:
            done = max(0.0, min(here, top) - self._begin)
        return min(1.0, done / total)

    def left_s(self, fraction: float, now_s: float) -> float | None:
        """Time left, from the dwells of the last steps; None before there is a pace.

        Dwells grow with pressure, so steps of long ago say little of those to come. In a dead band
        nothing is gained; then the pace is that of all steps since something was.

        Parameters
        ----------
        fraction : float
            Part of the path that lies behind.
        now_s : float
            On any clock that runs evenly; the answer is in its seconds.
        """
        self._passed.append((fraction, now_s))
        before = next((each for each in self._passed if each[0] < fraction), None)
        if before is None or now_s <= before[1]:
            return None
        return (now_s - before[1]) * (1.0 - fraction) / (fraction - before[0])


class TimeLeft:
    """Follows the documents of a run; says how long it still takes in laboratory time."""

    def __init__(self) -> None:
        self._start: Mapping[str, Any] = {}
        self._streams: dict[str, str] = {}
        self._progress: RampProgress | None = None
        self._end_s: float | None = None

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take in one document."""
        if name == "start":
            self._start, self._streams, self._end_s = doc, {}, None
            self._progress = RampProgress(doc) if "targets" in doc else None
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc.get("name", "")
        elif name == "event" and self._streams.get(doc["descriptor"]) == "primary":
            self._step(doc["data"])
        elif name == "stop":
            self._progress, self._end_s = None, None

    def left_s(self, lab_time_s: float) -> float | None:
        """Laboratory seconds left; None where that cannot be told yet, or the plan has no path."""
        return None if self._end_s is None else max(0.0, self._end_s - lab_time_s)

    def _step(self, data: Mapping[str, Any]) -> None:
        names = self._start.get("devices", {})

        def value(role: str, attribute: str) -> Any:
            return data.get(f"{names.get(role, role)}_{attribute}")

        now_s, turns = value("clock", "lab_time_s"), value("drive", "turns")
        gpa = value("step", "pressure_gpa")
        if self._progress is None or None in (now_s, turns, gpa) or math.isnan(gpa):
            return
        fraction = self._progress.fraction(
            value("step", "branch"), value("step", "target"), turns, gpa
        )
        left_s = self._progress.left_s(fraction, now_s)
        if left_s is not None:
            self._end_s = now_s + left_s
