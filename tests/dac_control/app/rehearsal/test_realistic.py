"""A ramp on the realistic twin, whose spectra no fit assumes: what is stated of each step is so."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from dac_control.app.rehearsal.rehearsal import Rehearsed, RehearsedStep, rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
WARM = {
    "# realistic = true": "realistic = true",
    # at 80 K half of every interval is the scale's own doubt of the cold, behind which an error of
    # the fit would hide; at 296 K lambda0 was measured
    "start_temperature_k = 80": "start_temperature_k = 296",
}
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [6, 12]
[dwell]
drift_limit_gpa_per_h = 6.0
window_s = 120
interval_s = 60
min_dwell_s = 120
max_dwell_s = 240
min_readings = 3
[ruby]
exposure_s = 0.5
attempts = 3
[step]
probe_turns = 0.02
tolerance_gpa = 0.5
"""
SEEDS = range(4)
NORMAL_95 = 1.96


@pytest.fixture(scope="module")
def ramps(tmp_path_factory: pytest.TempPathFactory) -> list[Rehearsed]:
    """One ramp of each of some laboratories; a cell that is lost measures nothing."""
    folder = tmp_path_factory.mktemp("realistic")
    text = STATION.read_text(encoding="utf-8")
    for quiet, real in WARM.items():
        assert quiet in text
        text = text.replace(quiet, real)
    (folder / "station.toml").write_text(text, encoding="utf-8")
    (folder / "run.toml").write_text(RUN, encoding="utf-8")
    station = load_station(folder / "station.toml")
    run = load_run_file(folder / "run.toml", station)
    settings = settings_of(station, run)
    assert settings.failure.hazard and settings.shape.real and settings.disturbance.etalon > 0.0
    # no key of a station file says so
    settings = replace(settings, failure=replace(settings.failure, hazard=False))
    return [rehearse_once(station, run, seed, settings=settings) for seed in SEEDS]


def error(step: RehearsedStep) -> float:
    """Reading less truth, where 1.96 is the end of the interval of 95 %."""
    return NORMAL_95 * (step.pressure_gpa - step.truth["pressure_gpa"]) / step.half_width_95_gpa


def test_each_step_is_measured_and_each_target_reached(ramps: list[Rehearsed]) -> None:
    for ramp in ramps:
        assert (ramp.exit_status, ramp.reason) == ("success", "")
        assert len(ramp.steps) >= 5 and all(step.measured for step in ramp.steps)
        assert all(step.gauge == "ruby" for step in ramp.steps)
        assert all(target.step for target in ramp.targets) and len(ramp.targets) == 2
        # the fit sees that its lines are not these, or the twin was a quiet one
        assert all("poor_fit" in step.flags for step in ramp.steps[-2:])


def test_stated_intervals_hold_the_truth_as_often_as_they_say(ramps: list[Rehearsed]) -> None:
    """A ramp has one scale, one lambda0 and one axis: its steps err together, or not at all.

    So what chance allows is counted in ramps. Of four, each with 1 in 20, three or more miss once
    in 2000 times: at most two may be out where they end, and half of all steps.
    """
    last = [error(ramp.steps[-1]) for ramp in ramps]
    assert sum(abs(z) > NORMAL_95 for z in last) <= 2
    steps = [error(step) for ramp in ramps for step in ramp.steps]
    assert sum(abs(z) > NORMAL_95 for z in steps) <= len(steps) // 2
    # their mean square is a chi squared of four over four: within these in 98 of 100 times, so that
    # intervals are as wide as they must be, and no wider
    assert math.sqrt(0.297 / 4) < math.sqrt(sum(z * z for z in last) / 4) < math.sqrt(13.3 / 4)
