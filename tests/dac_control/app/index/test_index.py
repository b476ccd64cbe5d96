"""Runs in a real Tiled, embedded over SQLite and PostgreSQL, and behind HTTP."""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dac_control.app.commands.index import index_runs
from dac_control.app.index.target import (
    EMBEDDED_KEY,
    embedded_app,
    open_target,
    parse_target,
)
from dac_control.errors import ConfigurationError, IndexUnreachable
from dac_control.records import open_run

pytest.importorskip("tiled.server", reason="Tiled is not installed (extra tiled)")
pytest.importorskip("bluesky_tiled_plugins", reason="its plugins are not installed (extra tiled)")

from dac_control.app.index.feeder import Feeder

pytestmark = [
    pytest.mark.timeout(300),
    # Tiled and what it stands on
    pytest.mark.filterwarnings("default::DeprecationWarning"),
    pytest.mark.filterwarnings("default::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::UserWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Any]:
    """A Tiled behind HTTP on loopback, the one server of this session: its start costs seconds."""
    import uvicorn

    target = parse_target("../index", base=root, files=None, key=None)
    config = uvicorn.Config(embedded_app(target, root), host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    served = parse_target(uri, base=root, files=None, key=EMBEDDED_KEY)
    with open_target(served, root) as opened:
        yield opened
    server.should_exit = True
    thread.join(30.0)


def wait_until(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def outcomes(fed: list[Any]) -> dict[str, str]:
    return {each.uid: each.outcome for each in fed}


def test_a_finished_run_is_added_once_and_reads_as_the_record(
    client: Any, root: Path, recording: Any
) -> None:
    run = recording(root, frames=True, specimen={"id": "H-7"})
    for number in range(4):
        run.step(float(number))
    run.shoot()  # one frame more than events, as after a kill
    run.end()
    feeder = Feeder(client)
    (fed,) = [each for each in feeder.feed_all(root) if each.uid == run.uid]
    assert (fed.outcome, fed.notes) == ("added", [])
    assert run.uid not in outcomes(feeder.feed_all(root))
    assert run.uid not in outcomes(Feeder(client).feed_all(root))
    found = client[run.uid]
    table = open_run(run.folder).table()
    assert found.metadata["start"]["specimen"]["id"] == "H-7"
    assert found.metadata["stop"]["exit_status"] == "success"
    assert found["primary"]["ruby_pressure_gpa"].read().tolist() == [0.0, 1.0, 2.0, 3.0]
    spectra = found["primary"]["spectrometer_spectrum"].read()
    assert np.array_equal(spectra, table["spectrometer_spectrum"])
    frames = found["primary"]["microscope_frame"].read().reshape(4, 6, 8)
    assert np.array_equal(frames, open_run(run.folder).frames())
    assert found["primary"].read().sizes["time"] == 4


@pytest.mark.parametrize("even", [True, False])
def test_frames_stand_beside_their_events_wherever_they_lie_in_the_file(
    client: Any, root: Path, recording: Any, even: bool
) -> None:
    run = recording(root, frames=True)
    for number in range(4):
        if even or number == 1:
            run.shoot()
        run.step()
    run.end()
    (fed,) = [each for each in Feeder(client).feed_all(root) if each.uid == run.uid]
    assert (fed.outcome, fed.notes) == ("added", [])
    found = client[run.uid]["primary"]
    frames = found["microscope_frame"].read().reshape(4, 6, 8)
    assert np.array_equal(frames, open_run(run.folder).frames())
    assert found.read().sizes["time"] == 4


def test_a_live_run_grows_and_is_completed(client: Any, root: Path, recording: Any) -> None:
    run = recording(root, frames=True)
    run.step()
    feeder = Feeder(client)
    assert outcomes(feeder.feed_all(root))[run.uid] == "added"
    assert outcomes(feeder.feed_all(root))[run.uid] == "unchanged"
    run.step()
    assert outcomes(feeder.feed_all(root))[run.uid] == "grown"
    assert len(client[run.uid]["primary"]["drive_turns"].read()) == 2
    assert "stop" not in client[run.uid].metadata
    # another process goes on with it
    run.step()
    other = Feeder(client)
    assert outcomes(other.feed_all(root))[run.uid] == "grown"
    assert len(client[run.uid]["primary"]["drive_turns"].read()) == 3
    run.step()
    run.end("abort", "a person stopped it")
    assert outcomes(other.feed_all(root))[run.uid] == "completed"
    found = client[run.uid]
    assert found.metadata["stop"]["reason"] == "a person stopped it"
    assert found["primary"]["microscope_frame"].shape[0] == 4


def test_what_was_cut_off_half_way_is_written_anew(client: Any, root: Path, recording: Any) -> None:
    run = recording(root)
    for _ in range(3):
        run.step()
    run.end()
    writer = Feeder(client)._writer(1)
    documents = list(open_run(run.folder).documents())
    for name, doc in documents[:3]:
        writer(name, doc)
    assert outcomes(Feeder(client).feed_all(root))[run.uid] == "completed"
    assert len(client[run.uid]["primary"]["drive_turns"].read()) == 3


def test_columns_that_change_their_type_are_written_in_one_piece(
    client: Any, root: Path, recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dac_control.app.index.feeder._BATCH", 1)
    run = recording(root)
    run.step(1)
    run.step(1.5)
    run.end()
    assert outcomes(Feeder(client).feed_all(root))[run.uid] == "added"
    assert client[run.uid]["primary"]["ruby_pressure_gpa"].read().tolist() == [1.0, 1.5]


def test_a_run_that_tiled_refuses_is_said_and_left_alone_until_it_changes(
    client: Any, root: Path, recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recording(root)
    run.step()
    run.end()
    feeder = Feeder(client)

    def refuse(batch: int) -> Any:
        raise OSError("the disk is full")

    monkeypatch.setattr(feeder, "_writer", refuse)
    (fed,) = [each for each in feeder.feed_all(root) if each.uid == run.uid]
    assert (fed.outcome, fed.notes) == ("failed", ["OSError: the disk is full"])
    assert run.uid not in outcomes(feeder.feed_all(root))
    monkeypatch.undo()
    assert outcomes(Feeder(client).feed_all(root))[run.uid] == "added"


def test_an_index_that_went_away_is_no_fault_of_a_run(
    client: Any, root: Path, recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recording(root)
    run.step()
    run.end()
    feeder = Feeder(client)

    def gone(batch: int) -> Any:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(feeder, "_writer", gone)
    with pytest.raises(IndexUnreachable, match="does not answer any more: ConnectError: refused"):
        feeder.feed_all(root)
    monkeypatch.undo()
    assert outcomes(feeder.feed_all(root))[run.uid] == "added"


def test_nothing_is_read_again_of_a_run_that_is_in_the_index(
    client: Any, root: Path, recording: Any, caplog: pytest.LogCaptureFixture
) -> None:
    run = recording(root)
    run.step()
    run.end()
    feeder = Feeder(client)
    assert outcomes(feeder.feed_all(root))[run.uid] == "added"
    assert run.uid not in [info.uid for info in feeder.pending(root)]
    journal = run.folder / "documents.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(b"unreadable")
    caplog.clear()
    assert feeder.pending(root) == []
    journal.write_bytes(content)
    assert caplog.text == ""


def test_runs_can_be_searched(client: Any, root: Path, recording: Any) -> None:
    from tiled.queries import Key

    run = recording(root, specimen={"id": "only-here"})
    run.step()
    run.end()
    Feeder(client).feed_all(root)
    assert list(client.search(Key("start.specimen.id") == "only-here")) == [run.uid]


def test_postgresql_by_the_same_setting(
    client: Any, postgresql: str, tmp_path: Path, recording: Any
) -> None:
    run = recording(tmp_path / "runs", frames=True)
    for _ in range(3):
        run.step()
    run.end()
    target = parse_target(postgresql, base=tmp_path, files=tmp_path / "files", key=None)
    for wanted in ({run.uid: "added"}, {}):
        with open_target(target, tmp_path / "runs") as opened:
            assert outcomes(Feeder(opened).feed_all(tmp_path / "runs")) == wanted
            found = opened[run.uid]
            assert found["primary"]["drive_turns"].read().tolist() == [0.01, 0.02, 0.03]
            assert found["primary"]["microscope_frame"].shape[0] == 3


def test_a_run_goes_on_while_its_index_fails(
    client: Any, tmp_path: Path, recording: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "runs"
    run = recording(root)
    over, stop = threading.Event(), threading.Event()

    def record() -> None:
        while not stop.wait(0.01):
            run.step()
        run.end()
        over.set()

    threading.Thread(target=record, daemon=True).start()
    status = index_runs(root, None, to="http://127.0.0.1:1", follow=False, as_json=False)
    stop.set()
    assert over.wait(20.0)
    said = capsys.readouterr().out
    assert status == 1
    assert said.count("The index at http://127.0.0.1:1 cannot be opened") == 1
    assert "Runs do not depend on it" in said
    ended = open_run(run.folder)
    assert ended.exit_status == "success"
    assert len(ended.table()["seq_num"]) == run.count > 0


def test_following_goes_on_until_it_is_ended(
    client: Any, root: Path, recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dac_control.app.commands import index

    monkeypatch.setattr(index, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(index, "TRY_AGAIN_S", 0.01)
    tries = []

    @contextlib.contextmanager
    def now_and_then(target: Any, readable: Path) -> Iterator[Any]:
        tries.append(target)
        if len(tries) < 3:
            raise IndexUnreachable("not yet")
        yield client

    monkeypatch.setattr(index, "open_target", now_and_then)
    run = recording(root)
    run.step()
    dead = recording(root)
    dead.step()
    over = threading.Event()
    thread = threading.Thread(
        target=index.index_runs,
        args=(root, None),
        kwargs={"to": "x", "follow": True, "as_json": False, "over": over},
    )
    thread.start()
    run.end()
    wait_until(lambda: run.uid in client and "stop" in client[run.uid].metadata)
    wait_until(lambda: dead.uid in client)
    assert "stop" not in client[dead.uid].metadata
    dead.die()
    wait_until(lambda: "stop" in client[dead.uid].metadata)
    assert "the process died" in client[dead.uid].metadata["stop"]["reason"]
    over.set()
    thread.join(30.0)
    assert not thread.is_alive()
    assert len(tries) == 3


def test_the_command_feeds_a_folder_over_sqlite(
    client: Any, tmp_path: Path, recording: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = recording(tmp_path / "runs")
    run.step()
    run.end()
    dead = recording(tmp_path / "runs", frames=True)
    dead.step()
    dead.die()
    to = str(tmp_path / "index")
    assert index_runs(tmp_path / "runs", None, to=to, follow=False, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (set(told["added"]), told["failed"], told["error"]) == ({run.uid, dead.uid}, [], None)
    with contextlib.closing(sqlite3.connect(tmp_path / "index" / "catalog.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    closed = open_run(dead.folder)
    assert (closed.exit_status, "the process died" in closed.reason) == ("abort", True)


@pytest.mark.parametrize("uri", ["mysql://x/y", "ftp://x"])
def test_other_addresses_are_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be at a"):
        parse_target(uri, base=tmp_path, files=None, key=None)


def test_addresses_are_shown_without_secrets(tmp_path: Path) -> None:
    uri = "postgresql://me:hunter2@db.example/runs"
    target = parse_target(uri, base=tmp_path, files=None, key=None)
    assert target.shown == "postgresql://db.example/runs"
    assert parse_target("idx", base=tmp_path, files=None, key=None).files == tmp_path / "idx"


def test_it_must_be_said_what_and_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--to"):
        index_runs(tmp_path, None, to=None, follow=False, as_json=False)


def test_more_than_a_hundred_are_counted_and_not_estimated(tmp_path: Path) -> None:
    target = parse_target("index", base=tmp_path, files=None, key=None)
    with open_target(target, tmp_path) as opened:
        for number in range(103):
            opened.create_container(str(number))
        assert len(opened) == 103
