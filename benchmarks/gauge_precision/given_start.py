"""The package's fit alone, on the windows and from the starts that its rivals get."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from dac_control.gauges.ruby.engine import get_engine
from dac_control.gauges.ruby.residuals import inverted
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
        self._windows = Windows(x, y, used, floor)
        # rivals: place, width, eta, height, ratio, splitting, width ratio, level, slope
        given = np.stack([task[3] for task in tasks])
        self._start = np.zeros((len(tasks), 11))
        self._start[:, [0, 1, 2, 3, 8, 9, 10, 4, 5]] = given
        every, none = np.ones(len(tasks), dtype=bool), np.zeros(len(tasks), dtype=bool)
        self._limits = constraints(
            self._windows,
            self._start,
            doublet=every,
            largest_ratio=np.full(len(tasks), 1.2),
            bright=none,
            priors=False,
        )
        self._engine, self._noise = get_engine(), Noise(0.0, 1.0)

    def fit(self) -> Array:
        """Fit everything; returns R1 and its sigma, shape (spectra, 2)."""
        rows = np.arange(len(self._start))
        chunks = [rows[first : first + _CHUNK] for first in range(0, rows.size, _CHUNK)]
        with ThreadPoolExecutor(_THREADS) as pool:
            return np.concatenate(list(pool.map(self._some, chunks)))

    def _some(self, rows: np.ndarray) -> Array:
        limits: Constraints = self._limits.take(rows)
        scored = self._engine.score_windows(
            self._windows.take(rows), self._start[rows], limits, self._noise
        )
        index = np.arange(scored.parameters.shape[1])
        information = scored.information.copy()
        information[:, index, index] += ~limits.active
        covariance, _regular = inverted(information)
        return np.stack((scored.parameters[:, 0], np.sqrt(covariance[:, 0, 0])), axis=1)
