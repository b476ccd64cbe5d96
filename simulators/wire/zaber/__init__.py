"""Simulated Zaber motor controller, ASCII protocol: bytes in, bytes out."""

from simulators.wire.zaber.device import ZaberSimulator
from simulators.wire.zaber.screw import Screw
from simulators.wire.zaber.settings import DriveConstants

__all__ = ["DriveConstants", "Screw", "ZaberSimulator"]
