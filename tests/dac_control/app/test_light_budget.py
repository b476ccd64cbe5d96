"""Light that a run asks for: limits of its own, refused beforehand, and no more than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.light import make_account
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.state_files import LIGHT_NAME
from dac_control.app.station import load_station
from dac_control.clock import SteadyClock
from dac_control.errors import ConfigurationError, LimitError
from dac_control.records.json_log import JsonLog
from dac_control.safety.light import LightLimits
from devices.laser import Laser
from plans.gauge_settings import RubySettings
from plans.hold import hold
from plans.watching_settings import HoldSettings

EXAMPLES = Path(__file__).parents[3] / "examples"
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
HOLD = """
plan = "hold"
duration_h = 1
[hold]
every_s = 600
[hold.ruby]
exposure_s = 0.5
"""
LIMIT = '[[light.limits]]\nlight = "532nm"\nmax_energy_mj = {}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = (EXAMPLES / "overnight_station.toml").read_text()
    (tmp_path / "station.toml").write_text(text.replace("[devices.cryostat]", LASER, 1))
    return tmp_path


def load(folder: Path, run: str) -> tuple[Any, Any]:
    station = load_station(folder / "station.toml")
    (folder / "run.toml").write_text(run)
    return station, load_run_file(folder / "run.toml", station)


def test_a_budget_of_the_run_that_is_too_small_is_refused_with_its_line(folder: Path) -> None:
    # seven readings of 0.5 s at 1 mW on the chip are 3.5 mJ
    with pytest.raises(ConfigurationError) as refused:
        load(folder, HOLD + LIMIT.format(3.0))
    said = str(refused.value)
    assert re.search(r"run.toml:8: light.limits.0: this run needs at least 7 exposures", said)
    assert "3 mJ are left: 3 s at this power, 6 of these exposures" in said
    assert "raise max_energy_mj to at least 3.5" in said
    load(folder, HOLD + LIMIT.format(3.6))


def test_one_of_the_station_is_named_in_the_station_file(folder: Path) -> None:
    path = folder / "station.toml"
    path.write_text(path.read_text() + "\n" + LIMIT.format(3.0))
    with pytest.raises(ConfigurationError, match=r"station.toml:\d+: light.limits.0: this run"):
        load(folder, HOLD)


def test_a_limit_that_no_light_could_touch_is_refused(folder: Path) -> None:
    other = LIMIT.format(3.0).replace("532nm", "633nm")
    with pytest.raises(
        ConfigurationError, match=r"toml:9: light.limits.0.light: this limits 633nm"
    ):
        load(folder, HOLD + other)
    here = LIMIT.format(4.0) + 'spot = "{}"\n'
    with pytest.raises(ConfigurationError, match=r"toml:11: .*\.spot: .* it falls on chip; is it"):
        load(folder, HOLD + here.format("Chip"))
    load(folder, HOLD + here.format("chip"))


def test_a_limit_may_stand_on_every_place_that_a_light_reaches(folder: Path) -> None:
    path = folder / "station.toml"
    text = path.read_text().replace(
        "[light.beams", "[light.beams.lamp]\nspot_um = 9\ntransmission = 1\n[light.beams", 1
    )
    path.write_text(text + '\n[devices.spots]\ndriver = "manual"\nplaces = ["chip", "gasket"]\n')
    assert load_station(path).lit_places == {
        "lamp": ("chip", "gasket", "lamp"),
        "532nm": ("chip", "gasket"),
    }


RUBY = "[ruby]\nexposure_s = 1\n"
NEEDS = {
    "pressure_ramp": (
        '[targets]\nunit = "gpa"\nload = [4, 12]\n' + RUBY,
        "532nm",
        "21 exposures of 1 s for ruby. 532nm on chip: 21 exposures of 1 s at 2 mW would add 21 mJ",
    ),
    "close_and_seal": (
        "[closing]\nlast_turns = 0.5\n" + RUBY,
        "532nm",
        "15 exposures of 1 s for ruby. 532nm on chip",
    ),
    "pressure_map": (
        'spots = ["chip", "chip 2"]\n' + RUBY,
        "532nm",
        "3 exposures of 1 s for ruby. 532nm on chip",
    ),
    "measure_vibron": (
        "readings = 2\n" + RUBY + "[vibron]\naverages = 2\n",
        "532nm",
        "2 exposures of 120 s for h2_vibron. 532nm on sample: 2 exposures of 120 s at 2 mW",
    ),
    "measure_edge": (
        'anvil = "far"\n',
        "532nm",
        "3 exposures of 60 s for diamond_edge. 532nm on anvil far",
    ),
    "measure_reflectance": (
        'sample = "hydrogen"\n',
        "lamp",
        "2 exposures of 5 s for the lamp. lamp on gasket: 2 exposures of 5 s at 5 mW would",
    ),
    "measure_lambda0": ('chip = "c"\n' + RUBY, "532nm", "8 exposures of 1 s for ruby"),
    "measure_gain": ("", "lamp", "an exposure of 0.1 s for the lamp. lamp on lamp"),
    "cooldown": ("target_k = 20\n[temperature]\n", "532nm", "6 exposures of 0.2 s for ruby"),
}


@pytest.mark.parametrize("plan", NEEDS)
def test_every_plan_is_weighed_by_its_fewest_looks(
    folder: Path, optics_station: Path, plan: str
) -> None:
    body, light, said = NEEDS[plan]
    beside = optics_station.read_text().replace("[devices.cryostat]", LASER, 1)
    (folder / "station.toml").write_text(beside)
    (folder / "scales.toml").write_text(optics_station.with_name("scales.toml").read_text())
    run = f'plan = "{plan}"\n{body}'
    # the place that needs most of it is named
    limit = LIMIT.format(0.05).replace("532nm", light)
    with pytest.raises(ConfigurationError) as refused:
        load(folder, run + limit)
    line = run.count("\n") + 1
    assert f"run.toml:{line}: light.limits.0: this run needs at least {said}" in str(refused.value)
    load(folder, run + LIMIT.format(1e4).replace("532nm", light))


STAGES = """
plan = "full_experiment"
[[stages]]
plan = "hold"
duration_h = 1
[stages.hold]
every_s = 600
[stages.hold.ruby]
exposure_s = 0.5
[[stages]]
plan = "hold"
duration_h = 1
[stages.hold]
every_s = 600
[stages.hold.ruby]
exposure_s = 1.0
"""


def test_stages_are_added_up_and_one_is_held_against_its_own_limits(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(folder, STAGES + LIMIT.format(10.0))
    assert (
        "this run needs at least 14 exposures for ruby. 532nm on "
        "chip: 7 exposures of 0.5 s and 7 exposures of 1 s at 2 mW would add 10.5 mJ"
    ) in str(refused.value)
    load(folder, STAGES + LIMIT.format(10.6))
    # of the second stage: 3.5 mJ have fallen by then, and it needs 7
    own = LIMIT.replace("light.limits", "stages.light.limits")
    with pytest.raises(ConfigurationError) as refused:
        load(folder, STAGES + own.format(10.0))
    assert "run.toml:17: stages.1.light.limits.0: this stage, after those before it, needs" in str(
        refused.value
    )
    assert "would add 7 mJ to the 3.5 mJ that the spot has had or will have had" in str(
        refused.value
    )
    load(folder, STAGES + own.format(10.6))
    first = STAGES.replace("[[stages]]", own.format(4.0) + "[[stages]]").replace(
        own.format(4.0), "", 1
    )
    load(folder, first)


def test_a_budget_that_cannot_hold_the_whole_way_of_a_temperature_is_refused(folder: Path) -> None:
    there, back = 'plan = "cooldown"\ntarget_k = 20\n', 'plan = "warmup"\ntarget_k = 75\n'
    # 80 K in the station file: six looks of 0.2 s at 1 mW; and back over 55 K, as many
    with pytest.raises(ConfigurationError) as refused:
        load(folder, there + LIMIT.format(1.1))
    said = str(refused.value)
    assert re.search(r"run.toml:3: light.limits.0: this run needs at least 6 exposures", said)
    assert (
        "less often (temperature.every_k) on the way from 80 K, which is where rehearsal." in said
    )
    load(folder, there + LIMIT.format(1.3))
    both = f'plan = "full_experiment"\n[[stages]]\n{there}[[stages]]\n{back}'
    with pytest.raises(ConfigurationError, match="from 20 K, which is where the cooldown before"):
        load(folder, both + LIMIT.format(2.3))
    load(folder, both + LIMIT.format(2.5))
    # where nobody says from where, the first and the last are sure
    path = folder / "station.toml"
    path.write_text(path.read_text().replace("start_temperature_k = 80", ""))
    load(folder, there + LIMIT.format(0.5))


def test_what_the_specimen_has_had_counts(folder: Path) -> None:
    station = load_station(folder / "station.toml")
    ledger = JsonLog(station.storage.state / LIGHT_NAME)
    account = make_account(station, ledger, SteadyClock(1.0))
    account.state("532nm", "chip", power_mw=2.0, open_s=1.0, reason="aligned by hand")
    with pytest.raises(ConfigurationError, match=r"3\.5 mJ to the 1 mJ that the spot has had"):
        load(folder, HOLD + LIMIT.format(3.6))
    load(folder, HOLD + LIMIT.format(4.6))


def test_the_limits_of_a_run_hold_while_it_runs_and_stand_in_its_record(folder: Path) -> None:
    station, run = load(folder, HOLD + LIMIT.format(3.6))
    starts: list[dict[str, Any]] = []
    accounts: list[Any] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        light = laboratory.session.instruments.light
        assert isinstance(light, Laser)
        accounts.append(light.account)

    def listen(name: str, doc: Any) -> None:
        if name == "start":
            starts.append(dict(doc))
            assert accounts[0].allowance("532nm", "chip").max_energy_mj == 3.6

    done = rehearse_once(station, run, seed=1, prepare=prepare, listener=listen)
    assert done.exit_status == "success", done.reason
    assert starts[0]["light_budget"][0]["max_energy_mj"] == 3.6
    assert accounts[0].run_limits == ()
    assert done.doses[0].energy_mj < 3.7
    assert list(done.touched) == ["light.limits.max_energy_mj (532nm on chip)"], (
        "it is used to the end"
    )


def test_a_shell_is_refused_by_the_plan_itself(folder: Path) -> None:
    station, run = load(folder, HOLD)
    settings = HoldSettings(every_s=600.0, ruby=RubySettings(exposure_s=0.5))

    def prepare(laboratory: VirtualLaboratory) -> None:
        instruments = laboratory.session.instruments
        light = instruments.light
        assert isinstance(light, Laser)
        light.account.limit_run([LightLimits(light="532nm", max_energy_mj=3.0)])
        with pytest.raises(LimitError, match="6 of these exposures"):
            laboratory.session.run(hold(instruments, 1.0, settings=settings))
        light.account.limit_run([])

    assert rehearse_once(station, run, seed=1, prepare=prepare).exit_status == "success"


RAMP = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [10, 20]
[dwell]
drift_limit_gpa_per_h = {drift}
window_s = 120
interval_s = 30
min_dwell_s = 90
min_readings = 4
[ruby]
exposure_s = 0.5
"""


