"""The digital twin of a diamond anvil cell in a cryostat: the physics behind the simulators."""

from simulators.twin.condition import FAULTS
from simulators.twin.loop import LoopState
from simulators.twin.presets import PRESETS
from simulators.twin.settings import TwinSettings
from simulators.twin.twin import Twin
from simulators.twin.views import PORTS, SPOTS, PortInfo

__all__ = [
    "FAULTS",
    "PORTS",
    "PRESETS",
    "SPOTS",
    "LoopState",
    "PortInfo",
    "Twin",
    "TwinSettings",
]
