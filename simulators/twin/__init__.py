"""The digital twin of a diamond anvil cell in a cryostat: the physics behind the simulators."""

from simulators.twin.loop import LoopState
from simulators.twin.settings import TwinSettings
from simulators.twin.twin import Twin

__all__ = ["LoopState", "Twin", "TwinSettings"]
