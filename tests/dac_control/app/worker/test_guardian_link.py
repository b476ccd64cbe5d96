"""A worker's end of the line, over real sockets, with the twin's devices under it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from dac_control.app.guardian.channel import INVITATION, Door, Wire, knock
from dac_control.app.worker.guardian_link import GuardianLink
from dac_control.app.worker.published import PUBLISHED, Published
from dac_control.safety.rules import READINGS


@dataclass
class Line:
    """A guardian that only listens, and the worker's link to it."""

    guardian: Wire
    link: GuardianLink
    session: Any
    heard: list[dict[str, Any]] = field(default_factory=list)

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline:
            for message in list(self.heard):
                if wanted(message):
                    return message
            time.sleep(0.005)
        raise AssertionError(f"not heard among {[m['kind'] for m in self.heard]}")


@pytest.fixture
def line(laboratory: Any) -> Iterator[Line]:
    door = Door()
    environment = {INVITATION: door.invitation}
    outside: list[Any] = []
    knocking = threading.Thread(target=lambda: outside.append(knock(environment)))
    knocking.start()
    guardian = door.accept(10.0)
    knocking.join(10.0)
    door.close()
    assert guardian is not None
    session = SimpleNamespace(
        instruments=laboratory.instruments,
        clock=laboratory.clock,
        engine=laboratory.engine,
        recorder=laboratory.recorder,
        hold=laboratory.instruments.hold,
    )
    found = Line(guardian, GuardianLink(outside[0]), session)

    def collect() -> None:
        for message in guardian.messages():
            found.heard.append(message)

    threading.Thread(target=collect, daemon=True).start()
    yield found
    # an ending worker is past its run: that its guardian goes means nothing any more
    found.link._run_over = True
    found.link.farewell(0)
    guardian.close()
    outside[0].close()


def test_beats_tell_that_the_loop_turns_and_what_was_read(line: Line) -> None:
    with line.link.attend(line.session):
        line.wait_for(lambda m: m["kind"] == "ready")
        beat = line.wait_for(lambda m: m["kind"] == "beat" and "turns" in m.get("readings", {}))
        assert beat["loop_age_s"] < 5.0 and beat["in_a_move"] is False
        value, lab_time_s = beat["readings"]["turns"]
        assert value == pytest.approx(line.session.instruments.drive.turns.get())
        assert lab_time_s <= beat["lab_time_s"]


def test_a_loop_that_is_blocked_shows(line: Line) -> None:
    released = threading.Event()
    with line.link.attend(line.session):
        line.session.engine.loop.call_soon_threadsafe(released.wait)
        try:
            line.wait_for(lambda m: m["kind"] == "beat" and m.get("loop_age_s", 0.0) > 0.6)
        finally:
            released.set()
        line.heard.clear()
        line.wait_for(lambda m: m["kind"] == "beat" and m.get("loop_age_s", 9.0) < 0.5)


def test_the_guardian_holds_and_releases_by_its_own_reason(line: Line) -> None:
    hold = line.session.hold
    with line.link.attend(line.session):
        line.guardian.send({"kind": "hold", "reason": "rule 'ice': T rises"})
        line.wait_for(lambda m: m.get("held") == "rule 'ice': T rises")
        line.guardian.send({"kind": "release", "reason": "rule 'ice'"})
        line.heard.clear()
        line.wait_for(lambda m: m["kind"] == "beat" and m.get("held") is None)
        assert not hold.raised


def test_a_run_is_reported_and_ended_with_the_guardians_reason(line: Line) -> None:
    import bluesky.plan_stubs as bps
    from bluesky.utils import RunEngineInterrupted

    from plans.held_run import held_run

    def waiting() -> Any:
        yield from bps.sleep(60)

    def ask() -> None:
        line.wait_for(lambda m: m["kind"] == "run")
        line.guardian.send({"kind": "end", "reason": "rule 'warm': 95 K"})

    asking = threading.Thread(target=ask)
    with line.link.attend(line.session):
        asking.start()
        engine = line.session.engine
        with pytest.raises(RunEngineInterrupted):
            engine(held_run(waiting(), {"plan_name": "wait"}, line.session.instruments, ()))
        if engine.state == "paused":
            engine.abort()
        stop = line.wait_for(lambda m: m["kind"] == "stop")
    asking.join(10.0)
    assert stop["exit_status"] == "abort" and "95 K" in stop["reason"]
    run = line.wait_for(lambda m: m["kind"] == "run")
    assert run["folder"] == str(line.session.recorder.folder)


def test_the_heater_goes_off_before_the_run_ends(
    line: Line, laboratory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    monkeypatch.setattr(line.link, "_end", ended.append)
    with line.link.attend(line.session):
        line.guardian.send({"kind": "heater_off", "reason": "rule 'runaway'"})
        told = line.wait_for(lambda m: m["kind"] == "heater")
    assert told["off"] and laboratory.twin.loop(1).range == 0
    assert ended == ["rule 'runaway'"]


def test_every_name_is_one_that_rules_know() -> None:
    assert set(PUBLISHED) | {"moving", "disk_free_gb", "time_left_s"} == set(READINGS)


def test_only_news_are_published(laboratory: Any) -> None:
    published = Published(laboratory.instruments)
    first = published.news(time.time())
    assert {"turns", "moving", "cell_temperature_k"} <= set(first)
    laboratory.instruments.cryostat.trigger().wait(10)
    assert "cell_temperature_k" in published.news(time.time())
    # nothing of the ruby was ever measured
    assert "pressure_gpa" not in first


def test_what_is_foretold_is_published_with_the_pressure_that_it_was_said_of(
    laboratory: Any,
) -> None:
    found = laboratory.instruments
    published, now = Published(found), time.time()
    found.ruby.pressure_gpa.update(5.0, now)
    found.step.begin(2)
    found.step.note(predicted_low_gpa=8.0, predicted_high_gpa=9.0)
    news = published.news(now + 1.0)
    assert news["pressure_gpa"][0] == 5.0 and "predicted_low_gpa" not in news
    found.ruby.pressure_gpa.update(8.5, time.time() + 1.0)
    news = published.news(now + 2.0)
    assert news["pressure_gpa"][0] == 8.5 and news["predicted_low_gpa"][0] == 8.0
