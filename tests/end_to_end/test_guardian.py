"""A run under its guardian, over the wire: whatever dies, the screw stands and the run is ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from dac_control.app.simulated_station import station_toml
from dac_control.records import Run, list_runs, open_run, verify_manifest
from simulators.laboratory import Laboratory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and SIGSTOP are POSIX signals")

# Slow enough that a move of 0.05 turns takes about 1.5 s on the wall, quick enough for a test.
SPEED = 20.0
RUN = """
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [{turns:.4f}]
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
# The command line as it is, and at the end the names of all modules that its process loaded.
COMMAND = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path("modules.json").write_text(json.dumps(sorted(sys.modules))))
from dac_control.app.cli import main
main()
"""


@dataclass
class Bench:
    """A laboratory in this process, met by guardian and worker over loopback only."""

    laboratory: Laboratory
    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self) -> "subprocess.Popen[str]":
        """Begin a ramp by one long move from where the screw stands."""
        turns = self.laboratory.twin.turns + 0.05
        (self.folder / "run.toml").write_text(RUN.format(turns=turns), encoding="utf-8")
        return self.command("run", "run.toml", "--json")

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def records(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "state" / name
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]

    def moves_of(self, run: Run) -> list[dict[str, Any]]:
        return [
            record
            for record in self.records("intents.jsonl")
            if record["run"] == run.uid and record["kind"] != "first_seen"
        ]

    def worker(self) -> int:
        started = [entry for entry in self.records("guardian.jsonl") if entry["what"] == "started"]
        return int(started[-1]["worker"])

    def wait_for_a_move(self) -> None:
        start = self.laboratory.twin.turns
        wait_until(lambda: self.laboratory.twin.turns - start > 0.002, 60, "no move began")

    def stands_still(self) -> bool:
        return not self.laboratory.drive.axes[0].busy

    def last_run(self) -> Run:
        return open_run(list_runs(self.folder / "runs")[0].folder)


def wait_until(condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.005)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("guarded")
    with Laboratory(seed=3, speed=SPEED, folder=folder / "camera") as laboratory:
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=3)
        (folder / "station.toml").write_text(text, encoding="utf-8")
        bench = Bench(laboratory, folder)
        yield bench
        for process in bench.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def is_held(bench: Bench, run: Run, before_turns: float) -> None:
    """One intent with its end, no second move, a stated end, and a screw that stands."""
    own = bench.moves_of(run)
    assert [record["kind"] for record in own] == ["intent", "failed"]
    standing = bench.laboratory.twin.turns
    assert own[-1]["turns"] == pytest.approx(standing, abs=2e-4)
    assert before_turns < standing < before_turns + 0.049
    assert run.exit_status == "abort" and run.reason
    assert len(run.table("primary")["seq_num"]) == 1, "a step was recorded for a cut move"


@pytest.mark.timeout(300)
def test_a_killed_worker_is_taken_over_and_its_run_closed(bench: Bench) -> None:
    before = bench.laboratory.twin.turns
    guardian = bench.start()
    bench.wait_for_a_move()
    os.kill(bench.worker(), signal.SIGKILL)
    asked = time.monotonic()
    wait_until(bench.stands_still, 10, "the drive was not stopped")
    held_after_s = time.monotonic() - asked
    out, err = guardian.communicate(timeout=90)
    run = bench.last_run()
    is_held(bench, run, before)
    assert held_after_s < 2.0
    assert guardian.returncode == 1
    assert "SIGKILL" in run.reason and "guardian" in run.reason and "SIGKILL" in err
    assert run.stop is not None and run.stop["closed_by"] == "guardian"
    assert run.stop["num_events"] == {
        stream: len(run.table(stream).get("seq_num", ())) for stream in run.streams
    }
    # the one document on standard output is the run, from a further process
    assert json.loads(out)["uid"] == run.uid
    assert (run.folder / "report.html").exists() and verify_manifest(run.folder) == []
    seen = [
        orjson.loads(line) for line in (run.folder / "guardian.jsonl").read_bytes().splitlines()
    ]
    assert {"run", "worker_dead", "hold"} <= {entry["what"] for entry in seen}
    assert all(entry["done"] for entry in seen if entry["what"] == "hold")
    modules = json.loads((bench.folder / "modules.json").read_text())
    assert "devices.drivers.zaber" in modules, "the guardian reached no instrument"
    assert not [name for name in modules if name.partition(".")[0] in ("bluesky", "ophyd")]
    is_taken_up_again(bench, run, before)


def is_taken_up_again(bench: Bench, held: Run, before_turns: float) -> None:
    """What was left of the run happens, linked to it; what happened does not happen again."""
    standing = bench.laboratory.twin.turns
    resumed = bench.command("resume", held.uid[:8], "--json")
    out, err = resumed.communicate(timeout=90)
    assert resumed.returncode == 0, err
    run = bench.last_run()
    assert json.loads(out)["uid"] == run.uid and run.start["continues"] == held.uid
    moves = [record for record in bench.moves_of(run) if record["kind"] == "intent"]
    ways = [standing, *(record["to_turns"] for record in moves)]
    assert moves and all(second > first for first, second in pairwise(ways))
    assert bench.laboratory.twin.turns == pytest.approx(before_turns + 0.05, abs=2e-4)
    # the first run is over now: another hand has moved the screw since
    again = bench.command("resume", str(held.folder))
    _, err = again.communicate(timeout=90)
    assert again.returncode == 2 and run.uid in err and "moved the screw" in err


def test_a_frozen_worker_is_killed_before_anything_else_is_done(bench: Bench) -> None:
    before = bench.laboratory.twin.turns
    guardian = bench.start()
    bench.wait_for_a_move()
    os.kill(bench.worker(), signal.SIGSTOP)
    guardian.communicate(timeout=90)
    run = bench.last_run()
    assert guardian.returncode == 1 and "froze" in run.reason
    # at this speed the move itself ends before a frozen worker is given up
    own = bench.moves_of(run)
    assert [record["kind"] for record in own] == ["intent", "failed"]
    assert own[-1]["turns"] == pytest.approx(bench.laboratory.twin.turns, abs=2e-4)
    assert before < bench.laboratory.twin.turns < before + 0.051
    with pytest.raises(ProcessLookupError):
        os.kill(bench.worker(), 0)


def test_a_signal_to_the_guardian_ends_the_run_in_order(bench: Bench) -> None:
    before = bench.laboratory.twin.turns
    guardian = bench.start()
    bench.wait_for_a_move()
    guardian.send_signal(signal.SIGTSTP)  # Ctrl-Z, after which nothing else would be heeded
    guardian.send_signal(signal.SIGHUP)
    wait_until(bench.stands_still, 10, "the drive was not stopped")
    out, _ = guardian.communicate(timeout=90)
    run = bench.last_run()
    is_held(bench, run, before)
    assert guardian.returncode == 1 and json.loads(out)["uid"] == run.uid
    assert "SIGHUP" in run.reason and run.stop is not None and "closed_by" not in run.stop
    assert verify_manifest(run.folder) == []


def test_a_worker_without_its_guardian_ends_the_run_by_itself(bench: Bench) -> None:
    before = bench.laboratory.twin.turns
    guardian = bench.start()
    bench.wait_for_a_move()
    worker = bench.worker()
    guardian.send_signal(signal.SIGKILL)
    wait_until(bench.stands_still, 10, "the drive was not stopped")
    wait_until(lambda: bench.last_run().stop is not None, 30, "the run has no end")
    run = bench.last_run()
    is_held(bench, run, before)
    assert "guardian" in run.reason
    wait_until(lambda: (run.folder / "manifest-sha256.txt").exists(), 60, "no manifest")
    wait_until(lambda: not is_alive(worker), 30, "the worker outlived its run")


def is_alive(pid: int) -> bool:
    try:
        # a process that nobody has waited for is dead all the same
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
