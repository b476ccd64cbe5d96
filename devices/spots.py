"""Where the optics look: named places that a stage, or a person at one, brings before them."""

import threading
from typing import Any

from ophyd import Component as Cpt
from ophyd.status import Status

from dac_control.clock import LabClock
from dac_control.errors import LimitError, MoveFailed
from devices.drivers.spot_role import SpotReading, SpotsDriver
from devices.instrument import InstrumentDevice
from devices.signals import CachedSignal
from devices.statuses import finish_with
from devices.worker import Pauses

__all__ = ["Spots"]


class Spots(InstrumentDevice[SpotsDriver]):
    """The stage of the optics; set it to the name of a place.

    The Status is done once the driver says that the optics look there. Light is charged to the
    place that they look at, so while nobody knows it no light opens on a place that is named here.

    Parameters
    ----------
    clock : LabClock
        Times a move.
    move_timeout_s : float
        Laboratory time in s within which the place has to be found.
    """

    spot = Cpt(CachedSignal, dtype="string", kind="hinted")

    def __init__(self, *, clock: LabClock, move_timeout_s: float = 120.0, **kwargs: Any) -> None:
        self._clock = clock
        self._move_timeout_s = move_timeout_s
        self._moving = threading.Lock()
        super().__init__(**kwargs)
        self._stop_lane = self._timing.make_stop_lane(f"{self.name}-stop", self._stop_and_look)
        self.spot.update("", self._timing.wall_time())

    @property
    def names(self) -> tuple[str, ...]:
        """The places that it can find."""
        return self._driver.spots

    def looks_at(self, spot: str) -> bool:
        """True if the optics stand still and look at `spot`, by the last reading."""
        return not self._moving.locked() and str(self.spot.get()) == spot

    def _refresh(self) -> None:
        self._publish(self._driver.read())

    def _publish(self, reading: SpotReading) -> None:
        self.spot.update("" if reading.moving else reading.spot, reading.time)

    def check_value(self, value: str) -> None:
        """Raise `LimitError` unless `value` is a place of this station."""
        if value not in self.names:
            raise LimitError(
                f"{self.name} knows no place {value!r}, it knows {', '.join(self.names)}; add it "
                "to devices.spots.places in the station file."
            )

    def set(self, value: str) -> Status:
        """Bring a place before the optics; the Status fails unless the driver says it is there."""
        self.check_value(value)
        if not self._moving.acquire(blocking=False):
            raise LimitError(f"{self.name} is being moved already; nothing was sent.")
        stops_before = self._stop_lane.asked
        status = self._statuses(
            self, self._clock.wall_s(self._move_timeout_s) + 4 * self._reply_timeout_s
        )
        future = self._worker.submit_steps(
            lambda: self._move(value, stops_before), self._worker.COMMAND
        )
        future.add_done_callback(lambda _: self._moving.release())
        finish_with(status, future)
        return status

    def _move(self, spot: str, stops_before: int) -> Pauses[None]:
        def check_wanted() -> None:
            if self._stop_lane.asked != stops_before:
                raise MoveFailed(f"{self.name} was stopped before it moved.")

        check_wanted()
        reading = self._driver.read()
        self._publish(reading)
        if reading.spot == spot and not reading.moving:
            return
        self._driver.start_move(spot, check_wanted)
        # two seconds on the wall more, for the line
        deadline_s = self._clock.now() + self._move_timeout_s + 2.0 * self._clock.speed
        while True:
            reading = self._driver.read()
            self._publish(reading)
            if not reading.moving:
                break
            if self._clock.now() > deadline_s:
                self._driver.stop()
                raise MoveFailed(
                    f"{self.name} did not find {spot!r} within {self._move_timeout_s:g} s; it was "
                    "told to stop."
                )
            yield self._timing.read_period_s
        if reading.spot != spot:
            raise MoveFailed(
                f"{self.name} did not come to {spot!r}: "
                f"{reading.fault or 'it says ' + repr(reading.spot)}."
            )

    def stop(self, *, success: bool = False) -> None:
        """Stop the motion ahead of anything queued; returns at once, whatever `success` says."""
        if self._moving.locked():
            self._stop_lane.request()

    def _stop_and_look(self) -> bool:
        self._driver.stop()
        return not self._driver.read().moving

    def destroy(self) -> None:
        """Stop what moves, end both threads, close the link."""
        self.stop()
        self._stop_lane.close()
        super().destroy()
