"""Laboratory time and its speed as something a plan can record."""

from typing import Any

from ophyd import Component as Cpt
from ophyd import Device
from ophyd.status import Status

from dac_control.clock import LabClock
from devices.signals import CachedSignal
from devices.statuses import status_of
from devices.timing import REAL_TIME, Timing

__all__ = ["ClockReading"]


class ClockReading(Device):
    """Reads the laboratory clock when triggered."""

    lab_time_s = Cpt(CachedSignal, units="s", precision=1, kind="normal")
    speed = Cpt(CachedSignal, units="", precision=1, kind="normal")

    def __init__(
        self, *, clock: LabClock, name: str, timing: Timing = REAL_TIME, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.clock = clock
        self._wall_time = timing.wall_time
        self.trigger()

    def trigger(self) -> Status:
        """Take the time; done at once."""
        now = self._wall_time()
        self.lab_time_s.update(self.clock.now(), now)
        self.speed.update(self.clock.speed, now)
        status = status_of(self)
        status.set_finished()
        return status
