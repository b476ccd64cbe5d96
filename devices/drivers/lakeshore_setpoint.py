"""Which setpoints and rates may be sent to a Lake Shore controller; pure."""

import math
from dataclasses import dataclass

from dac_control.errors import ConfigurationError, LimitError

__all__ = ["SLOWEST_K_PER_MIN", "SetpointRules", "check_order"]

SLOWEST_K_PER_MIN, FASTEST_K_PER_MIN = 0.1, 100.0
"""Range of RAMP (Model 336 User's Manual, section 6.6); 0 would mean infinitely fast."""


@dataclass(frozen=True)
class SetpointRules:
    """The limits of the station for the setpoint.

    Parameters
    ----------
    lowest_k, highest_k : float
        Lowest and highest setpoint in K.

    Raises
    ------
    ConfigurationError
        If they are not in order.
    """

    lowest_k: float
    highest_k: float

    def __post_init__(self) -> None:
        """Refuse limits that are not in order."""
        check_order("setpoint limits", (self.lowest_k, self.highest_k))

    def check(self, setpoint_k: float, rate_k_per_min: float) -> None:
        """Raise LimitError if setpoint or rate are out of bounds."""
        if not self.lowest_k <= setpoint_k <= self.highest_k:
            raise LimitError(
                f"A setpoint of {setpoint_k:g} K is outside the limits of the station,"
                f" {self.lowest_k:g} to {self.highest_k:g} K; nothing was sent."
            )
        if not SLOWEST_K_PER_MIN <= rate_k_per_min <= FASTEST_K_PER_MIN:
            raise LimitError(
                f"A setpoint rate of {rate_k_per_min:g} K/min is not possible: a Lake Shore"
                f" controller ramps at {SLOWEST_K_PER_MIN:g} to {FASTEST_K_PER_MIN:g} K/min (0"
                " would be a step). Nothing was sent."
            )

    @staticmethod
    def sent_rate(rate_k_per_min: float) -> float:
        """Rate with the one decimal that RAMP has, rounded down: never faster than asked."""
        # The small term keeps 0.3, which in binary is a little less, at 0.3.
        return math.floor(10 * rate_k_per_min + 1e-6) / 10


def check_order(name: str, limits_k: tuple[float, float]) -> None:
    """Raise ConfigurationError unless the first of two temperatures is the lower."""
    low_k, high_k = limits_k
    if not (math.isfinite(low_k) and math.isfinite(high_k) and low_k < high_k):
        raise ConfigurationError(
            f"The {name} of the cryostat are {low_k:g} and {high_k:g} K; the first has to be the"
            " lower."
        )
