"""One ramp that dies in every way, over the wire: it is held, ended, and taken up where it was."""

import contextlib
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
from simulators.faults import Fault
from simulators.laboratory import Laboratory

if os.name == "nt":
    pytest.skip("SIGKILL and SIGSTOP are POSIX signals", allow_module_level=True)

import resource

# Slow enough that a move of 0.03 turns takes about 2 s on the wall, quick enough for a test.
SPEED = 10.0
PROBE_TURNS, LAST_TURNS = 0.03, 0.36
RUN = f"""
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [{LAST_TURNS}]
[dwell]
drift_limit_gpa_per_h = 1000
window_s = 4
interval_s = 1
min_dwell_s = 0
max_dwell_s = 8
min_readings = 3
[ruby]
exposure_s = 0.2
attempts = 2
[step]
probe_turns = {PROBE_TURNS}
"""
HOLD = """
plan = "hold"
duration_h = 0.02
[hold]
every_s = 12
[hold.ruby]
exposure_s = 0.2
"""
# One exposure takes as long on the wall as a person needs to pull a plug.
BRIGHT = """
plan = "hold"
duration_h = 1.0
[hold]
every_s = 60
[hold.ruby]
exposure_s = 10.0
averages = 6
attempts = 1
"""
# The command line as it is, and at the end the names of all modules that its process loaded.
COMMAND = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path("modules.json").write_text(json.dumps(sorted(sys.modules))))
from dac_control.app.cli import main
main()
"""
# Python reads it when it starts: a bug in a plan, on demand.
BUG = """
import signal, sys
def break_the_dwell(number, frame):
    def dwell(*args, **kwargs):
        raise ZeroDivisionError("a bug in a plan")
    sys.modules["plans.ramp_step"].dwell = dwell
signal.signal(signal.SIGUSR1, break_the_dwell)
"""
TIME_KEY = "clock_lab_time_s"
MICROSTEP_TURNS = 2e-4
"""Tolerance of a comparison with the truth."""


def heed_signals() -> None:
    """In the child: a suite in the background would hand on that it ignores some."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@dataclass
class Bench:
    """A laboratory in this process, met by guardian and worker over loopback only."""

    laboratory: Laboratory
    folder: Path
    sent: list[int] = field(default_factory=list)
    """Targets of the moves that reached the drive, in its own counts: what the wire has seen."""
    guardian: "subprocess.Popen[str] | None" = None
    """That of the run which goes on."""

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "bug")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_signals,
        )

    def carried_out(self, *arguments: str) -> tuple[int, str]:
        process = self.command(*arguments)
        _, err = process.communicate(timeout=90)
        return process.returncode, err

    def going(self) -> "subprocess.Popen[str]":
        """The guardian of the ramp, which is in its first move: begun if nobody has yet."""
        if self.guardian is None:
            self.begin("run", "run.toml", "--json")
        assert self.guardian is not None
        return self.guardian

    def begin(self, *arguments: str) -> None:
        start = self.laboratory.twin.turns
        self.guardian = self.command(*arguments)
        wait_until(
            lambda: self.laboratory.twin.turns - start > 0.002 or self.guardian.poll() is not None,
            60,
            "no move began",
        )
        assert self.guardian.poll() is None, self.guardian.communicate()[1]

    def records(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "state" / name
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]

    def intents_of(self, run: Run) -> list[dict[str, Any]]:
        return [
            record
            for record in self.records("intents.jsonl")
            if record["kind"] == "intent" and record["run"] == run.uid
        ]

    @property
    def worker(self) -> int:
        started = [entry for entry in self.records("guardian.jsonl") if entry["what"] == "started"]
        return int(started[-1]["worker"])

    def stands_still(self) -> bool:
        return not self.laboratory.drive.axes[0].busy

    def last_run(self) -> Run:
        return open_run(list_runs(self.folder / "runs")[0].folder)

    def close(self) -> None:
        if self.guardian is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.worker, signal.SIGKILL)
            self.guardian.kill()
            self.guardian.communicate()


