"""Synthetic spectra of an anvil, drawn with numpy and scipy alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf

from dac_control.gauges.diamond_edge import RamanSpectrum

Draw = Callable[..., RamanSpectrum]


def _counts(
    x: NDArray[np.float64],
    edge: float,
    width: float,
    height: float,
    level: float,
    plateau_slope: float,
    level_slope: float,
    rise: bool,
) -> NDArray[np.float64]:
    d = x - edge
    step = 0.5 - 0.5 * erf(d / (np.sqrt(2.0) * width))
    if rise:
        step = step * (0.5 + 0.5 * erf((x - 1332.0) / 5.0))
    return level + level_slope * d + height * (1.0 + plateau_slope * d) * step


@pytest.fixture
def draw() -> Draw:
    """One spectrum of the edge; keywords are those of the code above and of `RamanSpectrum`."""

    def spectrum(
        *,
        seed: int = 1,
        edge: float = 1700.3,
        width: float = 8.0,
        height: float = 3e3,
        level: float = 1e3,
        plateau_slope: float = 0.0,
        level_slope: float = 0.0,
        rise: bool = True,
        axis: NDArray[np.float64] | None = None,
        spikes: dict[int, float] | None = None,
        **details: object,
    ) -> RamanSpectrum:
        rng = np.random.default_rng(seed)
        x = np.arange(1200.0, 2101.0) if axis is None else axis
        mean = _counts(x, edge, width, height, level, plateau_slope, level_slope, rise)
        y = rng.poisson(mean).astype(float)
        for at, counts in (spikes or {}).items():
            y[at] += counts
        known: dict[str, object] = {
            "exposure_s": 1.0,
            "gain_e_per_count": 1.0,
            "read_noise_e": 0.0,
            "dark_counts": 0.0,
        }
        return RamanSpectrum(shift_cm1=x, counts=y, **{**known, **details})  # pyright: ignore[reportArgumentType]

    return spectrum


@pytest.fixture
def real_edge() -> RamanSpectrum:
    """A measured anvil, 1794 cm-1; 40 accumulations, so the gain is not that of one exposure."""
    for parent in Path(__file__).resolve().parents:
        path = parent.parent / "shared" / "data" / "spectra" / "diamond_edge_andor_header.asc"
        if path.exists():
            break
    else:
        pytest.skip("the measured spectra are not on this machine")
    rows = []
    for line in path.read_text(encoding="latin-1").splitlines():
        parts = line.split("\t")
        if len(parts) == 2 and parts[0][:1].isdigit():
            rows.append([float(part) for part in parts])
    shift, counts = np.array(rows).T
    return RamanSpectrum(shift_cm1=shift, counts=counts, exposure_s=2.0, laser_nm=660.0)
