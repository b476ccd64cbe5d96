"""Honesty of the load curve far beyond its points: coverage, width and interval score.

Each cell draws a truth from one of the families below (the package fits none of them, except that
its sigmoid is Hill's with another origin of the turns), a measured range, noise of the gauge,
scatter from friction, and errors in turns. The curve is fitted to the points up to the largest
measured turn and asked at 1.8 times that turn. Beside it stands what is often done: a straight
line, with its own 95 % prediction interval. There are two totals: of all families, and
of those outside the fitted forms proper, which Hill's is in name only; the figures asked are of
these. The score is that of Gneiting and Raftery (J. Am. Stat. Assoc. 102 (2007) 359), as a part
of the true pressure: small is good.

    python benchmarks/load_curve_extrapolation.py -n 400 --seed 1
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.special import expi
from scipy.stats import t as student

from dac_control.load_curve import fit_load_curve

Vector = NDArray[np.float64]
Curve = Callable[[Vector], Vector]

REACH = 1.8
LEVEL = 0.95


def tanh(rng: np.random.Generator) -> Curve:
    scale = rng.uniform(0.8, 4.0)
    return lambda x: np.tanh(x / scale)


def arctangent(rng: np.random.Generator) -> Curve:
    scale = rng.uniform(0.6, 3.0)
    return lambda x: np.arctan(x / scale)


def logarithm(rng: np.random.Generator) -> Curve:
    scale = rng.uniform(0.3, 3.0)
    return lambda x: np.log1p(x / scale)


def hill(rng: np.random.Generator) -> Curve:
    half, exponent = rng.uniform(1.0, 4.0), rng.uniform(0.9, 1.8)

    def curve(x: Vector) -> Vector:
        power = (x / half) ** exponent
        return power / (1.0 + power)

    return curve


def power_law_with_kink(rng: np.random.Generator) -> Curve:
    """A power law; where the gasket yields, the slope changes at once."""
    exponent, kink, factor = rng.uniform(0.7, 1.4), rng.uniform(0.1, 1.6), rng.uniform(0.6, 1.5)
    at = kink**exponent
    return lambda x: np.where(x < kink, x**exponent, at + factor * (x**exponent - at))


def cupping(rng: np.random.Generator) -> Curve:
    """A line until the anvils cup; then the slope goes over to a smaller one."""
    place, width, left = rng.uniform(0.3, 2.2), rng.uniform(0.1, 0.5), rng.uniform(0.4, 0.8)

    def curve(x: Vector) -> Vector:
        bend = width * (np.logaddexp(0.0, (x - place) / width) - np.logaddexp(0.0, -place / width))
        return x - (1.0 - left) * bend

    return curve


def gompertz(rng: np.random.Generator) -> Curve:
    """Slope ``exp(-b exp(c x))``: yielding that feeds itself; integrated."""
    b, c = rng.uniform(0.05, 0.4), rng.uniform(0.5, 1.3)
    return lambda x: (expi(-b * np.exp(c * x)) - expi(-b)) / c


def root(rng: np.random.Generator) -> Curve:
    """Square-root law with a straight beginning."""
    scale = rng.uniform(0.2, 3.0)
    return lambda x: np.sqrt(1.0 + x / scale) - 1.0


def stiffening(rng: np.random.Generator) -> Curve:
    """A cell still closing: the slope rises to a constant one."""
    width, start = rng.uniform(0.1, 0.5), rng.uniform(0.2, 0.7)
    return lambda x: x - (1.0 - start) * width * -np.expm1(-x / width)


FAMILIES = {
    "tanh": tanh,
    "arctangent": arctangent,
    "logarithm": logarithm,
    "Hill": hill,
    "power law, kink": power_law_with_kink,
    "cupping": cupping,
    "Gompertz": gompertz,
    "square root": root,
    "stiffening": stiffening,
}

NEARLY_FITTED = ("Hill",)
"""Left out of the total of what is outside the fitted forms."""


@dataclass(frozen=True)
class Cell:
    """One drawn cell: its measured points, and what it will be at `ask_turns`."""

    turns: Vector
    pressure_gpa: Vector
    sigma_gpa: Vector
    sigma_turns: float
    ask_turns: float
    truth_gpa: float


Part = tuple[list[Cell], Vector, Vector]
"""The cells of a family, and their intervals: ours, and those of a straight line."""


def draw(family: Callable[[np.random.Generator], Curve], rng: np.random.Generator) -> Cell:
    """Draw a cell; x = 1 is the largest measured turn."""
    curve = family(rng)
    largest_turns = rng.uniform(0.3, 2.0)
    top_gpa, floor_gpa = rng.uniform(20.0, 300.0), rng.uniform(0.5, 4.0)
    count, begin = int(rng.integers(6, 41)), rng.uniform(0.02, 0.35)
    place = np.sort(np.concatenate([[begin, 1.0], rng.uniform(begin, 1.0, count - 2)]))
    even = np.linspace(begin, 1.0, count)
    place = even if rng.random() < 0.5 else place
    scale = (top_gpa - floor_gpa) / float(curve(np.ones(1))[0])
    scatter_gpa = top_gpa * 10.0 ** rng.uniform(-3.5, -1.7)
    sigma_turns = largest_turns * 10.0 ** rng.uniform(-4.5, -2.3)
    sigma_gpa = (0.005 + top_gpa * 10.0 ** rng.uniform(-4.0, -2.0)) * np.ones(count)

    def pressure(x: Vector) -> Vector:
        at = np.maximum(x + rng.normal(0.0, sigma_turns / largest_turns, x.size), 0.0)
        return floor_gpa + scale * curve(at) + rng.normal(0.0, scatter_gpa, x.size)

    return Cell(
        turns=place * largest_turns,
        pressure_gpa=pressure(place) + rng.normal(0.0, sigma_gpa),
        sigma_gpa=sigma_gpa,
        sigma_turns=sigma_turns,
        ask_turns=REACH * largest_turns,
        truth_gpa=float(pressure(np.array([REACH]))[0]),
    )


def ours(cell: Cell) -> tuple[float, float]:
    curve = fit_load_curve(
        cell.turns, cell.pressure_gpa, cell.sigma_gpa, branch="load", sigma_turns=cell.sigma_turns
    )
    return curve.interval(cell.ask_turns, LEVEL)


def line(cell: Cell) -> tuple[float, float]:
    """Straight line by least squares with the textbook's prediction interval."""
    x = cell.turns - cell.turns.mean()
    slope = float(x @ cell.pressure_gpa / (x @ x))
    residual = cell.pressure_gpa - cell.pressure_gpa.mean() - slope * x
    ahead = cell.ask_turns - cell.turns.mean()
    variance = float(residual @ residual) / (x.size - 2)
    half = np.sqrt(variance * (1.0 + 1.0 / x.size + ahead**2 / float(x @ x)))
    half = float(half * student.ppf(0.5 + LEVEL / 2.0, x.size - 2))
    value = float(cell.pressure_gpa.mean()) + slope * ahead
    return value - half, value + half


