"""A Cobolt 06 laser on the wire."""

from simulators.wire.cobolt06.head import HeadConstants, LaserHead, Light
from simulators.wire.cobolt06.laser import Cobolt06Simulator

__all__ = ["Cobolt06Simulator", "HeadConstants", "LaserHead", "Light"]
