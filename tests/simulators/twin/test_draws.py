"""Twins differ from their papers as the papers say."""

from dataclasses import asdict

import numpy as np
import pytest

from simulators.twin.draws import Drawn, certificates, draw, generators
from simulators.twin.settings import TwinSettings

SEEDS = 500
SETTINGS = TwinSettings()


@pytest.fixture(scope="module")
def population() -> list[tuple[Drawn, dict]]:
    drawn = [draw(SETTINGS, generators(seed)["draws"]) for seed in range(SEEDS)]
    return [(d, certificates(d, SETTINGS)) for d in drawn]


def pulls(population: list[tuple[Drawn, dict]], name: str) -> list[float]:
    ruby = SETTINGS.ruby
    values = {
        "lambda0 on the day": lambda d, c: (
            (c["lambda0_nm"] - d.lambda0_nm - d.axis_offset_nm) / c["lambda0_sigma_nm"]
        ),
        "lambda0 on today's axis": lambda d, c: (
            (c["lambda0_nm"] - d.lambda0_nm - d.axis_offset_nm - d.axis_drift_nm)
            / np.hypot(c["lambda0_sigma_nm"], c["axis_sigma_nm"])
        ),
        "absolute axis": lambda d, c: d.axis_offset_nm / c["axis_absolute_sigma_nm"],
        "sensor a": lambda d, c: d.sensor_z_a,
        "sensor b": lambda d, c: d.sensor_z_b,
        "gain": lambda d, c: (
            (c["gain_e_per_count"] - d.gain_e_per_count) / c["gain_sigma_e_per_count"]
        ),
        "read noise": lambda d, c: (c["read_noise_e"] - d.read_noise_e) / c["read_noise_sigma_e"],
        "dark": lambda d, c: (c["dark_counts"] - d.dark_counts) / c["dark_sigma_counts"],
        "strength ratio": lambda d, c: (
            (c["strength_ratio"] - d.strength_ratio) / c["strength_ratio_sigma"]
        ),
        "A of the scale": lambda d, c: (d.ruby_a_gpa - 1870.0) / ruby.a_sigma_gpa,
        "C of the scale": lambda d, c: (d.ruby_c - 5.63) / ruby.c_sigma,
        "cold coefficient": lambda d, c: d.cold_coefficient / (0.06 / np.sqrt(3.0)),
        "temperature shift": lambda d, c: d.shift_error_nm / 0.006,
    }
    return [values[name](d, c) for d, c in population]


@pytest.mark.parametrize(
    "name",
    [
        "lambda0 on the day",
        "lambda0 on today's axis",
        "absolute axis",
        "sensor a",
        "sensor b",
        "gain",
        "read noise",
        "dark",
        "strength ratio",
        "A of the scale",
        "C of the scale",
        "cold coefficient",
        "temperature shift",
    ],
)
def test_certificates_are_as_far_from_truth_as_they_state(
    population: list[tuple[Drawn, dict]], name: str
) -> None:
    z = np.array(pulls(population, name))
    # 3.5 standard errors of a mean and of a standard deviation over the seeds
    assert abs(z.mean()) < 3.5 / np.sqrt(SEEDS)
    assert z.std() == pytest.approx(1.0, abs=3.5 / np.sqrt(2.0 * SEEDS))


def test_the_cold_coefficient_is_rectangular(population: list[tuple[Drawn, dict]]) -> None:
    values = np.array([d.cold_coefficient for d, _ in population])
    assert np.abs(values).max() <= 0.06
    assert np.mean(np.abs(values) < 0.03) == pytest.approx(0.5, abs=0.08)


def test_errors_are_independent(population: list[tuple[Drawn, dict]]) -> None:
    table = np.array([list(asdict(d).values()) for d, _ in population])
    correlation = np.corrcoef(table.T) - np.eye(table.shape[1])
    assert np.abs(correlation).max() < 0.2


def test_cells_scatter_modestly(population: list[tuple[Drawn, dict]]) -> None:
    pmax = np.array([d.pmax_gpa for d, _ in population])
    assert pmax.mean() == pytest.approx(420.0, rel=0.01)
    assert pmax.std() / 420.0 == pytest.approx(0.05, abs=0.006)
    assert np.abs(pmax / 420.0 - 1.0).max() <= 0.15 + 1e-12


def test_without_systematics_papers_are_exact_and_the_specimen_is_the_same() -> None:
    exact = TwinSettings(systematics=False)
    plain = draw(SETTINGS, generators(7)["draws"])
    ideal = draw(exact, generators(7)["draws"])
    paper = certificates(ideal, exact)
    assert paper["lambda0_nm"] == pytest.approx(ideal.lambda0_nm, abs=1e-5)
    assert paper["gain_e_per_count"] == ideal.gain_e_per_count
    assert (ideal.ruby_a_gpa, ideal.ruby_c, ideal.cold_coefficient) == (1870.0, 5.63, 0.0)
    assert (ideal.pmax_gpa, ideal.lambda0_nm) == (plain.pmax_gpa, plain.lambda0_nm)


def test_certificates_do_not_tell_the_truth(population: list[tuple[Drawn, dict]]) -> None:
    first, second = population[0][1], population[1][1]
    differing = {key for key in first if first[key] != second[key]}
    assert differing == {"lambda0_nm"}
