"""The rival of the ramps: what its fixed turns keep, told by ramps that are turned here."""

import importlib
import math
from types import ModuleType

import numpy as np
import pytest

from dac_control.app.rehearsal.twin_settings import fitted_to
from simulators.twin import Twin


def module(name: str) -> ModuleType:
    return importlib.import_module(f"ramp_campaign.{name}")


class Clock:
    lab_s = 0.0

    def now(self) -> float:
        return self.lab_s


DWELL_S = 900.0
SEEDS = (1, 2, 3)
PARTS = (1.0, 0.9, 1.1)
"""What the gauges read: the limit holds for readings."""


def readings_gpa(
    seed: int, part: float, turn: float, top_gpa: float, back_gpa: float
) -> list[float]:
    """Turn a cell up by the same step until it reads the top, and back as far as is asked."""
    ramp, stratum = module("ramp"), module("strata").named("ruby-300K")
    settings = ramp.twin_settings(ramp.Job(stratum, "modelled", seed))
    clock = Clock()
    twin = Twin(seed, clock, fitted_to(stratum.station, settings, seed))

    def read() -> float:
        clock.lab_s += DWELL_S
        return part * twin.pressure_gpa()

    found, place = [read()], twin.turns
    for sign, arrived in ((1, lambda: found[-1] >= top_gpa), (-1, lambda: found[-1] <= back_gpa)):
        while not arrived():
            place += sign * turn
            twin.turn_to(place)
            found.append(read())
    return found


def largest_gpa(turn: float, top_gpa: float, back_gpa: float) -> list[float]:
    """Of each cell, the largest change of its readings."""
    return [
        float(np.abs(np.diff(readings_gpa(seed, part, turn, top_gpa, back_gpa))).max())
        for seed, part in zip(SEEDS, PARTS, strict=True)
    ]


@pytest.mark.parametrize("back", [False, True])
def test_the_fastest_fixed_turn_keeps_the_limit_in_every_cell_and_a_larger_one_does_not(
    back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed_turns, ramp = module("fixed_turns"), module("ramp")
    stratum = module("strata").named("ruby-300K")
    # the search begins with one cell, and must learn of the others by asking
    monkeypatch.setattr(fixed_turns, "_FEW", 1)
    limit_gpa, top_gpa = stratum.station.limits.max_step_gpa, 60.0
    conditions = fixed_turns.Conditions(DWELL_S, np.array([0.0, 500.0]), np.zeros(2))
    jobs = [ramp.Job(stratum, "modelled", seed) for seed in SEEDS]
    turn, steps = fixed_turns.fastest_fixed_turns(jobs, PARTS, conditions, top_gpa, back=back)
    back_gpa = 0.8 * top_gpa if back else math.inf
    assert max(largest_gpa(turn, top_gpa, back_gpa)) <= limit_gpa
    # the search ends within 2 %
    assert max(largest_gpa(1.05 * turn, top_gpa, back_gpa)) > limit_gpa
    up = [
        len(readings_gpa(seed, part, turn, top_gpa, math.inf)) - 1
        for seed, part in zip(SEEDS, PARTS, strict=True)
    ]
    assert steps == up
