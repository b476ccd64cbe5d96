"""Rounding: a gauge may be good to a hundred-thousandth of the pressure."""

import numpy as np
import pytest

from dac_control.load_curve import fit_load_curve

TURNS = np.array([0.0, 0.02, 0.04, 0.0557, 0.0729, 0.0856, 0.1026])
READ_GPA = np.array([1.808, 8.606, 16.436, 22.974, 30.305, 35.870, 43.325])


@pytest.mark.parametrize("sigma_gpa", [1e-2, 1e-3, 1e-4, 1e-5])
def test_a_better_gauge_changes_the_next_step_by_less_than_it_is_uncertain(
    sigma_gpa: float,
) -> None:
    known, better = (
        fit_load_curve(TURNS, READ_GPA, np.full(7, sigma), branch="load").predict(0.12)
        for sigma in (3e-2, sigma_gpa)
    )

    assert better.sigma_gpa == pytest.approx(known.sigma_gpa, rel=0.5)
    assert abs(better.predicted_gpa - known.predicted_gpa) < known.sigma_gpa
