from pathlib import Path

import pytest

from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.errors import ConfigurationError

GOOD = """\
[station]
name = "test"
simulated = true
[cell]
id = "c1"
[specimen]
id = "s1"
[gauge]
scale = "ruby2020"
axis_sigma_nm = 0.01
temperature_sigma_k = 0.1
[gauge.lambda0]
value_nm = 694.25
sigma_nm = 0.005
chip = "A"
date = 2026-11-01
temperature_k = 296
[limits]
min_turns = 0
max_turns = 1
max_step_turns = 0.1
max_step_gpa = 5
pressure_limit_gpa = 50
[devices.cryostat]
driver = "lakeshore336"
address = "TCPIP0::192.0.2.1::7777::SOCKET"
[devices.drive]
driver = "zaber"
address = "COM3"
gear_ratio = 100
[devices.spectrometer]
driver = "ocean"
model = "HDX"
serial = "HDX00001"
"""


def load(tmp_path: Path, text: str) -> Station:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return load_station(path)


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(GOOD.splitlines(), 1) if line.startswith(text))


def test_a_good_station_file_loads_with_absolute_storage(tmp_path: Path) -> None:
    station = load(tmp_path, GOOD)
    assert station.storage.runs == tmp_path / "runs"
    assert station.limits.max_turns == 1.0


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("simulated = true", "simulatd = true", "station.simulatd"),
        ("sigma_nm = 0.005", 'sigma_nm = "small"', "gauge.lambda0.sigma_nm"),
        ('driver = "zaber"', 'driver = "zabr"', "devices.drive.driver"),
        ("max_step_gpa = 5", "max_step_gpa = 5\nmax_stp = 1", "limits.max_stp"),
        ("min_turns = 0", "min_turns = 3", "limits"),
        ("max_step_gpa = 5", "max_step_gpa = 500", "limits"),
        ("value_nm = 694.25", "value_nm = 532", "gauge.lambda0.value_nm"),
        ("max_turns = 1", 'max_turns = "1"', "limits"),
        ("max_turns = 1", "max_turns = true", "limits"),
        ("gear_ratio = 100", "gear_ratio = true", "devices.drive.gear_ratio"),
        ('scale = "ruby2020"', 'scale = "ruby2222"', "gauge.scale"),
        ("gear_ratio = 100", "gear_ratio = inf", "devices.drive.gear_ratio"),
        ("axis_sigma_nm = 0.01", "axis_sigma_nm = nan", "gauge.axis_sigma_nm"),
        ("max_turns = 1", "max_turns = 1e999", "limits.max_turns"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    text = GOOD.replace(old, new)
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'station.toml'}:")
    assert f" {key}: " in message
    line = int(message.removeprefix(f"{tmp_path / 'station.toml'}:").split(":")[0])
    wanted = key.split(".")[-1]
    assert text.splitlines()[line - 1].lstrip("[").startswith(wanted)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("simulated = true", "simulatd = true").replace("COM3", 'COM3"\nx = "1')
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 2


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"station.toml:1: "):
        load(tmp_path, "[station\n")


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(ConfigurationError, match="save it as UTF-8"):
        load_station(path)


def test_the_mark_of_a_windows_editor_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_station(path).limits.max_turns == 1.0


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_station(tmp_path / "none.toml")


def test_real_instruments_do_not_run_fast(tmp_path: Path) -> None:
    text = GOOD.replace("simulated = true", "simulated = false\n[clock]\nspeed = 600")
    with pytest.raises(ConfigurationError, match="speed"):
        load(tmp_path, text)


RUN = """\
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [3, 5, 8]
unload = [4]
[dwell]
window_s = 300
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[3, 5, 8]", "[3, 5, 4]", "strictly increase"),
        ("[4]", "[4, 6]", "strictly decrease"),
        ("[4]", "[9]", "below the last load"),
        ('"gpa"', '"bar"', "gpa"),
        ("window_s", "windw_s", "dwell.windw_s"),
        ("window_s = 300", 'window_s = "300"', "no number"),
        ("[3, 5, 8]", '[3, "5", 8]', "no number"),
        ("[3, 5, 8]", "[true, 5, 8]", "no number"),
        ("[3, 5, 8]", "[3, 5, 80]", "pressure_limit_gpa"),
        ("window_s = 300", "min_dwell_s = 9e9", "min_dwell_s"),
    ],
)
def test_a_bad_run_file_is_refused_with_its_key(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(RUN.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_run_file(path, load(tmp_path, GOOD))
    assert str(path) in str(caught.value)


def test_a_good_run_file_gives_the_plans_settings(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(RUN, encoding="utf-8")
    run = load_run_file(path, load(tmp_path, GOOD))
    assert run.targets.load == (3.0, 5.0, 8.0)
    assert run.settings.dwell.window_s == 300


COLD = """\
[[gauge.lambda0]]
value_nm = 693.37
sigma_nm = 0.004
chip = "A"
date = 2026-11-02
temperature_k = 80
"""
SEVERAL = GOOD.replace("[gauge.lambda0]", "[[gauge.lambda0]]").replace(
    "[limits]", COLD + "[limits]"
)


def test_lambda0_at_several_temperatures(tmp_path: Path) -> None:
    assert [each.temperature_k for each in load(tmp_path, GOOD).gauge.lambda0] == [296.0]
    assert [each.temperature_k for each in load(tmp_path, SEVERAL).gauge.lambda0] == [296.0, 80.0]


def test_a_mistake_in_one_of_several_tables_is_found(tmp_path: Path) -> None:
    text = SEVERAL.replace("temperature_k = 80", "temperature_k = -80")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if each.endswith("-80"))
    with pytest.raises(ConfigurationError, match=rf":{line}: gauge.lambda0.1.temperature_k"):
        load(tmp_path, text)
    other_chip = SEVERAL.replace(COLD, COLD.replace('"A"', '"B"'))
    with pytest.raises(ConfigurationError, match=r"gauge.lambda0: these are of the chips A, B"):
        load(tmp_path, other_chip)


def test_what_is_optional_about_the_gauge(tmp_path: Path) -> None:
    gauge = load(tmp_path, GOOD).gauge
    assert gauge.axis_offset_sigma_nm is None and gauge.strength_ratio is None
    optional = """axis_offset_sigma_nm = 0.01
axis_dispersion_sigma = 1e-4
uniaxial_stress_gpa = 0.1
gradient_gpa = 0.2
strength_ratio = { value = 0.66, sigma = 0.03 }
[gauge.lambda0]"""
    gauge = load(tmp_path, GOOD.replace("[gauge.lambda0]", optional)).gauge
    assert gauge.gradient_gpa == 0.2
    assert gauge.strength_ratio is not None and gauge.strength_ratio.sigma == 0.03
