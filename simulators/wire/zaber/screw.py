"""What the Zaber simulator needs of the physics behind its motor."""

from typing import Protocol

__all__ = ["Screw"]


class Screw(Protocol):
    """What the simulator needs of the physics behind the motor."""

    @property
    def turns(self) -> float:
        """Angle of the screw now."""
        ...

    @property
    def torque_fraction(self) -> float:
        """Torque that the screw needs over what the motor has; above 1 it stalls."""
        ...

    def turn_to(self, turns: float) -> object:
        """Put the screw at an angle; it has turned there monotonically."""
        ...
