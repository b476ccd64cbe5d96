"""One line from several spectra of it: what a lambda0 is made of."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dac_control.errors import NotMeasured

__all__ = ["MeanLine", "mean_line"]


@dataclass(frozen=True, kw_only=True)
class MeanLine:
    """Mean of a line over several spectra."""

    line_nm: float
    sigma_nm: float
    """Standard uncertainty: noise or scatter, whichever is larger, and the temperature's share."""
    scatter_nm: float
    """Standard deviation of a single reading."""
    temperature_k: float
    readings: int


def mean_line(
    lines_nm: Sequence[tuple[float, float]],
    temperatures_k: Sequence[float],
    temperature_sigma_k: float,
    slope_nm_per_k: Callable[[float], float],
) -> MeanLine:
    """Average several readings of one line.

    The readings are brought to their mean temperature along `slope_nm_per_k` first, so that a
    slow drift of the temperature is no scatter.

    Parameters
    ----------
    lines_nm : sequence of (line, sigma)
        Readings and their statistical standard uncertainties.
    temperatures_k : sequence of float
        Temperature at each of them.
    temperature_sigma_k : float
        Standard uncertainty of the sensor, common to all.
    slope_nm_per_k : callable
        Shift of the line with temperature, at a temperature.

    Raises
    ------
    NotMeasured
        With fewer than two readings, or a reading that is no number.
    """
    values = np.array(lines_nm, dtype=np.float64).reshape(-1, 2)
    temperature = np.array(temperatures_k, dtype=np.float64)
    if values.shape[0] < 2 or temperature.size != values.shape[0]:
        raise NotMeasured(f"A mean line needs two readings or more, not {values.shape[0]}.")
    if not (np.isfinite(values).all() and (values[:, 1] > 0.0).all()):
        raise NotMeasured("A reading of the line is no number; leave it out.")
    mean_k = float(np.mean(temperature))
    slope = slope_nm_per_k(mean_k)
    lines = values[:, 0] - slope * (temperature - mean_k)
    weight = values[:, 1] ** -2.0
    line = float(np.average(lines, weights=weight))
    noise = 1.0 / math.sqrt(float(weight.sum()))
    scatter = float(np.std(lines, ddof=1))
    statistical = max(noise, scatter / math.sqrt(lines.size))
    return MeanLine(
        line_nm=line,
        sigma_nm=math.hypot(statistical, slope * temperature_sigma_k),
        scatter_nm=scatter,
        temperature_k=mean_k,
        readings=int(lines.size),
    )
