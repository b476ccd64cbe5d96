"""Cooldown, warmup and hold over the twin: P(T) is recorded, the screw stands, limits hold."""

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from dac_control.errors import InstrumentError, LimitError, LinkDown, RampHeld
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer, StrengthRatio
from plans.calibrate_axis import calibrate_axis_plan
from plans.gauge_settings import RubySettings
from plans.hold import hold
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import temperature_looks
from plans.measure_gain import measure_gain
from plans.measure_lambda0 import measure_lambda0
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, Targets
from plans.specimen import check_specimen_temperature
from plans.temperature_ramp import cooldown, warmup
from plans.watching_settings import HoldSettings, TemperatureSettings

RUBY = RubySettings(exposure_s=0.5, attempts=2, longest_exposure_s=4.0)
SHORT = RampSettings(
    dwell=DwellSettings(window_s=60, interval_s=20, min_dwell_s=0, max_dwell_s=60, min_readings=3),
    ruby=RUBY,
)
QUICK = TemperatureSettings(every_k=2.0, look_every_s=30.0, ruby=RUBY)


def temperatures(laboratory) -> list[float]:
    return [event["data"]["cryostat_cell_temperature_k"] for event in laboratory.events("primary")]


def test_a_cooldown_records_the_pressure_at_every_few_kelvin(laboratory) -> None:
    rules = replace(rules_of(laboratory.instruments), cell_k=80.0)
    laboratory.engine(cooldown(laboratory.instruments, 74.0, settings=QUICK))
    seen = temperatures(laboratory)
    (counted,) = temperature_looks(QUICK, rules, 74.0, rising=False)
    assert len(seen) >= 4 > counted.count >= 3, "no more are counted than were taken"
    assert seen[0] == pytest.approx(80.0, abs=1.5) and seen[-1] == pytest.approx(74.0, abs=1.5)
    assert all(b < a + 0.2 for a, b in itertools.pairwise(seen))
    assert all(event["data"]["ruby_measured"] for event in laboratory.events("primary"))
    assert {event["data"]["step_branch"] for event in laboratory.events("primary")} == {"cooldown"}
    assert laboratory.stop_doc()["exit_status"] == "success"
    assert not laboratory.screw.sent, "no load change while the temperature moves"


def test_what_the_specimen_does_not_stand_is_refused_before_anything_changes(laboratory) -> None:
    instruments = replace(laboratory.instruments, max_temperature_k=82.0)
    with pytest.raises(LimitError, match="max_temperature_k"):
        laboratory.engine(warmup(instruments, 90.0, settings=QUICK))
    assert not laboratory.documents


EVERY_PLAN = {
    "cooldown": lambda i: cooldown(i, 60.0, settings=QUICK),
    "measure_lambda0": lambda i: measure_lambda0(i, "chip 3"),
    "calibrate_axis": lambda i: calibrate_axis_plan(i, "neon"),
    "measure_gain": lambda i: measure_gain(replace(i, lamp=i.workbench)),
}


@pytest.mark.parametrize("plan", EVERY_PLAN)
def test_a_specimen_that_is_too_warm_holds_every_run_before_any_light_or_move(
    laboratory, plan: str
) -> None:
    instruments = replace(laboratory.instruments, max_temperature_k=70.0)
    seen: list[str] = []
    laboratory.engine.msg_hook = lambda msg: seen.append(
        f"{msg.command} {getattr(msg.obj, 'name', '')}"
    )
    with pytest.raises(RampHeld, match=r"reads 80.* above specimen\.max_temperature_k \(70 K\)"):
        laboratory.engine(EVERY_PLAN[plan](instruments))
    stop = laboratory.stop_doc()
    assert stop["exit_status"] == "fail" and sum(stop["num_events"].values()) == 1
    assert not [each for each in seen if each.startswith("set ") or "spectrometer" in each]


def test_one_that_becomes_too_warm_holds_the_run_at_the_next_reading(laboratory) -> None:
    instruments = replace(laboratory.instruments, max_temperature_k=90.0)

    def warm(name: str, doc: dict) -> None:
        if name == "event" and doc["data"].get("step_number") == 1 and doc["seq_num"] == 2:
            laboratory.cryostat.warmer_k = 20.0

    laboratory.engine.subscribe(warm)
    with pytest.raises(RampHeld, match=r"above specimen\.max_temperature_k"):
        laboratory.engine(pressure_ramp(instruments, Targets.turns([0.01])))
    assert len(laboratory.events("dwell")) == 3 and not laboratory.screw.sent


COLD_K = 78.0
STRENGTH = StrengthRatio(0.7, 0.03)


