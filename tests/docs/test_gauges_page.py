"""docs/gauges.md says what the program says: tables, code, settings, output, pictures."""

import contextlib
import io
import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.app.gauge_tables import Gauge
from dac_control.app.raman_tables import Edge
from dac_control.gauges import DISQUALIFYING, RUBY_FLAGS, Scale, load_scales, scales_of
from dac_control.gauges.scales import FORMS, ROOM_K
from dac_control.gauges.temperature import CORRECTIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "gauges.md"
FIGURES = ROOT / "docs" / "figures"
TEXT = PAGE.read_text(encoding="utf-8")
PICTURES = ("temperature_corrections.png", "edge_scales.png", "ruby_budget.png")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def flag_row(name: str) -> str:
    return f"| `{name}` | {RUBY_FLAGS[name]} | {'no' if name in DISQUALIFYING else 'yes'} |"


def scale_row(scale: Scale) -> str:
    coefficients = ", ".join(
        f"{item.name} = {item.value:.7g}" + ("" if item.sigma is None else f" ± {item.sigma:.4g}")
        for item in scale.coefficients
    )
    (low, high), (cold, warm) = scale.range_gpa, scale.range_k
    at = "" if scale.range_k == ROOM_K else f", {cold:g} to {warm:g} K"
    medium = scale.medium.removeprefix("the anvil itself; standard ")
    return (
        f"| `{scale.name}` | {scale.form.text} | {coefficients} | {low:g} to {high:g}{at} | "
        f"{medium} | {scale.evidence} |"
    )


@pytest.mark.parametrize("name", RUBY_FLAGS)
def test_every_flag_is_on_the_page(name: str) -> None:
    assert flag_row(name) in TEXT


def test_no_other_flag_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| .* \| (?:yes|no) \|$", TEXT, re.MULTILINE)) == set(
        RUBY_FLAGS
    )


@pytest.mark.parametrize("gauge", ["ruby", "diamond_edge", "srb4o7"])
def test_every_scale_is_on_the_page(gauge: str) -> None:
    for scale in scales_of(gauge).values():
        if scale.evidence != "user":
            assert scale_row(scale) in TEXT


def test_every_correction_and_form_is_on_the_page() -> None:
    for correction in CORRECTIONS.values():
        low, high = correction.range_k
        assert f"| `{correction.name}` | {low:g} to {high:g} K |" in TEXT
    for form in FORMS:
        assert f"`{form}`" in TEXT


def test_the_settings_and_scales_can_be_read(tmp_path: Path) -> None:
    settings, scales, edge = blocks("toml")
    gauge = Gauge.model_validate(tomllib.loads(settings)["gauge"])
    Edge.model_validate(tomllib.loads(edge)["edge"])
    path = tmp_path / "scales.toml"
    path.write_text(scales, encoding="utf-8")
    names = [scale.name for scale in load_scales(path)]
    assert names == ["ours2026", "vibron2026", "sensor2026"]
    assert set(gauge.model_fields_set) == set(Gauge.model_fields)


def test_the_code_runs_and_names_every_term(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in blocks("python"):
            exec(compile(code, str(PAGE), "exec"), found)
    assert found["fit"].ok
    assert found["fits"].ok.all()
    assert found["measured"].pressure_gpa == pytest.approx(25.0, abs=0.01)
    assert printed.getvalue() in TEXT
    for term in found["measured"].budget:
        name = "scale coefficient" if term.name.startswith("scale coefficient") else term.name
        assert f"| {name} |" in TEXT


@pytest.mark.parametrize("block", blocks("console"))
def test_the_output_is_that_of_the_commands(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command, _, shown = block.partition("\n")
    words = command.removeprefix("$ dac-control ").split()
    result = CliRunner().invoke(app, words, env={"COLUMNS": "100", "TERM": "dumb"})
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.output.splitlines()] == shown.splitlines()


def test_the_pictures_can_be_drawn_again(tmp_path: Path) -> None:
    make = runpy.run_path(str(FIGURES / "make_gauge_figures.py"))
    make["make_all"](tmp_path)
    for name in PICTURES:
        assert f"](figures/{name})" in TEXT
        for folder in (tmp_path, FIGURES):
            assert (folder / name).stat().st_size < 200_000
            with Image.open(folder / name) as picture:
                assert picture.width == 1800
    drawn, kept = (folder / make["SPECTRUM"] for folder in (tmp_path, FIGURES))
    (x, counts), (kept_x, kept_counts) = (np.loadtxt(path).T for path in (drawn, kept))
    assert (x == kept_x).all()
    # random numbers may part with the last bit of a processor's exp; the light may not
    assert (np.abs(counts - kept_counts) < 10.0 * np.sqrt(kept_counts)).all()


def test_every_option_exists() -> None:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    commands = program.commands
    known = {
        option
        for name in ("demo", "fit", "pressure", "reduce")
        for parameter in commands[name].params
        for option in parameter.opts
    }
    benchmarks = {"--quick"}
    assert set(re.findall(r"(?<!\w)--[a-z][a-z0-9-]*", TEXT)) <= known | benchmarks


def test_the_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in headings
        else:
            assert (PAGE.parent / target).exists()
