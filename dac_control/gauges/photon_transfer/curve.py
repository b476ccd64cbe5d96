"""The line through the photon transfer curve: variance against light.

Shot noise gives ``variance = read**2 + level / gain`` in counts, with the gain in electrons per
count (Janesick, "Photon Transfer", SPIE Press, 2007, chapter 5). The weights are those of a
sample variance, ``n / (2 variance**2)``, with the variance of the line, not of the point: a point
that came out low by chance must not get a high weight.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.photon_transfer.linearity import nonlinearity_of, source_drift
from dac_control.gauges.photon_transfer.pairs import (
    ExposurePair,
    Levels,
    clipped_at,
    levels_of,
    within_pair_change,
)
from dac_control.gauges.photon_transfer.result import PhotonTransfer, TransferPoint

__all__ = ["measure_transfer"]

_FEWEST_EXPOSURES: Final = 4
_FEWEST_POINTS: Final = 8
# A lamp that changes more than this within a pair has moved or is still warming up.
_PAIR_CHANGE_LIMIT: Final = 0.05
_DRIFT_LIMIT: Final = 0.02
_NONLINEARITY_LIMIT: Final = 0.02
_CORRELATION_FLAG: Final = 0.02
# A boxcar over three pixels gives 2/3; charge diffusion some per cent.
_CORRELATION_REFUSED: Final = 0.15
_EXCESS_CHI2: Final = 2.0
# A clipped or full pixel has lost its noise: below this part of the line a point is no longer on
# it, if it is so by this many standard deviations.
_FULL_BELOW: Final = 0.7
_FULL_SIGMA: Final = 4.0
_NEAR_SATURATION: Final = 0.98
_WORST_GAIN: Final = 0.2


@dataclass(frozen=True)
class _Line:
    floor: float
    slope: float
    covariance: NDArray[np.float64]
    chi2_reduced: float

    def at(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(self.floor + self.slope * level, 1e-12)


def measure_transfer(
    pairs: Sequence[ExposurePair],
    *,
    instrument: str,
    time: datetime.datetime,
    saturation_counts: float | None = None,
    averages: int = 1,
) -> PhotonTransfer:
    """Fit gain, read noise, linearity and full well.

    Parameters
    ----------
    pairs : sequence of ExposurePair
        Four exposures or more, in the order in which they were taken; one of them repeated at the
        end shows the lamp's drift. See `exposures_for`.
    instrument : str
        Model and serial number, for the record.
    time : datetime.datetime
        When it was measured.
    saturation_counts : float, optional
        Full scale in raw counts, where the instrument states it.
    averages : int
        Exposures that were averaged into each spectrum.

    Returns
    -------
    PhotonTransfer

    Raises
    ------
    NotMeasured
        The lamp, the exposures or the detector's settings allow no gain; the text says which.
    ConfigurationError
        The pairs do not belong together.
    """
    _check(pairs, averages)
    levels = levels_of(pairs, averages)
    _check_independent(levels)
    if saturation_counts is None:
        saturation_counts = clipped_at(pairs)
    points, full_counts = _usable(levels.points, saturation_counts)
    line = _fit(points)
    gain, read_e, covariance = _in_electrons(line)
    nonlinearity, nonlinearity_sigma = nonlinearity_of(points)
    drift = source_drift(points)
    return PhotonTransfer(
        gain_e_per_count=gain,
        gain_sigma_e_per_count=math.sqrt(covariance[0, 0]),
        read_noise_e=read_e,
        read_noise_sigma_e=math.sqrt(covariance[1, 1]),
        correlation=float(covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])),
        dark_current_e_per_s=levels.dark_counts_per_s * gain,
        offset_counts=levels.dark_offset_counts,
        full_well_e=None if full_counts is None else full_counts * gain,
        highest_level_counts=max(point.level_counts for point in points if point.used),
        saturation_counts=saturation_counts,
        nonlinearity=nonlinearity,
        nonlinearity_sigma=nonlinearity_sigma,
        source_drift=drift,
        neighbour_correlation=levels.correlation,
        chi2_reduced=line.chi2_reduced,
        flags=_flags(levels, line, full_counts, nonlinearity, nonlinearity_sigma, drift),
        instrument=instrument,
        time=time,
        averages=averages,
        points=points,
    )


def _check(pairs: Sequence[ExposurePair], averages: int) -> None:
    exposures = {pair.exposure_s for pair in pairs}
    if len(exposures) < _FEWEST_EXPOSURES:
        raise NotMeasured(
            f"A photon transfer curve needs {_FEWEST_EXPOSURES} exposures, not {len(exposures)}; "
            "take pairs from 2 % to 100 % of full scale."
        )
    if len({pair.light[0].size for pair in pairs}) > 1:
        raise ConfigurationError("The pairs have different numbers of pixels.")
    if averages < 1:
        raise ConfigurationError(f"{averages} averages are none; give 1 or more.")
    for pair in pairs:
        change = within_pair_change(pair)
        if abs(change) > _PAIR_CHANGE_LIMIT:
            raise NotMeasured(
                f"The lamp changed by {100 * change:+.1f} % within the pair at "
                f"{pair.exposure_s:g} s; let it warm up, or fix what moves, and measure again."
            )


def _check_independent(levels: Levels) -> None:
    if levels.correlation > _CORRELATION_REFUSED:
        raise NotMeasured(
            f"The noise of neighbouring pixels is correlated by {levels.correlation:.2f}, so "
            "something smooths the spectra and the gain would come out too high; switch the "
            "spectrometer's boxcar smoothing off and measure again."
        )


def _usable(
    points: Sequence[TransferPoint], saturation_counts: float | None
) -> tuple[tuple[TransferPoint, ...], float | None]:
    """Mark what is saturated or above the full well; return the latter's level in counts."""
    limit = math.inf if saturation_counts is None else _NEAR_SATURATION * saturation_counts
    marked = [replace(point, used=point.highest_counts < limit) for point in points]
    full = _turnover([point for point in marked if point.used])
    if full is not None:
        marked = [replace(p, used=p.used and p.level_counts < 0.9 * full) for p in marked]
    lit = [point for point in marked if point.used and point.light_counts > 0.0]
    if len(lit) < _FEWEST_POINTS or len({point.exposure_s for point in lit}) < 3:
        raise NotMeasured(
            "Too little of the light is below saturation: "
            f"{len(lit)} groups of pixels in {len({p.exposure_s for p in lit})} exposures are "
            "left; use shorter exposures or a fainter lamp."
        )
    return tuple(marked), full