def with_chip(ratio: float) -> Instruments:
    chip = RubyThermometer(STRENGTH).temperature(ratio, 0.005)
    cell = SimpleNamespace(last=SimpleNamespace(cell_temperature_k=COLD_K))
    stand_in = SimpleNamespace(
        max_temperature_k=80.0, cryostat=cell, ruby=SimpleNamespace(chip=chip)
    )
    return cast(Instruments, stand_in)


def ratio_at(chip_k: float) -> float:
    return STRENGTH.value * math.exp(-29.2 * 1.4387769 / chip_k)


@pytest.mark.parametrize("ratio", [*map(ratio_at, (120.0, 200.0, 300.0, 1000.0)), 0.7, 0.9])
def test_light_that_heats_the_chip_holds_the_run_however_hot_it_is(ratio: float) -> None:
    with pytest.raises(RampHeld, match=r"own lines say .*, above .* reads 78\.00 K"):
        check_specimen_temperature(with_chip(ratio))


@pytest.mark.parametrize("ratio", [*map(ratio_at, (20.0, 79.0, 90.0)), 1e-4, math.nan])
def test_a_chip_that_is_not_certainly_too_warm_holds_nothing(ratio: float) -> None:
    check_specimen_temperature(with_chip(ratio))


def test_a_run_ends_where_its_own_ruby_says_that_it_is_hot(laboratory) -> None:
    ruby = laboratory.instruments.ruby
    # to a chip of that strength ratio the twin's R2 is more than any heat explains
    ruby.thermometer = RubyThermometer(StrengthRatio(0.3, 0.01))
    instruments = replace(laboratory.instruments, max_temperature_k=90.0)
    with pytest.raises(RampHeld, match=r"lines say endlessly hot .*, above"):
        laboratory.engine(pressure_ramp(instruments, Targets.turns([0.1]), settings=SHORT))
    assert not laboratory.screw.sent


def test_a_ramp_does_not_go_on_loading_while_the_temperature_runs_away(laboratory) -> None:
    def warm(turns: float) -> None:
        laboratory.cryostat.warmer_k += 4.0

    laboratory.screw.on_move = warm
    said = (
        "holds before it turns the screw: the cell is at 88.* and was at 80.*_temperature_change_k"
    )
    with pytest.raises(RampHeld, match=said):
        targets, instruments = Targets.turns([0.1]), laboratory.instruments
        laboratory.engine(pressure_ramp(instruments, targets, settings=SHORT))
    assert len(laboratory.screw.sent) == 2
    steps = [event["data"]["step_number"] for event in laboratory.events("primary")]
    assert steps == [1, 2, 3], "what was turned is measured"


def test_the_wrong_direction_is_named(laboratory) -> None:
    with pytest.raises(RampHeld, match="That is a warmup"):
        laboratory.engine(cooldown(laboratory.instruments, 90.0, settings=QUICK))


def test_a_cryostat_lost_on_the_way_leaves_the_setpoint_where_it_is(laboratory) -> None:
    instruments = laboratory.instruments

    def lose(name: str, doc: dict) -> None:
        if name == "event" and doc["data"].get("step_number") == 2:
            laboratory.cryostat.failures = [InstrumentError("sensor B is open")] * 50

    laboratory.engine.subscribe(lose)
    with pytest.raises(RampHeld, match="sensor B is open"):
        laboratory.engine(cooldown(instruments, 60.0, settings=QUICK))
    laboratory.cryostat.failures = []
    assert laboratory.twin.moving_setpoint_k(1) > 60.5


def test_a_hold_measures_now_and_then_and_moves_nothing(laboratory) -> None:
    settings = HoldSettings(every_s=600.0, ruby=RUBY)
    laboratory.engine(hold(laboratory.instruments, 0.5, settings=settings))
    steps = [event["data"] for event in laboratory.events("primary")]
    assert len(steps) == 4
    assert all(step["ruby_measured"] for step in steps)
    assert steps[-1]["clock_lab_time_s"] - steps[0]["clock_lab_time_s"] == pytest.approx(
        1800.0, rel=0.2
    )
    assert not laboratory.screw.sent


def test_a_hold_goes_on_after_a_failed_reading_and_ends_after_many(laboratory) -> None:
    settings = HoldSettings(every_s=60.0, failures=3, ruby=replace(RUBY, attempts=1))
    laboratory.spectrometer.failures = [LinkDown("the spectrometer hung up")] * 2
    laboratory.engine(hold(laboratory.instruments, 0.1, settings=settings))
    assert laboratory.stop_doc()["exit_status"] == "success"
    laboratory.spectrometer.failures = [LinkDown("the spectrometer hung up")] * 50
    with pytest.raises(RampHeld, match="after 3 readings that failed"):
        laboratory.engine(hold(laboratory.instruments, 0.1, settings=settings))
