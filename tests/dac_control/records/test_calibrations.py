import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.errors import RecordError, StaleReading
from dac_control.records.calibrations import CalibrationLog, CalibrationStore

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "calibrations.jsonl"


@pytest.fixture
def store(path: Path) -> CalibrationStore:
    return CalibrationStore.at(path)


def test_the_newest_of_its_kind_and_port_is_found(store: CalibrationStore, path: Path) -> None:
    store.add("axis", "ruby", {"n": 2}, time=NOON - HOUR, run="run-1")
    store.add("axis", "ruby", {"n": 1}, time=NOON - 5 * HOUR)
    store.add("axis", "raman", {"n": 3}, time=NOON)
    store.add("gain", "ruby", {"n": 4}, time=NOON)
    found = CalibrationStore.at(path).newest("axis", "ruby", now=NOON, limit_h=2.0)
    assert (found.content, found.run, found.age_h(NOON)) == ({"n": 2}, "run-1", 1.0)
    assert [r.content["n"] for r in store.history("axis", "ruby")] == [1, 2]


def test_a_missing_old_or_future_one_is_refused_with_the_plan_to_run(
    store: CalibrationStore,
) -> None:
    with pytest.raises(StaleReading, match="no axis calibration of 'ruby'; run calibrate_axis"):
        store.newest("axis", "ruby", now=NOON)
    store.add("lambda0", "chip-1", {}, time=NOON)
    with pytest.raises(StaleReading, match=r"48\.0 h old .* run measure_lambda0"):
        store.newest("lambda0", "chip-1", now=NOON + 48 * HOUR, limit_h=24.0)
    assert store.newest("lambda0", "chip-1", now=NOON + 48 * HOUR).content == {}
    with pytest.raises(StaleReading, match="clock"):
        store.newest("lambda0", "chip-1", now=NOON - HOUR)


def test_simulated_and_real_calibrations_do_not_stand_in_for_each_other(
    store: CalibrationStore,
) -> None:
    store.add("gain", "ruby", {"n": 1}, time=NOON, simulated=True)
    with pytest.raises(StaleReading, match="measure_gain"):
        store.newest("gain", "ruby", now=NOON)
    assert store.newest("gain", "ruby", now=NOON, simulated=True).content == {"n": 1}


def test_a_withdrawn_one_gives_way_to_the_one_before(store: CalibrationStore, path: Path) -> None:
    store.add("axis", "ruby", {"n": 1}, time=NOON - HOUR)
    wrong = store.add("axis", "ruby", {"n": 2}, time=NOON)
    store.withdraw(wrong.uid, "the slit was open", time=NOON)
    assert store.newest("axis", "ruby", now=NOON).content == {"n": 1}
    assert b"the slit was open" in path.read_bytes()
    with pytest.raises(RecordError, match="reason"):
        store.withdraw(wrong.uid, " ", time=NOON)
    with pytest.raises(RecordError, match="no calibration nothing"):
        store.withdraw("nothing", "because", time=NOON)


def test_what_is_no_calibration_is_refused(store: CalibrationStore, path: Path) -> None:
    for kind, port, time in (
        ("focus", "ruby", NOON),
        ("axis", " ", NOON),
        ("axis", "ruby", NOON.replace(tzinfo=None)),
    ):
        with pytest.raises(RecordError):
            store.add(kind, port, {}, time=time)  # type: ignore[arg-type]
    assert not path.exists()


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=5))
def test_a_damaged_record_is_told_by_its_line(tmp_path_factory, line: dict) -> None:
    log = CalibrationLog(tmp_path_factory.mktemp("state") / "calibrations.jsonl")
    store = CalibrationStore(log)
    store.add("axis", "ruby", {}, time=NOON)
    try:
        log.append(line)
    except RecordError:  # integers that JSON cannot hold
        return
    if "withdraws" in line:
        return
    with pytest.raises(RecordError, match="Record 2 of"):
        store.history("axis", "ruby")
