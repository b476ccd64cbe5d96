"""Material and cooler laws of the cryostat, in closed form so that steps conserve energy."""

import bisect
import itertools
import math

__all__ = ["CopperEnthalpy", "PiecewiseLinear", "cooler_w"]

COPPER_CP = ((4.0, 0.09), (10.0, 0.86), (20.0, 7.7), (50.0, 99.0), (77.0, 192.0))
COPPER_CP_WARM = ((200.0, 356.0), (300.0, 386.0))
"""Specific heat of copper in J/(kg K), NIST cryogenic material properties (rounded)."""

COOLER_MAP = ((3.2, 0.0), (4.2, 1.0), (10.0, 7.0), (40.0, 18.0), (77.0, 25.0), (300.0, 40.0))
"""K and W: a 1 W at 4.2 K pulse tube whose stages both serve the cell's stage; model default."""


class CopperEnthalpy:
    """Heat content of copper: power laws between the table's points, integrated exactly."""

    def __init__(self) -> None:
        table = COPPER_CP + COPPER_CP_WARM
        self._knots = [t for t, _ in table[1:-1]]
        self._segments: list[tuple[float, float, float, float]] = []
        enthalpy, start_k = 0.0, table[0][0]
        for (t1, c1), (t2, c2) in itertools.pairwise(table):
            exponent = math.log(c2 / c1) / math.log(t2 / t1)
            scale = c1 / t1**exponent
            self._segments.append((scale, exponent, t1, enthalpy))
            enthalpy += (
                scale * (t2 ** (exponent + 1.0) - start_k ** (exponent + 1.0)) / (exponent + 1.0)
            )
            start_k = t2

    def at(self, temperature_k: float) -> tuple[float, float]:
        """Enthalpy above 4 K in J/kg and specific heat in J/(kg K), at any T above 0 K."""
        segment = bisect.bisect_right(self._knots, temperature_k)
        scale, exponent, start_k, enthalpy = self._segments[segment]
        cp = scale * temperature_k**exponent
        raised = exponent + 1.0
        return enthalpy + (cp * temperature_k - scale * start_k**raised) / raised, cp


class PiecewiseLinear:
    """A monotone map through points, continued straight beyond its ends."""

    def __init__(self, points: tuple[tuple[float, float], ...]) -> None:
        self._knots = [x for x, _ in points[1:-1]]
        self._segments = [
            (x1, y1, (y2 - y1) / (x2 - x1)) for (x1, y1), (x2, y2) in itertools.pairwise(points)
        ]

    def at(self, x: float) -> tuple[float, float]:
        """Value and slope at `x`."""
        x1, y1, slope = self._segments[bisect.bisect_right(self._knots, x)]
        return y1 + slope * (x - x1), slope


_COOLER = PiecewiseLinear(COOLER_MAP)


def cooler_w(temperature_k: float) -> tuple[float, float]:
    """Heat that the cooler lifts at `temperature_k`, W, and its slope, W/K.

    Below 3.2 K it turns into a leak, which holds the stage there.
    """
    return _COOLER.at(temperature_k)
