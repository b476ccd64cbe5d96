"""The very same plan on the twin: determinism, holds, interruptions, refusals."""

from itertools import pairwise
from pathlib import Path
from statistics import pstdev
from typing import Any

import orjson
import pytest
from event_model import DocumentNames, schema_validators

from dac_control.app.findings.dose import read_light
from dac_control.app.rehearsal.many import rehearse_many
from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.summary import summarise_rehearsals
from dac_control.app.rehearsal.twin_settings import fitted_to, settings_of
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import RunFile, load_run_file
from dac_control.app.station import Station, load_station
from dac_control.clock import VirtualClock
from dac_control.errors import ConfigurationError, InstrumentError
from dac_control.records import open_run, summarise
from simulators.twin import Twin

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
SHORT = """
plan = "pressure_ramp"
purpose = "a short one"
[targets]
unit = "gpa"
load = [4, 7]
unload = [5]
[dwell]
drift_limit_gpa_per_h = 1.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 1200
min_readings = 5
[ruby]
exposure_s = 0.5
attempts = 2
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


@pytest.fixture(scope="module")
def station() -> Station:
    return load_station(STATION)


@pytest.fixture
def run(tmp_path: Path) -> RunFile:
    path = tmp_path / "run.toml"
    path.write_text(SHORT, encoding="utf-8")
    return load_run_file(path)


class Documents(list[tuple[str, dict[str, Any]]]):
    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        self.append((name, doc))

    def events(self, stream: str) -> list[dict[str, Any]]:
        uids = {d["uid"] for n, d in self if n == "descriptor" and d["name"] == stream}
        return [d for n, d in self if n == "event" and d["descriptor"] in uids]


def turns_sent(laboratory: VirtualLaboratory) -> list[float]:
    return [r["to_turns"] for r in laboratory.intents.read() if r["kind"] == "intent"]


def test_a_seed_gives_the_same_documents_twice_and_they_are_valid(
    run: RunFile, tmp_path: Path
) -> None:
    station = changed(tmp_path, ("\n[rehearsal]", MICROSCOPE))
    first, second, other = Documents(), Documents(), Documents()
    rehearsed = rehearse_once(station, run, 3, listener=first)
    rehearse_once(station, run, 3, listener=second)
    rehearse_once(station, run.model_copy(update={"purpose": "another"}), 3, listener=other)
    as_bytes = [
        orjson.dumps(list(docs), option=orjson.OPT_SERIALIZE_NUMPY) for docs in (first, second)
    ]
    assert as_bytes[0] == as_bytes[1]
    # kept beside each other, two runs of one seed are two runs
    assert first[0][1]["uid"] != other[0][1]["uid"]
    tops = [docs.events("primary")[-1]["data"]["step_pressure_gpa"] for docs in (first, other)]
    assert tops[0] == tops[1]
    for name, doc in first:
        schema_validators[DocumentNames[name]].validate(doc)
    assert rehearsed.exit_status == "success" and rehearsed.reason == ""
    assert first[0][1]["simulated"] is True and first[0][1]["rehearsal"] == {"seed": 3}


def test_what_an_experiment_calibrates_has_the_same_name_twice(tmp_path: Path) -> None:
    station = load_station(STATION.with_name("hydrogen_station.toml"))
    stages = ['plan = "calibrate_axis"\nlamp = "neon"', 'plan = "hold"\nduration_h = 0.1']
    text = "".join(f"[[stages]]\n{stage}\n" for stage in stages)
    (tmp_path / "run.toml").write_text(f'plan = "full_experiment"\n{text}')
    run, twice = load_run_file(tmp_path / "run.toml", station), (Documents(), Documents())
    for documents in twice:
        rehearse_once(station, run, 4, listener=documents)
    starts = [[doc for name, doc in docs if name == "start"] for docs in twice]
    assert starts[0][1]["calibrations"]["axis"] and starts[0] == starts[1]


def test_times_are_those_of_the_clock(station: Station, run: RunFile) -> None:
    docs = Documents()
    rehearsed = rehearse_once(station, run, 0, listener=docs)
    start, stop = docs[0][1], docs[-1][1]
    assert rehearsed.duration_s == pytest.approx(stop["time"] - start["time"], abs=1.0)
    times = [doc["time"] for _, doc in docs if "time" in doc]
    assert all(a <= b for a, b in pairwise(times))
    for event in docs.events("primary"):
        for key, stamp in event["timestamps"].items():
            assert start["time"] - 3600 <= stamp <= event["time"], key
    lab_s = [event["data"]["clock_lab_time_s"] for event in docs.events("dwell")]
    gaps = [b - a for a, b in pairwise(lab_s)]
    assert min(gaps) > 0 and sorted(gaps)[len(gaps) // 2] == pytest.approx(60.0, abs=2.0)


def test_every_step_is_measured_within_the_limits(station: Station, run: RunFile) -> None:
    rehearsed = rehearse_once(station, run, 1)
    assert all(step.measured for step in rehearsed.steps)
    for before, after in pairwise(rehearsed.steps):
        assert abs(after.turns - before.turns) <= station.limits.max_step_turns + 1e-9
    for step in rehearsed.steps:
        sigma = (step.sigma_stat_gpa**2 + step.sigma_sys_gpa**2) ** 0.5
        assert abs(step.pressure_gpa - step.truth["pressure_gpa"]) < 6 * sigma


def test_without_a_line_nothing_moves(station: Station, run: RunFile) -> None:
    found: list[VirtualLaboratory] = []

    def darken(laboratory: VirtualLaboratory) -> None:
        found.append(laboratory)
        laboratory.twin.light_on = False

    rehearsed = rehearse_once(station, run, 0, prepare=darken)
    assert rehearsed.exit_status == "fail" and "no pressure" in rehearsed.reason
    assert (
        not turns_sent(found[0]) and len(rehearsed.steps) == 1 and not rehearsed.steps[0].measured
    )


@pytest.mark.parametrize("after", [1, 5, 17])
def test_no_move_follows_a_failed_measurement(station: Station, run: RunFile, after: int) -> None:
    """The detector fails for good after some spectra, wherever in a step that is."""
    found: list[VirtualLaboratory] = []
    failed: dict[str, float] = {}

    def prepare(laboratory: VirtualLaboratory) -> None:
        driver = laboratory.session.instruments.spectrometer._driver
        acquire, taken = driver.acquire, []
        found.append(laboratory)

        def failing(exposure_s: float, averages: int) -> Any:
            taken.append(1)
            if len(taken) > after:
                laboratory.twin.light_on = False
                failed.setdefault("at_s", laboratory.clock.now())
            return acquire(exposure_s, averages)

        driver.acquire = failing

    rehearsed = rehearse_once(station, run, 2, prepare=prepare)
    assert rehearsed.exit_status == "fail"
    later = [
        record
        for record in found[0].intents.read()
        if record["kind"] == "intent" and record["lab_time_s"] > failed["at_s"]
    ]
    assert not later


def test_a_hold_keeps_the_next_step_waiting(station: Station, run: RunFile) -> None:
    raised_s, released_s = 500.0, 1_700.0
    found: list[VirtualLaboratory] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        found.append(laboratory)
        loop, hold = laboratory.session.engine.loop, laboratory.session.hold
        loop.call_soon_threadsafe(loop.call_later, raised_s, hold.hold, "coffee")
        loop.call_soon_threadsafe(loop.call_later, released_s, hold.release)

    rehearsed = rehearse_once(station, run, 0, prepare=prepare)
    assert rehearsed.exit_status == "success"
    moves_s = [r["lab_time_s"] for r in found[0].intents.read() if r["kind"] == "intent"]
    assert any(s > released_s for s in moves_s)
    # the step that was under way when the flag went up may end, none begins
    assert not [s for s in moves_s if raised_s < s < released_s]


def test_an_interruption_inside_a_move_stops_the_drive_there(
    station: Station, run: RunFile
) -> None:
    found: list[VirtualLaboratory] = []
    reference: list[VirtualLaboratory] = []
    rehearse_once(station, run, 0, prepare=reference.append)
    move = next(r for r in reference[0].intents.read() if r["kind"] == "intent")

    def prepare(laboratory: VirtualLaboratory) -> None:
        found.append(laboratory)
        engine = laboratory.session.engine
        when_s = move["lab_time_s"] - laboratory.clock.now() + 4.0
        engine.loop.call_soon_threadsafe(engine.loop.call_later, when_s, pause, engine)

    def pause(engine: Any) -> None:
        found[0].session.hold.note_interruption("ended by a test")
        # what request_pause does, which waits for the loop and so may not be called on it
        engine.loop.create_task(engine._request_pause_coro())

    rehearsed = rehearse_once(station, run, 0, prepare=prepare)
    assert rehearsed.exit_status == "abort" and rehearsed.reason == "ended by a test"
    last = found[0].intents.read()[-1]
    assert last["kind"] == "failed" and last["lab_time_s"] < move["lab_time_s"] + 10.0
    low, high = sorted((move["from_turns"], move["to_turns"]))
    assert low < last["turns"] < high


def test_a_broken_sensor_ends_the_run_in_hold(station: Station, run: RunFile) -> None:
    def prepare(laboratory: VirtualLaboratory) -> None:
        driver = laboratory.session.instruments.cryostat._driver
        read = driver.read

        def failing() -> Any:
            if laboratory.clock.now() > 700.0:
                raise InstrumentError("sensor B is open")
            return read()

        driver.read = failing

    rehearsed = rehearse_once(station, run, 0, prepare=prepare)
    assert rehearsed.exit_status == "fail" and "sensor B is open" in rehearsed.reason


def test_a_stage_that_is_refused_after_another_succeeded_is_no_success(
    station: Station, tmp_path: Path
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(
        'plan = "full_experiment"\n[[stages]]\nplan = "hold"\nduration_h = 0.01\n'
        '[[stages]]\nplan = "measure_gain"\n'
    )
    # read without its station, which has no lamp
    rehearsed = rehearse_once(station, load_run_file(path), 0)
    assert rehearsed.exit_status == "fail"
    assert "stage 2 of 2, measure_gain: A photon transfer curve needs" in rehearsed.reason


def test_an_impossible_run_is_refused_before_a_laboratory_is_built(
    station: Station, tmp_path: Path
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SHORT.replace("[4, 7]", "[4, 70]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="pressure_limit_gpa"):
        load_run_file(path, station)


def test_a_kept_run_is_a_run_folder(run: RunFile, tmp_path: Path) -> None:
    station = changed(tmp_path, ("\n[rehearsal]", MICROSCOPE), ("\n[rehearsal]", LASER))
    texts = {"run.toml": SHORT, "station.toml": "..."}
    rehearsed = rehearse_once(station, run, 0, keep=tmp_path / "kept", attachments=texts)
    assert rehearsed.folder is not None
    found = open_run(rehearsed.folder)
    assert found.exit_status == "success"
    assert len(summarise(found)["steps"]) == len(rehearsed.steps)
    assert (rehearsed.folder / "run.toml").read_text() == SHORT
    light = read_light(found)
    assert light.recorded
    assert light.spots[0].run.energy_mj == pytest.approx(rehearsed.doses[0].energy_mj)
    assert (rehearsed.folder / "frames.h5").exists()
    assert (rehearsed.folder / "intents.jsonl").read_bytes().count(b"\n") >= 2


def test_nothing_of_the_station_is_written(run: RunFile, tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(STATION.read_bytes())
    rehearse_once(load_station(path), run, 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.toml", "station.toml"]


@pytest.mark.parametrize("seed", range(5))
def test_the_chip_of_every_seed_has_the_papers_of_the_station(station: Station, seed: int) -> None:
    settings = fitted_to(station, settings_of(station), seed)
    papers = Twin(seed, VirtualClock(), settings).certificates()
    stated = station.gauge.lambda0[0]
    assert papers["lambda0_nm"] == pytest.approx(stated.value_nm, abs=2e-5)
    assert papers["lambda0_sigma_nm"] == stated.sigma_nm
    assert papers["axis_sigma_nm"] == station.gauge.axis_sigma_nm


@pytest.mark.slow
def test_many_seeds_in_processes_are_those_of_one_process(station: Station, run: RunFile) -> None:
    seeds = [0, 5]
    alone = rehearse_many(station, run, seeds, processes=1)
    apart = rehearse_many(station, run, seeds, processes=2)
    assert [_plain(each) for each in alone] == [_plain(each) for each in apart]
    summary = summarise_rehearsals(apart, station)
    assert summary["seeds"] == seeds and summary["outcomes"][0]["count"] == 2
    assert summary["duration_h"]["low"] <= summary["duration_h"]["high"]
    assert summary["first_rule"] is None and summary["helium"]["litres"] is None


def _plain(rehearsed: Rehearsed) -> tuple[Any, ...]:
    return (
        rehearsed.seed,
        rehearsed.exit_status,
        rehearsed.duration_s,
        [(step.turns, step.pressure_gpa) for step in rehearsed.steps],
    )


def test_the_example_is_a_night_of_at_most_800_events() -> None:
    station = load_station(STATION)
    run = load_run_file(STATION.with_name("overnight.toml"), station)
    rehearsed = rehearse_once(station, run, 0)
    assert rehearsed.exit_status == "success"
    assert 10.5 * 3600 < rehearsed.duration_s < 13.5 * 3600
    assert 200 < rehearsed.events <= 800


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Station:
    """The example's station with some of its text replaced."""
    text = STATION.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return load_station(path)


