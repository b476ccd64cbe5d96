"""A perfect reading of r1 with the papers at hand: pressures scatter as the budget says."""

import numpy as np
import pytest

from simulators.twin.draws import Drawn, certificates, draw, generators
from simulators.twin.ruby import Ruby, datchi_shift_nm, ragan_shift_nm
from simulators.twin.settings import TwinSettings

SETTINGS = TwinSettings()


def pull(drawn: Drawn, pressure_gpa: float, temperature_k: float) -> float:
    """(pressure from certificates and published coefficients - true) / stated sigma."""
    paper = certificates(drawn, SETTINGS)
    r1_nm = Ruby(SETTINGS.ruby, drawn).r1_nm(pressure_gpa, temperature_k)
    r1_axis_nm = r1_nm + drawn.axis_offset_nm + drawn.axis_drift_nm
    shift_nm = datchi_shift_nm(temperature_k)
    spread_nm = ragan_shift_nm(temperature_k) - shift_nm
    lambda0_nm = paper["lambda0_nm"] + shift_nm
    cold = max(0.0, (296.0 - temperature_k) / (296.0 - 4.5))
    delta = r1_axis_nm / lambda0_nm - 1.0
    pressure = 1870.0 * delta * (1.0 + 5.63 * delta)
    slope_per_nm = 1870.0 * (1.0 + 2.0 * 5.63 * delta) / lambda0_nm
    parts = (
        pressure * 10.0 / 1870.0,
        1870.0 * delta**2 * 0.03,
        pressure * 0.06 / np.sqrt(3.0) * cold,
        slope_per_nm * paper["lambda0_sigma_nm"],
        slope_per_nm * paper["axis_sigma_nm"],
        slope_per_nm * 0.006 * min(cold * (296.0 - 4.5) / 196.0, 1.0),
        slope_per_nm * spread_nm / np.sqrt(3.0),
        # the true way of applying the shift lies anywhere between two, of which this is one
        slope_per_nm * shift_nm * delta / np.sqrt(3.0),
    )
    return float((pressure - pressure_gpa) / np.linalg.norm(parts))


@pytest.mark.parametrize("temperature_k", [5.0, 80.0, 296.0])
@pytest.mark.parametrize("pressure_gpa", [0.2, 2.0, 40.0])
def test_normalised_residuals_over_twins(pressure_gpa: float, temperature_k: float) -> None:
    seeds = 400
    z = [
        pull(draw(SETTINGS, generators(seed)["draws"]), pressure_gpa, temperature_k)
        for seed in range(seeds)
    ]
    assert abs(np.mean(z)) < 3.5 / np.sqrt(seeds)
    assert np.std(z) == pytest.approx(1.0, abs=3.5 / np.sqrt(2 * seeds))
