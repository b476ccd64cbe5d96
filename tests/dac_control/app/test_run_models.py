"""Run files of every plan: what they hold, and what is refused before anything moves."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dac_control.app import shell
from dac_control.app.calibrations import check_run
from dac_control.app.gauge_tables import ReferenceTable
from dac_control.app.run_file import load_run_file
from dac_control.app.run_models import PLANS
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError, StaleCalibration

ROOT = Path(__file__).parents[3]
SHORTEST = {
    "pressure_ramp": '[targets]\nunit = "gpa"\nload = [5, 9]\n',
    "control_run": 'controls = "abc"\ncontents = "empty"\n[targets]\nunit = "gpa"\nload = [5]\n',
    "repeatability": "[repeat]\npressure_gpa = 8\n",
    "cooldown": "target_k = 80\n",
    "warmup": "target_k = 200\n",
    "hold": "duration_h = 48\n",
    "measure_lambda0": 'chip = "chip 3"\n',
    "measure_reference_ruby": 'chip = "chip R"\n',
    "calibrate_axis": 'lamp = "neon"\n',
    "measure_gain": "",
    "measure_edge": "",
    "measure_vibron": "",
    "pressure_map": 'spots = ["chip", "chip 2"]\n',
    "measure_reflectance": 'sample = "hydrogen"\n',
    "close_and_seal": "[closing]\nlast_turns = 0.5\n",
    "full_experiment": '[[stages]]\nplan = "hold"\nduration_h = 1\n',
}


@pytest.fixture(scope="module")
def station():
    return load_station(ROOT / "examples" / "station.toml")


def run_file(folder: Path, plan: str, body: str) -> Path:
    path = folder / "run.toml"
    path.write_text(f'plan = "{plan}"\n{body}')
    return path


@pytest.fixture(scope="module")
def optics(optics_station: Path):
    found = load_station(optics_station)
    reference = ReferenceTable(chip="chip R", temperature_difference_sigma_k=0.1)
    gauge = found.gauge.model_copy(update={"reference_ruby": reference})
    return found.model_copy(update={"gauge": gauge})


@pytest.mark.parametrize("plan", PLANS)
def test_the_shortest_file_of_every_plan_is_taken(tmp_path: Path, optics, plan: str) -> None:
    run = load_run_file(run_file(tmp_path, plan, SHORTEST[plan]), optics)
    assert run.plan == plan


def test_the_page_lists_every_plan_and_every_key_is_a_key() -> None:
    page = (ROOT / "docs" / "plans.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(PLANS)


@pytest.mark.parametrize(
    ("plan", "body", "said"),
    [
        (
            "pressure_ramp",
            '[targets]\nunit = "gpa"\nload = [5, 900]\n',
            r"run.toml:4: targets.load",
        ),
        (
            "pressure_ramp",
            '[step]\ntolerance_gpa = 100\n[targets]\nunit = "gpa"\nload = [40]\n',
            r"run.toml:3: step.tolerance_gpa: .* \(100\) is more than .*max_step_gpa \(4\)",
        ),
        (
            "pressure_ramp",
            '[targets]\nunit = "gpa"\nload = [5, 5.5]\n',
            r"run.toml:2: targets: step.tolerance_gpa \(0.3\) .* below 0.25, or targets further",
        ),
        (
            "close_and_seal",
            "[closing]\nlast_turns = 0.2\n[step]\ntolerance_gpa = 4.5\n",
            r"run.toml:5: step.tolerance_gpa",
        ),
        ("repeatability", "[repeat]\npressure_gpa = 49.5\n", r"run.toml:3: repeat.pressure_gpa"),
        (
            "repeatability",
            "[repeat]\npressure_gpa = 8\nswing_gpa = 0.2\n",
            r"run.toml:4: repeat.swing_gpa: .*more than 0.682 GPa: .* Ask for a larger swing",
        ),
        ("warmup", "target_k = 301\n", r"run.toml:2: target_k"),
        ("hold", "duration_h = -1\n", r"run.toml:2: duration_h"),
        ("hold", "duration_h = 1\nspeed = 3\n", r"run.toml:3: speed: this key is not known"),
        ("measure_lambda0", 'chip = "c"\nreadings = 2\n', r"run.toml:3: readings"),
        ("calibrate_axis", 'lamp = "neon"\nexposures_s = []\n', r"run.toml:3: exposures_s"),
        ("calibrate_axis", 'lamp = "neon"\nexposures_s = [inf]\n', r"run.toml:3: exposures_s"),
        ("fly", "", r"run.toml:1: plan: there is no plan 'fly'; there are pressure_ramp"),
    ],
)
def test_the_impossible_is_refused_with_its_line(
    tmp_path: Path, station, plan: str, body: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_run_file(run_file(tmp_path, plan, body), station)


def test_a_file_without_a_plan_says_which_there_are(tmp_path: Path, station) -> None:
    path = tmp_path / "run.toml"
    path.write_text("target_k = 80\n")
    with pytest.raises(ConfigurationError, match="plan: this key is missing; there are"):
        load_run_file(path, station)


def test_a_control_names_a_run_that_is_there_and_a_specimen_of_its_own(
    tmp_path: Path, station, fake_run
) -> None:
    run = fake_run(load=1, unload=0, dwell_readings=0, frames=False)
    storage = station.storage.model_copy(update={"runs": run.folder.parent})

    def load(controls: str, specimen: str, contents: str = "empty") -> None:
        inside = station.specimen.model_copy(update={"id": specimen})
        here = station.model_copy(update={"storage": storage, "specimen": inside})
        body = f'controls = "{controls}"\ncontents = "{contents}"\n'
        body += '[targets]\nunit = "gpa"\nload = [5]\n'
        load_run_file(run_file(tmp_path, "control_run", body), here)

    load(run.uid[:8], "empty 1")
    with pytest.raises(ConfigurationError, match=r"run.toml:2: controls: .*no run 'deadbeef'"):
        load("deadbeef", "empty 1")
    with pytest.raises(ConfigurationError, match=r"run.toml:3: contents: .*'H2-017'"):
        load(run.uid[:8], "H2-017")
    with pytest.raises(ConfigurationError, match=r"run.toml:2: controls: this says nothing"):
        load("  ", "empty 1")


@pytest.mark.parametrize(
    ("plan", "body", "said"),
    [
        ("measure_edge", 'anvil = "far"\n', r"run.toml:1: plan: this station has no gauge"),
        ("measure_vibron", 'gauge = "h2_vibron"\n', r"run.toml:2: gauge: .*\[vibron\]"),
        (
            "pressure_map",
            '\nspots = ["chip", "chip 2"]\n',
            r"run.toml:3: spots: .* cannot look at 'chip 2', they look at chip; .*devices.spots",
        ),
        ("measure_reflectance", 'sample = "hydrogen"\n', r"run.toml:1: plan: .*\[devices.lamp\]"),
        ("measure_gain", "", r"run.toml:1: plan: .*\[devices.lamp\]"),
        ("calibrate_axis", 'lamp = "candle"\n', r"run.toml:2: lamp: There is no lamp 'candle'"),
        ("close_and_seal", "[closing]\nlast_turns = 99\n", r"run.toml:3: closing.last_turns"),
        (
            "close_and_seal",
            "[closing]\nlast_turns = 0.2\nrise_gpa = 500\n",
            r"run.toml:4: closing.rise_gpa: .*to 500 GPa, beyond limits.pressure_limit_gpa .50 GPa",
        ),
        ("close_and_seal", "[closing]\nstep_turns = 1\n", r"closing.last_turns: .*missing"),
    ],
)
def test_a_station_that_lacks_something_says_what_would_make_it_possible(
    tmp_path: Path, station, plan: str, body: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_run_file(run_file(tmp_path, plan, body), station)


@pytest.mark.parametrize(
    ("plan", "body", "said"),
    [
        ("measure_vibron", 'gauge = "ruby"\n', r"run.toml:2: gauge: .*'ruby' .*has h2_vibron"),
        ("measure_vibron", 'gauge = "diamond_edge"\n', r"gauge: .*'diamond_edge'.*has h2_vibron"),
        ("measure_vibron", 'spot = "moon"\n', r"run.toml:2: spot: .* 'moon'"),
        ("pressure_map", 'spots = ["chip", "chip"]\n', r"run.toml:2: spots: .* twice"),
        ("pressure_map", 'spots = ["chip"]\n', r"run.toml:2: spots"),
        (
            "measure_reflectance",
            'sample = "metallic hydrogen"\n',
            r"run.toml:2: sample: .*says more",
        ),
        (
            "measure_reflectance",
            'sample = "hydrogen"\npurpose = "is it metallic?"\n',
            r"run.toml:3: purpose: .*says more",
        ),
    ],
)
def test_what_a_full_station_cannot_do_is_refused(
    tmp_path: Path, optics, plan: str, body: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_run_file(run_file(tmp_path, plan, body), optics)


STAGES = """
[[stages]]
plan = "cooldown"
target_k = 80

