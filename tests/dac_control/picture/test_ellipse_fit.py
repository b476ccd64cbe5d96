import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.picture.ellipse import Ellipse, direct_ellipse
from dac_control.picture.ellipse_fit import fit_ellipse


def points(ellipse: Ellipse, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reach = ellipse.ray(angles)
    return ellipse.x + reach * np.cos(angles), ellipse.y + reach * np.sin(angles)


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    radius=st.floats(5, 2000),
    stretch=st.floats(0, 0.6),
    turn=st.floats(-1.5, 1.5),
)
def test_both_fits_return_the_ellipse_that_points_lie_on(
    x: float, y: float, radius: float, stretch: float, turn: float
) -> None:
    truth = Ellipse(
        x, y, float(np.log(radius)), stretch * np.cos(2 * turn), stretch * np.sin(2 * turn)
    )
    at = points(truth, np.linspace(0, 6.2, 60))
    direct = direct_ellipse(*at)
    assert direct is not None
    near_round = Ellipse(x + radius / 10, y, truth.log_radius + 0.1, 0.8 * truth.p, 0.8 * truth.q)
    fit = fit_ellipse(*at, np.full(60, 1e-3 * radius), near_round)
    assert fit is not None
    # the prior that holes are round draws by (sigma / its width)^2 over the points
    for found in (direct, fit.ellipse):
        assert (found.x, found.y) == pytest.approx((x, y), abs=1e-4 * radius)
        assert found.radius == pytest.approx(radius, rel=1e-4)
        assert (found.p, found.q) == pytest.approx((truth.p, truth.q), abs=1e-4)


def test_a_quarter_of_outliers_does_not_move_the_rim() -> None:
    rng = np.random.default_rng(1)
    truth = Ellipse(50.0, 60.0, np.log(40.0), 0.02, 0.0)
    x, y = points(truth, np.linspace(0, 6.2, 120))
    x, y = x + 0.1 * rng.standard_normal(120), y + 0.1 * rng.standard_normal(120)
    angle = np.linspace(0, 6.2, 120)[20:50]
    x[20:50] -= 6.0 * np.cos(angle)  # a chip that touches the rim
    y[20:50] -= 6.0 * np.sin(angle)
    start = direct_ellipse(x, y)
    assert start is not None
    fit = fit_ellipse(x, y, np.full(120, 0.1), start)
    assert fit is not None
    assert fit.ellipse.radius == pytest.approx(40.0, abs=0.1)
    assert not fit.inliers[25:40].any()


def test_the_covariance_is_the_scatter_of_repeated_fits() -> None:
    rng = np.random.default_rng(2)
    truth = Ellipse(50.0, 60.0, np.log(40.0), 0.05, 0.03)
    x, y = points(truth, np.linspace(0, 2 * np.pi, 200, endpoint=False))
    fits = [
        fit_ellipse(
            x + 0.2 * rng.standard_normal(200),
            y + 0.2 * rng.standard_normal(200),
            np.full(200, 0.2),
            truth,
        )
        for _ in range(150)
    ]
    values = np.array([list(vars(fit.ellipse).values()) for fit in fits if fit])
    stated = np.mean([np.diag(fit.covariance) for fit in fits if fit], axis=0)
    assert values.var(axis=0) / stated == pytest.approx(np.ones(5), rel=0.5)
