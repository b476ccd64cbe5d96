"""Many ramps without a RunEngine: does the choice of the next turn keep its word, and is it fast?

Each ramp is a twin with a seed of its own, turned up and down again with the choice of
`plans.step_choice`; the gauge is a normal error on the twin's pressure, and a dwell lasts from a
quarter of an hour to two hours. Then the same twins are turned with fixed steps: the largest
fixed step that keeps the same step limit over all of them is the rival. Of each stratum the table
has the steps; those beyond their 99.9 % bound, with the 97.5 % quantile of the binomial
distribution for 0.1 %; those beyond the step limit; those outside the 95 % window; the medians of
bound and change as parts of the limit; and median steps to the top target and in all, ours, the
rival's, and the ratio.

    python benchmarks/ramp_campaign/pure_ramps.py -n 100 --seed 1
"""

import argparse
import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import binom

from dac_control.safety.limits import StepLimits
from plans.settings import StepSettings
from plans.step_choice import Branch, Point, StepPrediction
from simulators.twin import Twin, TwinSettings

BOUND_LEVEL = 0.001
TOLERANCE_GPA = 0.3


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """A kind of ramp."""

    name: str
    preset: str
    temperature_k: float
    top_gpa: float
    back_gpa: float
    max_step_gpa: float
    noise_part: float
    """Noise of the gauge as a part of the pressure, beside 5 MPa."""
    probe_turns: float = 0.005

    def settings(self) -> TwinSettings:
        """Settings of its twins: no failure, so that survival does not select."""
        made = TwinSettings.preset(self.preset, start_temperature_k=self.temperature_k)
        return replace(made, failure=replace(made.failure, hazard=False))


class Clock:
    """Laboratory time that moves when told to."""

    def __init__(self) -> None:
        self.lab_s = 0.0

    def now(self) -> float:
        return self.lab_s


class Cell:
    """One twin under the screw, and a gauge that reads its pressure with an error."""

    def __init__(self, stratum: Stratum, seed: int) -> None:
        self.stratum = stratum
        self.rng = np.random.default_rng(seed)
        self.clock = Clock()
        self.twin = Twin(seed, self.clock, stratum.settings())
        self.turned = 0

    def step_to(self, turns: float) -> Point:
        """Turn, dwell and read."""
        self.turned += 1
        self.twin.turn_to(turns)
        self.clock.lab_s += float(np.exp(self.rng.uniform(np.log(900.0), np.log(7200.0))))
        return self.measured()

    def measured(self) -> Point:
        """Read the gauge."""
        pressure = float(self.twin.state()["pressure_gpa"])
        sigma = 0.005 + self.stratum.noise_part * pressure
        return Point(self.twin.turns, pressure + float(self.rng.normal(0.0, sigma)), sigma)


@dataclass
class Tally:
    """What became of the ramps of a stratum."""

    steps: int = 0
    beyond_bound: int = 0
    beyond_limit: int = 0
    outside_window: int = 0
    fills: list[float] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    up_steps: list[int] = field(default_factory=list)
    all_steps: list[int] = field(default_factory=list)
    choices_s: float = 0.0
    stuck: int = 0
    by_basis: dict[str, list[int]] = field(default_factory=dict)


def adaptive(cell: Cell, limits: StepLimits, settings: StepSettings, tally: Tally) -> None:
    """One ramp up and down with the choice of the plan."""
    start = cell.measured()
    branch = Branch(+1, start, limits, settings)
    for sign, aim in ((+1, cell.stratum.top_gpa), (-1, cell.stratum.back_gpa)):
        if sign < 0:
            tally.up_steps.append(cell.turned)
            branch = branch.reversal()
        while not branch.is_reached(aim):
            began = time.perf_counter()
            turns = branch.next_turns_for_gpa(aim)
            prediction = branch.predict(turns)
            tally.choices_s += time.perf_counter() - began
            if (turns - branch.here.turns) * sign <= 1e-6:
                tally.stuck += 1
                return
            point = cell.step_to(turns)
            _note(tally, branch, prediction, point, limits)
            branch.add(point)
    tally.all_steps.append(cell.turned)


def _note(
    tally: Tally, branch: Branch, prediction: StepPrediction, point: Point, limits: StepLimits
) -> None:
    here, sign = branch.here.pressure_gpa, branch.sign
    change, bound = (point.pressure_gpa - here) * sign, (prediction.bound_gpa - here) * sign
    tally.steps += 1
    beyond = change > bound
    tally.beyond_bound += beyond
    tally.beyond_limit += abs(change) > limits.max_step_gpa
    tally.outside_window += not prediction.low_gpa <= point.pressure_gpa <= prediction.high_gpa
    row = tally.by_basis.setdefault(f"{prediction.basis}{sign:+d}", [0, 0])
    row[0] += 1
    row[1] += int(beyond)
    tally.bounds.append(bound / limits.max_step_gpa)
    if branch.engaged:
        tally.fills.append(change / limits.max_step_gpa)


