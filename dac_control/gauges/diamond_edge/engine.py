"""Which code does the work of the edge fit: compiled by numba where that can be had, or NumPy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.model import EdgeShape
from dac_control.gauges.diamond_edge.terms import EdgeBounds
from dac_control.gauges.engine_choice import EngineName, chosen_engine
from dac_control.gauges.fisher import Estimate
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["EdgeEngine", "get_engine", "warm_up"]

Vector = NDArray[np.float64]
FitTerms = Callable[
    [Vector, Vector, PhotonNoise, tuple[float, float], EdgeBounds], tuple[EdgeShape, Estimate]
]
Explained = Callable[[Vector, Vector, Vector], tuple[float, float]]


@dataclass(frozen=True)
class EdgeEngine:
    """The hot parts of the fit of an edge; all release the GIL and start no threads."""

    name: EngineName
    fit_terms: FitTerms
    explained: Explained


def get_engine(name: str | None = None) -> EdgeEngine:
    """Choose an engine by name, or as `chosen_engine` does.

    Raises
    ------
    ConfigurationError
        No engine has that name, or numba is asked for and cannot be imported.
    """
    return _load(chosen_engine(name))


@cache
def _load(name: EngineName) -> EdgeEngine:
    if name == "numba":
        from dac_control.gauges.diamond_edge.line_or_step_numba import explained
        from dac_control.gauges.diamond_edge.terms_numba import fit_terms

        return EdgeEngine(name, fit_terms, explained)
    from dac_control.gauges.diamond_edge.line_or_step import explained
    from dac_control.gauges.diamond_edge.terms import fit_terms

    return EdgeEngine(name, fit_terms, explained)


def warm_up() -> EdgeEngine:
    """Compile, or load from the cache, all that a fit needs, on an edge made up for it.

    Call it before a run: the first fit then takes no longer than any other. Compiling takes
    seconds, loading what was compiled before some fifty milliseconds.
    """
    chosen = get_engine()
    x = np.linspace(-20.0, 20.0, 64)
    noise = PhotonNoise(
        gain_e_per_count=1.0, read_noise_e=1.0, offset_counts=0.0, averages=1, gain_assumed=False
    )
    limits = EdgeBounds(edge_cm1=(-10.0, 10.0), width_cm1=(0.5, 10.0))
    y = 10.0 + 1e3 * EdgeShape(0, 0).basis(0.0, 2.0, x)[0]
    chosen.fit_terms(x, y, noise, (1.0, 3.0), limits)
    chosen.explained(x / 2.0, y, 1.0 / y)
    return chosen
