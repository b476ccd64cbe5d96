"""The window about one edge, on a band that the model does not quite follow."""

import numpy as np
import pytest

from dac_control.gauges.diamond_edge.search import EdgeStart
from dac_control.gauges.diamond_edge.verdict import is_edge
from dac_control.gauges.diamond_edge.window import fit_around
from dac_control.gauges.diamond_edge.window_fit import EdgePixels
from dac_control.gauges.photon_noise import PhotonNoise


@pytest.fixture
def piled_up() -> EdgePixels:
    """Half of the light crowds below the end at 1770 cm-1: stress changes slowest at the culet."""
    fine = np.arange(1400.0, 2000.0, 0.25)
    blur = 1.0 / np.cosh(np.arange(-60.0, 60.25, 0.25) / (2.0 * 3.4)) ** 2
    depth = np.clip((1770.0 - fine) / (1770.0 - 1333.0), 1e-4, None)
    band = np.where(fine < 1770.0, 1.0 + 0.3 / np.sqrt(depth), 0.0)
    band = np.convolve(np.pad(band, 240, "edge"), blur / blur.sum(), "valid")[::5]
    x = fine[::5]
    mean = 1.4e4 + 4.0 * (x - 1330.0) + 1.2e4 * band
    counts = np.random.default_rng(1).poisson(mean).astype(float)
    noise = PhotonNoise(
        gain_e_per_count=1.0, read_noise_e=0.0, offset_counts=0.0, averages=1, gain_assumed=False
    )
    return EdgePixels(x=x, y=counts, usable=np.ones(x.shape, dtype=bool), noise=noise)


def test_the_edge_does_not_follow_the_width_of_the_first_estimate(piled_up):
    edges = []
    for width in (6.0, 12.0):
        start = EdgeStart(edge_cm1=1771.0, width_cm1=width, score=100.0)
        edges.append(fit_around(piled_up, start, (300.0, 200.0)).edge_cm1)

    assert edges[0] == pytest.approx(edges[1], abs=0.4)


def test_a_plateau_is_seen_where_the_fit_takes_it_for_background(piled_up):
    fit = fit_around(piled_up, EdgeStart(edge_cm1=1771.0, width_cm1=6.0, score=100.0), (30.0, 30.0))
    # most of the plateau stands in the background of this fit: the data cannot tell the two apart
    assert fit.shape.background_order == 2
    assert is_edge(fit, piled_up)
