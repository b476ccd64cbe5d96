import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.gauges.scales import registry

Array = NDArray[np.float64]
REAL = Path(__file__).parents[5] / "shared" / "data" / "spectra"
HEADING = "Raman shift / cm-1\tcounts"
TABLE = """\
[[scale]]
gauge = "a_vibron"
name = "table2026"
form = "table"
observable_cm1 = [4160.0, 4200.0, 4230.0, 4245.0]
pressure_gpa = [0.1, 10.0, 20.0, 30.0]
sigma_gpa = 0.5
citation = "our beam time"

[[scale]]
gauge = "a_mode"
name = "mode2026"
form = "linear"
unit = "cm-1"
coefficients = { A = [1000.0, 10.0] }
reference = 1055.0
range_gpa = [0.0, 50.0]
citation = "our beam time"

[[scale]]
gauge = "a_line"
name = "line2026"
form = "table"
observable_nm = [617.0, 620.0]
pressure_gpa = [0.0, 10.0]
sigma_gpa = 0.1
citation = "our beam time"
"""


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fit", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run(*arguments, "--json")
    return status, json.loads(out)


def raman(path: Path, place_cm1: float, axis: Array, heading: str = HEADING) -> Path:
    mean = 300.0 + 4000.0 / (1.0 + ((axis - place_cm1) / 5.0) ** 2)
    counts = np.random.default_rng(4).poisson(mean)
    rows = "\n".join(f"{x:.4f}\t{y}" for x, y in zip(axis, counts, strict=True))
    path.write_text(f"{heading}\n{rows}\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = {gauge: dict(scales) for gauge, scales in registry._BY_GAUGE.items()}
    monkeypatch.setattr(registry, "_BY_GAUGE", copy)


@pytest.fixture
def scales(tmp_path: Path) -> Path:
    path = tmp_path / "scales.toml"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture
def vibron(tmp_path: Path) -> Path:
    return raman(tmp_path / "vibron.txt", 4215.0, 3900.0 + 1.5 * np.arange(400))


def test_a_vibron_on_the_table_of_the_user(scales: Path, vibron: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "t.csv", tmp_path / "p.png"
    words = ("--scales", scales, "--gauge", "a_vibron", "--csv", table, "--plot", picture)
    status, (found,) = run_json(vibron, *words)
    assert status == 0
    assert found["line_cm1"] == pytest.approx(4215.0, abs=0.3)
    assert found["pressure_gpa"] == pytest.approx(15.0, abs=0.7)
    assert 0.5 < found["sigma_sys_gpa"] < 2.0
    assert (found["gauge"], found["scale"]) == ("a_vibron", "table2026")
    assert {"laser wavelength", "photon statistics"} <= {each["name"] for each in found["budget"]}
    assert table.read_text().splitlines()[0].startswith("file,spectrum,ok,line_cm1,sigma_cm1,")
    assert picture.stat().st_size > 5000


def test_a_mode_that_counts_from_a_reference(scales: Path, tmp_path: Path) -> None:
    path = raman(tmp_path / "mode.txt", 1065.0, 900.0 + 0.8 * np.arange(500))
    status, (found,) = run_json(path, "--scales", scales, "--gauge", "a_mode")
    assert status == 0
    assert found["pressure_gpa"] == pytest.approx(1000.0 * 10.0 / 1055.0, abs=0.5)
    _, (other,) = run_json(path, "--scales", scales, "--gauge", "a_mode", "--nu0-cm1", 1060.0)
    assert other["pressure_gpa"] == pytest.approx(1000.0 * 5.0 / 1060.0, abs=0.5)


def test_a_line_beyond_the_table_is_a_line_without_a_pressure(scales: Path, tmp_path: Path) -> None:
    path = raman(tmp_path / "far.txt", 4255.0, 3900.0 + 1.5 * np.arange(400))
    status, (found,) = run_json(path, "--scales", scales, "--gauge", "a_vibron")
    assert status == 0
    assert found["line_cm1"] == pytest.approx(4255.0, abs=0.3)
    assert found["pressure_gpa"] is None
    assert "gives this line no pressure" in found["message"]


def test_an_axis_in_nm_is_turned_into_a_shift(scales: Path, tmp_path: Path) -> None:
    shift = 3900.0 + 1.5 * np.arange(400)
    path = raman(tmp_path / "nm.txt", 4215.0, shift)
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    path.write_text("Wavelength (nm)\tCounts\n" + "\n".join(
        f"{1e7 / (1e7 / 532.0 - float(x)):.5f}\t{y}" for x, y in rows))  # fmt: skip
    status, (found,) = run_json(path, "--scales", scales, "--gauge", "a_vibron")
    assert status == 1 and "--laser-nm" in found["message"]
    status, (found,) = run_json(
        path, "--scales", scales, "--gauge", "a_vibron", "--laser-nm", 532.0
    )
    assert status == 0
    assert found["line_cm1"] == pytest.approx(4215.0, abs=0.3)


def test_what_is_no_raman_gauge_is_refused(scales: Path, vibron: Path) -> None:
    for words, said in (
        (("--gauge", "b_vibron"), "no gauge 'b_vibron'"),
        (("--gauge", "a_line"), "takes nm"),
        (("--gauge", "a_vibron", "--lambda0-nm", 694.2), "--lambda0-nm does not belong"),
        (("--gauge", "a_vibron", "--scale", "ruby2020"), "ruby2020"),
        (("--gauge", "a_vibron", "--laser-nm", 5.0), "--laser-nm is 5"),
    ):
        status, out, err = run(vibron, "--scales", scales, *words)
        assert (status, out) == (2, "")
        assert said in err


@pytest.mark.skipif(not REAL.is_dir(), reason="the real spectra are not here")
def test_real_hydrogen(scales: Path) -> None:
    path = REAL / "hydrogen_vibron.txt"
    status, (found,) = run_json(path, "--scales", scales, "--gauge", "a_vibron")
    assert status == 0
    assert found["line_cm1"] == pytest.approx(4206.0, abs=0.5)
    assert found["pressure_gpa"] == pytest.approx(11.7, abs=0.3)
