"""Calibrations rehearsed on the twin find what the twin drew."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture
def station(tmp_path: Path, realistic: bool) -> Station:
    """The station of `examples/hydrogen_station.toml`, whose lights can all be switched."""
    shutil.copy(EXAMPLES / "vibron_scale.toml", tmp_path)
    text = (EXAMPLES / "hydrogen_station.toml").read_text()
    assert text.count("realistic = true") == 1
    told = tmp_path / "station.toml"
    told.write_text(text.replace("realistic = true", f"realistic = {str(realistic).lower()}"))
    return load_station(told)


@pytest.mark.parametrize("realistic", [False, True])
@pytest.mark.parametrize("gauge", ["ruby", "diamond_edge"])
def test_the_lamp_tells_the_gain_of_each_detector(
    station: Station, tmp_path: Path, gauge: str
) -> None:
    run = tmp_path / "gain.toml"
    run.write_text(f'plan = "measure_gain"\ngauge = "{gauge}"\n')
    results: list[dict[str, Any]] = []
    laboratories: list[VirtualLaboratory] = []

    def listen(name: str, doc: Any) -> None:
        if name == "event" and "workbench_result" in doc["data"]:
            results.append(json.loads(doc["data"]["workbench_result"]))

    done = rehearse_once(
        station, load_run_file(run, station), 1, listener=listen, prepare=laboratories.append
    )
    assert done.exit_status == "success", done.reason
    (found,), (laboratory,) = results, laboratories
    truth = laboratory.twin.truth()["gain_e_per_count"]
    if gauge == "diamond_edge":
        truth = 1.5  # of this detector nothing but the axis is drawn
    sigma = found["gain_sigma_e_per_count"]
    assert 0.0 < sigma < 0.02 * truth
    assert abs(found["gain_e_per_count"] - truth) < 3.0 * sigma
