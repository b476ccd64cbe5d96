"""What the guardian writes down for a worker that died with light on the specimen."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.guardian.left_open import LeftOpen
from dac_control.app.guardian.take_over import Deed, TakeOver
from dac_control.app.guardian.watch import WorkerState
from dac_control.app.light import make_account
from dac_control.app.state_files import LIGHT_NAME, guardian_log
from dac_control.app.station import Station, load_station
from dac_control.clock import SteadyClock
from dac_control.records import LightLedger
from dac_control.safety.light import LightAccount
from devices.timing import Timing

EXAMPLES = Path(__file__).parents[4] / "examples"
SHOT_AT, SPEED = 1_795_000_000.0, 10.0
LASER = {"power_mw": 2.0, "spot": "chip", "light": "532nm"}
LAMP = {"power_mw": 5.0, "spot": "sample", "light": "lamp"}


@pytest.fixture
def station(tmp_path: Path) -> Station:
    for name in ("hydrogen_station.toml", "vibron_scale.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    return load_station(tmp_path / "hydrogen_station.toml")


def ledger(station: Station) -> LightLedger:
    return LightLedger(station.storage.state / LIGHT_NAME)


def account(station: Station, at: float) -> LightAccount:
    timing = Timing(wall_time=lambda: at)
    return make_account(station, ledger(station), SteadyClock(SPEED), timing)


def light_up(station: Station, device: str, light: str, spot: str, power_mw: float) -> None:
    account(station, SHOT_AT).begin(light, spot, power_mw=power_mw, device=device)


def end(station: Station, *deeds: Deed) -> list[str]:
    taken = cast(TakeOver, SimpleNamespace(drive=None, deeds=list(deeds)))
    state = WorkerState(now_s=0.0, speed=SPEED)
    chronicle = Chronicle(guardian_log(station.storage.state), lambda: "run")
    return LeftOpen(
        station=station, state=state, chronicle=chronicle, why="the worker died", now_s=lambda: 0.0
    ).end(taken)


def laser(**about: Any) -> Deed:
    return Deed(role="laser", address="COM5", **about)


def test_a_laser_that_was_read_back_as_dark_is_charged_until_then(station: Station) -> None:
    light_up(station, "laser", **LASER)
    assert end(station, laser(done=True, held_at=SHOT_AT + 3.0)) == []
    record = ledger(station).read()[-1]
    assert (record["kind"], record["time"]) == ("proved_off", SHOT_AT + 3.0)
    assert "guardian" in record["reason"]
    # ten hours later: what counts is the time until the guardian saw it dark
    dose = account(station, SHOT_AT + 36_000.0).dose("532nm", "chip")
    assert (dose.open_s, dose.unended) == (pytest.approx(3.0 * SPEED), 0)


def test_a_laser_that_nobody_saw_dark_counts_on(station: Station) -> None:
    light_up(station, "laser", **LASER)
    assert end(station, laser(done=False, error="the line is cut")) == []
    dose = account(station, SHOT_AT + 100.0).dose("532nm", "chip")
    assert (dose.open_s, dose.unended) == (pytest.approx(100.0 * SPEED), 1)


def test_a_lamp_that_a_person_left_on_is_named_and_counts_on(station: Station) -> None:
    dark = laser(done=True, held_at=SHOT_AT + 3.0)
    assert end(station, dark) == [], "a lamp that is off is nobody's concern"
    light_up(station, "lamp", **LAMP)
    (said,) = end(station, dark)
    assert "nobody said that lamp is off" in said
    assert account(station, SHOT_AT + 9.0).dose("lamp", "sample").unended == 1
