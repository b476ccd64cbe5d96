"""A ramp whose ruby ends: the edge takes over across the overlap, or the ramp holds."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.findings import summarise_findings
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError
from dac_control.records import open_run
from plans.light_budget import check_budget

EXAMPLES = Path(__file__).parents[4] / "examples"
EDGE = """
[edge]
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 3.0
nu0_source = "the table of this anvil"
laser_nm = 532.0
laser_sigma_nm = 0.02

[devices.raman]
driver = "ocean"
name = "raman"
model = "QE Pro"
serial = "QEP00124"

[devices.cryostat]"""
EDGE_CHANGES = (
    ('type = "four-pin, screw-driven"', 'type = "bevelled"\nbevel = "8 degrees to 300 um"'),
    ("max_turns = 0.8", "max_turns = 2.5"),
    ("max_step_turns = 0.03", "max_step_turns = 0.1"),
    ("max_step_gpa = 4.0", "max_step_gpa = 12.0"),
    ("pressure_limit_gpa = 50.0", "pressure_limit_gpa = 150.0"),
    ("[devices.cryostat]", EDGE),
)
RUN = """
plan = "pressure_ramp"
gauge = ["ruby", "diamond_edge"]
[targets]
unit = "gpa"
load = [{target}]
[dwell]
drift_limit_gpa_per_h = 4.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 600
min_readings = 5
[ruby]
exposure_s = 0.5
attempts = 1
[edge]
exposure_s = 30
attempts = 1
[handover]
last_pairs = 3                   # at 9 GPa, where an edge begins to show, it is none yet
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


def station_file(folder: Path) -> Path:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    for old, new in EDGE_CHANGES:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "station.toml"
    path.write_text(text)
    return path


def blind_above(pressure_gpa: float, *, shift_cm1: float = 0.0) -> Any:
    """Let the ruby show nothing above a pressure, and the edge jump by some cm-1 at 36 GPa."""

    def prepare(laboratory: VirtualLaboratory) -> None:
        instruments = laboratory.session.instruments
        ruby: Any = instruments.ruby
        measure = ruby.gauge.measure

        def sometimes(*args: Any, **named: Any) -> Any:
            if laboratory.twin.state()["pressure_gpa"] > pressure_gpa:
                raise ValueError("buried in the anvil's light")
            return measure(*args, **named)

        ruby.gauge.measure = sometimes
        if shift_cm1:
            edge: Any = instruments.further_gauges["diamond_edge"].device
            nu0 = edge.gauge.nu0
            wrong = edge.gauge.with_nu0(
                replace(nu0, value_cm1=nu0.value_cm1 + shift_cm1, sigma_cm1=0.1)
            )
            right = edge.gauge.measure

            def jumping(*args: Any, **named: Any) -> Any:
                late = laboratory.twin.state()["pressure_gpa"] > 36.0
                return (wrong.measure if late else right)(*args, **named)

            edge.gauge.measure = jumping

    return prepare


def rehearse(folder: Path, target: float, prepare: Any, **how: Any) -> Any:
    station = load_station(station_file(folder))
    (folder / "run.toml").write_text(RUN.format(target=target))
    run = load_run_file(folder / "run.toml", station)
    documents: list[tuple[str, dict[str, Any]]] = []
    done = rehearse_once(
        station,
        run,
        seed=3,
        prepare=prepare,
        listener=lambda name, doc: documents.append((name, dict(doc))),
        **how,
    )
    return done, documents


