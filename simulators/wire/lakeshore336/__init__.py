"""Simulated Lake Shore 336 temperature controller: bytes in, bytes out."""

from simulators.wire.lakeshore336.instrument import LakeShore336Simulator
from simulators.wire.lakeshore336.thermostat import LoopView, Thermostat

__all__ = ["LakeShore336Simulator", "LoopView", "Thermostat"]