def wait_until(condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        # a process that nobody has waited for is dead all the same
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "bug").mkdir()
    (folder / "bug" / "sitecustomize.py").write_text(BUG, encoding="utf-8")
    with Laboratory(seed=3, speed=SPEED, folder=folder / "camera") as laboratory:
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=3)
        # some ways to die turn the heater off, and what is taken up at once follows the cell
        text = text.replace("[limits]", "[limits]\nmax_temperature_change_k = 100.0", 1)
        (folder / "station.toml").write_text(text, encoding="utf-8")
        (folder / "run.toml").write_text(RUN, encoding="utf-8")
        (folder / "hold.toml").write_text(HOLD, encoding="utf-8")
        (folder / "bright.toml").write_text(BRIGHT, encoding="utf-8")
        bench = Bench(laboratory, folder)
        handle = laboratory.drive.handle

        def heard(message: bytes) -> str | None:
            _, moved, target = message.partition(b"move abs ")
            if moved:
                bench.sent.append(int(target.partition(b":")[0]))
            return handle(message)

        laboratory.drive.handle = heard
        yield bench
        bench.close()


@dataclass(frozen=True, kw_only=True)
class Death:
    """One way to die, what the record says of it, and what a person has to do afterwards."""

    strike: Callable[[Bench], None]
    reason: str
    """Words of the stop document."""
    hold_within_s: float | None = 10.0
    """Wall-clock time until the screw stands before it is there; None: this move may end."""
    afterwards: Callable[[Bench], None] = lambda bench: None
    """What becomes of the laboratory once the run is over."""
    refused: str = ""
    """Words of the first `resume`; empty if that goes on."""
    decide: Callable[[Bench], None] = lambda bench: None
    """What a person does after that."""
    finished: bool = True
    """Whether anybody was left to write the manifest."""
    look: Callable[[Bench, Run], None] = lambda bench, run: None
    """What else there is to be seen."""


def worker(number: int) -> Callable[[Bench], None]:
    return lambda bench: os.kill(bench.worker, number)


def guardian(*numbers: int) -> Callable[[Bench], None]:
    return lambda bench: [bench.going().send_signal(number) for number in numbers]


def both(bench: Bench) -> None:
    bench.going().send_signal(signal.SIGSTOP)
    os.kill(bench.worker, signal.SIGKILL)
    bench.going().send_signal(signal.SIGKILL)


def silence(role: str) -> Callable[[Bench], None]:
    return lambda bench: bench.laboratory.faults[role].next(Fault.SILENCE, count=100_000)


def sound(bench: Bench) -> None:
    for faults in bench.laboratory.faults.values():
        faults.clear()


def full_disk(bench: Bench) -> None:
    size = (bench.last_run().folder / "documents.jsonl").stat().st_size
    resource.prlimit(bench.worker, resource.RLIMIT_FSIZE, (size, size))


def declare(bench: Bench) -> None:
    turns = f"{bench.laboratory.twin.turns:.5f}"
    options = ("--turns", turns, "--reason", "seen on the scale of the screw")
    assert bench.carried_out("drive", "declare", "station.toml", *options)[0] == 0


def was_taken_over(bench: Bench, run: Run) -> None:
    assert run.stop is not None and run.stop["closed_by"] == "guardian"
    assert run.stop["num_events"] == {
        stream: len(run.table(stream).get("seq_num", ())) for stream in run.streams
    }
    log = (run.folder / "guardian.jsonl").read_bytes().splitlines()
    seen = [orjson.loads(line) for line in log]
    assert {"run", "worker_dead", "hold"} <= {entry["what"] for entry in seen}
    assert all(entry["done"] for entry in seen if entry["what"] == "hold")
    modules = json.loads((bench.folder / "modules.json").read_text())
    assert "devices.drivers.zaber" in modules, "the guardian reached no instrument"
    assert not [name for name in modules if name.partition(".")[0] in ("bluesky", "ophyd")]


def ended_in_order(bench: Bench, run: Run) -> None:
    assert run.stop is not None and "closed_by" not in run.stop