def events(documents: list[tuple[str, dict[str, Any]]], stream: str) -> list[dict[str, Any]]:
    uids = {d["uid"] for name, d in documents if name == "descriptor" and d["name"] == stream}
    return [d["data"] for name, d in documents if name == "event" and d["descriptor"] in uids]


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ramp to 60 GPa whose ruby ends at 45 GPa, and what it asks of the budget on its way."""
    folder = tmp_path_factory.mktemp("handed")
    asked: list[tuple[float, Counter[str]]] = []

    def ask(instruments: Any, looks: Any, **how: Any) -> None:
        counts = Counter(each.by for each in looks for _ in range(each.count))
        asked.append((instruments.clock.now(), counts))
        check_budget(instruments, looks, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plans.step_light.check_budget", ask)
        found = rehearse(folder, 60.0, blind_above(45.0), keep=folder / "runs")
    return (*found, asked)


def test_the_edge_takes_over_and_the_same_place_is_measured_before_anything_moves(
    handed: Any,
) -> None:
    done, documents, _ = handed
    assert done.exit_status == "success", done.reason
    steps = events(documents, "primary")
    lost = next(n for n, step in enumerate(steps) if step["step_outcome"] == "not_measured")
    assert all(step["step_gauge"] == "ruby" for step in steps[: lost + 1])
    assert all(step["step_gauge"] == "diamond_edge" for step in steps[lost + 1 :])
    assert steps[lost + 1]["drive_turns"] == steps[lost]["drive_turns"]
    assert steps[-1]["step_pressure_gpa"] > 59.0


def test_before_a_turn_that_may_hand_over_the_light_of_both_gauges_is_asked_for(
    handed: Any,
) -> None:
    _, documents, asked = handed
    lost = next(s for s in events(documents, "primary") if s["step_outcome"] == "not_measured")
    dwell = [e for e in events(documents, "dwell") if e["step_number"] == lost["step_number"]]
    before = [counts for at_s, counts in asked if at_s < dwell[0]["clock_lab_time_s"]]
    # of each the shortest dwell, its own reading and one to spare, with the other one beside it
    assert before[-1] == {"ruby": 5 + 2 + 1, "diamond_edge": 1 + 5 + 2}
    assert before[0]["diamond_edge"] == 1, "no hand-over without an overlap"


def test_the_hand_over_is_on_record_with_both_names(handed: Any) -> None:
    done, documents, _ = handed
    assert documents[0][1]["gauge_sequence"] == ["ruby", "diamond_edge"]
    (event,) = events(documents, "hand_over")
    weighed = json.loads(event["workbench_result"])
    assert (weighed["first"]["gauge"], weighed["second"]["gauge"]) == ("ruby", "diamond_edge")
    assert weighed["pairs"] >= 3 and weighed["granted"]
    found = summarise_findings(open_run(done.folder))
    check = next(c for c in found["checks"] if c["clause"] == "hand-over across an overlap")
    assert check["passed"] and f"diamond edge at step {weighed['at_step'] + 1}" in check["text"]
    assert found["hand_overs"] == [weighed]
    placed = documents[0][1]["placing"]
    assert found["load_curve"]["sigma_turns"] == placed["sigma_turns"] > 0.0
    assert [s["gauge"] for s in found["steps"]][-1] == "diamond_edge"


def test_without_an_overlap_the_ramp_holds_and_nothing_moves(tmp_path: Path) -> None:
    done, documents = rehearse(tmp_path, 60.0, blind_above(14.0))
    assert done.exit_status == "fail"
    assert "diamond_edge cannot take over from ruby" in done.reason
    assert "and a hand-over needs 3" in done.reason
    assert events(documents, "primary")[-1]["step_outcome"] == "not_measured"
    assert not events(documents, "hand_over")


def test_gauges_that_contradict_each_other_hold_the_ramp(tmp_path: Path) -> None:
    done, _ = rehearse(tmp_path, 60.0, blind_above(45.0, shift_cm1=12.0))
    assert done.exit_status == "fail"
    assert "are not consistent" in done.reason and "Find out why" in done.reason


def test_the_end_of_a_scale_hands_over_before_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = {"ruby": (0.0, 40.0), "diamond_edge": (0.0, 310.0)}
    monkeypatch.setattr("plans.in_charge.scale_span_gpa", lambda _, gauge: spans[gauge])
    _done, documents = rehearse(tmp_path, 41.0, None)
    by_ruby = [s for s in events(documents, "primary") if s["step_gauge"] == "ruby"]
    assert max(step["step_pressure_gpa"] for step in by_ruby) < 40.0
    (event,) = events(documents, "hand_over")
    assert "the scale of ruby ends at 40 GPa" in json.loads(event["workbench_result"])["why"]


def test_a_target_that_no_gauge_reaches_is_refused_with_its_line(tmp_path: Path) -> None:
    text = station_file(tmp_path).read_text()
    high = text.replace("pressure_limit_gpa = 150.0", "pressure_limit_gpa = 400.0")
    (tmp_path / "station.toml").write_text(high)
    station = load_station(tmp_path / "station.toml")
    path = tmp_path / "run.toml"
    alone = RUN.replace('gauge = ["ruby", "diamond_edge"]', 'gauge = "ruby"')
    path.write_text(alone.format(target=200))
    with pytest.raises(ConfigurationError) as refused:
        load_run_file(path, station)
    said = str(refused.value)
    assert "run.toml:6: targets.load: A target of 200 GPa lies beyond the scale of ruby" in said
    assert 'let diamond_edge take over: gauge = ["ruby", "diamond_edge"]' in said
    path.write_text(RUN.format(target=200))
    assert load_run_file(path, station).settings.sequence == ("ruby", "diamond_edge")
    path.write_text(RUN.format(target=350))
    with pytest.raises(ConfigurationError, match="the scale of diamond_edge, which ends at 310"):
        load_run_file(path, station)
    twice = RUN.replace('"ruby", "diamond_edge"', '"ruby", "ruby"')
    path.write_text(twice.format(target=60))
    with pytest.raises(ConfigurationError, match=r"run.toml:3: gauge: a gauge takes over once"):
        load_run_file(path, station)