@pytest.mark.parametrize(
    ("drift", "budget_mj", "said"),
    [
        # a step needs a dwell of 4, its own reading and one to spare
        (9.0, 17.2, r"holds before step \d, .*: 6 exposures of 0.5 s.* would add 3 mJ"),
        (1e-6, 15.2, r"holds before step 2, .* [01] of these exposures. .* fewer readings"),
    ],
    ids=["used up by steps", "used up by one dwell that does not settle"],
)
def test_a_screw_does_not_turn_where_the_light_to_measure_it_is_not_left(
    folder: Path, drift: float, budget_mj: float, said: str
) -> None:
    station, run = load(folder, RAMP.format(drift=drift) + LIMIT.format(budget_mj))
    moves: list[Any] = []
    steps: list[bool] = []
    why: list[str] = []

    def listen(name: str, doc: Any) -> None:
        if name == "event" and doc["data"].get("step_outcome") not in (None, "under_way"):
            steps.append(doc["data"]["ruby_measured"])
            why.append(doc["data"]["step_failure"])

    done = rehearse_once(
        station, run, seed=1, listener=listen, prepare=lambda made: moves.append(made.intents)
    )
    assert done.exit_status == "fail" and re.search(said, done.reason), done.reason
    intents = [record for record in moves[0].read() if record["kind"] == "intent"]
    assert ("before it has settled" in why[-1]) == (len(steps) == 1)
    assert steps and all(steps) and len(intents) == len(steps) - 1, "every move was measured"
    assert [touch.step for touch in done.touched["light.limits.max_energy_mj (532nm on chip)"]] == [
        len(steps)
    ]


def test_readings_cost_no_more_light_than_the_wanted_signal_needs(folder: Path) -> None:
    exposures: dict[str, list[float]] = {}
    for name, more in (("written", ""), ("wanted", "signal_to_noise = 60\n")):
        station, run = load(folder, HOLD + more)
        taken = exposures.setdefault(name, [])

        def listen(kind: str, doc: Any, taken: list[float] = taken) -> None:
            if kind == "event" and "ruby_r1_nm" in doc["data"]:
                taken.append(doc["data"]["spectrometer_exposure_s"])

        assert rehearse_once(station, run, seed=1, listener=listen).exit_status == "success"
    assert set(exposures["written"]) == {0.5}
    assert exposures["wanted"][0] == 0.5 and exposures["wanted"][-1] < 0.5
    assert len(exposures["wanted"]) == len(exposures["written"]), "nothing was taken twice"
