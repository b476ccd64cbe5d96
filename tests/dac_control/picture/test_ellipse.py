import numpy as np
import pytest

from dac_control.picture.ellipse import Ellipse, direct_ellipse


def test_axes_and_angle_describe_the_same_ellipse() -> None:
    ellipse = Ellipse(3.0, 4.0, np.log(10.0), 0.2 * np.cos(0.8), 0.2 * np.sin(0.8))
    major, minor = ellipse.axes
    assert major * minor == pytest.approx(100.0)
    assert ellipse.angle == pytest.approx(0.4)
    assert ellipse.ray(np.array([0.4, 0.4 + np.pi / 2])) == pytest.approx([major, minor])
    assert ellipse.ellipticity == pytest.approx(1 - minor / major)


def test_points_on_no_ellipse_give_none() -> None:
    line = np.arange(10.0)
    assert direct_ellipse(line, line) is None
    assert direct_ellipse(line[:5], line[:5] ** 2) is None
