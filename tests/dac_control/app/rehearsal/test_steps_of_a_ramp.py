"""What single steps of a rehearsed ramp record: their drift, their outcome, and stray readings."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.findings import summarise_findings
from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.records import open_run

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [{load}]
unload = [{unload}]
[dwell]
drift_limit_gpa_per_h = {limit}
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = {longest_s}
min_readings = 5
[ruby]
exposure_s = {exposure_s}
attempts = 1
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


@pytest.fixture(scope="module")
def station() -> Station:
    return load_station(STATION)


@dataclass
class Record:
    """Documents of a ramp, and what the twin was like under each of its spectra."""

    laboratory: VirtualLaboratory | None = None
    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    truth: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: Rehearsed | None = None

    def __call__(self, name: str, doc: Any) -> None:
        self.documents.append((name, dict(doc)))
        if name == "event" and self.laboratory is not None:
            self.truth[doc["uid"]] = self.laboratory.twin.last_exposure() or {}

    def events(self, stream: str, step: int | None = None) -> list[dict[str, Any]]:
        uids = {d["uid"] for n, d in self.documents if n == "descriptor" and d["name"] == stream}
        found = [d for n, d in self.documents if n == "event" and d["descriptor"] in uids]
        return [d for d in found if step in (None, d["data"]["step_number"])]

    def true_slopes(self, step: int, readings: int) -> tuple[float, float]:
        """True drift over the last readings of a dwell, and at its end, GPa/h."""
        under = [self.truth[event["uid"]] for event in self.events("dwell", step)[-readings:]]
        points = [(each["start_lab_s"] / 3600.0, each["pressure_gpa"]) for each in under]
        first, before, last = points[0], points[-2], points[-1]
        over, end = ((last[1] - one[1]) / (last[0] - one[0]) for one in (first, before))
        return over, end


Ramp = Callable[..., Record]


@pytest.fixture
def ramp(station: Station, tmp_path: Path) -> Ramp:
    def run(
        limit: float,
        longest_s: float,
        exposure_s: float,
        load: str = "8",
        unload: str = "",
        seed: int = 1,
        prepare: Callable[[VirtualLaboratory], None] = lambda _: None,
        **how: Any,
    ) -> Record:
        path, record = tmp_path / "run.toml", Record()
        asked = {"limit": limit, "longest_s": longest_s, "exposure_s": exposure_s}
        path.write_text(RUN.format(**asked, load=load, unload=unload))

        def remember(laboratory: VirtualLaboratory) -> None:
            record.laboratory = laboratory
            prepare(laboratory)

        loaded = load_run_file(path, station)
        record.done = rehearse_once(station, loaded, seed, listener=record, prepare=remember, **how)
        assert record.done.exit_status == "success", record.done.reason
        return record

    return run


def steps_of(record: Record) -> list[dict[str, Any]]:
    return [event["data"] for event in record.events("primary")]


def test_every_step_says_how_fast_its_pressure_still_moved_and_that_it_had_settled(
    ramp: Ramp,
) -> None:
    limit = 1.0
    record = ramp(limit, longest_s=2400, exposure_s=0.5, unload="6")
    steps = steps_of(record)
    assert {"load", "dead_band", "unload"} <= {step["step_branch"] for step in steps}
    assert {step["step_outcome"] for step in steps} == {"settled"}
    for step in steps:
        drift, bound = step["step_drift_gpa_per_h"], step["step_drift_bound_gpa_per_h"]
        over, end = record.true_slopes(step["step_number"], step["step_readings"])
        assert abs(drift) < bound < limit
        assert drift == pytest.approx(over, abs=bound - abs(drift))
        # what "settled" claims
        assert abs(end) < limit
    # the cell stood for ever before the first step, and creeps after each turn
    at_rest, *turned = [abs(step["step_drift_gpa_per_h"]) for step in steps]
    assert at_rest < min(turned[:3])
    assert steps[-1]["step_drift_gpa_per_h"] < 0.0, "it creeps down on unloading"


LONGEST_S = 300.0


def cut_short(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps whose dwell the longest dwell ended; the last reading may come a moment before it."""
    found = [step for step in steps if step["step_outcome"] != "settled"]
    assert all(step["step_dwell_s"] >= LONGEST_S - 1.0 for step in found)
    assert all(step["step_dwell_s"] <= LONGEST_S + 61.0 for step in steps)
    return found


def test_a_dwell_that_ends_while_the_cell_surely_drifts_is_recorded_as_such(ramp: Ramp) -> None:
    limit = 0.15
    record = ramp(limit, LONGEST_S, exposure_s=0.5)
    steps = steps_of(record)
    assert steps[0]["step_outcome"] == "settled", "nothing had turned yet"
    assert [step["step_outcome"] for step in steps[1:4]] == ["still_drifting"] * 3
    for step in cut_short(steps)[:3]:
        over, _ = record.true_slopes(step["step_number"], step["step_readings"])
        drift, bound = step["step_drift_gpa_per_h"], step["step_drift_bound_gpa_per_h"]
        assert over > limit and limit < drift < bound
        assert drift == pytest.approx(over, abs=bound - drift)


