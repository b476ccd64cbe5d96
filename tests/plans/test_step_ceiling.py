"""What a step may bring: friction that holds is remembered, a curve that softens is not."""

import pytest

from plans.step_ceiling import DWELLS_HELD, Ceiling

LIMIT_GPA = 10.0
NOISE_GPA = 0.1


def _allowed_gpa(ceiling: Ceiling) -> float:
    """What the next step may be reckoned to bring beside the debt and 1 GPa of roughness."""
    return LIMIT_GPA - ceiling.debt_gpa - 1.0


@pytest.mark.parametrize("kept", [0.98, 0.96, 0.945, 0.935])
def test_ramp_on_a_curve_that_saturates_does_not_creep(kept: float) -> None:
    ceiling, slope, changes = Ceiling(LIMIT_GPA), 600.0, list[float]()
    for _ in range(60):
        turns = _allowed_gpa(ceiling) / max(ceiling.slope_gpa_per_turn, slope)
        changes.append(slope * turns)
        ceiling.learn(slope, turns, changes[-1], NOISE_GPA)
        slope *= kept ** (changes[-1] / LIMIT_GPA)

    assert sum(changes[-20:]) / 20.0 > 0.55 * LIMIT_GPA


def test_what_a_thread_holds_back_is_owed_for_six_dwells() -> None:
    ceiling, slope = Ceiling(LIMIT_GPA, slope_gpa_per_turn=500.0), 500.0
    ceiling.learn(slope, 0.016, 4.0, NOISE_GPA)
    owed = ceiling.debt_gpa
    assert owed == pytest.approx(4.0, abs=0.4)
    for _ in range(DWELLS_HELD - 1):
        ceiling.learn(slope, 0.001, 0.5, NOISE_GPA)

    assert ceiling.debt_gpa > 0.85 * owed
