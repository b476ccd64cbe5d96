"""``dac-control pressure``, in this process: what it prints and how it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dac_control.app.cli import app
from dac_control.gauges.diamond_edge import DiamondEdgeGauge
from dac_control.gauges.scales import registry

Answer = Callable[..., dict[str, Any]]

RUBY = ("--observable", "700", "--lambda0-nm", "694.25")
EDGE = ("--gauge", "diamond_edge")


def invoke(*arguments: str):
    return CliRunner().invoke(app, ["pressure", *arguments])


@pytest.fixture
def answer() -> Answer:
    """Return a function that runs the command with --json and reads the one document."""

    def run(*arguments: str, status: int = 0) -> dict[str, Any]:
        result = invoke(*arguments, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture(autouse=True)
def registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = {gauge: dict(scales) for gauge, scales in registry._BY_GAUGE.items()}
    monkeypatch.setattr(registry, "_BY_GAUGE", copy)


def refusal(*arguments: str) -> str:
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def by_scale(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["scale"]: row for row in [document, *document["alternatives"]]}


@pytest.mark.parametrize(
    ("scale", "pressure_gpa"),
    [("ruby2020", 16.2101), ("mao1986", 16.2117), ("holzapfel2005", 16.1480)],
)
def test_a_line_at_700_nm(answer: Answer, scale: str, pressure_gpa: float) -> None:
    document = answer(*RUBY, "--scale", scale)
    assert document["pressure_gpa"] == pytest.approx(pressure_gpa, abs=5.1e-5)
    assert document["scale"] == scale
    assert document["in_range"] is True
    assert document["source"]
    assert document["sigma_sys_gpa"] > 0.0
    assert document["assumed"] == ["line and lambda0 at room temperature, 296 K"]
    assert set(by_scale(document)) >= {"ruby2020", "mao1978", "feng2010"}


def test_sigma_is_the_published_one_of_the_scale(answer: Answer) -> None:
    document = answer("--observable", "724.1336", "--lambda0-nm", "694.25")
    assert document["pressure_gpa"] == pytest.approx(100.0, abs=1e-3)
    assert document["sigma_sys_gpa"] == pytest.approx(0.54, abs=0.006)


def test_lambda0_of_the_cold_is_datchi_s(answer: Answer) -> None:
    cold = ("--observable", "693.363", "--lambda0-nm", "694.25", "--temperature-k", "5")
    document = answer(*cold, "--lambda0-temperature-k", "296")
    assert document["pressure_gpa"] == pytest.approx(0.0, abs=1e-3)
    assert document["reference"] == pytest.approx(693.3630, abs=5e-5)
    assert document["correction"] == "datchi2007"
    assert document["assumed"] == []
    warm = answer(
        *("--observable", "695.003138", "--lambda0-nm", "694.25"),
        *("--temperature-k", "400", "--lambda0-temperature-k", "296"),
    )
    assert warm["pressure_gpa"] == pytest.approx(0.0, abs=1e-4)


def test_a_cold_line_is_shown_on_both_scales_with_the_cold_coefficient(answer: Answer) -> None:
    cold = ("--observable", "697", "--lambda0-nm", "694.25", "--temperature-k", "5")
    document = answer(*cold)
    pair = by_scale(document)
    ratio = pair["feng2010"]["pressure_gpa"] / pair["ruby2020"]["pressure_gpa"]
    assert 0.90 < ratio < 0.95
    assert document["in_range"] is False
    assert pair["feng2010"]["in_range"] is True
    assert document["sigma_sys_gpa"] > 0.03 * document["pressure_gpa"]
    text = invoke(*cold).stdout
    assert "feng2010" in text and "from memory" in text
    assert "mao1978" not in text


def test_room_temperature_shows_one_scale_and_all_on_request() -> None:
    assert "feng2010" not in invoke(*RUBY).stdout
    assert "feng2010" in invoke(*RUBY, "--all").stdout


def test_one_edge_is_always_shown_on_every_scale(answer: Answer) -> None:
    document = answer(*EDGE, "--observable", "2035")
    assert [round(bound) for bound in document["spread_gpa"]] == [483, 599]
    assert document["reference"] == 1334.0
    assert any("nu0 1334 cm-1" in sentence for sentence in document["assumed"])
    text = invoke(*EDGE, "--observable", "2035").stdout
    for name in ("akahama2006", "akahama2010", "eremets2023", "hilberer2026", "akahama2004"):
        assert name in text
    assert "483 to 599 GPa" in " ".join(text.split())


@pytest.mark.parametrize("temperature", [(), ("--temperature-k", "5"), ("--temperature-k", "295")])
def test_an_edge_is_as_uncertain_as_the_gauge_says(
    answer: Answer, temperature: tuple[str, ...]
) -> None:
    document = answer(*EDGE, "--observable", "2035", *temperature)
    kelvin = float(temperature[1]) if temperature else float("nan")
    found = DiamondEdgeGauge(laser_sigma_nm=0.0).pressure_from_edge(2035.0, 0.0, kelvin)
    assert document["sigma_sys_gpa"] == pytest.approx(found.sigma_sys_gpa, rel=1e-9)
    assert document["sigma_sys_gpa"] > 50.0
    terms = {term["name"]: term["sigma_gpa"] for term in document["budget"]}
    own = {term.name: term.sigma_gpa for term in found.budget if term.sigma_gpa > 1e-6}
    assert terms == pytest.approx(own)
    beside = {other.scale: other.sigma_sys_gpa for other in found.alternatives}
    for row in document["alternatives"]:
        assert row["sigma_sys_gpa"] == pytest.approx(beside[row["scale"]], rel=1e-9)


def test_nu0_that_is_given_replaces_the_scale_s(answer: Answer) -> None:
    own = answer(*EDGE, "--scale", "eremets2023", "--observable", "1800")
    given = answer(*EDGE, "--scale", "eremets2023", "--observable", "1800", "--nu0-cm1", "1334")
    assert own["reference"] == 1332.5
    assert own["pressure_gpa"] == pytest.approx(275.43, abs=0.0051)
    assert given["reference"] == 1334.0
    assert given["pressure_gpa"] < own["pressure_gpa"]


def test_a_cold_edge_is_outside_the_range_of_every_scale(answer: Answer) -> None:
    document = answer(*EDGE, "--observable", "1600", "--temperature-k", "80")
    assert document["in_range"] is False
    assert "290 to 310 K" in document["range_note"]


def test_the_sm_line(answer: Answer) -> None:
    document = answer(
        *("--gauge", "srb4o7", "--scale", "datchi1997"),
        *("--observable", "690.41", "--lambda0-nm", "685.41"),
    )
    assert document["pressure_gpa"] == pytest.approx(18.9036, abs=5.1e-5)
    assert "spread between scales" in {term["name"] for term in document["budget"]}
    cold = invoke(
        *("--gauge", "srb4o7", "--observable", "690.41", "--lambda0-nm", "685.41"),
        *("--temperature-k", "80"),
    )
    assert cold.exit_code == 0
    assert "685.4100 nm at 80 K " in cold.stdout


@pytest.mark.parametrize(
    ("arguments", "observable", "tolerance"),
    [
        (("--pressure-gpa", "100", "--lambda0-nm", "694.25"), 724.1336, 5.1e-5),
        (("--pressure-gpa", "0", "--lambda0-nm", "694.25", "--temperature-k", "5"), 693.363, 1e-6),
        ((*EDGE, "--pressure-gpa", "282.86"), 1800.0, 0.01),
    ],
)
def test_the_other_way(
    answer: Answer, arguments: tuple[str, ...], observable: float, tolerance: float
) -> None:
    assert answer(*arguments)["observable"] == pytest.approx(observable, abs=tolerance)


def test_no_answer_is_status_1_and_says_why(answer: Answer) -> None:
    arguments = (*EDGE, "--scale", "akahama2010", "--observable", "1400")
    document = answer(*arguments, status=1)
    assert document["pressure_gpa"] is None
    assert document["sigma_sys_gpa"] is None
    assert document["in_range"] is False
    result = invoke(*arguments)
    assert "no pressure" in result.stdout
    assert "akahama2010 gives this edge no pressure.\n" in result.stderr


def test_a_pressure_that_a_scale_does_not_reach(answer: Answer) -> None:
    arguments = (*EDGE, "--scale", "akahama2010", "--pressure-gpa", "50")
    assert answer(*arguments, status=1)["observable"] is None
    assert "reaches no such pressure" in invoke(*arguments).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--observable", "700"), "--lambda0-nm is missing"),
        (("--gauge", "srb4o7", "--observable", "690"), "default: every spectrometer has an axis"),
        (("--lambda0-nm", "694.25"), "Give --observable or --pressure-gpa, one of them."),
        ((*RUBY, "--pressure-gpa", "3"), "one of them"),
        ((*RUBY, "--scale", "ruby2021"), "There is no ruby scale 'ruby2021'"),
        ((*RUBY, "--scale", "akahama2006"), "scale of the gauge diamond_edge"),
        ((*RUBY, "--gauge", "sapphire"), "There is no gauge 'sapphire'"),
        ((*RUBY, "--correction", "none2"), "no temperature correction 'none2'"),
        ((*RUBY, "--nu0-cm1", "1334"), "give --lambda0-nm instead of --nu0-cm1"),
        ((*EDGE, "--observable", "1800", "--lambda0-nm", "694"), "give --nu0-cm1 instead"),
        ((*EDGE, "--observable", "1200"), "lies between 1330 and 2250 cm-1"),
        ((*EDGE, "--observable", "2300"), "lies between 1330 and 2250 cm-1"),
        (("--observable", "685", "--lambda0-nm", "694.25"), "between 690 and 800 nm"),
        ((*EDGE, "--observable", "1800", "--nu0-cm1", "-1"), "--nu0-cm1 is -1.0"),
        ((*EDGE, "--observable", "1800", "--correction", "none"), "no temperature correction here"),
        ((*EDGE, "--pressure-gpa", "nan"), "which is no pressure"),
        (("--observable", "14400", "--lambda0-nm", "694.25"), "between 690 and 800 nm"),
        (("--observable", "nan", "--lambda0-nm", "694.25"), "between 690 and 800 nm"),
        (("--observable", "700", "--lambda0-nm", "nan"), "--lambda0-nm is nan"),
        (("--observable", "700", "--lambda0-nm", "532"), "between 685 and 710 nm"),
        ((*RUBY, "--temperature-k", "-5"), "no temperature"),
        ((*RUBY, "--temperature-k", "nan"), "no temperature"),
        ((*EDGE, "--observable", "1800", "--temperature-k", "nan"), "no temperature"),
        ((*RUBY, "--lambda0-temperature-k", "5"), "without --temperature-k"),
        ((*RUBY, "--scales", "none.toml"), "no such file of scales"),
    ],
)
def test_a_refusal_is_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    said = refusal(*arguments)
    assert words in said
    assert said.count("\n") == 1


def test_scales_of_a_file(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "scales.toml"
    path.write_text(
        '[[scale]]\ngauge = "ruby"\nname = "ours2026"\nform = "linear"\n'
        'coefficients = { A = [1900.0, 19.0] }\nrange_gpa = [0, 20]\ncitation = "ours"\n'
        '[[scale]]\ngauge = "h2_vibron"\nname = "vibron"\nform = "table"\n'
        "observable_cm1 = [4200, 4230, 4245]\npressure_gpa = [10, 20, 30]\nsigma_gpa = 2\n"
        'citation = "ours"\n',
        encoding="utf-8",
    )
    ours = answer(*RUBY, "--scale", "ours2026", "--scales", str(path))
    assert ours["pressure_gpa"] == pytest.approx(1900.0 * (700.0 / 694.25 - 1.0))
    assert ours["sigma_sys_gpa"] == pytest.approx(0.01 * ours["pressure_gpa"], rel=1e-3)
    assert ours["evidence"] == "user"
    vibron = answer("--gauge", "h2_vibron", "--observable", "4230", "--scales", str(path))
    assert vibron["pressure_gpa"] == pytest.approx(20.0)
    assert (vibron["sigma_sys_gpa"], vibron["observable_unit"]) == (2.0, "cm-1")
    outside = answer("--gauge", "h2_vibron", "--observable", "4500", status=1)
    assert outside["pressure_gpa"] is None


def test_a_line_in_nm_of_the_user_counts_from_the_reference_of_its_file(
    answer: Answer, tmp_path: Path
) -> None:
    path = tmp_path / "scales.toml"
    path.write_text(
        '[[scale]]\ngauge = "sensor"\nname = "s2026"\nform = "linear"\nunit = "nm"\n'
        "coefficients = { A = [2000.0, 20.0] }\nreference = 600.0\nrange_gpa = [0, 50]\n"
        'citation = "ours"\n',
        encoding="utf-8",
    )
    asked = ("--gauge", "sensor", "--observable", "603", "--scales", str(path))
    own = answer(*asked)
    assert own["pressure_gpa"] == pytest.approx(10.0)
    assert own["assumed"][0] == "lambda0 600 nm, that of the scale s2026"
    given = answer(*asked, "--lambda0-nm", "601.5")
    assert given["pressure_gpa"] == pytest.approx(2000.0 * 1.5 / 601.5)


def test_scales_of_one_gauge_may_need_different_things(answer: Answer, tmp_path: Path) -> None:
    head = '[[scale]]\ngauge = "raman"\ncitation = "ours"\n'
    formula = 'form = "linear"\ncoefficients = { A = 400 }\nrange_gpa = [0, 40]\n'
    table = 'form = "table"\npressure_gpa = [0, 10]\nsigma_gpa = 1\n'
    path = tmp_path / "scales.toml"
    path.write_text(
        f'{head}name = "points"\n{table}observable_cm1 = [1000, 1030]\n'
        f'{head}name = "line"\n{formula}unit = "cm-1"\n'
        f'{head}name = "other_unit"\n{table}observable_nm = [500, 530]\n',
        encoding="utf-8",
    )
    asked = ("--gauge", "raman", "--observable", "1015", "--scales", str(path))
    assert answer(*asked)["alternatives"] == []
    both = by_scale(answer(*asked, "--nu0-cm1", "1000"))
    assert set(both) == {"points", "line"}
    assert both["line"]["pressure_gpa"] == pytest.approx(6.0)
    assert "'line' of the gauge 'raman' needs nu0" in refusal(*asked, "--scale", "line")
