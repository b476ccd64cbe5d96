"""What the next step of the screw will do to the pressure, as a distribution. Pure.

Everything is a change in the direction of the screw: above 0 on loading and on unloading alike.
It is the change from measured to measured pressure, so that creep over the dwell, what friction
held back and the gauge's noise belong to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from dac_control.load_curve import LoadCurve, Mixture, fit_load_curve

__all__ = ["Point", "StepPrediction", "curve_of", "from_curve", "from_slope"]

Array = NDArray[np.float64]

CREEP_PART = 0.005
"""Creep of a step that one dwell shows and the next does not, as a part of the step (k = 1):
0.1 to 0.5 % per decade of time, and dwells that differ by a decade at most."""

WINDOW_POINTS = 14
"""How many of the last points of a branch the curve is fitted to: more say nothing of the slope
here, and a kink of the gasket is forgotten sooner."""

NOISE_GROWTH = 1.1
"""The gauge's noise at the next step against that of the last: lines weaken with pressure."""


@dataclass(frozen=True)
class Point:
    """One measured step; it takes numbers, never a prediction."""

    turns: float
    pressure_gpa: float
    sigma_gpa: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, (float, int, np.floating)):
                raise TypeError(
                    f"A measured step takes numbers; its {name} is a {type(value).__name__}, "
                    "and what a load curve predicts is not a measurement."
                )


@dataclass(frozen=True)
class StepPrediction:
    """What a step is expected to read when it is over; a prediction, never a measurement."""

    median_gpa: float
    low_gpa: float
    """Lower end of the 95 % window; what is read outside is measured again."""
    high_gpa: float
    """Upper end of it."""
    bound_gpa: float
    """Pressure that the step stays short of with 99.9 %: above on loading, below on unloading."""
    basis: str
    """``probe`` (nothing is known: the bound is an assertion of who wrote `probe_turns`),
    ``slope`` (one slope, of the other branch or of one step) or ``curve``."""


def curve_of(points: Sequence[Point], sign: int, sigma_turns: float = 0.0) -> LoadCurve:
    """Fit the load curve to the last points of a branch, at least two.

    `sigma_turns` is the standard uncertainty of where the screw stands.
    """
    last = points[-WINDOW_POINTS:]
    return fit_load_curve(
        [p.turns for p in last],
        [p.pressure_gpa for p in last],
        [p.sigma_gpa for p in last],
        branch="load" if sign > 0 else "unload",
        sigma_turns=sigma_turns,
    )


def from_curve(
    curve: LoadCurve, here: Point, sign: int, steps_turns: Array, *, scatter: bool = True
) -> Mixture:
    """Change of the measured pressure after steps of `steps_turns` (q,), by the load curve.

    Where the last point lies off the curve, the gauge's part of that comes back and friction's
    part stays. With `scatter` friction counts at both ends of the step; without, the change is
    that of curve, gauge and placing of the screw alone.
    """
    posterior = curve.posterior
    change = curve.mixture(here.turns + sign * steps_turns, since=here.turns)
    at_here = posterior.at(np.array([here.turns]), scatter=False)
    off = sign * (here.pressure_gpa - at_here.mean_gpa)
    scatter2 = posterior.scatter_gpa**2
    gauge2 = here.sigma_gpa**2
    returns = gauge2 / (gauge2 + scatter2)
    mean = sign * change.mean_gpa - returns * off
    variance = (
        change.sigma_gpa**2
        + returns * at_here.sigma_gpa**2
        + gauge2 * (NOISE_GROWTH**2 + 1.0 - returns)
        + (CREEP_PART * change.mean_gpa) ** 2
        + 2.0 * posterior.turn_variance_gpa2(here.turns)
    )
    if scatter:
        variance = variance + 2.0 * scatter2
    return Mixture(change.weights, mean, np.sqrt(variance))


def from_slope(
    slope_gpa_per_turn: float,
    factor: float,
    log_sigma: float,
    here: Point,
    steps_turns: Array,
    sigma_turns: float = 0.0,
) -> Mixture:
    """Change after steps if the slope is `factor` times a known one, log-normal with `log_sigma`.

    The log-normal is taken at the middles of equal probabilities; the last ones are cut finer.
    """
    cuts = np.concatenate([np.linspace(0.0, 0.95, 20), [0.97, 0.99, 0.997, 0.9992, 1.0]])
    factors = factor * np.exp(log_sigma * ndtri(0.5 * (cuts[1:] + cuts[:-1])))
    mean = steps_turns[:, np.newaxis] * slope_gpa_per_turn * factors
    noise2 = here.sigma_gpa**2 * (1.0 + NOISE_GROWTH**2)
    noise2 = noise2 + 2.0 * (sigma_turns * slope_gpa_per_turn * factors) ** 2
    return Mixture(np.diff(cuts), mean, np.sqrt(noise2 + (CREEP_PART * mean) ** 2 + 1e-18))