DEATHS = {
    "kill -9 of the worker": Death(
        strike=worker(signal.SIGKILL), reason="SIGKILL", hold_within_s=2.0, look=was_taken_over
    ),
    # at this speed the move itself ends before a frozen worker is given up
    "a frozen worker": Death(
        strike=worker(signal.SIGSTOP), reason="froze", hold_within_s=None, look=was_taken_over
    ),
    "SIGTERM to the worker": Death(
        strike=worker(signal.SIGTERM), reason="SIGTERM", look=ended_in_order
    ),
    "Ctrl-C": Death(strike=guardian(signal.SIGINT), reason="Ctrl-C", look=ended_in_order),
    # Ctrl-Z first, after which nothing else would be heeded
    "a dropped ssh session": Death(
        strike=guardian(signal.SIGTSTP, signal.SIGHUP), reason="SIGHUP", look=ended_in_order
    ),
    "kill -9 of the guardian": Death(
        strike=guardian(signal.SIGKILL), reason="guardian", look=ended_in_order
    ),
    "kill -9 of both": Death(strike=both, reason="", hold_within_s=None, finished=False),
    "a bug": Death(
        strike=worker(signal.SIGUSR1), reason="a bug in a plan", hold_within_s=None,
    ),
    "a full disk": Death(strike=full_disk, reason="", hold_within_s=None),
    "a lost drive": Death(
        strike=silence("drive"), reason="did not answer", hold_within_s=None, afterwards=sound
    ),
    "a lost spectrometer": Death(
        strike=silence("spectrometer"), reason="spectrometer", hold_within_s=None,
        afterwards=sound,
    ),
    "a drive that rebooted": Death(
        strike=lambda bench: bench.laboratory.drive.power_cycle(), reason="",
        refused="lost its reference", decide=declare,
    ),
    "a controller that rebooted": Death(
        strike=lambda bench: bench.laboratory.cryostat.power_cycle(), reason="switched off and on",
        hold_within_s=None, refused="heater is off",
        decide=lambda bench: bench.laboratory.cryostat.execute("RANGE 1,3"),
    ),
}  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DEATHS)
def test_a_ramp_that_dies_is_held_and_taken_up_again(bench: Bench, name: str) -> None:
    """Each death strikes in the move with which the one before was taken up."""
    if name == "a full disk" and not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits the files of another process")
    death, ramp = DEATHS[name], bench.going()
    run, sent = bench.last_run(), len(bench.sent)
    worker_id = bench.worker
    death.strike(bench)
    if death.hold_within_s is not None:
        wait_until(bench.stands_still, death.hold_within_s, "the drive was not stopped")
    ramp.communicate(timeout=90)
    wait_until(lambda: not is_alive(worker_id), 90, "the worker outlived its guardian")
    death.afterwards(bench)
    wait_until(bench.stands_still, 10, "the drive still moves")
    assert ramp.returncode in (1, -signal.SIGKILL)
    assert len(bench.sent) == sent, "something was sent to the drive afterwards"
    was_cut = death.hold_within_s is not None
    assert (bench.laboratory.drive.axes[0].busy, was_cut) == (False, stands_short(bench, run))
    nothing_is_lost(bench, run)
    bench.guardian = None
    if death.refused:
        status, err = bench.carried_out("resume", run.uid[:8])
        assert status == 2 and death.refused in err and "Nothing was moved" in err, err
        assert len(bench.sent) == sent
        death.decide(bench)
    standing = bench.laboratory.twin.turns
    bench.begin("resume", run.uid[:8], "--json")
    again = bench.last_run()
    # a run that nobody could end was ended by the one that takes it up
    run = open_run(run.folder)
    assert run.exit_status in ("abort", "fail") and run.reason and death.reason in run.reason
    assert not death.finished or verify_manifest(run.folder) == []
    death.look(bench, run)
    assert again.start["continues"] == run.uid
    (move,) = bench.intents_of(again)
    assert move["from_turns"] == pytest.approx(standing, abs=MICROSTEP_TURNS)
    assert move["to_turns"] > standing + MICROSTEP_TURNS
    # each target once, and none behind another: by what has come down the wire
    assert all(second > first for first, second in pairwise(bench.sent)), bench.sent
    assert len(bench.sent) == sent + 1


