import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.app.fit.axes import axis_in
from dac_control.app.fit.options import FitOptions
from dac_control.app.recorded_gauges import recorded_edge
from dac_control.errors import NotMeasured
from dac_control.gauges.ruby_gauge.settings import ruby_settings
from dac_control.spectrum_files import FileFrame
from plans.gauge_settings import RubySettings
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets

Array = NDArray[np.floating[Any]]
REAL = Path(__file__).parents[5] / "shared" / "data" / "spectra"
CONTRACT = (
    "file", "ok", "sigma", "pressure_gpa", "sigma_stat_gpa", "sigma_sys_gpa", "flags", "message",
)  # fmt: skip
QUICK = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=3.0,
        window_s=120,
        interval_s=20,
        min_dwell_s=60,
        max_dwell_s=400,
        min_readings=4,
    ),
    ruby=RubySettings(exposure_s=0.5, attempts=2, longest_exposure_s=4.0),
    step=StepSettings(probe_turns=0.01, tolerance_gpa=0.5),
)
AXIS = 688.0 + 0.02 * np.arange(600)


def doublet(r1_nm: float = 695.2, peak: float = 8000.0, seed: int = 1, r2: float = 0.6) -> Array:
    """R1 and R2 as Gaussian lines with noise of photons, 1 electron a count."""
    u1, u2 = (AXIS - r1_nm) / 0.25, (AXIS - r1_nm + 1.43) / 0.25
    mean = 300.0 + peak * (np.exp(-(u1**2)) + r2 * np.exp(-(u2**2)))
    return np.random.default_rng(seed).poisson(mean).astype(float)


