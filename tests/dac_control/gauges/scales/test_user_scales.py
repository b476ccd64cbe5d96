from pathlib import Path

import numpy as np
import pytest

from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import load_scales

FORMULA = """# ours

[[scale]]
gauge = "ruby"
name = "ours2026"
form = "power"
coefficients = { A = [1890.0, 5.0], B = [9.8, 0.1] }
range_gpa = [0, 120]
citation = "our beam time"
"""

TABLE = """
[[scale]]
gauge = "h2_vibron"
name = "vibron2026"
form = "table"
observable_cm1 = [4200.0, 4230.0, 4245.0]
pressure_gpa = [10.0, 20.0, 30.0]
sigma_gpa = 2.0
citation = "our beam time"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scales.toml"


def refusal(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_scales(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_formula_and_a_table(file: Path) -> None:
    file.write_text(FORMULA + TABLE, encoding="utf-8")
    ours, vibron = load_scales(file)
    assert (ours.gauge, ours.name, ours.unit, ours.evidence) == ("ruby", "ours2026", "nm", "user")
    assert ours.pressure_gpa(0.01) == pytest.approx(1890.0 / 9.8 * (1.01**9.8 - 1.0))
    assert set(ours.coefficient_sigmas_gpa(0.01)) == {"A", "B"}
    assert ours.covers(120.0) and ours.covers_temperature(296.0) and ours.reference is None
    assert vibron.pressure_gpa(4230.0) == pytest.approx(20.0)
    assert vibron.sigma_gpa(4230.0) == pytest.approx(2.0)
    assert (vibron.gauge, vibron.unit, vibron.range_gpa) == ("h2_vibron", "cm-1", (10.0, 30.0))


def test_what_may_be_added(file: Path) -> None:
    extra = 'medium = "neon"\nrange_k = [4, 6]\nnote = "cold"\nreference = 693.4\n'
    file.write_text(FORMULA + extra, encoding="utf-8")
    (scale,) = load_scales(file)
    assert (scale.medium, scale.note, scale.reference) == ("neon", "cold", 693.4)
    assert scale.covers_temperature(4.5) and not scale.covers_temperature(296.0)


def test_coefficients_without_sigma_get_an_assessed_one(file: Path) -> None:
    file.write_text(FORMULA.replace("[9.8, 0.1]", "9.8"), encoding="utf-8")
    (scale,) = load_scales(file)
    assert set(scale.coefficient_sigmas_gpa(0.01)) == {"A", "assessed"}
    assert "our assessment" in scale.assessed_reason


def test_points_of_a_table_may_come_in_any_order(file: Path) -> None:
    text = TABLE.replace("[4200.0, 4230.0, 4245.0]", "[4245.0, 4200.0, 4230.0]")
    file.write_text(text.replace("[10.0, 20.0, 30.0]", "[30.0, 10.0, 20.0]"), encoding="utf-8")
    (scale,) = load_scales(file)
    assert scale.pressure_gpa(np.array([4200.0, 4245.0])) == pytest.approx(np.array([10.0, 30.0]))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"power"', '"cubic"', 6, "form is no form of scale; the forms are power, quadratic"),
        ("A = [1890.0, 5.0]", "A = nan", 7, "coefficients has A = nan"),
        ("A = [1890.0, 5.0]", "A = true", 7, "coefficients has A = True"),
        ("A = [1890.0, 5.0]", "A = [1, 2, 3]", 7, "coefficients has A = [1, 2, 3]"),
        ("A = [1890.0, 5.0]", "A = [1890.0, -5.0]", 7, "coefficients has A"),
        ("A = [1890.0, 5.0], ", "", 7, "coefficients must be A, B for the form 'power'"),
        ("A = [1890.0, 5.0]", "A = 0.0", 7, "coefficients give no single line at"),
        ("B = [9.8, 0.1]", "B = 0", 7, "coefficients give no single line at"),
        ("B = [9.8, 0.1]", "B = -980.0", 7, "coefficients give no single line at"),
        ("[0, 120]", "[120, 0]", 8, "range_gpa must be two numbers, the lower first"),
        ("[0, 120]", '["0", 120]', 8, "range_gpa must be a number, not '0'"),
        ("range_gpa = [0, 120]\n", "", 3, "range_gpa is missing"),
        ('citation = "our beam time"\n', "", 3, "citation is missing"),
        ('"our beam time"', '" "', 9, "citation must be a text"),
        ('citation = "', 'medum = "x"\ncitation = "', 9, "medum is not known here"),
        ('"ours2026"', '"ruby2020"', 5, "name belongs to a built-in scale"),
        ('"ours2026"', '"akahama2006"', 5, "name belongs to a built-in scale"),
        ('"ruby"', '"a_gauge_of_ours"', 3, "unit must be 'nm' or 'cm-1'"),
        ('citation = "', 'reference = -1\ncitation = "', 9, "reference is no line or edge"),
    ],
)
def test_a_mistake_in_a_formula(file: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in FORMULA
    said = refusal(file, FORMULA.replace(old, new))
    assert said.startswith(f"{file}:{line}: scale 1 ")
    assert words in said


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[10.0, 20.0, 30.0]", "[10.0, 20.0, 15.0]", 16, "neither rises nor falls all the way"),
        ("[10.0, 20.0, 30.0]", "[10.0, 20.0]", 16, "has 2 numbers, observable_cm1 has 3"),
        ("[10.0, 20.0, 30.0]", "[10.0, inf, 30.0]", 16, "must be a finite number, not inf"),
        ("4230.0", "4200.0", 15, "observable_cm1 holds a number twice"),
        ("4230.0", "false", 15, "observable_cm1 must be a number, not False"),
        ("[4200.0, 4230.0, 4245.0]", "4200.0", 15, "must be a list of numbers"),
        ("observable_cm1", "observable", 15, "observable is not known here"),
        ("observable_cm1 = [4200.0, 4230.0, 4245.0]\n", "", 14, "observable_cm1 or observable_nm"),
        ("sigma_gpa = 2.0", "sigma_gpa = -2.0", 17, "sigma_gpa is below 0"),
        ("sigma_gpa = 2.0\n", "", 11, "sigma_gpa is missing"),
        ('"vibron2026"', '"ours2026"', 13, "name is used by another scale of this file"),
    ],
)
def test_a_mistake_in_a_table(file: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in TABLE
    said = refusal(file, FORMULA + TABLE.replace(old, new))
    assert said.startswith(f"{file}:{line}: scale 2 ")
    assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no [[scale]]"),
        ("[scale]\nname = 'x'\n", "holds no [[scale]]"),
        ("gauge = 'ruby'\n" + FORMULA, "'gauge' stands outside of any [[scale]]"),
        ("[[scale]]\nname = \n", "is no valid TOML"),
    ],
)
def test_files_that_are_none(file: Path, text: str, words: str) -> None:
    assert words in refusal(file, text)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file of scales"):
        load_scales(tmp_path / "none.toml")
