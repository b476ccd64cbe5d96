"""What plans open lights for, against what they are weighed by, and what comes before a laser."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from devices.drivers.spot_role import home_of
from plans.light_budget import rules_of

STATION = """
[gauge.reference_ruby]
chip = "chip R"
temperature_difference_sigma_k = 0.1

[light]
arm_above_gpa = 0
arm_needs = {needs}

[reflectance]
averages = 1

[light.beams.532nm]
spot_um = 5
transmission = 0.5

[devices.line_lamp]
driver = "manual"
power_mw = 1.0

[devices.laser]
driver = "cobolt06"
address = "COM9"
wavelength_nm = 532
max_power_mw = 20
power_mw = 2
"""
MICROSCOPE = """
[devices.microscope]
driver = "basler"
serial = "40012345"
exposure_ms = 20
"""
STAGES = """
plan = "full_experiment"
[[stages]]
plan = "measure_lambda0"
chip = "another chip"
readings = 3
[[stages]]
plan = "measure_reference_ruby"
chip = "chip R"
readings = 3
[[stages]]
plan = "calibrate_axis"
lamp = "neon"
[[stages]]
plan = "hold"
duration_h = 0.1
[stages.hold]
every_s = 900
[[stages]]
plan = "pressure_map"
spots = ["chip", "chip 2"]
rounds = 1
[[stages]]
plan = "measure_vibron"
readings = 1
must_be_seen = false
[stages.vibron]
attempts = 1
[[stages]]
plan = "measure_reflectance"
sample = "hydrogen"
[stages.reflectance]
averages = 1
[[stages]]
plan = "pressure_ramp"
also = ["diamond_edge"]
[stages.targets]
unit = "turns"
load = [0.01, 0.02]
[stages.dwell]
drift_limit_gpa_per_h = 50.0
window_s = 100
interval_s = 25
min_dwell_s = 50
max_dwell_s = 400
min_readings = 3
[stages.edge]
exposure_s = 5
attempts = 1
"""
LIGHT_OF = {"lamp": "lamp", "line_lamp": "lamp"}
Seconds = dict[tuple[str, str], float]


def told(path: Path, *, microscope: bool = False) -> Station:
    text = path.read_text().replace('"chip 2", ', '"chip 2", "reference ruby", ')
    needs = '["picture", "reflectance"]' if microscope else '["reflectance"]'
    found = path.with_name(f"all_lights_{microscope}.toml")
    found.write_text(text + STATION.format(needs=needs) + (MICROSCOPE if microscope else ""))
    return load_station(found)


class Seen:
    """Documents of a rehearsal, in order: which run, which stream, which step."""

    def __init__(self) -> None:
        self.runs: dict[str, list[tuple[str, int]]] = {}
        self._streams: dict[str, str] = {}
        self.laboratory: Any = None

    def __call__(self, name: str, doc: Any) -> None:
        if name == "start":
            self.runs[doc["uid"]] = []
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event" and "step_number" in doc["data"]:
            stream = self._streams[doc["descriptor"]]
            list(self.runs.values())[-1].append((stream, doc["data"]["step_number"]))

    def prepare(self, laboratory: VirtualLaboratory) -> None:
        self.laboratory = laboratory

    def opened(self) -> dict[str, Seconds]:
        """Seconds that each run asked of each light on each spot."""
        account = self.laboratory.session.instruments.light.account
        found: dict[str, Seconds] = {uid: {} for uid in self.runs}
        for each in account._ledger._ledger.read():
            if each["kind"] == "opening":
                spots, where = found[each["run"]], (each["light"], each["spot"])
                spots[where] = spots.get(where, 0.0) + each["asked_s"]
        return found


def weighed(stage: Any, station: Station) -> Seconds:
    found: Seconds = {}
    for each in stage.looks(station.look_rules):
        where = LIGHT_OF.get(each.by, "532nm"), each.spot or home_of(each.by)
        found[where] = found.get(where, 0.0) + each.open_s * each.count
    return found


def rehearsed(station: Station, folder: Path, body: str) -> tuple[Any, Seen]:
    (folder / "run.toml").write_text(body)
    run, seen = load_run_file(folder / "run.toml", station), Seen()
    done = rehearse_once(station, run, 0, prepare=seen.prepare, listener=seen)
    assert done.exit_status == "success", done.reason
    return run, seen


def test_every_plan_is_weighed_by_what_it_opens_and_sees_white_light_before_it_shoots(
    optics_station: Path, tmp_path: Path
) -> None:
    station = told(optics_station)
    run, seen = rehearsed(station, tmp_path, STAGES)
    found, stated = rules_of(seen.laboratory.session.instruments), station.look_rules
    assert found.cell_k == pytest.approx(stated.cell_k, abs=1.5)
    assert replace(found, cell_k=stated.cell_k, cell_k_by=stated.cell_k_by) == stated
    for stage, (uid, opened) in zip(run.stages, seen.opened().items(), strict=True):
        least = weighed(stage, station)
        if stage.plan != "pressure_ramp":
            assert opened == pytest.approx(least), stage.plan
        assert set(opened) == set(least)
        assert all(opened[spot] >= least[spot] * (1 - 1e-9) for spot in least), stage.plan
        events = seen.runs[uid]
        for at, (stream, step) in enumerate(events):
            if stream not in ("reflectance", "dark", "lamp"):
                assert events[:at].count(("reflectance", step)) == 5, (stage.plan, stream, step)


TWICE = """
plan = "full_experiment"
[[stages]]
plan = "hold"
duration_h = 0.01
[[stages]]
plan = "measure_reflectance"
sample = "hydrogen"
[stages.reflectance]
averages = 1
"""


def test_the_picture_of_every_run_comes_before_its_laser(
    optics_station: Path, tmp_path: Path
) -> None:
    _, seen = rehearsed(told(optics_station, microscope=True), tmp_path, TWICE)
    for events in seen.runs.values():
        shot = min(at for at, (stream, _) in enumerate(events) if stream == "reference_ruby")
        assert ("picture", 1) in events[:shot] and events[:shot].count(("reflectance", 1)) == 5
