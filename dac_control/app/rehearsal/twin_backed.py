"""What drivers share whose instrument is the twin."""

from dac_control.clock import VirtualClock
from devices.drivers.roles import Identity
from simulators.twin import Twin

__all__ = ["TwinBacked"]


class TwinBacked:
    """An address that says what it is, and nothing to open."""

    role = "instrument"

    def __init__(self, twin: Twin, clock: VirtualClock) -> None:
        self._twin = twin
        self._clock = clock

    @property
    def address(self) -> str:
        """The twin and the role."""
        return f"twin://{self.role}"

    def connect(self) -> Identity:
        """Say that it is a twin."""
        return Identity(vendor="simulated", model=f"twin {self.role}", serial="", firmware="")

    def concerns(self) -> list[str]:
        """None: the twin has no settings of its own."""
        return []

    def close(self) -> None:
        """Nothing is open."""