def stands_short(bench: Bench, run: Run) -> bool:
    (intent,) = bench.intents_of(run)
    return intent["to_turns"] - bench.laboratory.twin.turns > MICROSTEP_TURNS


def nothing_is_lost(bench: Bench, run: Run) -> None:
    """The guardian was told of each step once it was recorded."""
    told = {
        entry["number"]
        for entry in bench.records("guardian.jsonl")
        if entry["what"] == "step" and entry["run"] == run.uid
    }
    assert told and told <= {int(number) for number in run.table("primary")["seq_num"]}


@pytest.mark.timeout(300)
def test_what_was_taken_up_ends_as_asked_and_is_over_then(bench: Bench) -> None:
    ramp, held = bench.going(), bench.last_run()
    out, err = ramp.communicate(timeout=200)
    bench.guardian = None
    assert ramp.returncode == 0, err
    assert json.loads(out)["uid"] == held.uid and bench.last_run().exit_status == "success"
    assert bench.laboratory.twin.turns == pytest.approx(LAST_TURNS, abs=MICROSTEP_TURNS)
    assert all(second > first for first, second in pairwise(bench.sent)), bench.sent
    before = str(held.start.get("continues", held.uid))
    status, err = bench.carried_out("resume", before[:8])
    assert status == 2 and ("moved the screw" in err or "nothing to take up" in err)


@pytest.mark.timeout(300)
def test_a_laser_whose_worker_is_killed_is_shut_and_charged_until_then(bench: Bench) -> None:
    laser = bench.laboratory.laser.head
    watch = bench.command("run", "bright.toml")
    wait_until(lambda: laser.lit or watch.poll() is not None, 90, "nothing was lit")
    assert watch.poll() is None, watch.communicate()[1]
    os.kill(bench.worker, signal.SIGKILL)
    wait_until(lambda: not laser.lit, 10, "the laser stays on")
    assert watch.communicate(timeout=90) and watch.returncode == 1
    opening, end = bench.records("light.jsonl")[-2:]
    assert (opening["kind"], end["kind"]) == ("opening", "proved_off")
    assert end["id"] == opening["id"] and "shut by the guardian" in end["reason"]
    assert 0.0 < end["open_s"] <= SPEED * (end["time"] - opening["time"]) + 1e-6
    # the run's own copy has it too: its page need not say that the light has no known end
    copied = (bench.last_run().folder / "light.jsonl").read_bytes().splitlines()
    assert orjson.loads(copied[-1])["kind"] == "proved_off"


@pytest.mark.timeout(300)
def test_a_hold_is_taken_up_for_the_hours_that_were_not_watched(bench: Bench) -> None:
    watch = bench.command("run", "hold.toml")
    wait_until(lambda: len(steps_of_the_last_run(bench)) >= 3, 90, "nothing was watched")
    watch.send_signal(signal.SIGTERM)
    assert watch.communicate(timeout=90) and watch.returncode == 1
    held, times_s = bench.last_run(), steps_of_the_last_run(bench)
    status, err = bench.carried_out("resume", held.uid[:8])
    assert status == 0, err
    run = bench.last_run()
    assert run.start["continues"] == held.uid and run.exit_status == "success"
    left_h = 0.02 - (times_s[-1] - times_s[0]) / 3600.0
    assert run.start["plan_args"]["duration_h"] == pytest.approx(left_h, abs=1e-6)


def steps_of_the_last_run(bench: Bench) -> list[float]:
    """Laboratory time of each step of a hold; none before one has begun."""
    runs = list_runs(bench.folder / "runs")
    if not runs or runs[0].plan != "hold":
        return []
    return [float(value) for value in open_run(runs[0].folder).table("primary").get(TIME_KEY, ())]
