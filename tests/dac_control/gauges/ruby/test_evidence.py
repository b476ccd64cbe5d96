import numpy as np
import pytest

from dac_control.gauges.ruby.evidence import hides_r1
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
