"""What the package can say, and the word that it never says."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dac_control.reflectance as package
from dac_control.errors import ConfigurationError
from dac_control.reflectance import (
    AbsorptionUnknown,
    AtPressure,
    MultipleReflections,
    compare_with_control,
    describe_reflectance,
    fit_drude,
    statement,
)
from dac_control.reflectance.claims import NOT_SHOWN

FOLDER = Path(str(package.__file__)).parent
WORD = "metal"


def texts(module: Path) -> list[str]:
    """Every string of a module: sentences, parts of f-strings and docstrings alike."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_string_of_the_package_has_the_word(module: Path) -> None:
    found = [text for text in texts(module) if WORD in text.lower()]
    # the guard has to know what it guards against
    assert found == ([WORD] if module.stem == "names" else [])


@pytest.mark.parametrize("name", ["metallic hydrogen", "Wigner METAL", "  ", "ametalb"])
def test_a_name_cannot_bring_it_in(bench: Any, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.measure(0.6, sample_name=name)
    assert WORD not in str(caught.value).lower()
    with pytest.raises(ConfigurationError):
        bench.measure(0.6, reference=bench.table(name=name))
    with pytest.raises(ConfigurationError):
        bench.measure(0.6, reference=bench.table(source=name))


def everything(value: Any) -> list[str]:
    """Every string in a document."""
    if isinstance(value, dict):
        return [s for key, item in value.items() for s in (str(key), *everything(item))]
    if isinstance(value, list | tuple):
        return [s for item in value for s in everything(item)]
    return [value] if isinstance(value, str) else []


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    culet=st.floats(0.05, 1.0),
    gpa=st.sampled_from([30.0, 80.0, 100.0, 180.0, 495.0]),
    measured=st.booleans(),
    opaque=st.booleans(),
    known=st.booleans(),
    bounces=st.sampled_from(["all_collected", "confocal", "unknown"]),
    size=st.integers(2, 20),
    asked=st.floats(0.01, 100.0),
)
def test_no_statement_has_the_word(
    bench: Any,
    culet: float,
    gpa: float,
    measured: bool,
    opaque: bool,
    known: bool,
    bounces: str,
    size: int,
    asked: float,
) -> None:
    bench.wavelength_nm = np.linspace(450.0, 1000.0, size)
    fields: dict[str, Any] = {"bounces": getattr(MultipleReflections, bounces)()}
    if not measured:
        fields["pressure"] = AtPressure(pressure_gpa=gpa, sigma_stat_gpa=1.0, measured=False)
    if opaque:
        fields["absorption"] = AbsorptionUnknown.behind_opaque_sample()
    if not known:
        fields["reference"] = None
    sample, control = (bench.measure(value, gpa=gpa, **fields) for value in (culet, 0.3))
    absolute = not sample.evidence.open_links
    fit = fit_drude(sample) if absolute else None
    comparison = compare_with_control([sample], [control]) if measured else None
    said = statement([sample], fit=fit, comparison=comparison, asked_ev=asked)
    documents = [sample.to_dict(), fit and fit.to_dict(), comparison and comparison.to_dict()]
    for text in (*said, *everything(documents)):
        assert WORD not in text.lower()
    for sentence in said:
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert "nan" not in sentence.split()
    assert said[-1] == NOT_SHOWN


def test_a_relative_result_says_relative_to_what_and_why(bench: Any) -> None:
    found = bench.measure(0.8, gpa=150.0, absorption=AbsorptionUnknown.behind_opaque_sample())
    text = " ".join(describe_reflectance(found))
    assert "times the light of the reference (rhenium)" in text
    assert "unknown at 150 GPa" in text
    assert "cannot be measured" in text


def test_missing_control_and_few_lines_are_said(lasers: Any) -> None:
    found = lasers.measure(0.8)
    text = " ".join(statement([found], fit=fit_drude(found), asked_ev=2.0))
    assert "control" not in text, "one may be measured later"
    assert "2 wavelengths do not make a spectrum." in text
    assert "nothing can be tested" in text
    assert "±2 eV is not available" in text


def test_light_through_the_sample_is_said_to_be_so(bench: Any) -> None:
    through = bench.absorption(80.0)
    own = package.AbsorptionMeasured(**(vars(through) | {"through": "sample"}))
    found = bench.measure(0.5, absorption=own)
    assert any("what the sample absorbs" in s for s in found.evidence.limitations())
    assert not any("absorbs" in s for s in bench.measure(0.5).evidence.limitations())


def test_a_comparison_is_said_with_its_unmatched_steps(bench: Any) -> None:
    sample = [bench.measure(0.6, gpa=gpa) for gpa in (60.0, 95.0)]
    control = [bench.measure(0.3, gpa=gpa) for gpa in (50.0, 70.0)]
    found = compare_with_control(sample, control)
    text = " ".join(statement(sample, comparison=found))
    assert "differs from that of the control" in text
    assert "The sample at 95 GPa has no counterpart" in text
    assert "cannot give a p below 1" in text
