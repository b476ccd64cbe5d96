"""Stations that random runs are carried out at, and the cell that each finds."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from run_files import further_up

from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.run_models import RunFile
from dac_control.app.station import Station, load_station
from simulators.twin import TwinSettings

__all__ = ["BUDGET_MJ", "EQUIPPED", "KINDS", "LOADED", "Kind", "load_kinds"]

EXAMPLES = Path(__file__).parents[2] / "examples"
BUDGET_MJ = {
    ("532nm", "*"): 60.0,
    ("lamp", "gasket"): 4.0,
    ("lamp", "sample"): 4.0,
    # where it falls on no specimen
    ("lamp", "lamp"): 2000.0,
}
"""By light and spot, or for each spot by itself."""
FURTHER = f"""
[edge]
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 3.0
nu0_source = "the table of this anvil"
laser_nm = 532.0
laser_sigma_nm = 0.02

[vibron]
scale_file = "{(EXAMPLES / "vibron_scale.toml").as_posix()}"
scale = "invented"
expected_cm1 = [4100.0, 4280.0]
laser_nm = 532.0
laser_sigma_nm = 0.02

[devices.raman]
driver = "ocean"
name = "raman"
model = "QE Pro"
serial = "QEP00124"
gain_e_per_count = 1.5
read_noise_e = 5.0
dark_counts = 600

[devices.vis]
driver = "ocean"
name = "vis"
model = "HDX"
serial = "HDX00125"
gain_e_per_count = 4.0
read_noise_e = 20.0

[devices.spots]
driver = "manual"
places = ["chip", "chip 2", "reference ruby", "sample", "gasket", "anvil near", "anvil far"]

[devices.lamp]
driver = "manual"
power_mw = 5.0

[devices.lamp_behind]
driver = "manual"
power_mw = 5.0
drift_u = 0.05

[devices.line_lamp]
driver = "manual"
power_mw = 1.0

[devices.laser]
driver = "cobolt06"
address = "COM5"
wavelength_nm = 532.0
max_power_mw = 20.0
power_mw = 5.0

[light.beams.532nm]
spot_um = 20.0
transmission = 0.2

[light.beams.lamp]
spot_um = 30.0
transmission = 0.2
"""
FURTHER += "".join(
    f"""
[[light.limits]]
light = "{light}"
spot = "{spot}"
max_energy_mj = {energy_mj}
"""
    for (light, spot), energy_mj in BUDGET_MJ.items()
)
BESIDE = """
[gauge.reference_ruby]
chip = "chip R"
temperature_difference_sigma_k = 0.1
"""
HYDROGEN = {'material = "FeSe"': 'material = "hydrogen"'}
DELICATE = HYDROGEN | {
    # so little above the 80 K at which a run begins that a drift soon passes it, and before the
    # cell has changed by more than limits.max_temperature_change_k, which holds a ramp, too
    'ptm = "argon"': 'ptm = "argon"\nmax_temperature_k = 83.0',
    # within reach of the screw
    "max_step_gpa = 4.0": "max_step_gpa = 3.0",
    "pressure_limit_gpa = 50.0": "pressure_limit_gpa = 7.0",
}

DRIVE = re.compile(r"^\[devices\.drive\]\n.*?\n\n", re.DOTALL | re.MULTILINE)
BY_HAND = """[devices.drive]
driver = "manual"
divisions = 360

"""
LOADED_GPA = 36.0
"""Where the edge of the anvil is one: beside the ruby, and able to take over."""
STIFFER = 4.0
"""Pressure that a turn adds to that cell, in those that it adds to the cell of the example."""
BEVELLED = {
    'type = "four-pin, screw-driven"': 'type = "bevelled"\nbevel = "8 degrees to 300 um"',
    "max_turns = 0.15": "max_turns = 1.0",
    "max_step_turns = 0.03": "max_step_turns = 0.1",
    "max_step_gpa = 4.0": "max_step_gpa = 12.0",
    "pressure_limit_gpa = 50.0": "pressure_limit_gpa = 90.0",
}
PLAIN, EQUIPPED, HANDS, LOADED = KINDS = ("plain", "equipped", "by_hand", "loaded")


@dataclass(frozen=True)
class Kind:
    """A station, and how far its cell is loaded when a run begins."""

    name: str
    station: Station = field(repr=False)
    loaded_gpa: float | None = None
    """None where the twin's own cell is meant."""

    def suited(self, table: dict[str, Any]) -> dict[str, Any]:
        """A run file for this cell from one for the cell of the example."""
        return table if self.loaded_gpa is None else further_up(table, self.loaded_gpa, STIFFER)

    def settings(self, run: RunFile) -> TwinSettings:
        """Settings of the twin with that cell in it."""
        found = settings_of(self.station, run)
        if self.loaded_gpa is None:
            return found
        return replace(found, screw=replace(found.screw, preload_gpa=self.loaded_gpa))


def load_kinds(folder: Path) -> dict[str, Kind]:
    """The example's station; with all lights, their budget, a stage and further gauges, around a
    delicate specimen; with a key, too; and around a cell that is loaded already."""
    text = (EXAMPLES / "overnight_station.toml").read_text()
    # soon reached by a cell that leaks
    text = _changed(text, {"max_turns = 0.8": "max_turns = 0.15"})
    by_hand, replaced = DRIVE.subn(BY_HAND, text)
    assert replaced == 1
    texts = {
        PLAIN: text,
        EQUIPPED: _changed(text, DELICATE) + BESIDE + FURTHER,
        HANDS: _changed(by_hand, HYDROGEN) + FURTHER,
        LOADED: _changed(text, BEVELLED | HYDROGEN) + FURTHER,
    }
    return {name: _load(folder / name, texts[name]) for name in KINDS}


def _load(folder: Path, text: str) -> Kind:
    folder.mkdir()
    path = folder / "station.toml"
    path.write_text(text)
    return Kind(folder.name, load_station(path), LOADED_GPA if folder.name == LOADED else None)


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text