def rate(intervals: Vector, truth_gpa: Vector) -> tuple[float, float, float, float]:
    """Coverage, median half-width, mean and median interval score, as parts of the truth."""
    low, high = intervals.T
    covered = (low <= truth_gpa) & (truth_gpa <= high)
    missed = np.maximum(low - truth_gpa, 0.0) + np.maximum(truth_gpa - high, 0.0)
    score = (high - low + 2.0 / (1.0 - LEVEL) * missed) / truth_gpa
    half = 0.5 * (high - low) / truth_gpa
    return (
        float(np.mean(covered)),
        float(np.median(half)),
        float(np.mean(score)),
        float(np.median(score)),
    )


def row(name: str, cells: list[Cell], of_ours: Vector, of_line: Vector) -> str:
    truth_gpa = np.array([cell.truth_gpa for cell in cells])
    words = [f"{name:16s} {len(cells):5d}"]
    for intervals in (of_ours, of_line):
        covered, half, mean, median = rate(intervals, truth_gpa)
        words.append(f"{100 * covered:8.1f} {100 * half:7.1f} {mean:7.3f} {median:7.3f}")
    return "  |".join(words)


def together(parts: list[Part]) -> Part:
    """The cells of several families as if they were one."""
    cells, of_ours, of_line = zip(*parts, strict=True)
    return list(chain.from_iterable(cells)), np.concatenate(of_ours), np.concatenate(of_line)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    arguments.add_argument("-n", type=int, default=300, help="cells of each family")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    print(f"nominal {100 * LEVEL:.0f} % intervals at {REACH} times the largest measured turn")
    print(f"{'':22s}  |{'model-averaged':^32s}  |{'straight line':^32s}")
    head = f"{'covers%':>8s} {'half%':>7s} {'score':>7s} {'median':>7s}"
    print(f"{'truth':16s} {'cells':>5s}  |{head}  |{head}")
    parts: dict[str, Part] = {}
    seconds = 0.0
    for index, (name, family) in enumerate(FAMILIES.items()):
        rng = np.random.default_rng([options.seed, index])
        cells = [draw(family, rng) for _ in range(options.n)]
        began = time.perf_counter()
        of_ours = np.array([ours(cell) for cell in cells])
        seconds += time.perf_counter() - began
        of_line = np.array([line(cell) for cell in cells])
        parts[name] = cells, of_ours, of_line
        print(row(name, *parts[name]))
    outside = [part for name, part in parts.items() if name not in NEARLY_FITTED]
    print(row("all families", *together(list(parts.values()))))
    print(row(f"all but {' and '.join(NEARLY_FITTED)}", *together(outside)))
    print("asked of the last, model-averaged: covers >= 90 %, median half-width <= 20 %")
    print(f"fit and interval: {1e3 * seconds / (options.n * len(parts)):.1f} ms a cell")


if __name__ == "__main__":
    main()
