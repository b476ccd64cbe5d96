"""Steps that stay without a pressure: none, unless somebody wrote that there may be."""

import math
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.commands.show import list_all
from dac_control.app.findings import summarise_findings
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.report import write_report
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError
from dac_control.records import open_run

EXAMPLES = Path(__file__).parents[4] / "examples"
RUN = """
plan = "pressure_ramp"
allow_unmeasured_steps = {allowed}
[targets]
unit = "gpa"
load = [16]
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
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""


def rehearse(folder: Path, allowed: int, blind: range, more: str = "", **how: Any) -> Any:
    station = load_station(EXAMPLES / "overnight_station.toml")
    (folder / "run.toml").write_text(RUN.format(allowed=allowed) + more)
    moves: list[Any] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        instruments = laboratory.session.instruments
        ruby: Any = instruments.ruby
        measure = ruby.gauge.measure

        def sometimes(*args: Any, **named: Any) -> Any:
            if int(instruments.step.number.get()) in blind:
                raise ValueError("nobody switched the light on")
            return measure(*args, **named)

        ruby.gauge.measure = sometimes
        moves.append(laboratory.intents)

    documents: list[tuple[str, dict[str, Any]]] = []
    done = rehearse_once(
        station,
        load_run_file(folder / "run.toml", station),
        seed=3,
        prepare=prepare,
        listener=lambda name, doc: documents.append((name, dict(doc))),
        **how,
    )
    sent = [record for record in moves[0].read() if record["kind"] == "intent"]
    uids = {d["uid"] for name, d in documents if name == "descriptor" and d["name"] == "primary"}
    steps = [d["data"] for name, d in documents if name == "event" and d["descriptor"] in uids]
    return done, steps, sent


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ramp that two steps may fail of, and one does."""
    folder = tmp_path_factory.mktemp("allowed")
    return folder, *rehearse(folder, 2, range(5, 6), keep=folder / "runs")


def test_none_is_allowed_unless_written(tmp_path: Path) -> None:
    done, steps, sent = rehearse(tmp_path, 0, range(5, 6))
    assert done.exit_status == "fail" and "no pressure after 1 attempt," in done.reason
    assert len(steps) == 5 and len(sent) == 4


def test_an_unmeasured_step_carries_no_pressure_and_the_bound_grows_over_it(allowed: Any) -> None:
    _folder, done, steps, _sent = allowed
    assert done.exit_status == "success", done.reason
    assert math.isnan(steps[4]["step_pressure_gpa"])
    assert steps[4]["step_outcome"] == "not_measured"
    # predicted from the last measured step: beyond what one step alone may reach
    last_gpa = steps[3]["step_pressure_gpa"]
    assert steps[4]["step_bound_gpa"] - last_gpa <= 4.0 + 1e-9
    assert steps[4]["step_bound_gpa"] < steps[5]["step_bound_gpa"] <= last_gpa + 8.0 + 1e-9
    assert steps[-1]["step_pressure_gpa"] >= 15.5, "an unmeasured step ended the ramp"


def test_more_than_were_allowed_end_in_hold(tmp_path: Path) -> None:
    done, steps, sent = rehearse(tmp_path, 2, range(5, 99))
    assert done.exit_status == "fail"
    assert "(2 unmeasured steps were allowed)" in done.reason
    assert len(steps) == 7, "four measured ones, two that were allowed, and the one that ended it"
    assert len(sent) <= 6


def test_every_page_says_so(allowed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder, done, *_ = allowed
    run = open_run(done.folder)
    found = summarise_findings(run)
    assert found["allow_unmeasured_steps"] == 2
    step = next(each for each in found["steps"] if each["step"] == 5)
    assert step["pressure_gpa"] is None and not step["measured"]
    assert any("UNMEASURED STEPS ALLOWED" in each for each in found["limitations"])
    list_all(folder / "runs", as_json=False)
    assert "UNMEASURED STEPS ALLOWED (2)" in capsys.readouterr().out
    page = write_report(run).read_text(encoding="utf-8")
    assert 'class="running unmeasured">UNMEASURED STEPS ALLOWED' in page


def test_readings_that_agree_with_nothing_are_no_pressure_of_their_step(tmp_path: Path) -> None:
    nothing_agrees = "[outliers]\noutside_sigma = 1e-6\nagree_sigma = 1e-9\n"
    done, steps, _sent = rehearse(tmp_path, 0, range(0), nothing_agrees, keep=tmp_path / "runs")
    assert "has no measured pressure" in done.reason
    last, number = steps[-1], len(steps)
    # attempts = 1 is for spectra that give no pressure, and says nothing of those that do
    assert last["step_attempts"] == 2 and "last of 3 readings" in done.reason
    assert last["ruby_measured"] and math.isnan(last["step_pressure_gpa"])
    found = summarise_findings(open_run(done.folder))
    step = found["steps"][-1]
    assert not step["measured"] and step["pressure_gpa"] is None
    assert step["gauges"]["ruby"]["observable"] == last["ruby_r1_nm"], "its line is kept"
    assert any(f"step {number} (unresolved)" in each for each in found["limitations"])


def test_a_number_below_0_is_refused(tmp_path: Path) -> None:
    station = load_station(EXAMPLES / "overnight_station.toml")
    (tmp_path / "run.toml").write_text(RUN.format(allowed=-1))
    with pytest.raises(ConfigurationError, match=r"run.toml:3: allow_unmeasured_steps"):
        load_run_file(tmp_path / "run.toml", station)