[[stages]]
plan = "pressure_ramp"
also = ["diamond_edge"]
[stages.targets]
unit = "gpa"
load = [5, {top}]

[[stages]]
plan = "{last}"
"""


def test_every_stage_is_checked_with_its_own_line(tmp_path: Path, optics) -> None:
    def load(**values: str):
        body = STAGES.format(**{"top": "9", "last": "measure_edge", **values})
        return load_run_file(run_file(tmp_path, "full_experiment", body), optics)

    run = load()
    assert [stage.plan for stage in run.stages] == ["cooldown", "pressure_ramp", "measure_edge"]
    assert run.stages[2].gauges == ("ruby", "diamond_edge")
    with pytest.raises(ConfigurationError, match=r"run.toml:12: stages.1.targets.load"):
        load(top="900")
    with pytest.raises(ConfigurationError, match=r"stages.1.targets.load.* '9'|stages.1.targets"):
        load(top='"9"')
    with pytest.raises(ConfigurationError, match=r"run.toml:14: stages.2: .*no plan 'fly'"):
        load(last="fly")
    with pytest.raises(ConfigurationError, match=r"stages.2: .*no plan 'full_experiment'"):
        load(last="full_experiment")
    with pytest.raises(ConfigurationError, match=r"stages.2.sample: this key is missing"):
        load(last="measure_reflectance")


COLDER = '[[stages]]\nplan = "{}"\ntarget_k = {}\n'


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (("cooldown", 20), ""),
        (("warmup", 60), ""),
        (("cooldown", 60), "the cooldown before leaves the cell at 40 K, .* Ask for a warmup"),
        (("warmup", 20), "Ask for a cooldown"),
    ],
)
def test_a_temperature_leads_on_from_that_of_the_stages_before(
    tmp_path: Path, station, second: tuple[str, int], said: str
) -> None:
    hold = '[[stages]]\nplan = "hold"\nduration_h = 1\n'
    body = COLDER.format("cooldown", 40) + hold + COLDER.format(*second)
    path = run_file(tmp_path, "full_experiment", body)
    if not said:
        assert len(load_run_file(path, station).stages) == 3
        return
    with pytest.raises(ConfigurationError, match=f"run.toml:10: stages.2.target_k: .*{said}"):
        load_run_file(path, station)


def test_the_example_of_an_experiment_fits_its_station() -> None:
    station = load_station(ROOT / "examples" / "hydrogen_station.toml")
    run = load_run_file(ROOT / "examples" / "experiment.toml", station)
    assert station.calibrations.max_axis_age_h == 24.0
    alone = run.model_copy(update={"stages": run.stages[:1] + run.stages[2:]})
    parts = [[(p.needs(station), p.brings(station)) for p in each.parts] for each in (run, alone)]
    check_run(station, parts[0], time.time())
    with pytest.raises(StaleCalibration, match="no axis calibration of 'raman'; run calibrate"):
        check_run(station, parts[1], time.time())
    assert [stage.plan for stage in run.stages][:5] == [
        "calibrate_axis",
        "calibrate_axis",
        "measure_reflectance",
        "close_and_seal",
        "measure_vibron",
    ]
    assert run.settings.ruby.exposure_s == 0.5


def test_the_shell_has_the_plan_of_every_run_file() -> None:
    # `hold` is the hold flag's there
    assert {"hold_plan" if name == "hold" else name for name in PLANS} <= set(shell._plans())


PARTS = {
    'plan = "hold"\nduration_h = 1\n': True,
    'plan = "cooldown"\ntarget_k = 80\n': True,
    'plan = "cooldown"\ntarget_k = 900\n': False,
    'plan = "measure_edge"\nanvil = "far"\n': True,
    'plan = "measure_edge"\nanvil = "upper"\n': False,
    'plan = "pressure_map"\nspots = ["chip", "moon"]\n': False,
    'plan = "pressure_ramp"\n[stages.targets]\nunit = "gpa"\nload = [5]\n': True,
    'plan = "pressure_ramp"\n[stages.targets]\nunit = "gpa"\nload = [5, 500]\n': False,
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=5))
def test_an_experiment_is_taken_only_if_every_stage_would_be(
    tmp_path: Path, optics, parts: list[str]
) -> None:
    body = "".join(f"[[stages]]\n{part}" for part in parts)
    path = run_file(tmp_path, "full_experiment", body)
    wrong = [number for number, part in enumerate(parts) if not PARTS[part]]
    if not wrong:
        assert len(load_run_file(path, optics).stages) == len(parts)
        return
    with pytest.raises(ConfigurationError) as refused:
        load_run_file(path, optics)
    # with its place in the list, and a line inside its table
    number, line = re.search(r"run\.toml:(\d+): stages\.(\d+)", str(refused.value)).groups()[::-1]
    assert int(number) in wrong
    headers = [n for n, text in enumerate(path.read_text().splitlines(), 1) if "[[" in text]
    ends = [*headers[1:], 10**6]
    assert headers[int(number)] <= int(line) < ends[int(number)]


TAKEN_UP = {
    "pressure_ramp",
    "control_run",
    "repeatability",
    "cooldown",
    "warmup",
    "hold",
    "full_experiment",
}


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_can_be_taken_up_or_says_what_to_do_instead(
    tmp_path: Path, optics, plan: str
) -> None:
    instead = load_run_file(run_file(tmp_path, plan, SHORTEST[plan]), optics).instead_of_resuming
    assert (plan in TAKEN_UP) == (instead == "")
    assert not instead or re.search(r"dac-control run|write a run file", instead)
