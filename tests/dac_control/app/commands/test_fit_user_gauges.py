import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.gauges.scales import registry

Array = NDArray[np.floating[Any]]
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

[[scale]]
gauge = "a_line"
name = "formula2026"
form = "quadratic"
unit = "nm"
coefficients = { A = [2000.0, 20.0], C = [2.0, 0.1] }
range_gpa = [0.0, 20.0]
range_k = [280, 310]
citation = "our beam time"

[[scale]]
gauge = "a_line"
name = "mode2027"
form = "linear"
unit = "cm-1"
coefficients = { A = [1000.0, 10.0] }
reference = 1055.0
range_gpa = [0.0, 50.0]
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


def line(path: Path, *places_nm: float) -> Path:
    x = 600.0 + 0.02 * np.arange(1500)
    mean = np.full(x.shape, 200.0)
    for place in places_nm:
        mean += 3000.0 * np.exp(-4.0 * np.log(2.0) * ((x - place) / 0.3) ** 2)
    counts = np.random.default_rng(9).poisson(mean)
    rows = "\n".join(f"{a:.5f},{b}" for a, b in zip(x, counts, strict=True))
    path.write_text(f"Wavelength (nm),Counts\n{rows}\n", encoding="utf-8")
    return path


def test_a_line_in_nm_on_the_table_of_the_user(scales: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "t.csv", tmp_path / "p.png"
    path = line(tmp_path / "line.csv", 618.5)
    words = ("--scales", scales, "--gauge", "a_line", "--csv", table, "--plot", picture)
    status, (found,) = run_json(path, *words)
    assert status == 0
    assert found["line_nm"] == pytest.approx(618.5, abs=4.0 * found["sigma_nm"])
    assert found["pressure_gpa"] == pytest.approx(5.0, abs=0.05)
    terms = {each["name"]: each["sigma_gpa"] for each in found["budget"]}
    # 0.1 GPa of the table and 0.01 nm of the axis, at 10/3 GPa per nm, and the line's own shape
    told = np.hypot(np.hypot(0.1, 0.1 / 3.0), terms["line asymmetry"])
    assert found["sigma_sys_gpa"] == pytest.approx(told, rel=0.005)
    assert terms["line asymmetry"] < 0.03
    assert (found["gauge"], found["scale"]) == ("a_line", "line2026")
    assert {"wavelength axis", "photon statistics"} <= set(terms)
    assert table.read_text().splitlines()[0].startswith("file,spectrum,ok,line_nm,sigma_nm,")
    assert picture.stat().st_size > 5000
    status, out, _ = run(path, "--scales", scales, "--gauge", "a_line")
    assert status == 0 and "a_line / nm" in out and "618.49" in out


def test_a_line_in_nm_that_counts_from_lambda0(scales: Path, tmp_path: Path) -> None:
    path = line(tmp_path / "line.csv", 618.5)
    words = ("--scales", scales, "--gauge", "a_line", "--scale", "formula2026")
    status, (found,) = run_json(path, *words, "--lambda0-nm", 617.0, "--lambda0-sigma-nm", 0.02)
    assert status == 0
    shift = found["line_nm"] / 617.0 - 1.0
    assert found["pressure_gpa"] == pytest.approx(2000.0 * shift * (1.0 + 2.0 * shift), rel=1e-12)
    terms = {each["name"]: each["sigma_gpa"] for each in found["budget"]}
    assert terms["lambda0"] == pytest.approx(0.02 * 2000.0 / 617.0, rel=0.02)
    assert terms["scale coefficient A"] == pytest.approx(20.0 * shift, rel=0.02)
    _, (cold,) = run_json(path, *words, "--lambda0-nm", 617.0, "--temperature-k", 80.0)
    assert cold["ok"] and "outside_scale_range" in cold["flags"]


def test_lines_in_nm_of_a_batch_and_of_a_raman_axis(scales: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(5):
        line(folder / f"{number}.csv", 617.5 + 0.3 * number)
    shift = 1e7 / 532.0 - 1e7 / (600.0 + 0.02 * np.arange(1500))
    rows = (folder / "0.csv").read_text().splitlines()[1:]
    text = "\n".join(f"{s:.5f},{row.split(',')[1]}" for s, row in zip(shift, rows, strict=True))
    (folder / "5.csv").write_text(f"Raman shift (cm-1),Counts\n{text}\n", encoding="utf-8")
    status, found = run_json(folder, "--scales", scales, "--gauge", "a_line", "--laser-nm", 532.0)
    assert status == 0
    places = [each["line_nm"] for each in found]
    assert places == pytest.approx([617.5, 617.8, 618.1, 618.4, 618.7, 617.5], abs=0.01)


def test_a_line_in_nm_beyond_the_table_or_among_others(scales: Path, tmp_path: Path) -> None:
    words = ("--scales", scales, "--gauge", "a_line")
    _, (found,) = run_json(line(tmp_path / "far.csv", 620.5), *words)
    assert found["ok"] and found["pressure_gpa"] is None
    assert "gives this line no pressure" in found["message"]
    status, (found,) = run_json(line(tmp_path / "none.csv", 610.0), *words)
    assert status == 1 and "where the line of a_line can be" in found["message"]
    two = line(tmp_path / "two.csv", 616.7, 619.9)
    status, (found,) = run_json(two, *words)
    assert status == 1 and "give --between" in found["message"]
    status, (found,) = run_json(two, *words, "--between", 619, 620.5)
    assert status == 0 and found["line_nm"] == pytest.approx(619.9, abs=0.01)


def test_what_is_no_raman_gauge_is_refused(scales: Path, vibron: Path) -> None:
    for words, said in (
        (("--gauge", "b_vibron"), "no gauge 'b_vibron'"),
        (("--gauge", "a_line", "--nu0-cm1", 1300), "--nu0-cm1 does not belong"),
        (("--gauge", "a_line", "--scale", "formula2026"), "needs lambda0 in nm"),
        (("--gauge", "a_line", "--scale", "mode2027", "--lambda0-nm", 617), "scale is in cm-1"),
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
