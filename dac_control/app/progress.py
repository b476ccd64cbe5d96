"""How far a ramp is, and how long it still takes. Pure: documents in, numbers out."""

from collections.abc import Mapping
from typing import Any

__all__ = ["RampProgress"]


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
        self._began_at: float | None = None

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

    def left_s(self, fraction: float, now: float) -> float | None:
        """Wall-clock seconds left, from the pace so far; None before there is one."""
        if self._began_at is None:
            self._began_at, self._began_fraction = now, fraction
            return None
        gained = fraction - self._began_fraction
        if gained <= 0:
            return None
        return (now - self._began_at) * (1.0 - fraction) / gained
