"""What a session rests on: newest, of its own kind, and not too old."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from dac_control.errors import LimitError, StaleCalibration
from dac_control.gauges import Lambda0
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.calibrations_in_use import CalibrationAges, read_calibrations

NOW = datetime.datetime(2026, 11, 29, 12, 0, tzinfo=datetime.UTC)
STATED = Lambda0(
    value_nm=694.26,
    sigma_nm=0.004,
    chip="chip 3",
    date=datetime.date(2026, 11, 20),
    temperature_k=296.0,
)
MEASURED = {
    "value_nm": 694.27,
    "sigma_nm": 0.003,
    "chip": "chip 3",
    "date": "2026-11-28",
    "temperature_k": 295.0,
    "axis": "",
}
NEEDS = (("axis", "spec"), ("gain", "spec"), ("lambda0", "chip 3"))


def hours_ago(hours: float) -> datetime.datetime:
    return NOW - datetime.timedelta(hours=hours)


@pytest.fixture
def store(tmp_path: Path) -> CalibrationStore:
    return CalibrationStore.at(tmp_path / "calibrations.jsonl")


def read(store: CalibrationStore, simulated: bool = False, **ages: float) -> Any:
    return read_calibrations(
        store,
        CalibrationAges(**ages),
        spectrometers=["spec"],
        lambda0s=[STATED],
        simulated=simulated,
        now=NOW,
    )


def test_without_limits_nothing_is_asked_for(store: CalibrationStore) -> None:
    in_use = read(store)
    in_use.check(NEEDS, NOW)
    assert in_use.of("axis", "spec") is None and in_use.lambda0s == (STATED,)


@pytest.mark.parametrize(
    ("ages", "said", "key"),
    [
        ({"max_axis_age_h": 24.0}, "no axis calibration .* run calibrate_axis", "max_axis_age_h"),
        ({"max_gain_age_d": 90.0}, "no gain calibration .* run measure_gain", "max_gain_age_d"),
        (
            {"max_lambda0_age_d": 5.0},
            "2026-11-20, 9 d ago, and 5 d are allowed; run measure_lambda0",
            "max_lambda0_age_d",
        ),
    ],
)
def test_what_is_missing_is_said_with_the_plan_that_measures_it(
    store: CalibrationStore, ages: dict[str, float], said: str, key: str
) -> None:
    with pytest.raises(StaleCalibration, match=said) as refused:
        read(store, **ages).check(NEEDS, NOW)
    assert refused.value.key == f"calibrations.{key}"


def test_the_newest_counts_and_grows_old(store: CalibrationStore) -> None:
    for hours in (50.0, 3.0):
        store.add("axis", "spec", {"hours": hours}, time=hours_ago(hours))
    in_use = read(store, max_axis_age_h=24.0)
    in_use.check(NEEDS, NOW)
    found = in_use.of("axis", "spec")
    assert found is not None and found.content == {"hours": 3.0}
    assert in_use.describe(NEEDS)["axis"]["limit_h"] == 24.0
    with pytest.raises(StaleCalibration, match=r"25\.0 h old"):
        in_use.check(NEEDS, NOW + datetime.timedelta(hours=22))
    with pytest.raises(StaleCalibration, match="from now; set the clock"):
        in_use.check(NEEDS, NOW - datetime.timedelta(hours=22))


def test_a_simulated_calibration_never_serves_a_real_run(store: CalibrationStore) -> None:
    store.add("axis", "spec", {}, time=hours_ago(1.0), simulated=True)
    store.add("lambda0", "chip 3", MEASURED, time=hours_ago(1.0), simulated=True)
    real = read(store, max_axis_age_h=24.0)
    assert real.of("axis", "spec") is None and real.lambda0s == (STATED,)
    with pytest.raises(StaleCalibration):
        real.check(NEEDS, NOW)
    read(store, simulated=True, max_axis_age_h=24.0).check(NEEDS, NOW)


def test_a_measured_lambda0_is_used_instead_of_an_older_stated_one(store: CalibrationStore) -> None:
    store.add("lambda0", "chip 3", MEASURED, time=hours_ago(24.0))
    store.add("lambda0", "chip 9", MEASURED | {"chip": "chip 9"}, time=hours_ago(1.0))
    in_use = read(store, max_lambda0_age_d=5.0)
    assert [each.value_nm for each in in_use.lambda0s] == [694.27]
    in_use.check(NEEDS, NOW)


def test_a_lambda0_on_lamp_lines_needs_an_axis(store: CalibrationStore) -> None:
    on_lamp = MEASURED | {"axis": "bench, neon, 2026-11-28"}
    store.add("lambda0", "chip 3", on_lamp, time=hours_ago(24.0))
    with pytest.raises(StaleCalibration, match=r"lamp lines .* run calibrate_axis"):
        read(store).check(NEEDS, NOW)
    store.add("axis", "spec", {}, time=hours_ago(30.0))
    read(store).check(NEEDS, NOW)


def test_an_age_that_is_no_time_is_refused() -> None:
    with pytest.raises(LimitError, match="max_gain_age_d must be above 0"):
        CalibrationAges(max_gain_age_d=0.0)