def _turnover(points: Sequence[TransferPoint]) -> float | None:
    """Level at which the variance leaves the line downwards for good."""
    ranked = sorted((p for p in points if p.pixels > 2), key=lambda point: point.level_counts)
    level = np.array([point.level_counts for point in ranked])
    variance = np.array([point.variance_counts2 for point in ranked])
    if level.size < _FEWEST_POINTS:
        return None
    # the line is begun on the fainter half and carried upwards point by point
    count = max(_FEWEST_POINTS // 2, level.size // 2)
    line = _fit(ranked[:count])
    while count < level.size:
        expected = float(line.at(level[count : count + 1])[0])
        sigma = expected * math.sqrt(2.0 / (ranked[count].pixels - 1))
        low = variance[count] < _FULL_BELOW * expected
        if low and variance[count] < expected - _FULL_SIGMA * sigma:
            return float(level[count])
        # a new point among many hardly moves the line
        if count % 4 == 0:
            line = _fit(ranked[:count])
        count += 1
    return None


def _fit(points: Sequence[TransferPoint]) -> _Line:
    """Weighted line, weights from the line itself; covariance scaled by the scatter if larger."""
    used = [point for point in points if point.used and point.pixels > 2]
    level = np.array([point.level_counts for point in used])
    variance = np.array([point.variance_counts2 for point in used])
    freedom = np.array([point.pixels - 1.0 for point in used])
    design = np.column_stack([np.ones_like(level), level])
    expected = np.maximum(variance, np.median(variance[variance > 0.0]) * 1e-3)
    covariance = np.eye(2)
    solution = np.zeros(2)
    for _ in range(12):
        weight = freedom / (2.0 * expected**2)
        normal = design.T @ (weight[:, None] * design)
        covariance = np.linalg.inv(normal)
        solution = covariance @ (design.T @ (weight * variance))
        floor = max(float(solution[0]), 1e-3 * float(np.min(expected)))
        expected = np.maximum(floor + solution[1] * level, floor)
    residual = (variance - design @ solution) / expected
    chi2 = float(np.sum(freedom / 2.0 * residual**2)) / max(len(used) - 2, 1)
    scaled = np.asarray(covariance * max(1.0, chi2), np.float64)
    return _Line(float(solution[0]), float(solution[1]), scaled, chi2)


def _in_electrons(line: _Line) -> tuple[float, float, NDArray[np.float64]]:
    """Gain and read noise with their covariance."""
    slope_sigma = math.sqrt(line.covariance[1, 1])
    if not (line.slope > 0.0 and slope_sigma < _WORST_GAIN * line.slope and line.floor > 0.0):
        raise NotMeasured(
            f"The variance rises by {line.slope:.3g} +- {slope_sigma:.2g} counts per count of "
            "light: no gain can be read from that. Use a brighter lamp, or longer exposures, "
            "and more pairs."
        )
    gain, read = 1.0 / line.slope, math.sqrt(line.floor)
    jacobian = np.array([[0.0, -(gain**2)], [0.5 * gain / read, -read * gain**2]])
    return gain, read * gain, jacobian @ line.covariance @ jacobian.T


def _flags(
    levels: Levels,
    line: _Line,
    full_counts: float | None,
    nonlinearity: float,
    nonlinearity_sigma: float,
    drift: float | None,
) -> tuple[str, ...]:
    found = {
        "nonlinear": nonlinearity - 3.0 * nonlinearity_sigma > _NONLINEARITY_LIMIT,
        "source_drifts": drift is not None and abs(drift) > _DRIFT_LIMIT,
        "source_drift_unknown": drift is None,
        "neighbours_correlated": (
            levels.correlation > _CORRELATION_FLAG
            and levels.correlation > 5.0 * levels.correlation_sigma
        ),
        "excess_scatter": line.chi2_reduced > _EXCESS_CHI2,
        "full_well_not_reached": full_counts is None,
    }
    return tuple(name for name, raised in found.items() if raised)
