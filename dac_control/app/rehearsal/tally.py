"""What is worth knowing of one rehearsal, gathered from its documents as they come."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dac_control.records.lines import dumps_line

__all__ = ["RehearsedStep", "Said", "Tally"]

Truth = Callable[[], Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class RehearsedStep:
    """One event of ``primary``, with what the twin knows of it."""

    number: int
    lab_time_s: float
    branch: str
    target: float
    turns: float
    target_turns: float
    """Where the step was to go; NaN for one that turned nothing."""
    gauge: str
    """In charge: what follows is what it says."""
    pressure_gpa: float
    """NaN where it was not measured."""
    sigma_stat_gpa: float
    sigma_sys_gpa: float
    half_width_95_gpa: float
    measured: bool
    predicted_gpa: float
    bound_gpa: float
    """What the step was to read before its move, and to stay short of with 99.9 %."""
    flags: tuple[str, ...]
    outcome: str
    drift_gpa_per_h: float
    dwell_s: float
    attempts: int
    exposure_s: float
    cell_temperature_k: float
    truth: dict[str, Any]
    """True state averaged over the exposure: see `simulators.twin.Twin.last_exposure`."""


class Said(NamedTuple):
    """Why a reading was not taken, or a run ended."""

    at: int
    """Index of the step that was under way, or of the last one."""
    text: str


@dataclass
class Tally:
    """Listens to the documents of one session.

    Parameters
    ----------
    truth : callable
        Returns the twin's true state of the last exposure.
    no_room : callable
        Says, when a run ends, why its light could not be opened once more; empty where it could.
    """

    truth: Truth
    no_room: Callable[[], str] = lambda: ""
    start: dict[str, Any] = field(default_factory=dict)
    stop: dict[str, Any] = field(default_factory=dict)
    steps: list[RehearsedStep] = field(default_factory=list)
    ramps: list[tuple[dict[str, Any], list[RehearsedStep]]] = field(default_factory=list)
    """Of each run that has them, the targets as its start document says them, and its steps."""
    done: list[bool] = field(default_factory=list)
    """Whether each of these came to its end."""
    said: list[Said] = field(default_factory=list)
    events: int = 0
    times_s: list[float] = field(default_factory=list)
    stage_k: list[float] = field(default_factory=list)
    exposures_s: float = 0.0
    """Sum of exposures in light, of every spectrometer, averages counted."""
    longest_exposure_s: float = 0.0
    record_bytes: float = 0.0
    """Size of the record on a disk: its journal, and its frames as if nothing compressed them."""
    _streams: dict[str, str] = field(default_factory=dict)
    _event_bytes: dict[str, int] = field(default_factory=dict)
    _frame_bytes: dict[str, int] = field(default_factory=dict)
    _last_exposures_s: dict[str, float] = field(default_factory=dict)
    """By the name of the spectrometer."""

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document."""
        if name == "start":
            self.start = dict(doc)
            if "targets" in doc:
                self.ramps.append((dict(doc["targets"]), []))
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
            self._frame_bytes[doc["uid"]] = _frame_bytes(doc["data_keys"])
        elif name == "event":
            self.events += 1
            self._weigh(doc)
            self._event(self._streams[doc["descriptor"]], doc["data"])
        elif name == "stop":
            self.stop = dict(doc)
            if "targets" in self.start:
                self.done.append(doc["exit_status"] == "success")
            for text in (str(doc.get("reason", "")), self.no_room()):
                self.say(text, len(self.steps) - 1)

    def say(self, text: str, at: int) -> None:
        """Take down a message, once where it is repeated."""
        if text and Said(at, text) not in self.said[-1:]:
            self.said.append(Said(at, text))

    def _weigh(self, doc: Mapping[str, Any]) -> None:
        """Add an event's size; the first of a descriptor stands for all of its kind."""
        kind = doc["descriptor"]
        if kind not in self._event_bytes:
            self._event_bytes[kind] = len(dumps_line(["event", doc]))
        self.record_bytes += self._event_bytes[kind] + self._frame_bytes.get(kind, 0)

    def _event(self, stream: str, data: Mapping[str, Any]) -> None:
        names: Mapping[str, str] = self.start.get("devices", {})

        def value(role: str, attribute: str, default: Any = float("nan")) -> Any:
            return data.get(f"{names.get(role, role)}_{attribute}", default)

        lab_s = value("clock", "lab_time_s", None)
        if lab_s is not None and (not self.times_s or lab_s > self.times_s[-1]):
            self.times_s.append(float(lab_s))
            self.stage_k.append(float(value("cryostat", "stage_temperature_k")))
        self.say(str(value("step", "failure", "")), len(self.steps))
        self._expose(stream, data, names)
        if stream == "primary":
            gauge = str(value("step", "gauge", "")) or "ruby"
            taken_by = names.get(f"{gauge}_spectrometer", names.get("spectrometer", ""))
            exposure_s = self._last_exposures_s.get(taken_by, 0.0)
            self.steps.append(_step(value, exposure_s, dict(self.truth() or {})))
            if "targets" in self.start:
                self.ramps[-1][1].append(self.steps[-1])

    def _expose(self, stream: str, data: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Count the exposures of an event; several gauges may share one spectrometer."""
        for device in dict.fromkeys(n for role, n in names.items() if _is_spectrometer(role)):
            if f"{device}_exposure_s" in data:
                exposure_s = float(data[f"{device}_exposure_s"])
                self._last_exposures_s[device] = exposure_s
                self.longest_exposure_s = max(self.longest_exposure_s, exposure_s)
                if stream != "dark":
                    self.exposures_s += exposure_s * float(data.get(f"{device}_averages", 0))


def _is_spectrometer(role: str) -> bool:
    return role in ("spectrometer", "vis") or role.endswith("_spectrometer")


def _frame_bytes(data_keys: Mapping[str, Any]) -> int:
    """Bytes of the frames that come with each event of a descriptor."""
    external = [key for key in data_keys.values() if key.get("external")]
    return sum(
        math.prod(key["shape"]) * np.dtype(key.get("dtype_numpy", "<u2")).itemsize
        for key in external
    )


def _step(value: Callable[..., Any], exposure_s: float, truth: dict[str, Any]) -> RehearsedStep:
    nothing = float("nan")
    gauge = str(value("step", "gauge", ""))
    # a plan that only looks names no gauge in charge, and looks with the ruby
    role = "step" if gauge else "ruby"
    pressure_gpa = float(value(role, "pressure_gpa"))
    return RehearsedStep(
        number=int(value("step", "number", 0)),
        lab_time_s=float(value("clock", "lab_time_s")),
        branch=str(value("step", "branch", "")),
        target=float(value("step", "target")),
        turns=float(value("drive", "turns")),
        target_turns=float(value("step", "target_turns")),
        gauge=gauge or "ruby",
        pressure_gpa=pressure_gpa,
        sigma_stat_gpa=float(value(role, "pressure_sigma_stat_gpa")),
        sigma_sys_gpa=float(value(role, "pressure_sigma_sys_gpa")),
        half_width_95_gpa=float(value(role, "pressure_half_width_95_gpa")),
        measured=math.isfinite(pressure_gpa) and (bool(gauge) or bool(value("ruby", "measured"))),
        predicted_gpa=float(value("step", "predicted_gpa", nothing)),
        bound_gpa=float(value("step", "bound_gpa", nothing)),
        flags=tuple(str(value(gauge or "ruby", "flags", "")).split()),
        outcome=str(value("step", "outcome", "")),
        drift_gpa_per_h=float(value("step", "drift_gpa_per_h")),
        dwell_s=float(value("step", "dwell_s", 0.0)),
        attempts=int(value("step", "attempts", 0)),
        exposure_s=exposure_s,
        cell_temperature_k=float(value("cryostat", "cell_temperature_k")),
        truth=truth,
    )
