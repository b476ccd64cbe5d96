"""Proportions of steps that belong to ramps, counts against chance, and files that were torn."""

import importlib
import json
import lzma
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


def module(name: str) -> ModuleType:
    return importlib.import_module(f"ramp_campaign.{name}")


def test_steps_that_are_hit_together_count_as_one() -> None:
    alone = module("figures").clustered(np.repeat([1.0, 0.0], [95, 5]), np.ones(100))
    assert alone.value == pytest.approx(0.95)
    assert alone.sigma == pytest.approx(math.sqrt(0.95 * 0.05 / 99), rel=1e-9)
    # forty steps of a ramp say no more than one where they are hit or missed together
    together = module("figures").clustered(np.repeat([40.0, 0.0], [95, 5]), np.full(100, 40.0))
    assert together.sigma == pytest.approx(alone.sigma, rel=1e-9)
    assert (together.steps, together.ramps) == (4000, 100)


def test_the_clustered_error_is_what_campaigns_scatter_by() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(400):
        sizes = rng.integers(20, 60, 80)
        # each ramp has a rate of its own
        hits = rng.binomial(sizes, rng.beta(19.0, 1.0, 80))
        found.append(module("figures").clustered(hits, sizes))
    scatter = float(np.std([each.value for each in found]))
    assert float(np.mean([each.sigma for each in found])) == pytest.approx(scatter, rel=0.1)


def test_ramps_without_steps_count_for_nothing() -> None:
    figures = module("figures")
    found = figures.clustered([3, 0, 5], [4, 0, 5])
    assert (found.value, found.ramps) == (pytest.approx(8 / 9), 2)
    assert math.isnan(figures.clustered([], []).value)
    assert math.isnan(figures.clustered([2], [3]).sigma)
    assert figures.Proportion(0.99, 0.02, 10, 2).ends() == (pytest.approx(0.9508), 1.0)


def test_a_count_is_set_against_the_binomial_distribution() -> None:
    against = module("figures").against_chance(0, 1000, 0.001)
    assert against.chance == 1.0
    assert against.high == pytest.approx(1.0 - 0.025 ** (1 / 1000), rel=1e-6)
    several = module("figures").against_chance(5, 4295, 0.001)
    assert several.chance == pytest.approx(0.43, abs=0.01)
    assert several.part < 0.0012 < several.high
    assert math.isnan(module("figures").against_chance(0, 0, 0.001).part)


def test_what_is_lost_has_the_error_of_both() -> None:
    figures = module("figures")
    one, other = figures.Proportion(0.95, 0.03, 9, 9), figures.Proportion(0.75, 0.04, 9, 9)
    assert figures.difference(one, other) == (pytest.approx(0.2), pytest.approx(0.05))


def result(seed: int) -> dict[str, object]:
    """What tells a ramp from others."""
    return {"stratum": "ruby-80K", "family": "modelled", "seed": seed, "exit": "success"}


def test_a_torn_line_is_carried_out_again(tmp_path: Path) -> None:
    campaign, path = module("campaign"), tmp_path / "campaign.jsonl"
    path.write_text(json.dumps(result(1)) + '\n{"stratum": "ru', encoding="utf-8")
    assert [campaign.key_of(each) for each in campaign.read_results(path)] == [
        ("ruby-80K", "modelled", 1)
    ]
    campaign.append_result(path, result(2))
    assert [each["seed"] for each in campaign.read_results(path)] == [1, 2]
    job = module("ramp").Job(module("strata").named("ruby-80K"), "modelled", 2)
    assert [each["seed"] for each in campaign.run_jobs([job], path)] == [2], "nothing is repeated"


def test_results_that_were_packed_are_read_and_not_repeated(tmp_path: Path) -> None:
    campaign, kept, path = module("campaign"), tmp_path / "kept", tmp_path / "campaign.jsonl"
    kept.mkdir()
    lines = [json.dumps(result(seed)) for seed in (1, 2)]
    (kept / "first.jsonl.xz").write_bytes(lzma.compress("\n".join(lines).encode()))
    campaign.append_result(path, {**result(2), "exit": "fail"})
    found = campaign.results_of(kept, path)
    assert [(each["seed"], each["exit"]) for each in found] == [(1, "success"), (2, "fail")]
    job = module("ramp").Job(module("strata").named("ruby-80K"), "modelled", 1)
    assert [each["seed"] for each in campaign.run_jobs([job], None, kept=kept)] == [1]


@pytest.mark.parametrize("even", [0.0, 0.3, 1.0])
def test_the_true_scale_of_an_edge_lies_among_the_published_ones(even: float) -> None:
    table = module("edge_scale").draw_scale_table("akahama2006", (0.0, 0.0), even)
    places, pressures = np.array(table).T
    assert np.all(np.diff(pressures) > 0.0)
    # at 1900 cm-1 those that count read from 358 (eremets2023) to 401 GPa (akahama2010)
    there = float(np.interp(1900.0 / 1333.0 - 1.0, places, pressures))
    assert 357.0 < there < 402.0


@pytest.mark.parametrize("scale", ["akahama2006", "eremets2023"])
def test_true_scales_scatter_as_the_budget_of_the_edge_says(scale: str) -> None:
    from dac_control.gauges.diamond_edge import DiamondEdgeGauge, Nu0

    gauge = DiamondEdgeGauge(
        scale=scale,
        nu0=Nu0(value_cm1=1333.0, sigma_cm1=0.0, convention="vacuum", source="this test"),
        laser_sigma_nm=0.0,
        axis_sigma_cm1=0.0,
    )
    stated = gauge.pressure_from_edge(
        1880.0, 0.0, temperature_k=300.0, convention="vacuum", definition_cm1=0.0
    )
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(400):
        normal = tuple(rng.standard_normal(2))
        table = module("edge_scale").draw_scale_table(scale, normal, rng.uniform())
        places, pressures = np.array(table).T
        truth = float(np.interp(1880.0 / 1333.0 - 1.0, places, pressures))
        errors.append(truth - stated.pressure_gpa)
    scales = [
        term.sigma_gpa
        for term in stated.budget
        if term.name.startswith("scale") or term.name == "spread between scales"
    ]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.hypot.reduce(scales), rel=0.1)


def test_single_spectra_of_a_cell_are_a_result_of_their_own() -> None:
    job = module("ramp").Job(module("strata").named("ruby-80K"), "modelled", 3, whole=False)
    read = module("spectra").read_cell(job)
    assert (read["stratum"], read["family"], read["seed"]) == job.key
    steps = np.array(read["steps"], float)
    assert steps.shape == (8, len(module("ramp").COLUMNS))
    pressure, truth, half = steps[:, 1], steps[:, 2], steps[:, 5]
    assert np.all(np.diff(pressure) > 5.0) and pressure[-1] > 100.0
    assert np.all(np.abs(pressure - truth) < 3.0 * half)
    counted, covered = module("tables").spectra_rows(job.stratum, [read])
    assert counted[1] == "1, 8 (0)"
    assert covered[2] == "93 to 97"
    assert module("tables").spectra_rows(job.stratum, [result(1)]) == []
