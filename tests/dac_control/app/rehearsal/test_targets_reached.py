"""Where targets count as reached: as the ramp itself counts them."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from dac_control.app.rehearsal.targets_reached import targets_reached


def steps(*pressures_gpa: float) -> Any:
    return [
        SimpleNamespace(
            number=number,
            turns=0.01 * number,
            target=math.nan,
            pressure_gpa=pressure_gpa,
            half_width_95_gpa=0.1 * pressure_gpa,
            measured=not math.isnan(pressure_gpa),
        )
        for number, pressure_gpa in enumerate(pressures_gpa, 1)
    ]


TARGETS = {"unit": "gpa", "load": [4.0, 6.0, 8.0], "unload": [5.0, 3.0]}
UP_AND_DOWN = steps(1.0, math.nan, 6.1, 7.8, 7.9, 6.0, 4.9)


@pytest.mark.parametrize(
    ("targets", "at_steps"),
    [
        (TARGETS, [3, 3, 4, 7, 0]),
        ({"unit": "turns", "load": [0.02, 0.04]}, [3, 4]),
        ({"unit": "gpa", "repeat": 6.0, "swing": 2.0, "cycles": 1}, [3, 4, 6, 0, 0]),
        ({"unit": "h", "duration": 12.0}, []),
    ],
)
def test_a_target_is_reached_at_the_first_step_there(
    targets: dict[str, Any], at_steps: list[int]
) -> None:
    found = targets_reached(UP_AND_DOWN, targets, tolerance_gpa=0.3, tolerance_turns=0.001)
    assert [each.step for each in found] == at_steps
    for each in found:
        expected = UP_AND_DOWN[each.step - 1].pressure_gpa if each.step else math.nan
        assert each.pressure_gpa == pytest.approx(expected, nan_ok=True)


def test_a_target_that_the_screw_cannot_be_placed_nearer_to_is_left_behind() -> None:
    short = steps(1.0, 3.5, 5.5, 4.0)
    for step, aim in zip(short, (math.nan, 4.0, 6.0, 3.0), strict=True):
        step.target = aim
    targets = {"unit": "gpa", "load": [4.0, 6.0], "unload": [3.0]}
    how: Any = {"tolerance_gpa": 0.3, "tolerance_turns": 0.001}
    assert [each.step for each in targets_reached(short, targets, **how)] == [2, 3, 0]
    assert [each.step for each in targets_reached(short, targets, **how, done=True)] == [2, 3, 4]
