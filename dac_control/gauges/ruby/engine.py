"""Which code does the work: compiled by numba where it can be had, NumPy otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.engine_choice import EngineName, chosen_engine
from dac_control.gauges.ruby.scoring import PARAMETERS, Constraints, Noise, Scored, Windows
from dac_control.gauges.ruby.search import Axis, Found, SearchNoise
from dac_control.gauges.ruby.starts import BY_LEAST, Look

__all__ = ["Engine", "get_engine", "warm_up"]

Array = NDArray[np.float64]
FindLines = Callable[[Axis, Array, NDArray[np.bool_], SearchNoise, Array], Found]
ScoreWindows = Callable[[Windows, Array, Constraints, Noise], Scored]
LoneSpikes = Callable[[Windows, Scored, NDArray[np.intp]], NDArray[np.bool_]]
ScoreAgain = Callable[[Windows, Scored, NDArray[np.intp], Constraints, Noise], None]


@dataclass(frozen=True)
class Engine:
    """The hot parts of the fit of ruby lines.

    All release the GIL and start no threads of their own.
    """

    name: EngineName
    find_lines: FindLines
    look: Look
    score_windows: ScoreWindows
    score_again: ScoreAgain
    lone_spikes: LoneSpikes


def get_engine(name: str | None = None) -> Engine:
    """Choose an engine by name, or as `chosen_engine` does.

    Raises
    ------
    ConfigurationError
        No engine has that name, or numba is asked for and cannot be imported.
    """
    return _load(chosen_engine(name))


@cache
def _load(name: EngineName) -> Engine:
    if name == "numba":
        from dac_control.gauges.ruby.scoring_numba import score_again, score_windows
        from dac_control.gauges.ruby.search_numba import find_lines
        from dac_control.gauges.ruby.spikes_numba import lone_spikes
        from dac_control.gauges.ruby.start_numba import look

        return Engine(name, find_lines, look, score_windows, score_again, lone_spikes)
    from dac_control.gauges.ruby.residuals import lone_spikes
    from dac_control.gauges.ruby.scoring_numpy import score_again, score_windows
    from dac_control.gauges.ruby.search_numpy import find_lines
    from dac_control.gauges.ruby.start_numpy import look

    return Engine(name, find_lines, look, score_windows, score_again, lone_spikes)


def warm_up(engine: Engine | None = None) -> Engine:
    """Compile, or load from the cache, all that a fit needs, on a spectrum made up for it.

    Call it before a run: the first fit then takes no longer than any other. Compiling takes
    seconds, loading what was compiled before a few hundred milliseconds.
    """
    chosen = get_engine() if engine is None else engine
    x = np.linspace(690.0, 700.0, 128)
    y = 1e3 * np.exp(-(((x - 694.3) / 0.3) ** 2))[None, :] + 10.0
    floor = np.ones(x.size)
    chosen.find_lines(
        Axis.of(x, (690.0, 800.0)),
        y,
        np.zeros(y.shape, dtype=bool),
        SearchNoise(0.0, 1.0, floor, from_scatter=False),
        np.array([0.5]),
    )
    windows = Windows(x[None, :], y, np.ones(y.shape, dtype=bool), floor[None, :])
    place, width, ratio = np.array([694.3]), np.array([0.5]), np.array([0.5])
    chosen.look(windows, place, width, ratio, np.array([BY_LEAST]))
    start = np.zeros((1, PARAMETERS))
    start[0, [0, 1, 2, 3, 10]] = 694.3, 0.5, 0.5, 1e3, 1.0
    unbound = np.full_like(start, np.inf)
    active = np.zeros(start.shape, dtype=bool)
    active[0, [0, 1, 3, 4]] = True
    constraints = Constraints(-unbound, unbound, 0.0 * start, 0.0 * start, active)
    scored = chosen.score_windows(windows, start, constraints, Noise(0.0, 1.0))
    chosen.lone_spikes(windows, scored, np.arange(1))
    return chosen
