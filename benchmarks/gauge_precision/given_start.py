"""The package's fit alone, on the windows and from the starts that its rivals get."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from dac_control.gauges.ruby.engine import get_engine
from dac_control.gauges.ruby.scoring import Constraints, Noise, Windows
from dac_control.gauges.ruby.windows import constraints
from gauge_precision.shapes import Array

__all__ = ["GivenStart"]

_THREADS: Final = 2
_CHUNK: Final = 250


class GivenStart:
    """Fits of windows that are cut already, errors included.

    Parameters
    ----------
    tasks : list of tuples
        Wavelength, counts above the offset, sigma and start of each spectrum, as rivals take them.
    read_noise_e : float
        At one electron a count.
    """

    def __init__(self, tasks: list[tuple[Array, Array, Array, Array]], read_noise_e: float) -> None:
        shortest = min(task[0].size for task in tasks)
        x = np.stack([task[0][:shortest] for task in tasks])
        y = np.stack([task[1][:shortest] for task in tasks])
        used, floor = np.ones(x.shape, dtype=bool), np.full(x.shape, read_noise_e**2)
        windows = Windows(x, y, used, floor)
        # rivals: place, width, eta, height, ratio, splitting, width ratio, level, slope
        given = np.stack([task[3] for task in tasks])
        start = np.zeros((len(tasks), 11))
        start[:, [0, 1, 2, 3, 8, 9, 10, 4, 5]] = given
        every, none = np.ones(len(tasks), dtype=bool), np.zeros(len(tasks), dtype=bool)
        limits = constraints(
            windows,
            start,
            doublet=every,
            largest_ratio=np.full(len(tasks), 1.2),
            bright=none,
            priors=False,
        )
        rows = np.arange(len(tasks))
        # rivals are given their arrays one by one, this fit a chunk at a time
        self._chunks = [
            (windows.take(some), start[some], limits.take(some))
            for some in (rows[first : first + _CHUNK] for first in range(0, rows.size, _CHUNK))
        ]
        self._engine, self._noise = get_engine(), Noise(0.0, 1.0)

    def fit(self) -> Array:
        """Fit everything; returns R1 and its sigma, shape (spectra, 2)."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return np.concatenate(list(pool.map(self._some, self._chunks)))

    def _some(self, chunk: tuple[Windows, Array, Constraints]) -> Array:
        scored = self._engine.score_windows(*chunk, self._noise)
        return np.stack((scored.parameters[:, 0], np.sqrt(scored.covariance[:, 0, 0])), axis=1)
