"""How often is a drifting step called settled, and what does it cost not to?

Every row draws dwells from one law of drift and one kind of noise, and judges each after every
reading, once by a bound made for a single look and once by `plans.settling`. ``false`` is the part
of dwells that are called settled at a moment at which the true drift is above the limit; ``time``
is the median dwell of those that settle, beside the last moment of a drift above the limit.

Run: ``python benchmarks/dwell_looks.py [dwells]``
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from plans.settings import DwellSettings
from plans.settling import ERROR_LEVEL, assess_drift

SETTINGS = DwellSettings()
LIMIT = SETTINGS.drift_limit_gpa_per_h
TIMES_S = np.arange(0.0, SETTINGS.max_dwell_s + 1.0, SETTINGS.interval_s)
Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Law:
    name: str
    pressure_gpa: Curve
    drift_gpa_per_h: Curve


def relaxation(name: str, exponentials: list[tuple[float, float]], creep_gpa: float) -> Law:
    """Sum of amplitude * (1 - exp(-t / tau)) and creep * ln(1 + t / 60 s)."""

    def pressure(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return (
            50.0
            + sum(a * -np.expm1(-t / tau) for a, tau in exponentials)
            + creep_gpa * np.log1p(t / 60.0)
        )

    def drift(t: NDArray[np.float64]) -> NDArray[np.float64]:
        per_s = sum(a / tau * np.exp(-t / tau) for a, tau in exponentials) + creep_gpa / (60.0 + t)
        return 3600.0 * np.asarray(per_s)

    return Law(name, pressure, drift)


def line(factor: float) -> Law:
    rate = factor * LIMIT
    return Law(
        f"constant, {factor:g} of the limit",
        lambda t: 50.0 + rate * t / 3600.0,
        lambda t: np.full_like(t, rate),
    )


LAWS = [
    line(1.02),
    line(1.2),
    relaxation("logarithm", [], 0.12),
    relaxation("exp 180 s + exp 5400 s", [(0.5, 180.0), (0.3, 5400.0)], 0.0),
    relaxation("two exps + logarithm", [(0.5, 180.0), (0.3, 5400.0)], 0.02),
    # not what the claim covers: the drift changes its sign and grows again
    relaxation("opposite signs: exp 180 s, exp 5400 s", [(-0.1, 180.0), (0.6, 5400.0)], 0.0),
    line(0.0),
]


def draws(law: Law, sigma: float, noise: str, dwells: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(4)
    shape = (dwells, TIMES_S.size)
    if noise == "twice as stated":
        scatter = 2.0 * rng.standard_normal(shape)
    elif noise == "Student t, 3":
        scatter = rng.standard_t(3, shape)
    else:
        scatter = rng.standard_normal(shape)
    return law.pressure_gpa(TIMES_S) + sigma * scatter


def settled_single_look(readings: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Moment at which each dwell is first called settled if no look knows of the others."""
    count = round(SETTINGS.window_s / SETTINGS.interval_s) + 1
    x = TIMES_S[:count] / 3600.0
    x = x - x.mean()
    factor = float(stdtrit(count - 2, 1.0 - ERROR_LEVEL))
    windows = np.lib.stride_tricks.sliding_window_view(readings, count, axis=1)
    slope = windows @ x / (x @ x)
    residual = windows - windows.mean(axis=2, keepdims=True) - slope[..., None] * x
    chi2 = np.square(residual / sigma).sum(axis=2) / (count - 2)
    upper = np.abs(slope) + factor * sigma * np.sqrt(np.maximum(1.0, chi2) / (x @ x))
    below = upper < LIMIT
    moment = TIMES_S[count - 1 :][below.argmax(axis=1)]
    return np.where(below.any(axis=1), moment, np.nan)


def settled_controlled(readings: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    found = np.full(len(readings), np.nan)
    for index, pressures in enumerate(readings):
        for last in range(1, TIMES_S.size + 1):
            drift = assess_drift(TIMES_S[:last], pressures[:last], [sigma] * last, SETTINGS)
            if drift.outcome == "settled":
                found[index] = TIMES_S[last - 1]
                break
    return found


def shown(found: NDArray[np.float64], law: Law) -> str:
    settles = found[np.isfinite(found)]
    median = f"{np.median(settles):6.0f}" if settles.size else "     -"
    false = int(np.sum(np.abs(law.drift_gpa_per_h(settles)) > LIMIT))
    return f"{100 * false / found.size:6.1f} {100 * settles.size / found.size:7.0f} {median}"


def main(dwells: int) -> None:
    print(
        f"limit {LIMIT:g} GPa/h, window {SETTINGS.window_s:g} s, a reading every "
        f"{SETTINGS.interval_s:g} s, at most {SETTINGS.max_dwell_s:g} s, {dwells} dwells a row"
    )
    head = "false% settle% time s"
    print(f"{'drift':38} {'noise':16} {'sigma':>6} {'true s':>7} | {head} | {head}")
    print(f"{'':70} | {'each look alone':21} | controlled")
    for law in LAWS:
        for sigma, noise in (
            (0.003, "as stated"),
            (0.01, "as stated"),
            (0.03, "as stated"),
            (0.005, "twice as stated"),
            (0.005, "Student t, 3"),
        ):
            above = np.abs(law.drift_gpa_per_h(TIMES_S)) > LIMIT
            # the last moment of the dwell at which the drift is above the limit
            still_s = float(TIMES_S[above][-1]) if above.any() else 0.0
            readings = draws(law, sigma, noise, dwells)
            alone = shown(settled_single_look(readings, sigma), law)
            controlled = shown(settled_controlled(readings, sigma), law)
            print(
                f"{law.name:38} {noise:16} {sigma:6.3f} {still_s:7.0f} | {alone} | {controlled}",
                flush=True,
            )
    readings = draws(LAWS[0], 0.01, "as stated", 1)[0]
    began = time.perf_counter()
    for _ in range(200):
        assess_drift(TIMES_S, readings, [0.01] * TIMES_S.size, SETTINGS)
    print(f"one look at {TIMES_S.size} readings: {(time.perf_counter() - began) * 5e3:.0f} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
