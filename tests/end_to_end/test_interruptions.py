"""Rule 4 with the real session over the wire: what happens inside a move ends the run in hold."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from bluesky.suspenders import SuspendCeil
from ophyd import Signal

from dac_control.app.session import Session, build_session
from dac_control.app.simulated_station import station_toml
from dac_control.errors import DacError
from dac_control.records import open_run
from plans.gauge_settings import RubySettings
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets
from simulators.faults import Fault
from simulators.laboratory import Laboratory

# Slow enough that a move of 0.05 turns takes about 3 s on the wall, quick enough for a test.
SPEED = 10.0
SETTINGS = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=1000,
        window_s=4,
        interval_s=1,
        min_dwell_s=0,
        max_dwell_s=8,
        min_readings=3,
    ),
    ruby=RubySettings(exposure_s=0.2),
)


@dataclass
class Bench:
    """A laboratory in this process and a session that meets it over loopback only."""

    laboratory: Laboratory
    session: Session
    folder: Path

    def kinds(self) -> list[str]:
        lines = (self.folder / "state" / "intents.jsonl").read_bytes().splitlines()
        return [orjson.loads(line)["kind"] for line in lines]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Laboratory(seed=2, speed=SPEED, folder=tmp_path / "camera") as laboratory:
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=2)
        station = tmp_path / "station.toml"
        station.write_text(text, encoding="utf-8")
        with build_session(station) as session:
            session.require_ready()
            yield Bench(laboratory, session, tmp_path)


def interrupted(bench: Bench, interrupt: Callable[[], None]) -> tuple[Any, float]:
    """Ramp with one long move, interrupt inside it; return the run and the stopping time."""
    axis, times = bench.laboratory.drive.axes[0], {}

    def watch() -> None:
        deadline = time.monotonic() + 30
        start = bench.laboratory.twin.turns
        while abs(bench.laboratory.twin.turns - start) < 0.002 and time.monotonic() < deadline:
            time.sleep(0.005)
        times["asked"] = time.monotonic()
        interrupt()
        while axis.busy and time.monotonic() < deadline:
            time.sleep(0.005)
        times["still"] = time.monotonic()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    step = Targets.turns([0.05])
    settings = RampSettings(
        dwell=SETTINGS.dwell, ruby=SETTINGS.ruby, step=StepSettings(probe_turns=0.05)
    )
    try:
        bench.session.run(pressure_ramp(bench.session.instruments, step, settings=settings))
    except DacError:
        pass
    watcher.join(30)
    assert bench.session.engine.state == "idle"
    folder = bench.session.recorder.folder
    assert folder is not None
    return open_run(folder), times["still"] - times["asked"]


def ended_in_hold(bench: Bench, run: Any) -> None:
    kinds = bench.kinds()
    assert kinds.count("intent") == 1, "a move was repeated"
    assert kinds[-1] == "failed", kinds
    assert run.exit_status in ("abort", "fail")
    assert len(run.table("primary")["seq_num"]) == 1, "a step was recorded for a cut move"
    before = bench.laboratory.twin.turns
    time.sleep(0.1)
    assert bench.laboratory.twin.turns == before < 0.049


@pytest.mark.skipif(os.name == "nt", reason="os.kill sends no Ctrl-C on Windows")
def test_ctrl_c_stops_the_drive_at_once(bench: Bench) -> None:
    run, stopped_after_s = interrupted(bench, lambda: os.kill(os.getpid(), signal.SIGINT))
    ended_in_hold(bench, run)
    assert stopped_after_s < 1.0
    assert "Ctrl-C" in run.reason
    assert re.search("failed", (run.folder / "intents.jsonl").read_text())


def test_a_pause_stops_the_drive_at_once(bench: Bench) -> None:
    run, stopped_after_s = interrupted(
        bench, lambda: bench.session.engine.request_pause(defer=False)
    )
    ended_in_hold(bench, run)
    assert stopped_after_s < 1.0


def test_a_suspender_stops_the_drive_at_once(bench: Bench) -> None:
    helium = Signal(name="helium", value=0.0)
    bench.session.engine.install_suspender(SuspendCeil(helium, 1.0))
    run, stopped_after_s = interrupted(bench, lambda: helium.put(2.0))
    ended_in_hold(bench, run)
    assert stopped_after_s < 1.0


def test_a_link_cut_inside_a_move_stops_the_drive_over_a_new_one(bench: Bench) -> None:
    faults = bench.laboratory.faults["drive"]
    run, _ = interrupted(bench, lambda: faults.next(Fault.DROP_CONNECTION, count=4))
    assert bench.kinds().count("intent") == 1, "a move was repeated"
    # a link that comes back within the retries may let the move end; it is then read back
    assert run.exit_status in ("fail", "success")
    if run.exit_status == "fail":
        ended_in_hold(bench, run)