def write(path: Path, axis: Array, counts: Array, heading: str = "") -> Path:
    rows = "\n".join(f"{x:.5f}\t{y:.2f}" for x, y in zip(axis, counts, strict=True))
    path.write_text(f"{heading}\n{rows}\n" if heading else rows, encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fit", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run(*arguments, "--json")
    return status, json.loads(out)


@pytest.fixture
def ruby(tmp_path: Path) -> Path:
    return write(tmp_path / "ruby.txt", AXIS, doublet())


def test_json_keeps_the_contract(ruby: Path) -> None:
    status, (found,) = run_json(ruby, "--lambda0-nm", 694.25, "--temperature-k", 296)
    assert status == 0
    assert set(CONTRACT) <= set(found)
    assert found["ok"] is True
    assert found["line_nm"] == pytest.approx(695.2, abs=0.005)
    assert found["pressure_gpa"] == pytest.approx(2.58, abs=0.03)
    assert 0.0 < found["sigma_stat_gpa"] < found["sigma_sys_gpa"]
    assert found["reference"].startswith("lambda0 of chip 'as given', date not known, 296 K")
    assert found["scale"] == "ruby2020"
    assert {"name", "kind", "sigma_gpa"} <= set(found["budget"][0])
    assert "spectra" not in found


def test_without_lambda0_there_is_a_line_and_no_pressure(ruby: Path) -> None:
    status, (found,) = run_json(ruby)
    assert status == 0
    assert found["line_nm"] is not None
    assert found["pressure_gpa"] is None
    assert "--lambda0-nm" in found["message"]


def test_an_unknown_temperature_is_assumed_aloud(ruby: Path) -> None:
    _, (found,) = run_json(ruby, "--lambda0-nm", 694.25, "--lambda0-temperature-k", 300)
    assert "temperature_assumed" in found["flags"]
    assert found["temperature_k"] == 300.0
    assert "--temperature-k" in found["message"]


@pytest.mark.parametrize(("lambda0_k", "looks"), [(296, "cold"), (5, "warm")])
def test_an_assumed_temperature_that_r2_rules_out_gives_no_pressure(
    tmp_path: Path, ruby: Path, lambda0_k: float, looks: str
) -> None:
    path = write(tmp_path / "r1.txt", AXIS, doublet(r2=0.0)) if looks == "cold" else ruby
    options = ("--lambda0-nm", 694.25, "--lambda0-temperature-k", lambda0_k)
    _, (found,) = run_json(path, *options)
    assert "temperature_refuted" in found["flags"]
    assert found["line_nm"] == pytest.approx(695.2, abs=0.005)
    assert found["pressure_gpa"] is None
    assert found["message"].startswith(f"The line looks {looks}: R2 is ")
    _, (found,) = run_json(path, *options, "--temperature-k", 5)
    assert found["pressure_gpa"] is not None


def test_a_batch_goes_on_and_says_which_failed(tmp_path: Path, ruby: Path) -> None:
    empty, words = tmp_path / "empty.txt", tmp_path / "words.txt"
    empty.write_text("")
    words.write_text("nothing here\n")
    gone = tmp_path / "gone.txt"
    status, found = run_json(empty, ruby, words, gone)
    assert status == 1
    assert [each["ok"] for each in found] == [False, True, False, False]
    assert [Path(each["file"]).name for each in found][-1] == "gone.txt"
    assert "is empty" in found[0]["message"]
    assert "no numbers" in found[2]["message"]
    assert all(set(CONTRACT) <= set(each) for each in found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--gauge", "rubi"], "no gauge 'rubi'"),
        (["--scale", "mao"], "no ruby scale 'mao'"),
        (["--correction", "none of it"], "no temperature correction"),
        (["--lambda0-nm", "532"], "lambda0"),
        (["--temperature-k", "-4"], "--temperature-k is -4"),
        (["--averages", "0"], "--averages is 0"),
        (["--laser-nm", "5"], "--laser-nm is 5"),
        (["--lambda0-same-laser", "--laser-nm", "532"], "give --laser-nm and --lambda0-nm with it"),
        (["--lambda0-date", "today"], "--lambda0-date is 'today'"),
        (["--lambda0-date", "2999-01-01"], "lambda0 is of 2999-01-01, which has not come yet on"),
        (["--gain-e-per-count", "nan"], "--gain-e-per-count is nan"),
        (["--plot", "a.bmp"], "pictures are .png"),
        (["--scales", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_a_bad_option_is_refused_before_anything(
    ruby: Path, options: list[str], words: str
) -> None:
    status, out, err = run(ruby, *options)
    assert status == 2
    assert words in err
    assert out == ""


def test_no_file_at_all_is_refused(tmp_path: Path) -> None:
    status, _, err = run(tmp_path / "none.txt")
    assert status == 2
    assert "There is no file" in err
    assert run(tmp_path / "*.nothing")[0] == 2


def test_folders_and_patterns_are_expanded(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"s{number}.txt", AXIS, doublet(seed=number))
    (tmp_path / "notes.md").write_text("# notes")
    status, found = run_json(tmp_path)
    assert (status, len(found)) == (0, 3)
    assert len(run_json(tmp_path / "s[01].txt")[1]) == 2


def test_a_file_of_several_spectra_lists_them(tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    spectra = np.stack([doublet(695.2 + 0.2 * k, seed=k) for k in range(3)])
    np.savez(path, wavelength_nm=AXIS, counts=spectra)
    table = tmp_path / "out.csv"
    status, (found,) = run_json(path, "--lambda0-nm", 694.25, "--csv", table)
    assert status == 0
    assert found["line_nm"] is None and found["pressure_gpa"] is None
    assert [each["label"] for each in found["spectra"]] == [
        "spectrum 1",
        "spectrum 2",
        "spectrum 3",
    ]
    lines = [each["line_nm"] for each in found["spectra"]]
    np.testing.assert_allclose(lines, [695.2, 695.4, 695.6], atol=0.01)
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["line_nm"]) for row in rows] == lines
    assert rows[0]["spectrum"] == "spectrum 1"


def test_header_and_options_reach_the_fit(tmp_path: Path) -> None:
    heading = "Integration Time (sec): 0.25\nScans to average: 10\nWavelength (nm)\tCounts"
    path = write(tmp_path / "a.txt", AXIS, doublet(), heading)
    _, (found,) = run_json(path, "--gain-e-per-count", 2.0, "--dark-counts", 100)
    assert (found["exposure_s"], found["averages"]) == (0.25, 10)
    assert found["gain_e_per_count"] == 2.0
    assert not {"gain_assumed", "dark_assumed"} & set(found["flags"])
    status, (found,) = run_json(path, "--dark-counts", 1e9)
    assert (status, found["flags"]) == (1, ["no_spectrum"])
    assert found["message"].startswith("The dark level is 1e+09 counts and the brightest pixel")
    _, (stated,) = run_json(path, "--averages", 3, "--exposure-s", 1.5)
    assert (stated["exposure_s"], stated["averages"]) == (1.5, 3)


def test_saturation_is_seen_with_its_option(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", AXIS, np.minimum(doublet(), 5000.0))
    _, (found,) = run_json(path, "--saturation-counts", 5000)
    assert "saturated" in found["flags"]


def test_wrong_units_say_what_to_do(tmp_path: Path) -> None:
    shift = 1e7 / 532.0 - 1e7 / AXIS
    raman = write(tmp_path / "raman.txt", shift, doublet(), "Raman shift (cm-1)\tCounts")
    pixels = write(tmp_path / "pixels.txt", np.arange(600.0), doublet())
    status, (first, second) = run_json(raman, pixels)
    assert status == 1
    assert "--laser-nm" in first["message"]
    assert "pixels" in second["message"]
    green = write(tmp_path / "green.txt", AXIS - 200.0, doublet(), "Wavelength (nm)\tCounts")
    assert "690 to 800 nm" in run_json(green)[1][0]["message"]
    status, (found,) = run_json(raman, "--laser-nm", 532.0)
    assert status == 0
    assert found["line_nm"] == pytest.approx(695.2, abs=0.005)
    assert "532 ± 0.1 nm" in found["message"]


@pytest.mark.parametrize("gauge", ["ruby", "srb4o7"])
def test_the_laser_of_a_raman_axis_is_in_the_uncertainty(tmp_path: Path, gauge: str) -> None:
    one_line = 300.0 + 8000.0 * np.exp(-(((AXIS - 695.2) / 0.25) ** 2))
    counts = doublet() if gauge == "ruby" else one_line
    shift = 1e7 / 532.0 - 1e7 / AXIS
    path = write(tmp_path / "raman.txt", shift, counts, "Raman shift (cm-1)\tCounts")
    asked = (path, "--gauge", gauge, "--lambda0-nm", 694.25 if gauge == "ruby" else 685.41)
    found, moved, sure, shared = (
        run_json(*asked, "--laser-nm", *more)[1][0]
        for more in (
            (532.0,),
            (532.1, "--lambda0-date", "2026-11-22"),
            (532.0, "--laser-sigma-nm", 0),
            (532.0, "--lambda0-same-laser"),
        )
    )
    terms = {term["name"]: term["sigma_gpa"] for term in found["budget"]}
    away_gpa = abs(moved["pressure_gpa"] - found["pressure_gpa"])
    assert terms["laser wavelength"] == pytest.approx(away_gpa, rel=0.01)
    assert terms["air or vacuum"] > 0.05
    assert found["sigma_sys_gpa"] > max(away_gpa, sure["sigma_sys_gpa"])
    assert shared["sigma_sys_gpa"] < sure["sigma_sys_gpa"]
    assert "--lambda0-same-laser" in found["message"]
    assert "2026-11-22" in moved["reference"] and "date not known" in found["reference"]
    assert "line and lambda0 share" in shared["message"]


def test_an_axis_that_is_not_sure_is_flagged(tmp_path: Path) -> None:
    coarse = 600.0 + 0.2 * np.arange(800)
    counts = 300.0 + 5000.0 * np.exp(-(((coarse - 695.2) / 0.5) ** 2))
    path = write(
        tmp_path / "a.txt", coarse, counts + 3000.0 * np.exp(-(((coarse - 693.8) / 0.5) ** 2))
    )
    assert "axis_assumed" in run_json(path)[1][0]["flags"]
    assert "axis_assumed" not in run_json(path, "--axis", "nm")[1][0]["flags"]


def test_a_shift_turns_back_into_the_wavelength_it_came_from() -> None:
    shift = np.asarray(1e7 / 532.0 - 1e7 / AXIS, dtype=np.float64)
    frame = FileFrame(axis=shift, axis_unit="cm-1", counts=np.zeros(shift.size))
    found = axis_in("nm", frame, FitOptions(laser_nm=532.0), (690.0, 800.0))
    np.testing.assert_allclose(found.values, AXIS, atol=1e-9)
    assert found.flags == ()
    stated = FitOptions(laser_nm=532.0, shifts_of="vacuum")
    moved = axis_in("nm", frame, stated, (690.0, 800.0))
    assert found.raman is not None and moved.raman is not None
    np.testing.assert_allclose(moved.values, found.raman.if_of_vacuum(AXIS), atol=1e-6)
    assert (found.raman.convention, moved.raman.convention) == ("unknown", "vacuum")
    with pytest.raises(NotMeasured, match="no Raman shift"):
        far = FileFrame(axis=np.array([100.0, 2e4]), axis_unit="cm-1", counts=np.zeros(2))
        axis_in("nm", far, FitOptions(laser_nm=600.0), (690.0, 800.0))


def test_pictures(tmp_path: Path, ruby: Path) -> None:
    for name in ("one.png", "one.svg", "one.pdf"):
        assert run(ruby, "--plot", tmp_path / name)[0] == 0
        assert (tmp_path / name).stat().st_size > 5000
    bad = write(tmp_path / "flat.txt", AXIS, np.full(600, 7.0))
    assert run(ruby, bad, "--plot", tmp_path / "many")[0] == 1
    assert {path.name for path in (tmp_path / "many").iterdir()} == {"ruby.png", "flat.png"}
    assert run(ruby, bad, "--plot", tmp_path / "one.png")[0] == 2


def test_the_table_fits_80_columns(ruby: Path, tmp_path: Path) -> None:
    long = tmp_path / ("a-very-long-name-of-a-file-" * 3 + ".txt")
    long.write_text(ruby.read_text())
    status, out, _ = run(ruby, long, "--lambda0-nm", 694.25, "--temperature-k", 296)
    assert status == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "±" in out


def test_pictures_of_like_names_stand_side_by_side(tmp_path: Path, ruby: Path) -> None:
    other = write(tmp_path / "ruby.asc", AXIS, doublet(seed=2))
    folder = tmp_path / "b"
    folder.mkdir()
    third = write(folder / "ruby.asc", AXIS, doublet(seed=3))
    assert run(ruby, other, third, "--plot", tmp_path / "many")[0] == 0
    found = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert found == ["ruby.asc.png", "ruby.asc_2.png", "ruby.png"]


def test_both_uncertainties_are_printed_with_two_digits(ruby: Path) -> None:
    _, (found,) = run_json(ruby, "--lambda0-nm", 694.25, "--temperature-k", 296)
    status, out, _ = run(ruby, "--lambda0-nm", 694.25, "--temperature-k", 296)
    assert status == 0
    stat, systematic = found["sigma_stat_gpa"], found["sigma_sys_gpa"]
    assert f"{found['pressure_gpa']:.4f} ± {stat:.4f} ± {systematic:.3f}" in out


def test_the_cold_table_is_one_row_a_spectrum_in_80_columns(ruby: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "flat.txt", AXIS, np.full(600, 7.0))
    _, out, _ = run(ruby, bad, "--lambda0-nm", 694.25, "--temperature-k", 80)
    head, *rows = out.splitlines()[:3]
    assert "on feng2010" in head
    assert [row.split()[0] for row in rows] == ["ruby.txt", "flat.txt"]
    assert all(len(line) <= 80 for line in (head, *rows))
    assert "no line" in rows[1]
    assert "outside scale range: scale or temperature correction" in out


def test_between_chooses_among_lines(tmp_path: Path, ruby: Path) -> None:
    assert run_json(ruby, "--between", 694, 697)[1][0]["ok"]
    status, (found,) = run_json(ruby, "--between", 690, 692.5)
    assert status == 1 and not found["ok"]
    assert "between 697" not in run(ruby, "--between", 697, 694)[1]
    status, _, err = run(ruby, "--between", 697, 694)
    assert status == 2 and "--between is 697 and 694" in err


@pytest.mark.parametrize(
    ("factor", "unit"), [(1e-3, "micrometres"), (10.0, "angstroms"), (1e-9, "metres")]
)
def test_an_axis_in_another_unit_of_length_is_recognised(
    tmp_path: Path, factor: float, unit: str
) -> None:
    path = tmp_path / "a.txt"
    rows = (f"{factor * x:.8e} {y:.1f}" for x, y in zip(AXIS, doublet(), strict=True))
    path.write_text("\n".join(rows))
    status, (found,) = run_json(path)
    assert status == 1 and unit in found["message"]


def test_what_would_do_harm_is_refused_before_anything(tmp_path: Path, ruby: Path) -> None:
    scales, run_folder = tmp_path / "scales.toml", tmp_path / "run"
    scales.write_text("no scales", encoding="utf-8")
    run_folder.mkdir()
    (run_folder / "documents.jsonl").touch()
    picture = tmp_path / "ruby.png"
    picture.write_bytes(ruby.read_bytes())
    for arguments, word in (
        ((ruby, "--csv", tmp_path), "is a folder"),
        ((ruby, "--csv", ruby), "one of the files that are read"),
        ((tmp_path, "--csv", ruby), "one of the files that are read"),
        ((ruby, "--scales", scales, "--csv", scales), "one of the files that are read"),
        ((picture, "--plot", picture), "one of the files that are read"),
        ((run_folder, "--csv", run_folder / "t.csv"), "run folder"),
        ((ruby, "--plot", run_folder), "run folder"),
    ):
        before = ruby.read_bytes(), scales.read_bytes(), picture.read_bytes()
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert word in err
        assert before == (ruby.read_bytes(), scales.read_bytes(), picture.read_bytes())
    # a picture that is read stays where pictures go
    run(picture, "--plot", tmp_path)
    assert picture.read_bytes() == ruby.read_bytes()


def test_the_diamond_edge(tmp_path: Path) -> None:
    from scipy.special import erfc

    shift = 1200.0 + 0.8 * np.arange(1000)
    mean = 400.0 + 3000.0 * erfc((shift - 1600.0) / 10.0)
    counts = np.random.default_rng(2).poisson(mean).astype(float)
    path = write(tmp_path / "edge.txt", shift, counts, "Raman shift / cm-1\tcounts")
    status, (found,) = run_json(path, "--gauge", "diamond_edge")
    assert status == 0
    assert found["edge_cm1"] == pytest.approx(1600.0, abs=0.5)
    assert found["scale"] == "akahama2006"
    assert len(found["alternatives"]) >= 4
    assert "on 4 scales" in run(path, "--gauge", "diamond_edge")[1]  # akahama2004 is not counted
    assert run(path, "--gauge", "diamond_edge", "--lambda0-nm", 694.2)[0] == 2


def test_samarium_borate(tmp_path: Path) -> None:
    axis = 680.0 + 0.02 * np.arange(800)
    mean = 300.0 + 6000.0 * np.exp(-(((axis - 687.4) / 0.15) ** 2))
    counts = np.random.default_rng(3).poisson(mean).astype(float)
    path = write(tmp_path / "sm.txt", axis, counts)
    status, (found,) = run_json(path, "--gauge", "srb4o7", "--lambda0-nm", 685.41)
    assert status == 0
    assert "scale, assessed" in {term["name"] for term in found["budget"]}
    assert found["line_nm"] == pytest.approx(687.4, abs=0.005)
    assert found["pressure_gpa"] == pytest.approx(8.0, abs=0.4)
    _, (bare,) = run_json(path, "--gauge", "srb4o7")
    assert bare["line_nm"] == found["line_nm"]
    assert bare["pressure_gpa"] is None and "--lambda0-nm" in bare["message"]


def test_a_pixel_that_is_no_number_is_named_by_its_line(tmp_path: Path) -> None:
    counts = doublet()
    counts[100] = np.nan
    path = write(tmp_path / "nan.txt", AXIS, counts, "Wavelength (nm)\tCounts")
    status, (found,) = run_json(path)
    assert status == 1
    assert "pixel 100" in found["message"] and "Line 102 of the file" in found["message"]


def test_ruby_is_no_samarium_borate(ruby: Path) -> None:
    status, (found,) = run_json(ruby, "--gauge", "srb4o7")
    assert status == 1
    assert "ruby lines" not in found["message"]


SHAPES = st.sampled_from(
    ["nan", "negative", "unsorted", "descending", "duplicates", "zero", "constant", "saturated",
     "one pixel", "two pixels", "infinite", "huge", "spike", "wrong unit", "noise", "text axis",
     "pixels", "raman shift", "all negative", "empty", "foreign", "truncated"]
)  # fmt: skip


def spoiled(shape: str, rng: np.random.Generator) -> tuple[Array, Array]:
    axis, counts = AXIS.copy(), doublet(seed=int(rng.integers(1000)))
    if shape == "nan":
        counts[rng.integers(600, size=5)] = np.nan
    elif shape == "infinite":
        axis[rng.integers(600)] = np.inf
    elif shape == "negative":
        counts -= 5000.0
    elif shape == "unsorted":
        order = rng.permutation(600)
        axis, counts = axis[order], counts[order]
    elif shape == "descending":
        axis, counts = axis[::-1], counts[::-1]
    elif shape == "duplicates":
        axis[300:310] = axis[300]
    elif shape in ("zero", "constant", "saturated"):
        counts[:] = {"zero": 0.0, "constant": 512.0, "saturated": 65535.0}[shape]
    elif shape == "one pixel":
        axis, counts = axis[:1], counts[:1]
    elif shape == "two pixels":
        axis, counts = axis[:2], counts[:2]
    elif shape == "huge":
        counts[rng.integers(600)] = 1e300
    elif shape == "spike":
        counts[rng.integers(600)] += 5e4
    elif shape == "wrong unit":
        axis = rng.choice([14400.0, 6900.0, 0.69, -3.0]) + 0.01 * np.arange(600)
    elif shape == "noise":
        counts = rng.normal(0.0, 10.0, 600)
    elif shape == "text axis":
        axis[rng.integers(600)] = np.nan
    elif shape == "pixels":
        axis = np.arange(600.0)
    elif shape == "raman shift":
        axis = 1e7 / 532.0 - 1e7 / axis
    elif shape == "all negative":
        counts = -np.abs(rng.normal(0.0, 5.0, 600))
    return axis, counts


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shapes=st.lists(SHAPES, min_size=1, max_size=5), seed=st.integers(0, 10_000))
def test_no_spectrum_stops_a_batch(tmp_path: Path, shapes: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = [
        write(tmp_path / f"{k}-{shape.replace(' ', '-')}.txt", *spoiled(shape, rng))
        for k, shape in enumerate(shapes)
    ]
    for path, shape in zip(paths, shapes, strict=True):
        if shape in ("empty", "foreign", "truncated"):
            whole = b"" if shape == "empty" else rng.bytes(3000)
            path.write_bytes(b"WDF1" + whole[:30] if shape == "truncated" else whole)
    paths.append(write(tmp_path / "good.txt", AXIS, doublet()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        status, found = run_json(
            *paths, "--lambda0-nm", 694.25, "--temperature-k", 296, "--saturation-counts", 65535
        )
    assert status in (0, 1)
    assert len(found) == len(paths)
    assert found[-1]["ok"] is True
    for each in found:
        assert set(CONTRACT) <= set(each)
        assert each["ok"] or each["flags"]
        assert each["ok"] or each["message"].endswith(".")


@pytest.mark.parametrize("counts", [0.0, 512.0, 65535.0])
def test_a_spectrum_without_any_structure_says_what_it_holds(tmp_path: Path, counts: float) -> None:
    status, (found,) = run_json(write(tmp_path / "flat.txt", AXIS, np.full(600, counts)))
    assert status == 1
    assert f"Every pixel has {counts:g} counts" in found["message"]


def test_run_folders_give_every_stored_spectrum(laboratory: Any) -> None:
    laboratory.engine(
        pressure_ramp(laboratory.instruments, Targets.turns([0.01]), settings=QUICK),
        **ruby_settings(laboratory.instruments.ruby.gauge),
    )
    (folder,) = (laboratory.folder / "runs").iterdir()
    status, (found,) = run_json(folder)
    assert status == 0
    steps = [event["data"] for event in laboratory.events("primary")]
    spectra = found["spectra"]
    assert len(spectra) == len(steps) + len(laboratory.events("dwell"))
    assert spectra[0]["label"] == "step 1"
    for step, each in zip(steps, spectra, strict=False):
        assert each["line_nm"] == pytest.approx(step["ruby_r1_nm"], abs=1e-4)
        assert each["pressure_gpa"] == pytest.approx(step["ruby_pressure_gpa"], abs=2e-3)
        assert each["temperature_k"] == pytest.approx(step["cryostat_cell_temperature_k"])
        assert each["gain_e_per_count"] is not None
    # the table has the steps only
    _, out, _ = run(folder)
    assert out.count("  step ") == len(steps)
    assert f"{len(spectra) - len(steps)} spectra taken between the steps" in out
    # an option stands above the record
    _, (other,) = run_json(folder, "--temperature-k", 300, "--lambda0-nm", 694.0)
    assert other["spectra"][0]["temperature_k"] == 300.0


needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real spectra are not here")


@needs_real
@pytest.mark.parametrize(
    ("name", "r1_nm"), [("ruby_ocean_two_column.txt", 694.825), ("ruby_andor.asc", 694.908)]
)
def test_real_ruby_without_any_options(name: str, r1_nm: float) -> None:
    status, (found,) = run_json(REAL / name)
    assert status == 0
    assert found["line_nm"] == pytest.approx(r1_nm, abs=0.03)


@needs_real
def test_real_diamond_edge_with_its_30_line_header() -> None:
    status, (found,) = run_json(REAL / "diamond_edge_andor_header.asc", "--gauge", "diamond_edge")
    assert status == 0
    assert found["edge_cm1"] == pytest.approx(1794.0, abs=3.0)
    assert (found["exposure_s"], found["averages"]) == (2.0, 40)


@needs_real
def test_real_raman_spectra_are_no_ruby() -> None:
    status, found = run_json(REAL / "diamond_edge_andor_header.asc", REAL / "hydrogen_vibron.txt")
    assert status == 1
    assert all("--laser-nm" in each["message"] for each in found)


def test_the_edge_of_a_run_is_read_from_its_own_spectra(fake_run: Any) -> None:
    settings = {
        "scale": "akahama2006",
        "nu0_cm1": 1332.5,
        "nu0_sigma_cm1": 0.3,
        "nu0_source": "this anvil, 2026-11-20",
        "laser_nm": 532.0,
        "laser_sigma_nm": 0.02,
    }
    start = {"raman_laser_nm": {"diamond_edge": 532.0}, "edge_settings": settings}
    made = fake_run(
        load=5, unload=0, dwell_readings=0, frames=False, edge_at=(4, 5), start_changes=start
    )
    status, (file,) = run_json(made.folder, "--gauge", "diamond_edge")
    assert status == 0
    found = file["spectra"]
    # two spectra for a step, of which the last counts
    labels = ["diamond_edge 1 of step 4", "step 4", "diamond_edge 3 of step 5", "step 5"]
    assert [each["label"] for each in found] == labels
    gauge = recorded_edge(settings)
    recorded = made.column("diamond_edge", "edge_cm1", "diamond_edge")
    for each, edge_cm1 in zip(found[1::2], recorded[1::2], strict=True):
        assert each["edge_cm1"] == pytest.approx(edge_cm1, abs=2.0)
        again = gauge.pressure_from_edge(
            each["edge_cm1"], each["sigma_cm1"], 80.0, convention="vacuum", definition_cm1=0.0
        )
        assert each["pressure_gpa"] == pytest.approx(again.pressure_gpa)
        terms = {term["name"]: term for term in each["budget"]}
        assert "0.30 cm-1, vacuum" in terms["nu0"]["note"]
        assert terms["air or vacuum"]["sigma_gpa"] == 0.0


def test_a_run_without_raman_spectra_says_so_once(good_run: Any) -> None:
    status, (file,) = run_json(good_run.folder, "--gauge", "diamond_edge")
    assert status == 1
    assert "holds no spectra for the gauge 'diamond_edge'" in file["message"]
