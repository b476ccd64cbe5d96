"""Real ruby spectra through simulator, wire, driver, plan, gauge and report."""

import json
import shutil
from pathlib import Path

import pytest

from dac_control.records import open_run

SPECTRA = Path(__file__).parents[3] / "shared" / "data" / "spectra"
# R1 by a two-pseudo-Voigt fit with a linear background, made by others' code
EXPECTED = {"ruby_ocean_two_column.txt": 694.825, "ruby_andor.asc": 694.908}


def measured(cli, replay: Path, tmp_path: Path) -> dict:
    finished = cli("demo", "--json", "--replay", str(replay), "--out", str(tmp_path / "out"))
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.skipif(not SPECTRA.is_dir(), reason="the recorded spectra are not beside the project")
def test_one_recorded_spectrum(cli, tmp_path: Path) -> None:
    name = "ruby_andor.asc"
    run = measured(cli, SPECTRA / name, tmp_path)
    assert run["steps"][0]["observable"] == pytest.approx(EXPECTED[name], abs=0.030)
    assert run["steps"][0]["measured"]
    assert "SIMULATED" in (Path(run["folder"]) / "report.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not SPECTRA.is_dir(), reason="the recorded spectra are not beside the project")
def test_a_folder_of_spectra_is_one_a_step_each_on_its_own_axis(cli, tmp_path: Path) -> None:
    folder = tmp_path / "spectra"
    folder.mkdir()
    for name in EXPECTED:
        shutil.copy(SPECTRA / name, folder / name)
    run = measured(cli, folder, tmp_path)
    assert all(step["measured"] for step in run["steps"])
    lines = [step["observable"] for step in run["steps"]]
    wanted = [EXPECTED[path.name] for path in sorted(folder.iterdir())]
    assert lines == pytest.approx(wanted, abs=0.030)
    axes = open_run(Path(run["folder"])).column("spectrometer", "wavelength_nm")
    assert abs(axes[0] - axes[1]).max() > 0.1
