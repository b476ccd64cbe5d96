"""The cryostat: two temperatures, a setpoint and a heater."""

import threading
from dataclasses import dataclass
from typing import Any

from ophyd import Component as Cpt
from ophyd.status import Status

from dac_control.clock import LabClock
from dac_control.errors import InstrumentError, LimitError
from devices.drivers.roles import CryostatDriver, CryostatReading, NoticesPowerUp
from devices.instrument import InstrumentDevice
from devices.signals import CachedSignal
from devices.statuses import finish

__all__ = ["Cryostat"]

HIGHEST_K = 400.0
"""No cryostat with a cell in it is warmer."""


@dataclass
class _Settling:
    """A setpoint that was asked for and is not yet reached for long enough."""

    target_k: float
    status: Status
    stops_before: int
    began_s: float
    within_s: float
    """Laboratory time after which it counts as not reached."""
    sent: bool = False
    steady_since_s: float | None = None
    cell_then_k: float = 0.0


class Cryostat(InstrumentDevice[CryostatDriver]):
    """A temperature controller with one sensor at the stage and one at the cell.

    Setting it moves the setpoint at a bounded rate; the Status is done when, for `settle_s`, the
    stage has stayed within `tolerance_k` of the target and the cell has kept its temperature
    within the same tolerance. Stopping freezes the setpoint
    where it is and leaves the heater loop on: hold, never warm up.

    Parameters
    ----------
    clock : LabClock
        Times the settling.
    rate_k_per_min : float
        Rate of setpoint ramps.
    tolerance_k, settle_s : float
        Distance in K and laboratory time in s that count as "there".
    late_by_s : float
        Laboratory time in s after which a setpoint counts as not reached, beyond what the way there
        takes at `rate_k_per_min`: for what of the cell follows late, and settles.
    """

    stage_temperature_k = Cpt(CachedSignal, units="K", precision=3, kind="hinted")
    cell_temperature_k = Cpt(CachedSignal, units="K", precision=3, kind="hinted")
    setpoint_k = Cpt(CachedSignal, units="K", precision=3)
    heater_percent = Cpt(CachedSignal, units="%", precision=1)

    def __init__(
        self,
        *,
        clock: LabClock,
        rate_k_per_min: float = 1.0,
        tolerance_k: float = 0.5,
        settle_s: float = 300.0,
        late_by_s: float = 6 * 3600.0,
        **kwargs: Any,
    ) -> None:
        self._clock = clock
        self._rate_k_per_min = rate_k_per_min
        self._tolerance_k = tolerance_k
        self._settle_s = settle_s
        self._late_by_s = late_by_s
        self._settling: _Settling | None = None
        self._settling_lock = threading.Lock()
        self.last: CryostatReading | None = None
        super().__init__(**kwargs)
        # not on the worker: a hold must overtake a setpoint that is being sent
        self._stop_lane = self._timing.make_stop_lane(f"{self.name}-stop", self._hold)

    def _refresh(self) -> None:
        reading = self._driver.read()
        self.last = reading
        for signal, value in (
            (self.stage_temperature_k, reading.stage_temperature_k),
            (self.cell_temperature_k, reading.cell_temperature_k),
            (self.setpoint_k, reading.setpoint_k),
            (self.heater_percent, reading.heater_percent),
        ):
            signal.update(value, reading.time)
        # the reading is published, and still nothing may go on: a loop that was set by hand is off
        if isinstance(self._driver, NoticesPowerUp) and self._driver.power_cycled:
            raise InstrumentError(
                f"{self.name} at {self.address} was switched off and on since this session began; "
                "its loop and its limits may not be what they were. Look at it, then begin a new "
                "session."
            )
        self._judge_settling(reading)

    def check_value(self, value: float) -> None:
        """Raise `LimitError` for a temperature that no cryostat has."""
        if not 0.0 < value <= HIGHEST_K:
            raise LimitError(
                f"{self.name} cannot go to {value} K; a setpoint lies above 0 and at most "
                f"{HIGHEST_K:g} K. Nothing was changed."
            )

    def set(self, value: float) -> Status:
        """Move the setpoint to `value` K; done when the cell has settled there."""
        self.check_value(value)
        within_s = 60.0 * self._way_k(value) / self._rate_k_per_min + self._late_by_s
        goal = _Settling(
            target_k=value,
            # readings tell of the end before that, and of the temperature; it is for a lost line
            status=self._statuses(self, self._clock.wall_s(1.1 * within_s) + 10.0),
            stops_before=self._stop_lane.asked,
            began_s=self._clock.now(),
            within_s=within_s,
        )
        self._replace_settling(goal, "the setpoint was changed again")
        future = self._worker.submit(lambda: self._send(goal), self._worker.COMMAND)
        future.add_done_callback(lambda outcome: self._sent(goal, outcome.exception()))
        return goal.status

    def _way_k(self, target_k: float) -> float:
        """How far a setpoint may have to go: from where it stands, or from the stage."""
        if self.last is None:
            return HIGHEST_K
        stands_k = (self.last.stage_temperature_k, self.last.setpoint_k)
        return max(abs(target_k - each_k) for each_k in stands_k)

    def _send(self, goal: _Settling) -> None:
        if self._stop_lane.asked != goal.stops_before:
            raise InstrumentError(f"{self.name} was stopped before its setpoint was changed.")
        self._driver.set_setpoint(goal.target_k, self._rate_k_per_min)

    def _sent(self, goal: _Settling, error: BaseException | None) -> None:
        goal.sent = error is None
        if error is not None:
            finish(goal.status, error)

    def _replace_settling(self, new: _Settling | None, why: str) -> None:
        with self._settling_lock:
            old, self._settling = self._settling, new
        if old is not None:
            finish(old.status, InstrumentError(f"{self.name}: {why}."))

    def _judge_settling(self, reading: CryostatReading) -> None:
        with self._settling_lock:
            goal = self._settling
            if goal is None or not goal.sent:
                return
            settled = self._is_settled(goal, reading)
            late = self._clock.now() - goal.began_s > goal.within_s
            if not (settled or late):
                return
            self._settling = None
        if settled:
            finish(goal.status, None)
            return
        finish(goal.status, InstrumentError(self._not_reached(goal, reading)))
        self._stop_lane.request()

    def _not_reached(self, goal: _Settling, reading: CryostatReading) -> str:
        return (
            f"{self.name} did not settle at {goal.target_k:g} K within {goal.within_s / 3600:.1f} "
            f"h: the stage is at {reading.stage_temperature_k:.2f} K, the cell at "
            f"{reading.cell_temperature_k:.2f} K, the setpoint at {reading.setpoint_k:.2f} K with "
            f"the heater at {reading.heater_percent:.0f} %. The setpoint stays where it is. Look "
            "at the cooling and at the range of the heater, or ask for a temperature that is "
            "reached."
        )

    def _is_settled(self, goal: _Settling, reading: CryostatReading) -> bool:
        now_s, cell_k = self._clock.now(), reading.cell_temperature_k
        if abs(reading.stage_temperature_k - goal.target_k) > self._tolerance_k:
            goal.steady_since_s = None
            return False
        # the cell sits above the stage by what its heat leak asks; it only has to be steady
        moved = abs(cell_k - goal.cell_then_k) > self._tolerance_k
        if goal.steady_since_s is None or moved:
            goal.steady_since_s, goal.cell_then_k = now_s, cell_k
        return now_s - goal.steady_since_s >= self._settle_s

    @property
    def rate_k_per_min(self) -> float:
        """Rate at which setpoints move."""
        return self._rate_k_per_min

    @property
    def settling(self) -> bool:
        """True from `set` until the cell has settled, or `stop`."""
        with self._settling_lock:
            return self._settling is not None

    def stop(self, *, success: bool = False) -> None:
        """Hold: a setpoint that is under way stays where it is, the loop stays on."""
        if self.settling:
            self._replace_settling(None, "stopped; the setpoint stays where it had come to")
            self._stop_lane.request()

    def _hold(self) -> bool:
        self._driver.hold()
        return True

    def heater_off(self) -> None:
        """Switch the heater off, ahead of anything queued; blocks, not for plans.

        Raises
        ------
        DacError
            If it was not read back as off.
        """
        self._driver.heater_off()

    def destroy(self) -> None:
        """Hold what is under way, end both threads, close the link."""
        self.stop()
        self._stop_lane.close()
        super().destroy()