MICROSCOPE = """
[devices.microscope]
driver = "basler"
serial = "40012345"
exposure_ms = 20

[rehearsal]"""
LASER = """
[devices.laser]
driver = "cobolt06"
address = "COM5"
wavelength_nm = 532.0
max_power_mw = 20.0
power_mw = 5.0

[light.beams.532nm]
spot_um = 5.0
transmission = 0.2

[rehearsal]"""


def test_light_is_charged_and_off_at_the_end(run: RunFile, tmp_path: Path) -> None:
    station = changed(tmp_path, ("\n[rehearsal]", LASER))
    found: list[VirtualLaboratory] = []
    rehearsed = rehearse_once(station, run, 0, prepare=found.append)
    assert rehearsed.exit_status == "success", rehearsed.reason
    (dose,) = rehearsed.doses
    assert dose.light == "532nm" and dose.unended == 0
    # 1 mW on the specimen while it is open, which is longer than the exposures alone
    assert dose.energy_mj == pytest.approx(dose.open_s * 1.0, rel=0.05)
    assert dose.open_s >= rehearsed.exposures_s > 0
    assert not found[0].twin.light_on
    summary = summarise_rehearsals([rehearsed], station)
    (spot,) = summary["dose"]["spots"]
    assert spot["energy_mj"]["median"] == dose.energy_mj
    # a tenth of a second at 1 mW for each opening, which the twin does not need
    assert spot["switching_mj"]["median"] == pytest.approx(0.1 * dose.shots, rel=0.05)


