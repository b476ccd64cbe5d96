"""A ramp that is taken up again: what must be found, and what is left to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dac_control.errors import Disagreement
from plans.route import Leg, Route
from plans.step_choice import Point

__all__ = ["Resumption"]


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """How an earlier run left the cell."""

    sign: int
    """Way in which the screw last went: +1 loading, -1 unloading, 0 if it never moved."""
    low_gpa: float
    high_gpa: float
    """Between these the cell must be found before anything moves."""
    says: str
    """Where they come from, a clause."""

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

        Legs before the one in which the screw went are over, and so are targets that are passed:
        none of them is sent again.
        """
        value = here.pressure_gpa if route.unit == "gpa" else here.turns
        tolerance = tolerance_gpa if route.unit == "gpa" else 0.0
        legs = _from_the_way(route.legs, self.sign)
        while legs:
            first = legs[0]
            left = tuple(aim for aim in first.aims if (aim - value) * first.sign > tolerance)
            if left:
                return replace(route, legs=(replace(first, aims=left), *legs[1:]))
            legs = legs[1:]
        return replace(route, legs=())


def _from_the_way(legs: Sequence[Leg], sign: int) -> tuple[Leg, ...]:
    """Legs from the first that goes the way of `sign`; all for 0, or where none does."""
    for index, leg in enumerate(legs):
        if leg.sign == sign:
            return tuple(legs[index:])
    return tuple(legs)
