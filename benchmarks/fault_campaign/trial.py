"""One run over the wire, one fault in it, and what came of both."""

import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from dac_control.app.simulated_station import station_toml
from dac_control.records import Run, list_runs, open_run
from dac_control.records.closing import close_dead_runs
from fault_campaign.faults import FaultKind
from simulators.laboratory import Laboratory

__all__ = ["Outcome", "Trial"]

QUICK_SPEED, SLOW_SPEED = 600.0, 5.0
QUICK = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [4, 7, 10, 13]
unload = [9]
[dwell]
drift_limit_gpa_per_h = 0.5
window_s = 480
interval_s = 40
min_dwell_s = 300
max_dwell_s = 3600
min_readings = 5
[ruby]
exposure_s = 0.5
averages = 2
longest_exposure_s = 8
attempts = 3
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""
SLOW = """
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [0.05, 0.09]
[dwell]
drift_limit_gpa_per_h = 1000
window_s = 4
interval_s = 1
min_dwell_s = 0
max_dwell_s = 8
min_readings = 3
[ruby]
exposure_s = 0.2
[step]
probe_turns = 0.05
"""
START_TIMEOUT_S, END_TIMEOUT_S = 180.0, 240.0
TURNS_TOLERANCE = 2e-4


@dataclass(kw_only=True)
class Outcome:
    """What a fault led to."""

    seed: int
    fault: str
    struck: bool = False
    detail: str = ""
    exit_status: str = ""
    reason: str = ""
    events_lost: int = 0
    moves_repeated: int = 0
    without_end: int = 0
    wrong_readings: int = 0
    hold_s: float | None = None
    over_commanded_turns: float = 0.0
    trouble: str = ""


