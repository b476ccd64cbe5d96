"""Plans that look at several places, on the twin: what they find, and what their record says."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.findings import gather
from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory, virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.errors import ConfigurationError, Disagreement, InstrumentError
from dac_control.records import open_run
from plans.resumption import Resumption
from simulators.twin import TwinSettings


class Record:
    """Documents of a rehearsal, and how the cell truly was at each event."""

    def __init__(self) -> None:
        self.documents: list[tuple[str, dict[str, Any]]] = []
        self.laboratory: VirtualLaboratory | None = None
        self.truth: dict[str, dict[str, Any]] = {}

    def __call__(self, name: str, doc: Any) -> None:
        self.documents.append((name, dict(doc)))
        if name == "event" and self.laboratory is not None:
            self.truth[doc["uid"]] = self.laboratory.twin.state()

    def of(self, name: str) -> list[dict[str, Any]]:
        return [doc for found, doc in self.documents if found == name]

    def events(self, stream: str) -> list[dict[str, Any]]:
        return [doc["data"] for doc in self._of_stream(stream)]

    def truths(self, stream: str) -> list[dict[str, Any]]:
        return [self.truth[doc["uid"]] for doc in self._of_stream(stream)]

    def result(self, stream: str) -> dict[str, Any]:
        (found,) = self.events(stream)
        return json.loads(found["workbench_result"])

    def _of_stream(self, stream: str) -> list[dict[str, Any]]:
        uids = {doc["uid"] for doc in self.of("descriptor") if doc["name"] == stream}
        return [doc for doc in self.of("event") if doc["descriptor"] in uids]


@pytest.fixture(scope="module")
def station(optics_station: Path) -> Station:
    return load_station(optics_station)


@pytest.fixture
def rehearse(station: Station, tmp_path: Path):
    def run(body: str, seed: int = 0, **how: Any) -> tuple[Rehearsed, Record]:
        path, record = tmp_path / "run.toml", Record()
        path.write_text(body)

        def prepare(laboratory: VirtualLaboratory) -> None:
            record.laboratory = laboratory
            how.get("prepare", lambda _: None)(laboratory)

        rest = {key: value for key, value in how.items() if key != "prepare"}
        found = rehearse_once(
            station, load_run_file(path, station), seed, listener=record, prepare=prepare, **rest
        )
        return found, record

    return run


def at(turns: float):
    """Put the screw where the cell has some pressure, before anything looks."""

    def prepare(laboratory: VirtualLaboratory) -> None:
        laboratory.twin.turn_to(turns)

    return prepare


def with_anvils_apart(station: Station) -> TwinSettings:
    """Anvils whose tips differ: of seed 3, the far one is under 5 % more pressure."""
    base = settings_of(station)
    return replace(base, anvil=replace(base.anvil, far_part=0.15))


@pytest.mark.parametrize(("anvil", "other"), [("near", "far"), ("far", "near")])
def test_the_edge_of_either_anvil_is_measured_beside_the_ruby(
    station: Station, rehearse: Any, anvil: str, other: str
) -> None:
    found, record = rehearse(
        f'plan = "measure_edge"\nanvil = "{anvil}"\nreadings = 2\n[edge]\nexposure_s = 60\n',
        seed=3,
        settings=with_anvils_apart(station),
        prepare=at(0.8),
    )
    assert found.exit_status == "success", found.reason
    edges, steps = record.events("diamond_edge"), record.events("primary")
    assert [event["step_number"] for event in edges] == [1, 2]
    assert {event["spots_spot"] for event in edges} == {f"anvil {anvil}"}
    assert {event["spots_spot"] for event in steps} == {"chip"}
    assert all(event["ruby_measured"] for event in steps)
    assert record.of("start")[0]["plan_args"]["anvil"] == anvil
    for edge, step, state in zip(edges, steps, record.truths("diamond_edge"), strict=True):
        assert edge["diamond_edge_measured"], edge["diamond_edge_flags"]
        true_cm1 = {"near": state["edge_cm1"], "far": state["far_edge_cm1"]}
        away_cm1 = {each: abs(edge["diamond_edge_edge_cm1"] - true_cm1[each]) for each in true_cm1}
        # their light is in the spectra of each other, and pulls at them a little
        assert away_cm1[anvil] < 3.0 < 6.0 < away_cm1[other]
        sigma_gpa = math.hypot(
            edge["diamond_edge_pressure_sigma_sys_gpa"], step["ruby_pressure_sigma_sys_gpa"]
        )
        away_gpa = edge["diamond_edge_pressure_gpa"] - step["ruby_pressure_gpa"]
        assert abs(away_gpa) < 3.0 * sigma_gpa < 15.0


def test_an_edge_that_says_nothing_holds_with_its_reason(rehearse) -> None:
    # at 2 GPa there is no edge, and a lens cap keeps everything away
    found, record = rehearse(
        'plan = "measure_edge"\nreadings = 1\n[edge]\nexposure_s = 0.01\nattempts = 1\n'
    )
    assert found.exit_status == "fail"
    assert "gave no pressure in 1 readings at anvil near" in found.reason
    assert len(record.events("diamond_edge")) == 1, "the spectrum is kept"


VIBRON = 'plan = "measure_vibron"\nreadings = 2\n[vibron]\nexposure_s = 60\nattempts = 1\n'


def test_the_vibron_is_the_last_proof_that_the_hydrogen_is_there(rehearse) -> None:
    found, record = rehearse(VIBRON, prepare=at(0.5))
    assert found.exit_status == "success", found.reason
    said = record.result("last_seen")
    assert said["seen"] and said["readings_with_line"] == 2
    assert said["line_cm1"] == pytest.approx(4200.0, abs=45.0)
    assert said["last_seen"]["line_cm1"] == said["line_cm1"]
    assert said["ruby_pressure_gpa"] == record.events("primary")[-1]["ruby_pressure_gpa"]
    assert {event["spots_spot"] for event in record.events("h2_vibron")} == {"sample"}
    assert record.of("start")[0]["gauge_scales"]["h2_vibron"] == "vibron2026"


def test_hydrogen_that_is_gone_is_said_with_when_it_was_seen(station: Station, rehearse) -> None:
    empty = replace(settings_of(station), contents="empty")
    before = {"line_cm1": 4201.5, "ruby_pressure_gpa": 12.25}

    def prepare(laboratory: VirtualLaboratory) -> None:
        import datetime

        laboratory.session.instruments.calibrations.add(
            "specimen_seen",
            station.specimen.id,
            before,
            time=datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC),
            run="ab12cd34-x",
            simulated=True,
        )

    found, record = rehearse(VIBRON, settings=empty, prepare=prepare)
    assert found.exit_status == "fail"
    assert "seen last at 2026-11-20" in found.reason and "12.2 GPa (run ab12cd34)" in found.reason
    assert not record.result("last_seen")["seen"]
    found, record = rehearse(
        VIBRON.replace("readings", "must_be_seen = false\nreadings"), settings=empty
    )
    assert found.exit_status == "success" and record.result("last_seen")["last_seen"] is None


def test_a_ruby_that_failed_lends_its_last_pressure_to_no_vibron(rehearse) -> None:
    seen: list[bool] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        at(0.5)(laboratory)
        session = laboratory.session

        def note(name: str, doc: Any) -> None:
            seen.extend(doc["data"].get("ruby_measured", False) * [True])

        session.engine.subscribe(note, "event")
        driver: Any = session.instruments.spectrometer._driver
        acquire = driver.acquire

        def hang_up(*args: Any) -> Any:
            if seen:
                raise InstrumentError("the spectrometer hung up.")
            return acquire(*args)

        driver.acquire = hang_up

    found, record = rehearse(VIBRON, prepare=prepare)
    assert found.exit_status == "success", found.reason
    assert record.events("primary")[0]["ruby_measured"] and record.events("unmeasured")
    said = record.result("last_seen")
    assert said["seen"] and said["readings_with_line"] == 2
    assert said["ruby_pressure_gpa"] is said["last_seen"]["ruby_pressure_gpa"] is None


def test_a_map_tells_places_apart_from_the_drift(rehearse) -> None:
    found, record = rehearse(
        'plan = "pressure_map"\nspots = ["chip", "chip 2"]\n[ruby]\nexposure_s = 0.5\n',
        seed=2,
        prepare=at(0.6),
    )
    assert found.exit_status == "success", found.reason
    steps = record.events("primary")
    assert [event["spots_spot"] for event in steps] == ["chip", "chip 2", "chip", "chip 2", "chip"]
    said = record.result("map")
    assert [place["place"] for place in said["places"]] == ["chip", "chip 2"]
    assert said["places"][0]["difference_gpa"] == 0.0 and said["degrees_of_freedom"] == 2
    by_hand = steps[1]["ruby_pressure_gpa"] - steps[0]["ruby_pressure_gpa"]
    second = said["places"][1]
    assert second["difference_gpa"] == pytest.approx(by_hand, abs=6 * second["sigma_gpa"] + 0.05)
    assert all(a["clock_lab_time_s"] < b["clock_lab_time_s"] for a, b in pairwise(steps))


def test_a_map_of_edges_tells_the_anvils_apart(
    station: Station, rehearse: Any, tmp_path: Path
) -> None:
    found, record = rehearse(
        'plan = "pressure_map"\nspots = ["anvil near", "anvil far"]\ngauge = "diamond_edge"\n'
        "[ruby]\nexposure_s = 0.5\n[edge]\nexposure_s = 60\n",
        seed=3,
        settings=with_anvils_apart(station),
        prepare=at(0.8),
        keep=tmp_path / "runs",
    )
    assert found.exit_status == "success", found.reason
    edges, steps = record.events("diamond_edge"), record.events("primary")
    way = ["anvil near", "anvil far"] * 2 + ["anvil near"]
    assert [event["spots_spot"] for event in edges] == way
    assert [event["step_number"] for event in edges] == [1, 2, 3, 4, 5]
    # the ruby stays where it is, beside each of them
    assert [event["spots_spot"] for event in steps] == ["chip"] * 5
    assert all(event["ruby_measured"] for event in steps)
    said = record.result("map")
    assert said["gauge"] == record.of("start")[0]["measured_gauge"] == "diamond_edge"
    near, far = said["places"]
    assert [(place["place"], place["readings"]) for place in (near, far)] == [
        ("anvil near", 3),
        ("anvil far", 2),
    ]
    assert near["difference_gpa"] == 0.0 and said["degrees_of_freedom"] == 2
    laboratory = record.laboratory
    assert laboratory is not None
    truly_gpa = laboratory.twin.truth()["far_part"] * laboratory.twin.pressure_gpa()
    # the light of the near anvil in the far one's spectrum takes something off
    assert truly_gpa > 4.0
    assert far["difference_gpa"] == pytest.approx(truly_gpa, rel=0.2)
    assert found.folder is not None
    told = " ".join(gather(open_run(found.folder)).looks.sentences)
    assert "two anvils may differ by more than is stated" in told and "lambda0" not in told
    first, second, third = (event["diamond_edge_pressure_gpa"] for event in edges[:3])
    assert first < third < second, "the drift of the fresh load is none of the difference"


def test_reflectance_is_taken_before_the_laser_and_is_relative(rehearse) -> None:
    found, record = rehearse('plan = "measure_reflectance"\nsample = "hydrogen"\n', prepare=at(0.5))
    assert found.exit_status == "success", found.reason
    light = record.events("reflectance")
    seen = [(event["spots_spot"], event["lamp_is_on"]) for event in light]
    assert seen == [
        ("gasket", False),
        ("gasket", True),
        ("sample", False),
        ("sample", True),
        ("gasket", True),
    ]
    assert max(light[0]["vis_spectrum"]) < max(light[1]["vis_spectrum"])
    step = record.events("primary")[0]
    assert light[-1]["clock_lab_time_s"] < step["clock_lab_time_s"]
    said = record.result("reflectance_result")
    assert said["kind"] == "relative" and any("absorption" in each for each in said["reasons"])
    assert said["pressure"]["pressure_gpa"] == step["ruby_pressure_gpa"]
    assert "metal" not in json.dumps(said).lower()
    assert not record.laboratory.session.instruments.lamp.is_on.get()
    spots = {(dose.light, dose.spot) for dose in found.doses}
    assert spots == {("lamp", "gasket"), ("lamp", "sample")}


GASKET = """
[gasket_reflectance]
name = "rhenium"
source = "our table, run 12"
wavelength_nm = [390.0, 1100.0]
pressure_gpa = [0.0, {top}]
reflectance = [[0.30, 0.36], [0.34, 0.42]]
sigma = [[0.01, 0.01], [0.01, 0.01]]
"""


@pytest.mark.parametrize(("top", "known"), [(90.0, True), (3.0, False)])
def test_what_is_known_of_the_gasket_is_used_as_far_as_it_reaches(
    optics_station: Path, tmp_path: Path, top: float, known: bool
) -> None:
    path = optics_station.with_name(f"gasket_{known}.toml")
    path.write_text(optics_station.read_text() + GASKET.format(top=top))
    station, record = load_station(path), Record()
    (tmp_path / "run.toml").write_text('plan = "measure_reflectance"\nsample = "hydrogen"\n')
    run = load_run_file(tmp_path / "run.toml", station)
    rehearse_once(station, run, 0, listener=record, prepare=at(0.5))
    said = record.result("reflectance_result")
    assert said["kind"] == "relative"
    about = [each for each in said["reasons"] if "rhenium" in each]
    assert bool(about) is not known and len(said["reasons"]) == (1 if known else 2)


def test_what_pieces_of_foil_differ_by_is_stated_with_its_source(optics_station: Path) -> None:
    path = optics_station.with_name("foil.toml")
    text = optics_station.read_text().replace("[cell]\n", "[cell]\nfoil_u = 0.05\n")
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"foil\.toml:\d+: cell\.foil_u: foil_u and"):
        load_station(path)
    path.write_text(text.replace("foil_u", 'foil_source = "five pieces, run 3"\nfoil_u'))
    loading = load_station(path).loading
    assert (loading.cell, loading.foil_u) == ("DAC-07, culet 300 um", 0.05)


def test_a_table_of_the_gasket_beyond_what_anybody_measured_is_refused(
    optics_station: Path,
) -> None:
    path = optics_station.with_name("gasket_beyond.toml")
    path.write_text(optics_station.read_text() + GASKET.format(top=300.0))
    with pytest.raises(ConfigurationError, match=r"gasket_reflectance.*measured beyond 100 GPa"):
        load_station(path)
    path.write_text(path.read_text().replace("[[0.30, 0.36]", "[[0.30]"))
    with pytest.raises(ConfigurationError, match="a number for each wavelength_nm"):
        load_station(path)


def test_too_bright_a_lamp_is_taken_again_with_less(rehearse) -> None:
    found, record = rehearse(
        'plan = "measure_reflectance"\nsample = "hydrogen"\n[reflectance]\nexposure_s = 9\n'
        "averages = 1\nattempts = 1\n"
    )
    assert found.exit_status == "fail" and "saturated by the lamp" in found.reason
    assert not record.events("reflectance_result")


LASER = """
[light]
arm_above_gpa = 0
arm_needs = ["reflectance"]

