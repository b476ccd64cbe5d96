"""What the guardian knows of its worker, and whether the worker still lives. Pure.

All times are seconds of the guardian's own steady clock; laboratory time is the worker's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Patience", "Reading", "RunSeen", "WorkerState"]

Phase = Literal["starting", "running", "finishing", "waiting"]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a worker may be silent, by what it does; s on the wall."""

    starting_s: float = 180.0
    """Imports, connecting and the first compilation of the fits."""
    running_s: float = 3.0
    """In a run: it is killed after this, and what moves is stopped."""
    finishing_s: float = 600.0
    """While it writes the report; nothing moves any more."""
    waiting_s: float = 30.0
    """While a worker of many runs has none."""
    ending_s: float = 30.0
    """From being told to end a run until it has ended."""


@dataclass(frozen=True)
class Reading:
    """One published value, with the laboratory time at which it was taken."""

    value: float
    lab_time_s: float


@dataclass(frozen=True, kw_only=True)
class RunSeen:
    """The run that the worker has opened."""

    uid: str
    folder: Path


@dataclass(kw_only=True)
class WorkerState:
    """What the worker last said, and when."""

    now_s: float
    """When the watch began."""
    patience: Patience = field(default_factory=Patience)
    phase: Phase = "starting"
    pid: int | None = None
    run: RunSeen | None = None
    step: int = 0
    in_a_move: bool = False
    setpoint_moving: bool = False
    held: str = ""
    """Why the next step waits; empty where nothing holds."""
    readings: dict[str, Reading] = field(default_factory=dict)
    speed: float = 1.0
    ready: bool = False
    """True once it has the station for itself."""
    exit_status: int | None = None
    """What it said when it ended in order."""
    failure: str = ""
    heater_off_asked: bool = False
    """A rule asked for it; whoever takes over sees to it."""
    ending: str = ""
    """Exit status and reason of the run, once it has stopped."""
    _last_sign_s: float = 0.0
    _loop_age_s: float = 0.0
    _lab: tuple[float, float] | None = None
    _end_asked_s: float | None = None

    def __post_init__(self) -> None:
        self._last_sign_s = self.now_s

    def take(self, message: Mapping[str, Any], now_s: float) -> None:
        """Take in a message; unknown kinds are a sign of life."""
        self._last_sign_s = now_s
        match message.get("kind"):
            case "hello":
                self.pid = int(message["pid"])
            case "begin":
                self._begin()
            case "waiting":
                self.phase = "waiting"
            case "ready":
                self.ready, self.speed = True, float(message["speed"])
            case "beat":
                self._take_beat(message, now_s)
            case "run":
                self.run = RunSeen(uid=str(message["uid"]), folder=Path(message["folder"]))
                self.phase, self._loop_age_s = "running", 0.0
            case "step":
                self.step = int(message["number"])
            case "stop":
                self.phase = "finishing"
                status, reason = message.get("exit_status", ""), message.get("reason", "")
                self.ending = f"{status}: {reason}" if reason else str(status)
            case "bye":
                self.exit_status = int(message["status"])
                self.failure = str(message.get("failure", ""))

    def _begin(self) -> None:
        """A worker of many runs begins the next: what was asked of the last holds no more."""
        self.phase, self.run, self.step, self.ending = "starting", None, 0, ""
        self.heater_off_asked, self._end_asked_s = False, None

    def _take_beat(self, message: Mapping[str, Any], now_s: float) -> None:
        self._loop_age_s = float(message.get("loop_age_s") or 0.0)
        self.in_a_move = bool(message.get("in_a_move"))
        self.setpoint_moving = bool(message.get("setpoint_moving"))
        self.held = str(message.get("held") or "")
        if "lab_time_s" in message:
            self._lab = float(message["lab_time_s"]), now_s
        for name, (value, lab_time_s) in dict(message.get("readings") or {}).items():
            self.readings[str(name)] = Reading(float(value), float(lab_time_s))

    def lab_now_s(self, now_s: float) -> float | None:
        """Laboratory time now, by the worker's clock; None before it said any."""
        if self._lab is None:
            return None
        lab_time_s, at_s = self._lab
        return lab_time_s + (now_s - at_s) * self.speed

    def ask_to_end(self, now_s: float) -> None:
        """Note that the worker was told to end; the first time counts."""
        if self._end_asked_s is None:
            self._end_asked_s = now_s

    def forgive(self, late_s: float) -> None:
        """Take off `late_s` for which the watch itself did not look."""
        self._last_sign_s += late_s
        if self._end_asked_s is not None:
            self._end_asked_s += late_s

    def complaint(self, now_s: float) -> str:
        """Why the worker counts as frozen; empty while it does not."""
        silent_s = now_s - self._last_sign_s
        allowed_s = {
            "starting": self.patience.starting_s,
            "running": self.patience.running_s,
            "finishing": self.patience.finishing_s,
            "waiting": self.patience.waiting_s,
        }[self.phase]
        if silent_s > allowed_s:
            return f"it has given no sign of life for {silent_s:.1f} s"
        loop_s = self._loop_age_s + silent_s
        if self.phase == "running" and loop_s > self.patience.running_s:
            return f"its RunEngine has not turned for {loop_s:.1f} s"
        if self._end_asked_s is not None and self.phase not in ("finishing", "waiting"):
            asked_s = now_s - self._end_asked_s
            if asked_s > self.patience.ending_s:
                return f"it was told to end {asked_s:.0f} s ago and has not"
        return ""