@dataclass
class Trial:
    """A laboratory in this process, a guarded run in others.

    Parameters
    ----------
    folder : Path
        Of this trial alone.
    seed : int
        Of the laboratory and of the moment.
    kind : FaultKind
        What is done.
    """

    folder: Path
    seed: int
    kind: FaultKind
    laboratory: Laboratory = field(init=False)
    guardian: "subprocess.Popen[bytes]" = field(init=False)
    _samples: list[tuple[float, float, float]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _detail: str = ""

    def run(self) -> Outcome:
        """Carry out the run, strike, wait for the end, compare with the truth."""
        rng = random.Random(self.seed)
        outcome = Outcome(seed=self.seed, fault=self.kind.name)
        speed = SLOW_SPEED if self.kind.in_a_move else QUICK_SPEED
        with Laboratory(seed=self.seed, speed=speed, folder=self.folder / "camera") as laboratory:
            self.laboratory = laboratory
            text = station_toml(
                laboratory.endpoints, laboratory.certificates, speed=speed, seed=self.seed
            )
            (self.folder / "station.toml").write_text(text + self.kind.rule, encoding="utf-8")
            run_file = SLOW if self.kind.in_a_move else QUICK
            (self.folder / "run.toml").write_text(run_file, encoding="utf-8")
            sampler = threading.Thread(target=self._sample, daemon=True)
            sampler.start()
            log = (self.folder / "run.log").open("wb")
            with log:
                self.guardian = subprocess.Popen(
                    [sys.executable, "-m", "dac_control.app.cli", "run", "run.toml"],
                    cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    preexec_fn=_heed_signals,
                )  # fmt: skip
                try:
                    self._strike(rng, outcome)
                    self._wait_for_the_end(outcome)
                except TimeoutError as error:
                    outcome.trouble = str(error)
                finally:
                    self._clear_away()
                    self._over.set()
                    sampler.join()
            self._judge(outcome)
        outcome.detail = self._detail
        return outcome

    # what faults use ------------------------------------------------------------------------

    def worker(self) -> int:
        """Process of the worker."""
        return int(self._started()["worker"])

    def run_folder(self) -> Path:
        """Folder of the run."""
        return list_runs(self.folder / "runs")[0].folder

    def wait_for_turns(self, turns: float) -> None:
        """Wait until the screw is beyond `turns`."""
        self._until(lambda: self.laboratory.twin.turns > turns, START_TIMEOUT_S, "no such move")

    def note(self, text: str) -> None:
        """Say which instrument it was."""
        self._detail = text

    # the course of a trial ------------------------------------------------------------------

    def _strike(self, rng: random.Random, outcome: Outcome) -> None:
        if self.kind.in_a_move:
            start, part = self.laboratory.twin.turns, rng.uniform(0.001, 0.03)
            self._until(
                lambda: self.laboratory.twin.turns - start > part, START_TIMEOUT_S, "no move began"
            )
        else:
            wanted = rng.randint(4, 45)
            self._until(
                lambda: self._lines() >= wanted or self.guardian.poll() is not None,
                START_TIMEOUT_S,
                "no run began",
            )
            time.sleep(rng.uniform(0.0, 0.4))
        if self.guardian.poll() is not None:
            return
        try:
            self.kind.strike(self, rng)
        except (ProcessLookupError, IndexError):
            return
        struck_s = time.monotonic()
        outcome.struck = True
        if self.kind.hold_within_s is not None:
            self._until(self._in_hold, 60.0, "no hold within a minute")
            outcome.hold_s = time.monotonic() - struck_s

    def _wait_for_the_end(self, outcome: Outcome) -> None:
        self._until(lambda: self.guardian.poll() is not None, END_TIMEOUT_S, "no end")
        with contextlib.suppress(FileNotFoundError, IndexError):
            worker = self.worker()
            self._until(lambda: not _alive(worker), 90.0, "the worker outlived its guardian")

    def _clear_away(self) -> None:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError, OSError):
            os.kill(self.worker(), signal.SIGKILL)
        if self.guardian.poll() is None:
            self.guardian.kill()
        self.guardian.wait()

    def _sample(self) -> None:
        """On a thread: the truth, about fifty times a second."""
        twin = self.laboratory.twin
        while not self._over.wait(0.02):
            self._samples.append((time.time(), twin.turns, twin.pressure_gpa()))

    def _in_hold(self) -> bool:
        return not self.laboratory.drive.axes[0].busy and not self.laboratory.twin.light_on

    def _lines(self) -> int:
        found = list(self.folder.glob("runs/*/documents.jsonl"))
        return found[0].read_bytes().count(b"\n") if found else 0

    def _started(self) -> dict[str, Any]:
        log = (self.folder / "state" / "guardian.jsonl").read_bytes().splitlines()
        return next(e for e in map(orjson.loads, log) if e["what"] == "started")

    def _until(self, condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(0.01)

    # judging --------------------------------------------------------------------------------

    def _judge(self, outcome: Outcome) -> None:
        # what any reading command does first; a process that was killed lets go within moments
        for _ in range(50):
            close_dead_runs(self.folder / "runs")
            if all(info.exit_status != "unfinished" for info in list_runs(self.folder / "runs")):
                break
            time.sleep(0.1)
        infos = list_runs(self.folder / "runs")
        if not infos:
            outcome.trouble = outcome.trouble or "no run was recorded"
            return
        run = open_run(infos[0].folder)
        outcome.exit_status, outcome.reason = run.exit_status, run.reason
        outcome.without_end = int(run.stop is None)
        outcome.events_lost = self._lost(run)
        moves = [r for r in _records(self.folder / "state" / "intents.jsonl") if "kind" in r]
        outcome.moves_repeated = _repeated(moves)
        highest = max([0.0, *(r["to_turns"] for r in moves if r["kind"] == "intent")])
        outcome.over_commanded_turns = max(turns for _, turns, _ in self._samples) - highest
        outcome.wrong_readings = self._wrong(run)

    def _lost(self, run: Run) -> int:
        """Steps that the guardian was told of, after they were recorded, and that are not there."""
        told = [
            entry["number"]
            for entry in _records(self.folder / "state" / "guardian.jsonl")
            if entry["what"] == "step" and entry["run"] == run.uid
        ]
        return len(set(told) - {int(n) for n in run.table("primary").get("seq_num", ())})

    def _wrong(self, run: Run) -> int:
        """Pressures more than five sigma from the truth around their time, and wrong positions."""
        table, wrong = run.table("primary"), 0
        for row in range(len(table.get("seq_num", ()))):
            if not table["ruby_measured"][row]:
                continue
            value = float(table["ruby_pressure_gpa"][row])
            sigma = math.hypot(
                float(table["ruby_pressure_sigma_stat_gpa"][row]),
                float(table["ruby_pressure_sigma_sys_gpa"][row]),
            )
            at = float(table["time"][row])
            near = [gpa for moment, _, gpa in self._samples if abs(moment - at) < 1.5]
            if near and not min(near) - 5 * sigma <= value <= max(near) + 5 * sigma:
                wrong += 1
            standing = [turns for moment, turns, _ in self._samples if abs(moment - at) < 1.5]
            turns = float(table["drive_turns"][row])
            # NaN says that the drive did not know: no reading, so no wrong one
            if (
                not math.isnan(turns)
                and standing
                and not (
                    min(standing) - TURNS_TOLERANCE <= turns <= max(standing) + TURNS_TOLERANCE
                )
            ):
                wrong += 1
        return wrong


def _heed_signals() -> None:
    """In the child: a campaign in the background would hand on that it ignores some."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _records(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines() if line]


def _repeated(records: list[dict[str, Any]]) -> int:
    """Targets that were sent again after they had been reached, without another in between."""
    repeated, reached = 0, math.nan
    for record in records:
        if record["kind"] == "intent":
            repeated += abs(record["to_turns"] - reached) < TURNS_TOLERANCE / 2
        elif record["kind"] == "done":
            reached = record["turns"]
    return repeated


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
