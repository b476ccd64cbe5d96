import numpy as np
import pytest

from dac_control.gauges.ruby.evidence import hides_core, hides_r1, imagines_r2, lacks_r2
from dac_control.gauges.ruby.lineshape import DOUBLET
from dac_control.gauges.ruby.scoring import Windows


@pytest.mark.parametrize(
    ("masked_nm", "ratio", "hidden"),
    [(695.7, 0.1, True), (695.7, 0.6, False), (692.8, 0.1, False), (697.0, 0.1, False)],
)
def test_a_masked_place_of_r1_is_told_where_the_partner_is_weak(
    masked_nm: float, ratio: float, hidden: bool
) -> None:
    x = np.arange(690.0, 698.0, 0.03)[None, :]
    used = np.abs(x - masked_nm) > 0.05
    windows = Windows(x, np.zeros_like(x), used, np.ones_like(x))
    p = np.zeros((1, len(DOUBLET)))
    p[0, 0], p[0, DOUBLET.index("ratio")] = 694.25, ratio

    found = hides_r1(windows, p, np.array([True]))

    assert found.tolist() == [hidden]


def doublets(**changes: float) -> np.ndarray:
    values = {"r1_nm": 694.25, "fwhm_nm": 0.3, "r1_counts": 1e4, "ratio": 0.6}
    values |= {"splitting_cm1": 29.7, "width_ratio": 1.0} | changes
    return np.array([[values.get(name, 0.0) for name in DOUBLET]])


@pytest.mark.parametrize(
    ("changes", "doubted", "lacks"),
    [
        ({"ratio": 0.6}, False, False),
        ({"ratio": 0.07}, False, False),
        ({"ratio": 0.07}, True, True),
        ({"ratio": 0.02}, False, True),
        ({"ratio": 0.07, "width_ratio": 0.3}, False, True),
        ({"ratio": 0.07, "splitting_cm1": 17.0}, False, True),
    ],
)
def test_a_weak_r2_that_is_seen_where_it_belongs_is_not_lacking(
    changes: dict[str, float], doubted: bool, lacks: bool
) -> None:
    yes, no, known = np.array([True]), np.array([False]), np.array([0.005**2])
    found = lacks_r2(doublets(**changes), known, yes, no, no, yes & doubted, np.array([296.0]))
    assert found.tolist() == [lacks]


@pytest.mark.parametrize(
    ("ratio", "sigma", "temperature_k", "lacks"),
    [
        (0.12, 0.01, 20.0, False),
        (0.02, 0.01, 20.0, True),  # noise of two sigma, where ten are expected
        (0.02, 0.02, 20.0, False),  # and where four are
        (0.016, 0.005, 25.0, True),  # noise of three, an eighth of what a ruby has
        (0.02, 0.02, 5.0, False),
    ],
)
def test_a_line_as_narrow_as_a_cosmic_ray_shows_r2_where_that_is_clear(
    ratio: float, sigma: float, temperature_k: float, lacks: bool
) -> None:
    yes, no, known = np.array([True]), np.array([False]), np.array([sigma**2])
    line = doublets(ratio=ratio, fwhm_nm=0.09)
    found = lacks_r2(line, known, yes, yes, no, no, np.array([temperature_k]))
    assert found.tolist() == [lacks]
    hidden = lacks_r2(line, known, yes, no, yes, no, np.array([20.0]))
    assert hidden.tolist() == [ratio < 3.0 * sigma]


@pytest.mark.parametrize(("masked_nm", "hidden"), [(0.35, True), (0.1, False)])
def test_a_line_whose_core_is_masked_is_told(masked_nm: float, hidden: bool) -> None:
    x = np.arange(690.0, 698.0, 0.03)[None, :]
    found = hides_core(x, np.abs(x - 694.25) < masked_nm, doublets(fwhm_nm=0.5))
    assert found.tolist() == [hidden]


@pytest.mark.parametrize(
    ("splitting_cm1", "masked_nm", "imagined"),
    [(17.0, 0.3, True), (17.0, 0.1, False), (29.0, 0.3, False)],
)
def test_a_masked_r2_out_of_its_place_is_told(
    splitting_cm1: float, masked_nm: float, imagined: bool
) -> None:
    x = np.arange(690.0, 698.0, 0.03)[None, :]
    r2_nm = 1e7 / (1e7 / 694.25 + splitting_cm1)
    doublet = doublets(splitting_cm1=splitting_cm1)
    found = imagines_r2(x, np.abs(x - r2_nm) < masked_nm, doublet)
    assert found.tolist() == [imagined]
