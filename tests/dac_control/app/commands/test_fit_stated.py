"""``fit --station``: what a station file states of a gauge reaches the budget of a file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import erfc
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.ruby_choice import RubyChoice
from dac_control.app.fit.stated import load_stated
from dac_control.errors import ConfigurationError
from dac_control.gauges import get_scale

RUBY = """\
[gauge]
scale = "mao1986"
axis_sigma_nm = 0.003
temperature_sigma_k = 0.5
axis_offset_sigma_nm = 0.02
axis_dispersion_sigma = 1e-3
uniaxial_stress_gpa = 1.0
gradient_gpa = 0.3
"""
LAMBDA0 = """\
[gauge.lambda0]
value_nm = 694.26
sigma_nm = 0.004
chip = "chip 3"
date = 2026-11-20
temperature_k = 295.4
"""
EDGE = """\
[edge]
scale = "eremets2023"
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 0.2
nu0_source = "this anvil"
laser_nm = 532.1
laser_sigma_nm = 0.02
axis_sigma_cm1 = 0.4
stress_sigma_gpa = 3.0
anvil = "A7"

[devices.anything]
port = "not looked at"
"""


def stated(folder: Path, text: str) -> Path:
    path = folder / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_ruby_has_every_term_that_the_file_states(tmp_path: Path) -> None:
    path = stated(tmp_path, RUBY + LAMBDA0)
    options = FitOptions(stated=load_stated(path), axis_sigma_nm=0.007)
    choice = RubyChoice(options)
    gauge = choice.gauge({}, assumed=False)
    assert gauge is not None
    assert (gauge.scale.name, gauge.lambda0.chip) == ("mao1986", "chip 3")
    known = gauge.uncertainties
    assert (known.axis_sigma_nm, known.temperature_sigma_k) == (0.007, 0.5)
    budget = {term.name: term for term in gauge.pressure_from_line(700.0, 1e-3, 295.0).budget}
    for name in ("deviatoric stress", "gradient across the chip", "wavelength axis dispersion"):
        assert budget[name].sigma_gpa > 0.01 and "not stated" not in budget[name].note
    warm = choice.gauge({}, assumed=True)
    assert warm is not None and warm.temperature_sigma_k == 3.0


def test_options_win_over_the_lambda0_of_the_file(tmp_path: Path) -> None:
    found = load_stated(stated(tmp_path, RUBY + LAMBDA0))
    gauge = RubyChoice(FitOptions(stated=found, lambda0_nm=694.3, scale="ruby2020")).gauge(
        {}, assumed=False
    )
    assert gauge is not None
    assert (gauge.lambda0.value_nm, gauge.scale.name) == (694.3, "ruby2020")
    assert gauge.uncertainties.gradient_gpa == 0.3
    with pytest.raises(ConfigurationError, match="--lambda0-sigma-nm is said of --lambda0-nm"):
        FitOptions(stated=found, lambda0_sigma_nm=0.01)


def edge_of(folder: Path, *words: object) -> tuple[dict[str, Any], dict[str, Any]]:
    shift = 1200.0 + 0.8 * np.arange(1000)
    counts = np.random.default_rng(2).poisson(400.0 + 3000.0 * erfc((shift - 1600.0) / 10.0))
    rows = "\n".join(f"{x:.4f}\t{y}" for x, y in zip(shift, counts, strict=True))
    (folder / "edge.txt").write_text(f"Raman shift / cm-1\tcounts\n{rows}\n", encoding="utf-8")
    arguments = ["fit", str(folder / "edge.txt"), "--gauge", "diamond_edge", "--json", *words]
    (found,) = json.loads(CliRunner().invoke(app, [str(word) for word in arguments]).stdout)
    return found, {term["name"]: term for term in found["budget"]}


def test_an_edge_has_every_term_that_the_file_states(tmp_path: Path) -> None:
    plain, terms = edge_of(tmp_path)
    assert "raman_axis_unknown" in plain["flags"]
    assert terms["Raman axis"]["sigma_gpa"] == 0.0
    assert terms["air or vacuum"]["note"].startswith("unknown for edge")
    in_air, terms = edge_of(tmp_path, "--shifts-of", "air", "--nu0-cm1", 1334)
    assert terms["air or vacuum"]["sigma_gpa"] == 0.0
    assert in_air["pressure_gpa"] == pytest.approx(plain["pressure_gpa"], abs=0.2)  # both move
    path = stated(tmp_path, EDGE)
    found, terms = edge_of(tmp_path, "--station", path)
    assert "raman_axis_unknown" not in found["flags"]
    assert found["scale"] == "eremets2023"
    assert "1332.50 +- 0.20 cm-1" in found["reference"] and "anvil A7" in found["reference"]
    assert terms["stress state of the anvil"]["sigma_gpa"] == 3.0
    assert terms["Raman axis"]["sigma_gpa"] == pytest.approx(0.03, abs=0.02)  # nu0 moves along
    assert terms["laser wavelength"]["note"].startswith("35.3 cm-1 per nm at 532.1 nm")
    found, terms = edge_of(tmp_path, "--station", path, "--nu0-cm1", 1333, "--laser-sigma-nm", 0.5)
    assert "1333.00 +- 0.50 cm-1" in found["reference"]
    assert terms["laser wavelength"]["u"] == 0.5


def test_a_reference_ruby_stands_in_for_lambda0(tmp_path: Path) -> None:
    axis = 688.0 + 0.02 * np.arange(600)
    for name, r1_nm in (("cell.txt", 697.0), ("beside.txt", 694.4)):
        u1, u2 = (axis - r1_nm) / 0.25, (axis - r1_nm + 1.43) / 0.25
        mean = 300.0 + 8000.0 * (np.exp(-(u1**2)) + 0.6 * np.exp(-(u2**2)))
        rows = zip(axis, np.random.default_rng(3).poisson(mean), strict=True)
        (tmp_path / name).write_text("\n".join(f"{x:.4f}\t{y}" for x, y in rows))
    station = stated(tmp_path, RUBY + LAMBDA0)
    words = ["fit", tmp_path / "cell.txt", "--temperature-k", 80, "--json", "--station", station]
    words += ["--reference", tmp_path / "beside.txt"]
    refused = CliRunner().invoke(app, [str(word) for word in words])
    assert refused.exit_code == 2 and "[gauge.reference_ruby]" in refused.stderr
    chip = '[gauge.reference_ruby]\nchip = "R"\ntemperature_difference_sigma_k = 0.1\n'
    stated(tmp_path, RUBY + LAMBDA0 + chip)
    (found,) = json.loads(CliRunner().invoke(app, [str(word) for word in words]).stdout)
    scale = get_scale("mao1986")
    expected_gpa = scale.pressure_gpa(scale.argument(697.0, 694.4))
    assert found["pressure_gpa"] == pytest.approx(expected_gpa, abs=0.02)
    assert found["reference"].startswith("lambda0 from the reference ruby 'R', ")
    terms = {term["name"]: term["sigma_gpa"] for term in found["budget"]}
    assert terms["reference line"] > 0.0 and terms["spread between corrections"] == 0.0


@pytest.mark.parametrize(
    ("text", "gauge", "words"),
    [
        (RUBY, "ruby", "has no [gauge.lambda0]"),
        (EDGE, "ruby", "has no [gauge], so --station states nothing of the gauge ruby"),
        (RUBY, "diamond_edge", "has no [edge]"),
        (RUBY, "srb4o7", "states nothing of the gauge srb4o7"),
        (RUBY.replace("gradient_gpa", "gradient"), "ruby", ":8: gauge.gradient: this key is not"),
        (EDGE.replace("0.4", "-0.4"), "diamond_edge", ":8: edge.axis_sigma_cm1"),
    ],
)
def test_a_file_that_does_not_serve_is_refused(
    tmp_path: Path, text: str, gauge: str, words: str
) -> None:
    path = stated(tmp_path, text)
    spectrum = tmp_path / "any.txt"
    spectrum.write_text("1\t2\n", encoding="utf-8")
    words_given = ["fit", str(spectrum), "--gauge", gauge, "--station", str(path)]
    result = CliRunner().invoke(app, words_given)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