def fixed(cell: Cell, step_turns: float) -> tuple[int, int, float]:
    """Steps up, steps in all, and the largest change of a ramp with one step for all."""
    here, largest, up = cell.measured(), 0.0, 0
    for sign, aim in ((+1, cell.stratum.top_gpa), (-1, cell.stratum.back_gpa)):
        while (aim - here.pressure_gpa) * sign > TOLERANCE_GPA:
            there = cell.step_to(here.turns + sign * step_turns)
            largest = max(largest, (there.pressure_gpa - here.pressure_gpa) * sign)
            here = there
        up = up or cell.turned
    return up, cell.turned, largest


def best_fixed(stratum: Stratum, seeds: list[int]) -> tuple[float, float]:
    """Median steps up and in all with the largest fixed step that keeps the limit everywhere."""
    low, high = 5e-4, 0.1

    def keeps(step: float) -> bool:
        return all(fixed(Cell(stratum, seed), step)[2] <= stratum.max_step_gpa for seed in seeds)

    while high / low > 1.02:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if keeps(middle) else (low, middle)
    done = [fixed(Cell(stratum, seed), low) for seed in seeds]
    return float(np.median([d[0] for d in done])), float(np.median([d[1] for d in done]))


def strata() -> list[Stratum]:
    """Two gauges, quiet and realistic cells, three temperatures."""
    return [
        Stratum(
            name=f"{gauge} {temperature_k:.0f} K{', rough' if rough else ''}",
            preset=cell + rough,
            temperature_k=temperature_k,
            top_gpa=top_gpa,
            back_gpa=0.8 * top_gpa,
            max_step_gpa=step_gpa,
            noise_part=noise_part,
        )
        for gauge, cell, top_gpa, step_gpa, noise_part in (
            ("ruby", "bevelled", 150.0, 4.0, 3e-4),
            ("edge", "toroidal", 500.0, 10.0, 1e-3),
        )
        for rough in ("", "_realistic")
        for temperature_k in (5.0, 80.0, 300.0)
    ]


def run(stratum: Stratum, count: int, seed: int, *, rival: bool = True) -> str:
    """Run a stratum and return its row."""
    limits = StepLimits(
        min_turns=-1.0,
        max_turns=20.0,
        max_step_turns=0.3,
        max_step_gpa=stratum.max_step_gpa,
        pressure_limit_gpa=1.05 * stratum.top_gpa,
    )
    settings = StepSettings(
        probe_turns=stratum.probe_turns, tolerance_gpa=TOLERANCE_GPA, growth=3.0
    )
    seeds = [1000 * seed + index for index in range(count)]
    tally = Tally()
    for each in seeds:
        adaptive(Cell(stratum, each), limits, settings, tally)
    high = float(binom.ppf(0.975, tally.steps, BOUND_LEVEL))
    up, everything = best_fixed(stratum, seeds) if rival else (math.nan, math.nan)
    ours_up = float(np.median(tally.up_steps)) if tally.up_steps else math.nan
    ours_all = float(np.median(tally.all_steps)) if tally.all_steps else math.nan
    return (
        f"{stratum.name:22s} {tally.steps:7d} {100 * tally.beyond_bound / tally.steps:8.3f} "
        f"({tally.beyond_bound} of <{high:.0f}) {tally.beyond_limit:5d} "
        f"{100 * tally.outside_window / tally.steps:6.1f} {np.median(tally.bounds):6.2f} "
        f"{np.median(tally.fills):6.2f} {ours_up:5.0f} {up:5.0f} {ours_up / up:5.2f} "
        f"{ours_all:5.0f} {everything:5.0f} {ours_all / everything:5.2f} {tally.stuck:3d} "
        f"{1e3 * tally.choices_s / tally.steps:5.1f} {tally.by_basis}"
    )


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("-n", type=int, default=100, help="ramps of each stratum")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", type=int, default=None, help="one stratum, from 0")
    arguments.add_argument("--no-rival", action="store_true")
    options = arguments.parse_args()
    print(
        f"{'stratum':22s} {'steps':>7s} {'>bound%':>8s} (binom) >limit  out95% bound  fill  up "
        "fixed ratio  all fixed ratio stuck ms"
    )
    for index, stratum in enumerate(strata()):
        if options.only is None or options.only == index:
            print(run(stratum, options.n, options.seed, rival=not options.no_rival), flush=True)


if __name__ == "__main__":
    main()
