"""Approaches of one pressure: what counts as one, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

from dac_control.app.findings.approaches import approaches_in, approaches_words, from_both_sides
from dac_control.app.readings import Steps, read_steps

# turns, target, branch, measured pressure: up to 4 and beyond, down through a dead band, up again
WAY = [
    (0.00, np.nan, "load", 4.0),  # where the cell was found: nothing was approached
    (0.01, 4.0, "load", 3.2),
    (0.02, 4.0, "load", 4.1),
    (0.03, 6.0, "load", 5.9),
    (0.02, 4.0, "dead_band", 5.9),
    (0.01, 4.0, "unload", 3.9),
    (0.02, 4.0, "dead_band", 3.9),  # the leg down went past its own end: the same target again
    (0.03, 4.0, "load", 4.0),
]
TARGETS = {"repeat": 4.0, "cycles": 1}


@pytest.fixture(scope="module")
def steps(good_run) -> Steps:
    few = {
        name: value[: len(WAY)]
        for name, value in vars(read_steps(good_run)).items()
        if name not in ("stream",)
    }
    turns, target, branch, pressure = zip(*WAY, strict=True)
    changes = {
        "turns": np.array(turns),
        "target": np.array(target),
        "branch": branch,
        "pressure_gpa": np.array(pressure),
        "sigma_stat_gpa": np.full(len(WAY), 0.03),
        "measured": np.ones(len(WAY), dtype=bool),
        "step": np.arange(1.0, len(WAY) + 1),
    }
    return replace(read_steps(good_run), **(few | changes))


def test_the_last_step_of_a_leg_on_its_branch_is_an_approach(steps: Steps) -> None:
    found = approaches_in(steps, 4.0, 0.3)
    assert [(each.step, each.branch) for each in found] == [(3, "load"), (6, "unload"), (8, "load")]
    words = approaches_words(found, TARGETS, 0.3)
    assert "2 and 1 were measured within 0.30 GPa of 4 GPa" in words
    assert "3.900 ± 0.030 (step 6) and 4.100 ± 0.030 (step 3) GPa, differ by 0.200 GPa" in words
    assert "4.7 times the statistical uncertainty of that" in words
    assert "means from above and from below by 0.150 GPa" in words


def test_a_readback_that_jitters_where_the_screw_stands_splits_no_leg(steps: Steps) -> None:
    # the overlap of a hand-over is measured again where the screw stands
    turns = [0.0, 0.01, 0.03, 0.02999, 0.02, 0.01, 0.0101, 0.00995]
    branch = ("load", "load", "load", "load", "dead_band", "unload", "unload", "unload")
    pressure, target = [2.0, 3.2, 4.0, 4.0, 4.0, 4.1, 4.1, 4.1], [np.nan, 4, 4, 4, 4, 4, 4, 4]
    arrays = {"turns": turns, "pressure_gpa": pressure, "target": target}
    again = replace(steps, branch=branch, **{key: np.array(each) for key, each in arrays.items()})
    found = approaches_in(again, 4.0, 0.3, grid_turns=0.0003)
    assert [(each.step, each.branch) for each in found] == [(4, "load"), (8, "unload")]


@pytest.mark.parametrize(
    "changes",
    [
        {"measured": [True] * 5 + [False] + [True] * 2},
        {"pressure_gpa": [4.0, 3.2, 4.1, 5.9, 5.9, 2.0, 2.0, 4.0]},
        {"turns": [0.0] * 8},  # nothing moved, whatever was asked for
    ],
)
def test_without_both_sides_nothing_is_said_of_repeatability(steps: Steps, changes) -> None:
    arrays = {name: np.array(value) for name, value in changes.items()}
    found = approaches_in(replace(steps, **arrays), 4.0, 0.3)
    assert not from_both_sides(found)
    assert "not reached from both sides" in approaches_words(found, TARGETS, 0.3)
