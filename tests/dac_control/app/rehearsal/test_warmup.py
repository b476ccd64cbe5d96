"""A cell that warms up and keeps its load: the pressure is followed, and nothing is turned."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
EVERY_K, LOOK_EVERY_S, RATE_K_PER_MIN = 8.0, 30.0, 1.0
RUN = f"""
plan = "warmup"
target_k = 120
[temperature]
every_k = {EVERY_K}
look_every_s = {LOOK_EVERY_S}
[temperature.ruby]
exposure_s = 0.5
"""
LOADED_TURNS = 0.4


@pytest.fixture(scope="module")
def warmed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Steps of a warmup with what was true under each, and the laboratory after it."""
    station, path = load_station(STATION), tmp_path_factory.mktemp("warmup") / "run.toml"
    path.write_text(RUN)
    base = settings_of(station)
    # a cell that feels the temperature twenty times as much as others, and papers that are exact
    cell = replace(base.cell, thermal_per_k=2e-3)
    settings = replace(base, cell=cell, systematics=False)
    kept: list[VirtualLaboratory] = []
    streams: dict[str, str] = {}
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        laboratory.twin.turn_to(LOADED_TURNS)
        kept.append(laboratory)

    def listen(name: str, doc: Any) -> None:
        if name == "descriptor":
            streams[doc["uid"]] = doc["name"]
        elif name == "event" and streams[doc["descriptor"]] == "primary":
            steps.append((doc["data"], kept[0].twin.last_exposure() or {}))

    run = load_run_file(path, station)
    done = rehearse_once(station, run, 0, settings=settings, listener=listen, prepare=prepare)
    assert done.exit_status == "success", done.reason
    return steps, kept[0]


def test_the_ruby_is_seen_at_every_few_kelvin_up_to_the_target(warmed: Any) -> None:
    steps, laboratory = warmed
    seen_k = [step["cryostat_cell_temperature_k"] for step, _ in steps]
    assert seen_k[0] == pytest.approx(80.0, abs=1.5) and seen_k[-1] == pytest.approx(120.0, abs=1.5)
    *gaps_k, last_gap_k = [b - a for a, b in pairwise(seen_k)]
    # as soon as somebody looks who finds that it has moved so far
    passes_k = RATE_K_PER_MIN * LOOK_EVERY_S / 60.0
    assert len(gaps_k) == 4 and all(EVERY_K <= gap < EVERY_K + passes_k + 0.2 for gap in gaps_k)
    assert 0.0 < last_gap_k < EVERY_K
    assert [step["step_number"] for step, _ in steps] == list(range(1, len(steps) + 1))
    assert {(step["step_branch"], step["step_target"]) for step, _ in steps} == {("warmup", 120.0)}
    assert laboratory.twin.moving_setpoint_k(1) == 120.0


def test_pressure_and_temperature_are_recorded_together_and_are_those_of_the_cell(
    warmed: Any,
) -> None:
    steps, _ = warmed
    for step, truth in steps:
        assert step["ruby_measured"] and step["step_outcome"] == "measured"
        assert step["ruby_temperature_k"] == step["cryostat_cell_temperature_k"]
        assert step["ruby_temperature_k"] == pytest.approx(truth["cell_k"], abs=0.3)
        sigma_gpa = math.hypot(
            step["ruby_pressure_sigma_stat_gpa"], step["ruby_pressure_sigma_sys_gpa"]
        )
        assert abs(step["ruby_pressure_gpa"] - truth["pressure_gpa"]) < 3.0 * sigma_gpa
    risen = [here["ruby_pressure_gpa"] - steps[1][0]["ruby_pressure_gpa"] for here, _ in steps[2:]]
    truly = [here["pressure_gpa"] - steps[1][1]["pressure_gpa"] for _, here in steps[2:]]
    assert truly[-1] > 3.0 and all(b > a for a, b in pairwise(truly))
    # one temperature for all of them would be 0.2 GPa out
    assert risen == pytest.approx(truly, abs=0.02)


def test_the_load_is_not_touched_while_the_temperature_moves(warmed: Any) -> None:
    steps, laboratory = warmed
    assert laboratory.intents.read() == [], "no move, and none that was only meant"
    assert laboratory.twin.turns == LOADED_TURNS
    assert {truth["turns"] for _, truth in steps} == {LOADED_TURNS}
    assert len({step["drive_turns"] for step, _ in steps}) == 1, "and the drive is read at each"
