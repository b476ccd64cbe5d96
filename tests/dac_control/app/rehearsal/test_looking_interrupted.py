"""A stop at any moment of a plan with stage and lamp: dark, and no place taken for known."""

from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station

RUN = 'plan = "measure_reflectance"\nsample = "hydrogen"\n'


@pytest.fixture(scope="module")
def station(optics_station: Path) -> Station:
    return load_station(optics_station)


@pytest.mark.parametrize("after_s", [2.0, 20.0, 46.0, 52.0, 80.0, 104.0])
def test_a_stop_leaves_no_lamp_on_and_no_place_known_that_is_not(
    station: Station, tmp_path: Path, after_s: float
) -> None:
    (tmp_path / "run.toml").write_text(RUN)
    found: list[VirtualLaboratory] = []
    starts: list[float] = []

    def pause(engine: Any) -> None:
        found[0].session.hold.note_interruption("ended by a test")
        # what request_pause does, which waits for the loop and so may not be called on it
        engine.loop.create_task(engine._request_pause_coro())

    def listen(name: str, doc: Any) -> None:
        if name == "start":
            engine = found[0].session.engine
            starts.append(found[0].clock.now())
            engine.loop.call_soon_threadsafe(engine.loop.call_later, after_s, pause, engine)

    rehearsed = rehearse_once(
        station,
        load_run_file(tmp_path / "run.toml", station),
        0,
        listener=listen,
        prepare=found.append,
    )
    assert rehearsed.exit_status == "abort" and rehearsed.reason == "ended by a test"
    assert found[0].clock.now() < starts[0] + after_s + 30.0
    instruments = found[0].session.instruments
    assert not instruments.lamp._driver.lit
    assert instruments.lamp.account.unended("lamp") == []
    driver = instruments.spots._driver
    assert str(instruments.spots.spot.get()) in ("", driver.read().spot)


def test_lamp_lines_put_the_axis_right_and_leave_the_lamp_off(
    optics_station: Path, tmp_path: Path
) -> None:
    path = optics_station.with_name("line_lamp.toml")
    lamp = '\n[devices.line_lamp]\ndriver = "manual"\npower_mw = 1.0\n'
    path.write_text(optics_station.read_text() + lamp)
    station = load_station(path)
    (tmp_path / "run.toml").write_text(
        'plan = "calibrate_axis"\nlamp = "neon"\nexposures_s = [0.02, 0.5]\naverages = 2\n'
    )
    kept: list[VirtualLaboratory] = []
    run = load_run_file(tmp_path / "run.toml", station)
    rehearsed = rehearse_once(station, run, 0, prepare=kept.append)
    assert rehearsed.exit_status == "success", rehearsed.reason
    instruments = kept[0].session.instruments
    assert instruments.spectrometer.axis is not None
    assert not instruments.line_lamp.is_on.get()
    assert {(dose.light, dose.spot) for dose in rehearsed.doses} == {("lamp", "lamp")}
