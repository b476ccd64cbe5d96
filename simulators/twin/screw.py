"""The screw: two play operators in series, backlash in the gear and friction in the cell.

A play operator follows its input at the edge of a gap. It is rate-independent, its output is
monotone under a monotone input whatever the sub-steps, and a closed cycle gives a closed loop
(Krasnosel'skii and Pokrovskii, Systems with Hysteresis, Springer 1989).
"""

import math
from dataclasses import dataclass

__all__ = ["Play", "Screw", "ScrewConstants", "preload_offset_turns"]


class Play:
    """A point pushed about between two walls; it moves only when a wall reaches it."""

    def __init__(self, value: float) -> None:
        self.value = value

    def move(self, low: float, high: float) -> float:
        """Put the walls at `low` and `high`, both at their final place; return the point.

        Each wall must be a monotone function of one input that has moved monotonically since
        the last call; then the result does not depend on how the move was split.
        """
        self.value = min(max(self.value, low), high)
        return self.value


@dataclass(frozen=True, kw_only=True)
class ScrewConstants:
    """True constants of one screw and its springs."""

    kn_per_turn: float
    backlash_turns: float
    friction_coefficient: float
    stick_force_kn: float
    stall_force_kn: float
    offset_turns: float
    """Turns from first contact of the springs to what the user calls 0 turns."""


def preload_offset_turns(
    force_kn: float,
    *,
    kn_per_turn: float,
    backlash_turns: float,
    friction_coefficient: float,
    stick_force_kn: float,
) -> float:
    """Turns from contact at which `force_kn` reaches the anvils on the loading branch."""
    demanded_kn = (force_kn + stick_force_kn) / (1.0 - friction_coefficient / 2.0)
    return demanded_kn / kn_per_turn + backlash_turns / 2.0


class Screw:
    """Angle of the screw to force on the anvils.

    Parameters
    ----------
    constants : ScrewConstants
        Drawn once per twin.
    turns : float
        Where the screw stands at the start, having come from below.

    Raises
    ------
    ValueError
        If friction would turn the loading branch around (coefficient of 2 or more).
    """

    def __init__(self, constants: ScrewConstants, turns: float = 0.0) -> None:
        if not 0.0 <= constants.friction_coefficient < 2.0:
            raise ValueError(
                "The friction coefficient of the screw must lie in [0, 2), "
                f"not at {constants.friction_coefficient}."
            )
        self._constants = constants
        self._nut = Play(-math.inf)
        self._force = Play(-math.inf)
        self._turns = turns
        self.turn_to(turns)

    @property
    def turns(self) -> float:
        """Angle of the screw in turns from the user's zero."""
        return self._turns

    @property
    def demanded_kn(self) -> float:
        """Force the springs would give without friction, kN; below 0 when out of contact."""
        return self._constants.kn_per_turn * self._nut.value

    @property
    def force_kn(self) -> float:
        """Force on the anvils, kN; never below 0."""
        return max(0.0, self._force.value)

    @property
    def torque_fraction(self) -> float:
        """Torque at the motor as a part of the torque at which it stalls."""
        return max(0.0, self.demanded_kn) / self._constants.stall_force_kn

    def turn_to(self, turns: float) -> float:
        """Turn monotonically from where the screw is to `turns`; return the force in kN."""
        constants = self._constants
        self._turns = turns
        angle = turns + constants.offset_turns
        half_gap = constants.backlash_turns / 2.0
        self._nut.move(angle - half_gap, angle + half_gap)
        demanded = self.demanded_kn
        half_width = (
            constants.friction_coefficient * max(demanded, 0.0) / 2.0 + constants.stick_force_kn
        )
        self._force.move(demanded - half_width, demanded + half_width)
        return self.force_kn
