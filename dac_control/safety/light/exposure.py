"""The next exposure from the last signal, so that nothing is lit twice. Pure."""

import math
from dataclasses import dataclass

from dac_control.errors import LimitError

__all__ = ["ExposureLimits", "exposure_for"]


@dataclass(frozen=True, kw_only=True)
class ExposureLimits:
    """Between which times an exposure may be chosen, and how fast it may change.

    Raises
    ------
    LimitError
        When made with limits that contradict each other.
    """

    shortest_s: float
    longest_s: float
    largest_factor: float = 4.0
    """Largest change from one exposure to the next, up or down: one signal-to-noise ratio is a
    noisy estimate, and a line may fade between two steps."""
    full_at: float = 0.8
    """Part of full scale that the brightest pixel may be expected to reach."""

    def __post_init__(self) -> None:
        if not 0 < self.shortest_s <= self.longest_s < math.inf:
            raise LimitError(
                f"An exposure cannot be chosen between {self.shortest_s} and {self.longest_s} s."
            )
        if not (self.largest_factor > 1 and 0 < self.full_at <= 1):
            raise LimitError(
                f"largest_factor ({self.largest_factor}) must lie above 1 and full_at "
                f"({self.full_at}) between 0 and 1."
            )


def exposure_for(
    last_snr: float,
    wanted_snr: float,
    last_exposure_s: float,
    limits: ExposureLimits,
    *,
    last_fill: float | None = None,
) -> float:
    """Exposure in s that should give `wanted_snr`, from what the last exposure gave.

    Signal over photon noise grows with the root of the time, so the time goes with the square of
    the ratio. Where read noise dominates it grows faster, and the next exposure is then longer
    than it need be by at most `limits.largest_factor`.

    Parameters
    ----------
    last_snr : float
        Signal over noise of the last exposure; 0 or NaN where there was no signal.
    wanted_snr : float
        What the measurement needs.
    last_exposure_s : float
        Of the exposure that gave `last_snr`.
    limits : ExposureLimits
        Of the detector, of the budget, and of the change.
    last_fill : float, optional
        Brightest pixel of the last exposure as a part of full scale; 1 if it was saturated.

    Returns
    -------
    float
        Within ``limits.shortest_s`` and ``limits.longest_s``.

    Raises
    ------
    LimitError
        For a wanted ratio or a last exposure that is not above 0.
    """
    if not (wanted_snr > 0 and last_exposure_s > 0):
        raise LimitError(
            f"No exposure can be chosen for a signal-to-noise ratio of {wanted_snr} after "
            f"{last_exposure_s} s; both must be above 0."
        )
    most = limits.largest_factor
    # the ratio is bounded before it is squared: a signal of nearly nothing would overflow
    ratio = wanted_snr / last_snr if last_snr > 0 else math.inf
    factor = min(max(ratio, most**-0.5), most**0.5) ** 2
    if last_fill is not None and last_fill >= 1:
        factor = 1 / most  # how far beyond full scale it was, nobody knows
    elif last_fill is not None and last_fill > 0:
        factor = min(factor, limits.full_at / last_fill)
    return min(max(last_exposure_s * factor, limits.shortest_s), limits.longest_s)
