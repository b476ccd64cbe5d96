"""Currents of a Zaber's motor, which bound its torque: read, bounded, read back.

Source: Zaber ASCII Protocol Manual, settings ``driver.current.run`` and ``driver.current.hold``,
both in 20 mA of peak current.
"""

import logging
import math

from dac_control.errors import InstrumentError, UncertainWrite
from devices.drivers.zaber_axis import ZaberAxis

__all__ = ["MotorCurrents"]

logger = logging.getLogger(__name__)

UNIT_A = 0.02
RUN, HOLD = "driver.current.run", "driver.current.hold"


class MotorCurrents:
    """The currents of one axis and their bounds.

    Parameters
    ----------
    axis : ZaberAxis
        Of the drive.
    max_run_a, max_hold_a : float or None
        Bounds in A of the turning and the standing motor; None leaves the drive's.
    """

    def __init__(self, axis: ZaberAxis, *, max_run_a: float | None, max_hold_a: float | None):
        self._axis = axis
        bounds_a = {RUN: max_run_a, HOLD: max_hold_a}
        self._bounds_a = {name: a for name, a in bounds_a.items() if a is not None}

    def run_a(self) -> float:
        """Current of the turning motor in A."""
        return self._axis.get_integer(RUN) * UNIT_A

    def hold_a(self) -> float:
        """Current of the standing motor in A."""
        return self._axis.get_integer(HOLD) * UNIT_A

    def push(self) -> list[str]:
        """Bring what is above its bound down to it, and read that back; lower ones stay.

        Raises
        ------
        InstrumentError
            If the drive refuses, or does not keep it.
        """
        changed = []
        for name, found, highest in self._above():
            try:
                self._axis.request(f"set {name} {highest}")
            except UncertainWrite as lost:
                logger.warning("%s", lost)  # read back below
            now = self._axis.get_integer(name)
            if now > highest:
                raise InstrumentError(
                    f"The drive at {self._axis.address} was told to keep {name} at "
                    f"{highest * UNIT_A:g} A, and reads back {now * UNIT_A:g} A. Set it by hand, "
                    "or correct the station file."
                )
            changed.append(f"{name} was {found * UNIT_A:g} A and is now {now * UNIT_A:g} A")
        return changed

    def concerns(self) -> list[str]:
        """Say which current is above its bound."""
        return [
            f"{name} is {found * UNIT_A:g} A, above the station file's {highest * UNIT_A:g} A"
            for name, found, highest in self._above()
        ]

    def _above(self) -> list[tuple[str, int, int]]:
        """Setting, what it is and its bound in the drive's units, where it is above."""
        bounds = {name: _whole_units(bound_a) for name, bound_a in self._bounds_a.items()}
        found = {name: self._axis.get_integer(name) for name in bounds}
        return [(name, found[name], bounds[name]) for name in bounds if found[name] > bounds[name]]


def _whole_units(current_a: float) -> int:
    # rounded down, but 0.1 A is five units although 0.1 / 0.02 is a little less
    return math.floor(current_a / UNIT_A + 1e-6)
