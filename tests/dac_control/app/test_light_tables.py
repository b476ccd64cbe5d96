"""Tables of lasers, light and hand-turned screws: what they take, and what mistakes say."""

from pathlib import Path

import pytest

from dac_control.app.drivers import make_drivers
from dac_control.app.light import make_account
from dac_control.app.station import Station, load_station
from dac_control.clock import SteadyClock
from dac_control.errors import ConfigurationError, LimitError
from dac_control.records import IntentLog, LightLedger
from dac_control.safety.light import Exposures
from devices.drivers.cobolt06 import Cobolt06
from devices.drivers.manual_drive import ManualDrive
from devices.drivers.zaber import Zaber

STATION = """
[station]
name = "bench"
[cell]
id = "c1"
[specimen]
id = "s1"
[gauge]
scale = "ruby2020"
axis_sigma_nm = 0.005
temperature_sigma_k = 0.1
[gauge.lambda0]
value_nm = 694.25
sigma_nm = 0.005
chip = "r1"
date = 2026-11-01
temperature_k = 296.0
[limits]
min_turns = 0
max_turns = 3
max_step_turns = 0.1
max_step_gpa = 5
pressure_limit_gpa = 90
[devices.cryostat]
driver = "lakeshore336"
address = "COM4"
[devices.drive]
driver = "manual"
[devices.spectrometer]
driver = "ocean"
model = "HDX"
[devices.laser]
driver = "cobolt06"
address = "COM7"
wavelength_nm = 532.1
max_power_mw = 20
power_mw = 2
[light.beams.532nm]
spot_um = 4.0
transmission = 0.4
[[light.limits]]
light = "532nm"
max_energy_mj = 100
max_intensity_mw_per_um2 = 0.2
[[light.limits]]
light = "532nm"
spot = "chip"
max_exposure_s = 10
"""


def load(folder: Path, text: str) -> Station:
    path = folder / "station.toml"
    path.write_text(text, encoding="utf-8")
    return load_station(path)


def test_a_hand_turned_screw_and_a_laser_become_drivers(tmp_path: Path) -> None:
    station = load(tmp_path, STATION)
    drivers = make_drivers(station, ask=lambda question, wanted: "0.1")
    assert isinstance(drivers.drive, ManualDrive) and isinstance(drivers.laser, Cobolt06)
    assert drivers.drive.resolution_turns == pytest.approx(1 / 72)
    assert drivers.laser.max_power_mw == 20.0
    declared = station.devices.drive
    assert declared.tolerance_turns == 0.5 / 72
    assert declared.move_timeout_s == 7 * 24 * 3600, "a question may wait for a weekend"


def test_the_hand_turned_screw_stands_where_the_journal_says(tmp_path: Path) -> None:
    station = load(tmp_path, STATION)
    IntentLog(station.storage.state / "intents.jsonl").append({"kind": "declared", "turns": 1.25})
    drive = make_drivers(station).drive
    drive.connect()
    assert drive.read().turns == 1.25 and drive.read().position_known


def test_a_motor_is_a_motor_still(tmp_path: Path) -> None:
    text = STATION.replace('"manual"', '"zaber"\naddress = "COM3"\ngear_ratio = 100.0')
    assert isinstance(make_drivers(load(tmp_path, text)).drive, Zaber)


def test_the_account_has_the_optics_the_limits_and_the_specimen(tmp_path: Path) -> None:
    station = load(tmp_path, STATION)
    account = make_account(station, LightLedger(tmp_path / "light.jsonl"), SteadyClock())
    assert account.specimen == "s1"
    assert account.beam("532nm").area_um2 == pytest.approx(12.566, rel=1e-3)
    assert account.allowance("532nm", "chip").max_exposure_s == 10.0
    assert account.allowance("532nm", "sample").max_exposure_s == float("inf")
    with pytest.raises(LimitError, match="100 mJ"):
        account.check("532nm", "sample", Exposures(power_mw=2.0, exposure_s=1000.0))
    assert account.arming.above_gpa == 100.0
    assert account.arming.needs == (), "its limits keep it below"


