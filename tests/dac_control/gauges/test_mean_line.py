"""Several readings of one line, and their mean."""

import numpy as np
import pytest

from dac_control.errors import NotMeasured
from dac_control.gauges.mean_line import mean_line


def test_a_slow_drift_of_temperature_is_no_scatter() -> None:
    temperatures = np.linspace(290.0, 294.0, 9)
    slope = 6e-3
    lines = [(694.25 + slope * (t - 292.0), 1e-4) for t in temperatures]
    found = mean_line(lines, list(temperatures), 0.5, lambda _: slope)
    assert found.line_nm == pytest.approx(694.25, abs=1e-6)
    assert found.scatter_nm < 1e-6
    assert found.sigma_nm == pytest.approx(np.hypot(1e-4 / 3.0, slope * 0.5), rel=1e-6)


def test_scatter_beyond_the_noise_counts() -> None:
    rng = np.random.default_rng(1)
    pulls = []
    for _ in range(300):
        lines = [(694.25 + 3e-3 * z, 1e-4) for z in rng.standard_normal(12)]
        found = mean_line(lines, [300.0] * 12, 0.0, lambda _: 0.0)
        pulls.append((found.line_nm - 694.25) / found.sigma_nm)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("lines", [[], [(694.0, 0.1)], [(694.0, 0.1), (np.nan, 0.1)],
                                   [(694.0, 0.1), (694.0, 0.0)]])  # fmt: skip
def test_what_is_no_series_is_refused(lines: list[tuple[float, float]]) -> None:
    with pytest.raises(NotMeasured):
        mean_line(lines, [300.0] * len(lines), 0.5, lambda _: 6e-3)
