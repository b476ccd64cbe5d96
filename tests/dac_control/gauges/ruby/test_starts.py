import numpy as np

from dac_control.gauges.ruby.lineshape import CM1_NM, DOUBLET
from dac_control.gauges.ruby.starts import same_light


def light(p: np.ndarray) -> tuple[float, float, float]:
    """Light, centre and variance of two Gaussian lines."""
    value = dict(zip(DOUBLET, p, strict=True))
    r1, sigma = value["r1_nm"], value["fwhm_nm"] / np.sqrt(8.0 * np.log(2.0))
    r2 = CM1_NM / (CM1_NM / r1 + value["splitting_cm1"])
    share = value["ratio"] / (1.0 + value["ratio"])
    centre = r1 * (1.0 - share) + r2 * share
    inside = (1.0 - share) * sigma**2 + share * (sigma * value["width_ratio"]) ** 2
    between = share * (1.0 - share) * (r1 - r2) ** 2
    return p[3] * sigma * (1.0 + value["ratio"]), centre, inside + between


def test_the_same_light_with_another_partner() -> None:
    p = np.array([[694.31, 1.83, 0.28, 7.6e4, 2412.0, -1.0, -1.0, -0.1, 1.04, 19.5, 1.65]])
    start = same_light(p, np.array([0.2]))
    np.testing.assert_allclose(light(start[0]), light(p[0]), rtol=1e-3)
    np.testing.assert_allclose(start[0, 8:], [0.2, 29.7, 1.0])