def test_everything_that_is_seen_without_a_laser_comes_first_at_high_pressure(
    tmp_path: Path,
) -> None:
    camera = '[devices.microscope]\ndriver = "basler"\nserial = "1"\nexposure_ms = 10.0\n'
    stage = '[devices.spots]\ndriver = "manual"\nplaces = ["chip", "sample", "gasket"]\n'
    lamp = '[devices.lamp]\ndriver = "manual"\npower_mw = 5.0\n'
    beam = "[light.beams.lamp]\nspot_um = 30\ntransmission = 0.2\n"
    high = STATION.replace("pressure_limit_gpa = 90", "pressure_limit_gpa = 100")
    seen = camera + stage + lamp + beam
    stated = high.replace("[light.beams", "[light]\narm_needs = []\n[light.beams", 1)
    needs = {
        high + camera: ("picture",),
        high + stage + lamp + beam: ("reflectance",),
        high + seen: ("picture", "reflectance"),
        STATION + seen: ("picture",),
        stated: (),
        stated + seen: (),
    }
    for text, expected in needs.items():
        assert load(tmp_path, text).arm_needs == expected


def test_a_laser_that_would_shoot_unseen_at_high_pressure_is_refused(tmp_path: Path) -> None:
    text = STATION.replace("pressure_limit_gpa = 90", "pressure_limit_gpa = 150")
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text)
    line = text.splitlines().index("[devices.laser]") + 1
    said = str(refused.value)
    assert f":{line}: devices.laser: this laser could shoot at 150 GPa" in said
    assert "write arm_needs = [] in [light]" in said and "from 100 GPa on" in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[light.beams.532nm]", "[light.beams.633nm]", "light.beams.532nm"),
        ("spot_um = 4.0", "spot_um = 4.0\narea_um2 = 3.0", "either spot_um"),
        ("spot_um = 4.0", "", "either spot_um"),
        ("transmission = 0.4", "transmission = 1.4", "transmission"),
        ("max_energy_mj = 100", "max_energy_mj = -1", "max_energy_mj"),
        ("max_energy_mj = 100", 'max_energy_mj = "100"', "max_energy_mj"),
        ("max_exposure_s = 10", "", "limits nothing"),
        ('light = "532nm"\nspot', 'light = "green"\nspot', "light.limits"),
        (
            'light = "532nm"\nspot',
            'light = "523nm"\nspot',
            ":46: light.limits.1.light: this limits 523nm",
        ),
        ('spot = "chip"', 'spot = "Chip"', ":47: light.limits.1.spot: this limits 532nm on 'Chip'"),
        ("power_mw = 2\n", "power_mw = 200\n", "above max_power_mw"),
        ("wavelength_nm = 532.1", "wavelength_nm = 5", "devices.laser.wavelength_nm"),
        ('"manual"', '"manual"\ntolerance_turns = 0.001', "half a division"),
        ('"manual"', '"manual"\ngear_ratio = 2.0', "devices.drive.gear_ratio"),
        ('"manual"', '"manul"', '"zaber" and "manual"'),
        ("[light.beams", '[light]\narm_needs = ["picture"]\n[light.beams', "light.arm_needs: "),
        ("[light.beams", '[light]\narm_above_gpa = "high"\n[light.beams', "light.arm_above_gpa"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = STATION.replace(old, new, 1)
    assert text != STATION
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value) and "station.toml:" in str(caught.value)


def test_a_wrong_key_of_a_hand_turned_screw_is_found_on_its_line(tmp_path: Path) -> None:
    text = STATION.replace('"manual"', '"manual"\ndivision = 36')
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    line = text.splitlines().index("division = 36") + 1
    assert f":{line}: devices.drive.division: " in str(caught.value)
