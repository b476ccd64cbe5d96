"""What an overlap says about two gauges."""

import math
from dataclasses import dataclass, replace
from typing import Any

from dac_control.errors import DacError

__all__ = ["HandOver", "HandOverRefused"]


class HandOverRefused(DacError):
    """Two gauges cannot be joined; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """What an overlap says about two gauges."""

    first_gauge: str
    first_scale: str
    second_gauge: str
    second_scale: str
    pairs: int
    steps: tuple[int, ...]
    """Steps of the run at which both were measured; empty where nobody numbered them."""
    overlap_gpa: tuple[float, float]
    """Pressures that both gauges cover."""
    chi2: float
    degrees_of_freedom: int
    p_value: float
    """Probability of a larger chi squared if both gauges tell one pressure."""
    offset_gpa: float
    """Mean of the first less the second, weighted with the full covariance."""
    offset_sigma_gpa: float
    """Its standard uncertainty, systematic errors of both gauges included."""
    shape_p_value: float
    """The same of the differences about their mean: whether the gauges run parallel."""
    level: float
    """Probability below which the gauges count as inconsistent."""
    scatter_gpa: tuple[float, ...] = ()
    """What was allowed for at each pair beyond noise and common errors."""
    accepted_because: str = ""
    """Why somebody joined them all the same; empty where nobody had to."""

    @property
    def offset_p_value(self) -> float:
        """Probability of a larger offset common to all pairs: one degree of freedom.

        Many pairs that scatter as they should dilute an offset in `p_value`, which all share.
        """
        return math.erfc(abs(self.offset_gpa) / self.offset_sigma_gpa / math.sqrt(2.0))

    @property
    def consistent(self) -> bool:
        """True where neither all differences together nor their common offset contradict."""
        return min(self.p_value, self.offset_p_value) >= self.level

    @property
    def granted(self) -> bool:
        """True where the second gauge may take over."""
        return self.consistent or bool(self.accepted_because)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        low, high = self.overlap_gpa
        verdict = "consistent" if self.consistent else "not consistent"
        reason = f"; accepted because: {self.accepted_because}" if self.accepted_because else ""
        return (
            f"{self.first_gauge} ({self.first_scale}) and {self.second_gauge} "
            f"({self.second_scale}) are {verdict} from {low:.1f} to {high:.1f} GPa: chi squared "
            f"{self.chi2:.2f} for {self.degrees_of_freedom} pairs, p = {self.p_value:.2g}, offset "
            f"{self.offset_gpa:+.2f} +- {self.offset_sigma_gpa:.2f} GPa (p = "
            f"{self.offset_p_value:.2g} by itself){reason}."
        )

    def accept(self, reason: str) -> "HandOver":
        """Join gauges that contradict each other, for a reason that is kept.

        Raises
        ------
        HandOverRefused
            The reason is empty.
        """
        if not reason.strip():
            raise HandOverRefused(
                f"{self.first_gauge} and {self.second_gauge} are not consistent; to join them all "
                "the same, give the reason."
            )
        return replace(self, accepted_because=reason.strip())

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; both gauges and scales are named."""
        return {
            "first": {"gauge": self.first_gauge, "scale": self.first_scale},
            "second": {"gauge": self.second_gauge, "scale": self.second_scale},
            "pairs": self.pairs,
            "steps": list(self.steps),
            "overlap_gpa": list(self.overlap_gpa),
            "chi2": self.chi2,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
            "offset_gpa": self.offset_gpa,
            "offset_sigma_gpa": self.offset_sigma_gpa,
            "offset_p_value": self.offset_p_value,
            "shape_p_value": self.shape_p_value,
            "level": self.level,
            "scatter_gpa": list(self.scatter_gpa),
            "consistent": self.consistent,
            "granted": self.granted,
            "accepted_because": self.accepted_because,
        }
