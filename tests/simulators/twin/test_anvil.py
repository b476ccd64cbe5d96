"""The diamond's band ends where the scale says, and is no step of an error function."""

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.special import erfc

from simulators.twin.anvil import Anvil, vibron_cm1
from simulators.twin.draws import generators
from simulators.twin.further_draws import Further, draw_further
from simulators.twin.settings import TwinSettings

EXACT = TwinSettings(systematics=False)


def further(seed: int = 0, settings: TwinSettings = EXACT) -> Further:
    return draw_further(settings, generators(seed)["further"])


@pytest.fixture(scope="module")
def anvil() -> Anvil:
    return Anvil(EXACT.anvil, further())


@pytest.mark.parametrize("pressure_gpa", [10.0, 14.0, 50.0, 150.0, 300.0, 500.0, 700.0])
def test_the_steepest_point_of_the_band_is_the_edge(anvil: Anvil, pressure_gpa: float) -> None:
    edge = anvil.edge_cm1(pressure_gpa, 300.0)
    x = edge / anvil.nu0_cm1 - 1.0
    assert 547.0 * x * (1.0 + 0.5 * 2.75 * x) == pytest.approx(pressure_gpa)
    band = anvil.band(pressure_gpa, 300.0)
    # the line of the unstressed bulk falls more steeply
    near = np.abs(band.shift_cm1 - edge) < min(25.0, 0.3 * (edge - anvil.nu0_cm1))
    slope = np.gradient(band.density)[near]
    assert band.shift_cm1[near][slope.argmin()] == pytest.approx(edge, abs=0.6)


def test_the_edge_is_no_error_function(anvil: Anvil) -> None:
    edge = anvil.edge_cm1(200.0, 300.0)
    band = anvil.band(200.0, 300.0)
    near = np.abs(band.shift_cm1 - edge) < 40.0
    x, y = band.shift_cm1[near], band.density[near]

    def step(x: np.ndarray, at: float, width: float, *p: float) -> np.ndarray:
        d = x - at
        return (p[0] + p[1] * d) * erfc(d / width / np.sqrt(2.0)) / 2.0 + p[2] + p[3] * d

    best, _ = curve_fit(step, x, y, p0=(edge, 6.0, 1.0, 0.0, 0.1, 0.0))
    residual = y - step(x, *best)
    assert 0.01 < np.abs(residual).max() / abs(best[2]) < 0.5
    assert best[0] == pytest.approx(edge, abs=4.0)


def test_light_falls_from_the_first_order_line_and_vanishes_beyond_the_edge(anvil: Anvil) -> None:
    band = anvil.band(200.0, 300.0)

    def level(shift: float) -> float:
        return float(np.interp(shift, band.shift_cm1, band.density))

    edge = anvil.edge_cm1(200.0, 300.0)
    assert level(anvil.nu0_cm1) > 1.5 * level(1450.0) > 1.5 * level(edge - 60.0) > 0.0
    assert level(edge - 60.0) > 5.0 * level(edge + 60.0)
    broken = anvil.band(200.0, 300.0, broken=True)
    assert broken.density.max() < 0.3 * band.density.max()


def test_edge_scales_scatter_as_stated() -> None:
    settings = TwinSettings()
    z = [
        ((f.edge_k0_gpa - 547.0) / 11.0, (f.edge_k0_prime - 3.75) / 0.20, f.edge_cold_cm1)
        for f in (further(seed, settings) for seed in range(400))
    ]
    k0, k0_prime, cold = np.array(z).T
    for values in (k0, k0_prime):
        assert abs(values.mean()) < 3.5 / 20.0
        assert values.std() == pytest.approx(1.0, abs=3.5 / np.sqrt(800.0))
    assert np.abs(cold).max() <= 1.0
    assert cold.std() == pytest.approx(1.0 / np.sqrt(3.0), rel=0.1)


def test_the_vibron_turns_over() -> None:
    assert vibron_cm1(38.0) > vibron_cm1(5.0)
    assert vibron_cm1(38.0) > vibron_cm1(120.0) > vibron_cm1(170.0) > vibron_cm1(300.0)
