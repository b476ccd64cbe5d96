"""Reflectance with and without a spectrometer of its own, rehearsed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

EXAMPLES = Path(__file__).parents[4] / "examples"
AT_NM = 710.0


def ratio_to_gasket(folder: Path, *, own: bool) -> tuple[float, float]:
    """Light of the sample against that of the gasket at one wavelength, with its uncertainty."""
    shutil.copy(EXAMPLES / "vibron_scale.toml", folder)
    text = (EXAMPLES / "hydrogen_station.toml").read_text().replace("max_axis_age_h = 24", "#")
    begin, end = text.index("[devices.vis]"), text.index("[devices.spots]")
    told, run = folder / "station.toml", folder / "run.toml"
    told.write_text(text if own else text[:begin] + text[end:])
    run.write_text('plan = "measure_reflectance"\nsample = "hydrogen"\n')
    station = load_station(told)
    results: list[dict[str, Any]] = []

    def listen(name: str, doc: Any) -> None:
        if name == "event" and "workbench_result" in doc["data"]:
            results.append(json.loads(doc["data"]["workbench_result"]))

    done = rehearse_once(station, load_run_file(run, station), 1, listener=listen)
    assert done.exit_status == "success", done.reason
    found = next(each for each in results if each.get("kind") == "relative")
    nm = found["wavelength_nm"]
    near = min(range(len(nm)), key=lambda i: abs(nm[i] - AT_NM))
    return found["count_ratio"][near], found["sigma_stat"][near]


def test_the_ruby_spectrometer_serves_where_white_light_has_none(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("own", "shared")]
    for folder in folders:
        folder.mkdir()
    own, own_sigma = ratio_to_gasket(folders[0], own=True)
    shared, shared_sigma = ratio_to_gasket(folders[1], own=False)
    assert 0.2 < own < 0.5
    # fewer electrons in narrower pixels, and the lamp drifts by a few percent
    assert own_sigma < shared_sigma < 0.05 * shared
    assert shared == pytest.approx(own, rel=0.05)
