import numpy as np
import pytest

from dac_control.load_curve import LoadCurveError, local_slope_gpa_per_turn


def test_line_gives_its_slope_and_a_narrow_bound():
    turns = np.linspace(0, 1, 6)
    slope = local_slope_gpa_per_turn(turns, 3 + 30 * turns, np.full(6, 0.02))
    assert slope.gpa_per_turn == pytest.approx(30)
    # 4 points 0.2 turns apart: sigma = 0.02 / (0.2 sqrt 5)
    assert slope.sigma_gpa_per_turn == pytest.approx(0.02 / (0.2 * 5**0.5))
    assert slope.upper_gpa_per_turn == pytest.approx(30 + 2 * slope.sigma_gpa_per_turn)


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_upper_bound_covers_the_slope_of_a_stiffening_curve(count):
    turns = 0.2 + 0.05 * np.arange(count)
    slope = local_slope_gpa_per_turn(turns, 50 * turns**2)
    assert slope.upper_gpa_per_turn >= 100 * turns[-1] * (1 - 1e-9)


def test_upper_bound_covers_the_next_equal_step_of_a_parabola():
    turns = 0.05 * np.arange(1, 6)
    pressure = 50 * turns**2
    slope = local_slope_gpa_per_turn(turns, pressure)
    rise = 50 * (turns[-1] + 0.05) ** 2 - pressure[-1]
    assert slope.upper_gpa_per_turn * 0.05 >= rise * (1 - 1e-9)


def test_falling_branch_has_the_same_sign():
    turns = np.array([1.0, 0.9, 0.8, 0.7])
    slope = local_slope_gpa_per_turn(turns, 30 * turns)
    assert slope.gpa_per_turn == pytest.approx(30)


def test_dead_band_does_not_invite_a_long_step():
    slope = local_slope_gpa_per_turn([1.0, 0.95, 0.9], [40.0, 40.0, 40.0], floor_gpa_per_turn=35.0)
    assert slope.gpa_per_turn == pytest.approx(0, abs=1e-9)
    assert slope.upper_gpa_per_turn == 35.0


def test_noise_of_close_points_is_not_read_as_steepness():
    turns = [0.5, 0.6, 0.7, 0.7001]
    pressure = [15.0, 18.0, 21.0, 21.05]
    slope = local_slope_gpa_per_turn(turns, pressure, [0.05] * 4)
    assert slope.upper_gpa_per_turn < 40


@pytest.mark.parametrize(
    ("turns", "pressure", "message"),
    [
        ([], [], "two measured points"),
        ([0.3], [4.0], "two measured points"),
        ([0.3, 0.3], [4.0, 4.1], "one position"),
        ([0.3, 0.4], [4.0, float("nan")], "not finite"),
        ([0.3, 0.4], [4.0], "one length"),
    ],
)
def test_no_slope_without_two_points(turns, pressure, message):
    with pytest.raises(LoadCurveError, match=message):
        local_slope_gpa_per_turn(turns, pressure)