[light.beams.532nm]
spot_um = 5
transmission = 0.5

[devices.laser]
driver = "cobolt06"
address = "COM9"
wavelength_nm = 532
max_power_mw = 20
power_mw = 2
"""


def test_reflectance_that_the_station_cannot_take_may_not_be_asked_for(
    optics_station: Path,
) -> None:
    text = optics_station.read_text() + LASER
    path = optics_station.with_name("no_gasket.toml")
    path.write_text(text.replace('"sample", "gasket", ', '"sample", '))
    with pytest.raises(ConfigurationError, match="arm_needs asks for the reflectance"):
        load_station(path)


CLOSING = """
plan = "close_and_seal"
[closing]
last_turns = {last}
step_turns = 0.03
rise_gpa = {rise}
watch_s = 600
leak_gpa = {leak}
[dwell]
drift_limit_gpa_per_h = 4.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 600
min_readings = 5
[ruby]
exposure_s = 0.5
[step]
probe_turns = 0.02
"""


def test_a_cell_is_closed_until_it_holds(rehearse) -> None:
    found, record = rehearse(CLOSING.format(last=0.6, rise=1.0, leak=0.5))
    assert found.exit_status == "success", found.reason
    said, steps = record.result("seal"), record.events("primary")
    assert said["pressure_gpa"] - said["started_at_gpa"] >= 1.0
    assert said["sealed_at_turns"] == steps[-1]["drive_turns"] == steps[-2]["drive_turns"] < 0.6
    assert steps[-1]["clock_lab_time_s"] - steps[-2]["clock_lab_time_s"] >= 600.0
    assert all(b["drive_turns"] - a["drive_turns"] < 0.0301 for a, b in pairwise(steps))


def test_a_rise_beyond_the_limit_from_where_the_cell_stands_moves_nothing(rehearse) -> None:
    found, record = rehearse(CLOSING.format(last=0.6, rise=49.9, leak=0.5))
    assert found.exit_status == "fail" and "before its first move: a rise by" in found.reason
    assert len(record.events("primary")) == 1


def test_a_cell_that_does_not_seal_holds_where_it_was_to_end(rehearse) -> None:
    found, record = rehearse(CLOSING.format(last=0.02, rise=9.0, leak=0.5))
    assert found.exit_status == "fail" and "did not seal: at 0.02" in found.reason
    assert record.events("primary")[-1]["drive_turns"] == pytest.approx(0.02, abs=1e-3)


EXPERIMENT = """
plan = "full_experiment"
purpose = "all of it"
[[stages]]
plan = "pressure_map"
spots = ["chip", "chip 2"]
rounds = 1
[[stages]]
plan = "measure_edge"
purpose = "the edge"
readings = 1
[stages.edge]
exposure_s = {exposure_s}
attempts = 1
[[stages]]
plan = "measure_reflectance"
sample = "hydrogen"
"""


def test_an_experiment_is_several_runs_with_one_id(rehearse) -> None:
    body = EXPERIMENT.format(exposure_s=120)
    found, record = rehearse(body, seed=1, prepare=at(0.8))
    assert found.exit_status == "success", found.reason
    starts = record.of("start")
    assert [start["plan_name"] for start in starts] == [
        "pressure_map",
        "measure_edge",
        "measure_reflectance",
    ]
    assert len({start["experiment"]["id"] for start in starts}) == 1
    assert [start["experiment"]["number"] for start in starts] == [1, 2, 3]
    assert [start["purpose"] for start in starts] == ["all of it", "the edge", "all of it"]
    assert [stop["exit_status"] for stop in record.of("stop")] == ["success"] * 3
    assert rehearse(body, seed=1, prepare=at(0.8))[1].documents[0] == record.documents[0]


def test_a_stage_that_fails_ends_the_experiment_in_hold(rehearse) -> None:
    found, record = rehearse(EXPERIMENT.format(exposure_s=0.01))
    assert found.exit_status == "fail"
    assert [stop["exit_status"] for stop in record.of("stop")] == ["success", "fail"]
    assert record.laboratory.intents.read() == []


LATER = """
plan = "full_experiment"
[[stages]]
plan = "pressure_map"
spots = ["chip", "chip 2"]
[[stages]]
plan = "pressure_ramp"
[stages.targets]
unit = "turns"
load = [0.01, 0.02]
[stages.dwell]
drift_limit_gpa_per_h = 50.0
window_s = 20
interval_s = 4
min_dwell_s = 0
max_dwell_s = 40
min_readings = 3
[stages.ruby]
exposure_s = 0.5
[[stages]]
plan = "measure_vibron"
readings = 1
must_be_seen = false
"""


def test_an_experiment_is_taken_up_at_the_stage_that_held(station: Station, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(LATER)
    run, record = load_run_file(tmp_path / "run.toml", station), Record()
    names = ["pressure_map", "pressure_ramp", "measure_vibron"]
    place = {"id": "e1", "stage": "pressure_ramp", "number": 2, "stages": names}
    md = {"experiment": place, "continues": "ab12", "purpose": ""}
    anywhere = Resumption(ways=(1,), low_gpa=0.0, high_gpa=90.0, says="")
    with virtual_laboratory(station, 0, listener=record) as laboratory:
        laboratory.session.require_ready()
        instruments = laboratory.session.instruments
        with pytest.raises(Disagreement, match="no stage of this experiment"):
            run.resume(instruments, {"experiment": {**place, "stages": ["hold"]}}, anywhere)
        laboratory.session.run(run.resume(instruments, md, anywhere))
    starts = record.of("start")
    assert [start["plan_name"] for start in starts] == names[1:]
    assert [start["experiment"]["number"] for start in starts] == [2, 3]
    assert {start["experiment"]["id"] for start in starts} == {"e1"}
    assert [start.get("continues") for start in starts] == ["ab12", None]
