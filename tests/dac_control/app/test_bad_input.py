"""A run file that asks for the impossible: refused with its line, and with what would be possible.

One test for each thing that can be impossible about a run; none of them opens an instrument.
"""

import re
from pathlib import Path

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[3] / "examples"
RAMP = 'plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [{}]\n'
LASER = """
[light.beams.532nm]
spot_um = 20
transmission = 0.5

[devices.laser]
driver = "cobolt06"
address = "COM5"
wavelength_nm = 532.0
max_power_mw = 10.0
power_mw = 2.0

[devices.cryostat]"""
HIGH = ("pressure_limit_gpa = 50.0", "pressure_limit_gpa = 400.0")
COLD = ('ptm = "argon"', 'ptm = "argon"\nmax_temperature_k = 80')
LIMIT = '[[light.limits]]\nlight = "532nm"\nspot = "chip"\nmax_energy_mj = 1\n'


def with_age(key: str, value: float) -> tuple[str, str]:
    return "[limits]", f"[calibrations]\n{key} = {value}\n\n[limits]"


CASES = {
    "beyond the pressure limit": ([], RAMP.format(900), "run.toml", "load", "pressure_limit_gpa"),
    "beyond the turns": (
        [],
        'plan = "pressure_ramp"\n[targets]\nunit = "turns"\nload = [0.1, 7]\n',
        "run.toml",
        "load",
        "max_turns",
    ),
    "a temperature that the cryostat does not reach": (
        [],
        'plan = "cooldown"\ntarget_k = 0.3\n',
        "run.toml",
        "target_k",
        r"outside 5 to 300 K, .* say so with min_setpoint_k and max_setpoint_k of \[devices.cryo",
    ),
    "a temperature that the specimen does not stand": (
        [COLD],
        'plan = "warmup"\ntarget_k = 200\n',
        "run.toml",
        "target_k",
        r"above specimen.max_temperature_k \(80 K\); .* Lower the target, or raise the limit",
    ),
    "a hold without an end": (
        [],
        'plan = "hold"\nduration_h = inf\n',
        "run.toml",
        "duration_h",
        "finite number",
    ),
    "a dwell without an end": (
        [],
        RAMP.format(12) + "[dwell]\nmax_dwell_s = inf\n",
        "run.toml",
        "max_dwell_s",
        "dwell.max_dwell_s: this must be a finite number .got inf",
    ),
    "a budget of the run that is too small": (
        [("[devices.cryostat]", LASER)],
        RAMP.format(12) + LIMIT,
        "run.toml",
        "[[light.limits]]",
        "raise max_energy_mj to at least",
    ),
    "a budget of the station that is too small": (
        [("[devices.cryostat]", LASER.replace("[devices.laser]", LIMIT + "\n[devices.laser]"))],
        'plan = "hold"\nduration_h = 10\n[hold]\nevery_s = 60\n',
        "station.toml",
        "[[light.limits]]",
        "of these exposures",
    ),
    "an axis that was never calibrated": (
        [with_age("max_axis_age_h", 24)],
        RAMP.format(12),
        "station.toml",
        "max_axis_age_h",
        "run calibrate_axis",
    ),
    "a gain that was never measured": (
        [with_age("max_gain_age_d", 90)],
        'plan = "hold"\nduration_h = 1\n',
        "station.toml",
        "max_gain_age_d",
        "run measure_gain",
    ),
    "a lambda0 that is too old": (
        [with_age("max_lambda0_age_d", 5)],
        RAMP.format(12),
        "station.toml",
        "max_lambda0_age_d",
        "run measure_lambda0 with the cell unloaded",
    ),
    "a gauge out of its range with no successor": (
        [HIGH],
        RAMP.format(200),
        "run.toml",
        "load",
        "lower the target, or choose a scale in the station file that was made for it",
    ),
    "a gauge that is not there": (
        [],
        'gauge = ["ruby", "diamond_edge"]\n' + RAMP.format(12),
        "run.toml",
        "gauge",
        r"declare \[edge\] and \[devices.raman\]",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_it_is_refused_with_its_line_and_with_what_would_be_possible(
    tmp_path: Path, what: str
) -> None:
    changes, run, where, key, remedy = CASES[what]
    text = (EXAMPLES / "overnight_station.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "station.toml").write_text(text)
    (tmp_path / "run.toml").write_text(run)
    station = load_station(tmp_path / "station.toml")
    # nine days after the lambda0 of the file
    day_s = 1_795_910_400.0
    with pytest.raises(ConfigurationError, match=remedy) as refused:
        load_run_file(tmp_path / "run.toml", station, wall_time=day_s)
    place = re.match(rf"{re.escape(str(tmp_path / where))}:(\d+): ", str(refused.value))
    assert place is not None, str(refused.value)
    line = (tmp_path / where).read_text().splitlines()[int(place[1]) - 1]
    assert line.startswith(key)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.toml", "station.toml"]


LONG = "ruby]\nexposure_s = 100\nlongest_exposure_s = 200\n"
STAGES = 'plan = "full_experiment"\n' + 2 * '[[stages]]\nplan = "hold"\nduration_h = 1\n'


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RAMP.format(12) + "[" + LONG, "ruby.exposure_s: ruby: spectrometer cannot expose for 100"),
        (
            STAGES + "[stages.hold." + LONG,
            "stages.1.hold.ruby.exposure_s: stage 2 of 2, hold: ruby",
        ),
    ],
)
def test_what_only_an_instrument_knows_is_refused_with_its_line_too(
    tmp_path: Path, run: str, said: str
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(run)
    station = load_station(EXAMPLES / "overnight_station.toml")
    with pytest.raises(ConfigurationError) as refused:
        rehearse_once(station, load_run_file(path, station), seed=1)
    line = run.splitlines().index("exposure_s = 100") + 1
    assert str(refused.value).startswith(f"{path}:{line}: {said}")
