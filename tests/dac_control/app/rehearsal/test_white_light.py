"""What the white lamp tells in a rehearsal: gain of each detector, and reflectance."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

EXAMPLES = Path(__file__).parents[4] / "examples"
AT_NM = 710.0


def hydrogen_station() -> str:
    """The text of `examples/hydrogen_station.toml`, whose lights can all be switched."""
    return (EXAMPLES / "hydrogen_station.toml").read_text()


def rehearsed(
    folder: Path, station_text: str, run_text: str
) -> tuple[list[dict[str, Any]], VirtualLaboratory]:
    """What a run worked out, and the laboratory it did so in."""
    shutil.copy(EXAMPLES / "vibron_scale.toml", folder)
    told, run = folder / "station.toml", folder / "run.toml"
    told.write_text(station_text)
    run.write_text(run_text)
    station = load_station(told)
    results: list[dict[str, Any]] = []
    laboratories: list[VirtualLaboratory] = []

    def listen(name: str, doc: Any) -> None:
        if name == "event" and "workbench_result" in doc["data"]:
            results.append(json.loads(doc["data"]["workbench_result"]))

    done = rehearse_once(
        station, load_run_file(run, station), 1, listener=listen, prepare=laboratories.append
    )
    assert done.exit_status == "success", done.reason
    (laboratory,) = laboratories
    return results, laboratory


@pytest.mark.parametrize("realistic", [False, True])
@pytest.mark.parametrize("gauge", ["ruby", "diamond_edge"])
def test_the_lamp_tells_the_gain_of_each_detector(
    tmp_path: Path, gauge: str, realistic: bool
) -> None:
    text = hydrogen_station()
    assert text.count("realistic = true") == 1
    told = text.replace("realistic = true", f"realistic = {str(realistic).lower()}")
    (found,), laboratory = rehearsed(tmp_path, told, f'plan = "measure_gain"\ngauge = "{gauge}"\n')
    truth = laboratory.twin.truth()["gain_e_per_count"]
    if gauge == "diamond_edge":
        truth = 1.5  # of this detector nothing but the axis is drawn
    sigma = found["gain_sigma_e_per_count"]
    assert 0.0 < sigma < 0.02 * truth
    assert abs(found["gain_e_per_count"] - truth) < 3.0 * sigma


def ratio_to_gasket(folder: Path, station_text: str) -> tuple[float, float]:
    """Light of the sample against that of the gasket at one wavelength, with its uncertainty."""
    results, _ = rehearsed(
        folder, station_text, 'plan = "measure_reflectance"\nsample = "hydrogen"\n'
    )
    found = next(each for each in results if each.get("kind") == "relative")
    nm = found["wavelength_nm"]
    near = min(range(len(nm)), key=lambda i: abs(nm[i] - AT_NM))
    return found["count_ratio"][near], found["sigma_stat"][near]


def test_the_ruby_spectrometer_serves_where_white_light_has_none(tmp_path: Path) -> None:
    text = hydrogen_station().replace("max_axis_age_h = 24", "#")
    begin, end = text.index("[devices.vis]"), text.index("[devices.spots]")
    own, own_sigma = ratio_to_gasket(tmp_path, text)
    shared, shared_sigma = ratio_to_gasket(tmp_path, text[:begin] + text[end:])
    assert 0.2 < own < 0.5
    # fewer electrons in narrower pixels, and the lamp drifts by a few percent
    assert own_sigma < shared_sigma < 0.05 * shared
    assert shared == pytest.approx(own, rel=0.05)
