"""A run that is taken up again: what must be found, and what is left to do. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dac_control.errors import Disagreement
from plans.route import Leg, Route
from plans.step_choice import Point

__all__ = ["Resumption"]


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """How an earlier run left the cell."""

    ways: tuple[int, ...]
    """Ways in which the screw went, each once until it turned: +1 loading, -1 unloading."""
    low_gpa: float
    high_gpa: float
    """Between these the cell must be found before anything moves; NaN if nothing was measured."""
    says: str
    """Where they come from, a clause."""
    watched_s: float = 0.0
    """Laboratory time from first to last reading, of all runs that are taken up."""

    def require_pressure(self) -> None:
        """Raise `Disagreement` for a plan that turns the screw where no pressure was measured."""
        if math.isnan(self.low_gpa):
            raise Disagreement(
                "The run that held measured no pressure, so there is nothing to compare the cell "
                "with. Nothing was moved. Begin it anew with `dac-control run`."
            )

    def check(self, pressure_gpa: float) -> None:
        """Raise `Disagreement` unless the cell is where the earlier run left it."""
        if self.low_gpa <= pressure_gpa <= self.high_gpa:
            return
        raise Disagreement(
            f"The ramp is not taken up again: {pressure_gpa:.2f} GPa are measured, and "
            f"{self.low_gpa:.2f} to {self.high_gpa:.2f} GPa were expected, since {self.says}. "
            "Nothing was moved. Look at the cell; if this pressure is right, write a run file "
            "with targets on the way from here."
        )

    def rest_of(self, route: Route, here: Point, tolerance_gpa: float) -> Route:
        """Return what of a route is left from `here`.

        Legs before the one in which the screw went last are over, and so are targets that are
        passed: none of them is sent again.
        """
        value = here.pressure_gpa if route.unit == "gpa" else here.turns
        tolerance = tolerance_gpa if route.unit == "gpa" else 0.0
        legs = _from_the_last(route.legs, self.ways)
        while legs:
            first = legs[0]
            left = tuple(aim for aim in first.aims if (aim - value) * first.sign > tolerance)
            if left:
                return replace(route, legs=(replace(first, aims=left), *legs[1:]))
            legs = legs[1:]
        return replace(route, legs=())


def _from_the_last(legs: tuple[Leg, ...], ways: Sequence[int]) -> tuple[Leg, ...]:
    """Legs from that of the last of `ways` on; all where the screw never moved."""
    begun = 0
    for way in ways:
        ahead = (n for n in range(begun, len(legs)) if legs[n].sign == way)
        begun = next(ahead, begun)
    return legs[begun:]