def test_a_dwell_that_ends_before_anything_is_shown_is_undetermined(ramp: Ramp) -> None:
    limit = 0.4
    # readings so uncertain that they show neither rest nor a drift beyond the limit
    steps = steps_of(ramp(limit, LONGEST_S, exposure_s=0.006))
    assert {step["step_outcome"] for step in cut_short(steps)} == {"undetermined"}
    assert len(cut_short(steps)) == len(steps)
    assert all(step["step_drift_bound_gpa_per_h"] > limit for step in steps)
    assert all(math.isfinite(step["step_drift_bound_gpa_per_h"]) for step in steps)
    # the cell at rest of the first step is no exception: nothing shows that it is
    assert steps[0]["step_drift_gpa_per_h"] < steps[0]["step_drift_bound_gpa_per_h"]


def strayed(step: int, reading: int) -> Callable[[VirtualLaboratory], None]:
    """Let the laser stray to the other chip for one reading of a step."""

    def prepare(laboratory: VirtualLaboratory) -> None:
        twin: Any = laboratory.twin
        notes, expose, taken = laboratory.session.instruments.step, twin.expose, list[int]()

        def straying(*args: Any, **how: Any) -> Any:
            if int(notes.number.get()) == step:
                taken.append(1)
                if len(taken) == reading:
                    how = {**how, "spot": "chip 2"}
            return expose(*args, **how)

        twin.expose = straying

    return prepare


def with_a_stray(at: int, station: Station, ramp: Ramp, **more: Any) -> tuple[Record, Record]:
    """A ramp whose own reading of a step is one of the other chip, and the same without that."""
    # of this seed, the other chip is under a quarter more pressure
    apart = replace(settings_of(station), second_chip_part=0.4)
    sharp: dict[str, Any] = {"limit": 4.0, "longest_s": 600, "exposure_s": 0.5}
    how = {**sharp, "load": "11", "seed": 6, "settings": apart}
    plain = ramp(**how)
    own = len(plain.events("dwell", at)) + 1  # the reading after the dwell is the step's own
    return ramp(**how, prepare=strayed(at, own), **more), plain


def test_a_stray_reading_of_a_step_is_kept_and_measured_again(
    station: Station, ramp: Ramp, tmp_path: Path
) -> None:
    at = 4
    record, plain = with_a_stray(at, station, ramp, keep=tmp_path / "runs")

    *settling, stray = [event["data"] for event in record.events("dwell", at)]
    (step,) = [event["data"] for event in record.events("primary", at)]
    assert stray["ruby_measured"] and stray["ruby_pressure_gpa"] > step["step_predicted_high_gpa"]
    assert stray["ruby_pressure_gpa"] > 1.2 * step["step_pressure_gpa"]
    assert (stray["step_outcome"], stray["step_surprise"]) == ("not_measured", "unresolved")
    assert math.isnan(stray["step_pressure_gpa"]), "no pressure of the step"
    assert len(settling) == len(plain.events("dwell", at))

    assert (step["step_outcome"], step["step_surprise"]) == ("settled", "outlier_replaced")
    assert step["step_attempts"] == 2
    assert step["clock_lab_time_s"] > stray["clock_lab_time_s"]
    turns = [record.truth[event["uid"]]["turns"] for event in record.events("dwell", at)]
    assert turns == [step["drive_turns"]] * len(turns), "nothing turned in between"
    assert step["step_pressure_gpa"] == step["ruby_pressure_gpa"]
    as_ever = plain.events("primary", at)[0]["data"]["step_pressure_gpa"]
    assert step["step_pressure_gpa"] == pytest.approx(as_ever, abs=0.02)

    # no other step knows of it, nor does what was learned for the next one
    others = [s["step_surprise"] for s in steps_of(record) if s["step_number"] != at]
    assert others == ["not_predicted", *["expected"] * (len(others) - 1)]
    following = [steps_of(each)[at]["step_predicted_gpa"] for each in (record, plain)]
    assert following[0] == pytest.approx(following[1], abs=0.1)
    assert record.done is not None and record.done.folder is not None
    said = summarise_findings(open_run(record.done.folder))
    assert said["steps"][at - 1]["pressure_gpa"] == step["step_pressure_gpa"]
    assert any(f"step {at} (outlier replaced)" in each for each in said["limitations"])


@pytest.mark.parametrize("at", [1, 2])
def test_a_stray_reading_is_found_before_a_prediction_could_tell(
    at: int, station: Station, ramp: Ramp
) -> None:
    record, plain = with_a_stray(at, station, ramp)

    stray = record.events("dwell", at)[-1]["data"]
    (step,) = [event["data"] for event in record.events("primary", at)]
    assert not stray["ruby_pressure_gpa"] > step["step_predicted_high_gpa"], "it could be true"
    assert stray["ruby_pressure_gpa"] > 1.1 * step["step_pressure_gpa"]
    assert (stray["step_surprise"], step["step_surprise"]) == ("unresolved", "outlier_replaced")
    as_ever = plain.events("primary", at)[0]["data"]["step_pressure_gpa"]
    assert step["step_pressure_gpa"] == pytest.approx(as_ever, abs=0.02)
