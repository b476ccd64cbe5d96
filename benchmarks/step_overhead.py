"""Time per step of a ramp beyond dwell and exposure, and its parts.

    python benchmarks/step_overhead.py [--steps 20]

Runs a ramp along turns in the simulated laboratory, over the wire, and charges the time between
one message of the plan and the next to a part. The waits that the laboratory itself needs (the
interval between dwell readings, the exposures) are told apart from what the software adds.

Also prints what the journal costs per event on the RunEngine's thread, beside the RunEngine's own
work: median and 99th percentile, with the synchronisation of the disk told apart.
"""

import argparse
import collections
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from dac_control.app.laboratory_process import LaboratoryProcess
from dac_control.app.session import Session, build_session
from dac_control.records import RunRecorder, lines
from plans.gauge_settings import RubySettings
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, Targets

EXPOSURE_S, AVERAGES = 0.5, 1
SETTINGS = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=5,
        window_s=120,
        interval_s=40,
        min_dwell_s=120,
        max_dwell_s=240,
        min_readings=3,
    ),
    ruby=RubySettings(exposure_s=EXPOSURE_S, averages=AVERAGES),
)


class Parts:
    """A message hook that charges time to parts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self.counts: dict[str, int] = collections.defaultdict(int)
        self._triggered: dict[Any, str] = {}
        self._part, self._since = "start", time.perf_counter()

    def __call__(self, msg: Any) -> None:
        now = time.perf_counter()
        self.seconds[self._part] += now - self._since
        self._part, self._since = self._part_of(msg), now
        self.counts[self._part] += 1

    def _part_of(self, msg: Any) -> str:
        group = msg.kwargs.get("group")
        if msg.command == "trigger":
            self._triggered[group] = msg.obj.name
        if msg.command == "sleep":
            return "dwell: waiting for the next reading"
        if msg.command == "save":
            return "record: event composed, journalled, synced, shown"
        if group in ("turn_to", "read_back"):
            return "move: intent, send, follow, done, read back"
        if msg.command == "wait" and self._triggered.get(group) == "ruby":
            return "fit"
        if msg.command == "wait" and group in self._triggered:
            return "readings: Lake Shore, spectrum, frame (exposures included)"
        return "the RunEngine's own messages"


class JournalCost:
    """Seconds of the recorder for each event, and of the synchronisation within."""

    def __init__(self) -> None:
        self.all_s: list[float] = []
        self.cpu_s: list[float] = []
        self.sync_s: list[float] = []
        self._synced_s = 0.0

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the recorders of this process."""
        record, sync = RunRecorder.__call__, lines.sync_descriptor

        def timed_sync(descriptor: int) -> None:
            began = time.perf_counter()
            sync(descriptor)
            self._synced_s += time.perf_counter() - began

        def timed_record(recorder: RunRecorder, name: str, doc: Any) -> None:
            self._synced_s = 0.0
            began, cpu = time.perf_counter(), time.thread_time()
            record(recorder, name, doc)
            if name == "event":
                self.cpu_s.append(time.thread_time() - cpu)
                self.all_s.append(time.perf_counter() - began)
                self.sync_s.append(self._synced_s)

        with (
            patch.object(RunRecorder, "__call__", timed_record),
            patch.object(lines, "sync_descriptor", timed_sync),
        ):
            yield

    def print_table(self) -> None:
        """Print median and 99th percentile in ms."""
        own_s = np.array(self.all_s) - np.array(self.sync_s)
        rows = {
            "journal, all of it": np.array(self.all_s),
            "of which fsync": np.array(self.sync_s),
            "without fsync": own_s,
            "CPU time of the thread, fsync included": np.array(self.cpu_s),
        }
        print(f"journal per event, {len(own_s)} events:")
        for what, values in rows.items():
            median, high = np.percentile(values, [50, 99]) * 1000
            print(f"  median {median:7.3f} ms, 99 % {high:7.3f} ms  {what}")


def run(session: Session, steps: int) -> tuple[Parts, float, int, int]:
    """Run the ramp; return parts, seconds in all, steps and spectra."""
    parts, seen = Parts(), collections.Counter[str]()
    streams: dict[str, str] = {}

    def count(name: str, doc: dict[str, Any]) -> None:
        if name == "descriptor":
            streams[doc["uid"]] = doc["name"]
        elif name == "event":
            seen[streams[doc["descriptor"]]] += 1

    targets = Targets.turns([round(0.005 * n, 4) for n in range(1, steps)])
    engine: Any = session.engine  # bluesky infers the hook to be None for ever
    engine.msg_hook = parts
    began = time.perf_counter()
    session.run(pressure_ramp(session.instruments, targets, settings=SETTINGS), count)
    return parts, time.perf_counter() - began, seen["primary"], seen["primary"] + seen["dwell"]


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description="Time per step of a ramp")
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--speed", type=float, default=600.0)
    options = arguments.parse_args()
    cost = JournalCost()
    with tempfile.TemporaryDirectory() as folder, cost.measured():
        words = ["--speed", str(options.speed)]
        with LaboratoryProcess(Path(folder), words) as laboratory:
            with build_session(laboratory.wait_until_serving()) as session:
                session.require_ready()
                parts, total_s, steps, spectra = run(session, options.steps)
    exposures_s = spectra * EXPOSURE_S * AVERAGES / options.speed
    waiting_s = parts.seconds["dwell: waiting for the next reading"]
    print(f"{steps} steps, {spectra} spectra, {total_s:.1f} s; per step:")
    for part, seconds in sorted(parts.seconds.items(), key=lambda item: -item[1]):
        print(f"  {1000 * seconds / steps:8.1f} ms  {parts.counts[part]:5d} x  {part}")
    beyond_s = total_s - waiting_s - exposures_s
    print(f"  {1000 * exposures_s / steps:8.1f} ms of these are exposures")
    print(f"  {1000 * beyond_s / steps:8.1f} ms beyond dwell and exposure")
    cost.print_table()


if __name__ == "__main__":
    main()