def test_a_hand_misses_the_marks_of_its_key_and_reads_them(run: RunFile, tmp_path: Path) -> None:
    text = STATION.read_text(encoding="utf-8")
    zaber = text[text.index('driver = "zaber"') : text.index("[devices.spectrometer]")]
    station = changed(
        tmp_path,
        (zaber, 'driver = "manual"\ndivisions = 360\n\n'),
        ("max_step_turns = 0.03", "max_step_turns = 0.05"),
    )
    rehearsed = rehearse_once(station, run, 0)
    assert rehearsed.exit_status == "success", rehearsed.reason
    for step in rehearsed.steps:
        assert step.turns * 360 == pytest.approx(round(step.turns * 360), abs=1e-6)
    missed = [(step.truth["turns"] - step.turns) * 360 for step in rehearsed.steps]
    assert missed[0] == pytest.approx(0.0, abs=1e-6), "nobody has turned it yet"
    assert max(map(abs, missed)) < 0.5 and 0.15 < pstdev(missed) < 0.35


def test_helium_is_counted_where_it_is_used_up(run: RunFile, tmp_path: Path) -> None:
    station = changed(tmp_path, ('"closed_cycle"', '"helium_flow"'))
    rehearsed = rehearse_once(station, run, 0)
    litres = summarise_rehearsals([rehearsed], station)["helium"]["litres"]["median"]
    # some litres an hour: what flow cryostats of this power use
    assert 0.5 < litres / (rehearsed.duration_s / 3600) < 5
