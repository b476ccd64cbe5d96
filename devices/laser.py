"""A laser or lamp: on for an exposure only, its power read back, every opening in the ledger.

The light comes on after the budget was asked and the opening was written down, and goes off on
every exit: when a plan is done with it, when anything fails, on `stop`, on `destroy`, when it lasts
longer than asked for, and, over a line that was lost, as soon as that is back.
"""

import logging
import threading
from typing import Any

from ophyd.status import Status

from dac_control.clock import LabClock
from dac_control.errors import DacError, InstrumentError, LimitError
from dac_control.safety.light import SHUT, Exposures, LightAccount
from devices.drivers.light_role import LaserReading, OnlyTold
from devices.laser_opening import LightOpening, LightOpenings
from devices.laser_power import reach_power
from devices.light_readings import LightReadings
from devices.statuses import finish_with
from devices.worker import Pauses

__all__ = ["Laser"]

logger = logging.getLogger(__name__)


class Laser(LightReadings):
    """A light that plans open for an exposure; a lamp is the same over another driver.

    ``set(True)`` asks the account whether the opening that ``next_spot``, ``next_power_mw`` and
    ``next_open_s`` describe still fits, writes it down, switches on and is done when the power
    was read back within the tolerance. ``set(False)`` is done when the light was read back as off.

    Parameters
    ----------
    light : str
        Its label in budget and ledger: ``532nm``, or ``lamp``.
    account : LightAccount
        Of the specimen in the cell.
    clock : LabClock
        Measures how long it is open.
    on_timeout_s : float
        Laboratory time in s within which the power has to be reached.
    """

    def __init__(
        self,
        *,
        light: str,
        account: LightAccount,
        clock: LabClock,
        on_timeout_s: float = 60.0,
        **kwargs: Any,
    ) -> None:
        self._label = light
        self._clock = clock
        self._on_timeout_s = on_timeout_s
        self._offs = 0
        self._darkened = 0
        self._in_doubt = False
        self._state = threading.Lock()
        self.account = account
        super().__init__(**kwargs)
        self._openings = LightOpenings(account, clock, light, self.name)
        self._stop_lane = self._timing.make_stop_lane(f"{self.name}-stop", self._stop_and_look)
        now = self._timing.wall_time()
        self.light.update(light, now)
        self.spot.update("", now)
        for attribute in (self.last_open_s, self.last_energy_mj):
            attribute.update(0.0, now)

    # readings ---------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Label of this light in budget and ledger."""
        return self._label

    @property
    def opening(self) -> LightOpening | None:
        """The opening in progress; None while it is dark."""
        return self._openings.current

    @property
    def in_doubt(self) -> bool:
        """True while a light that only people switch counts as on: nobody said that it is off."""
        return self._in_doubt

    def _after_connect(self) -> None:
        """Find out what an earlier session left behind; switches off what that left on."""
        if self.opening is not None or not self.account.unended(self.name):
            return
        if isinstance(self._driver, OnlyTold):
            # whoever connects may be alone: the next run asks, and until then it counts as on
            self._driver.doubt()
            self._in_doubt = True
            return
        reading = self._driver.read()
        if not self._is_dark(reading):
            logger.warning("%s was left on by an earlier session; switching it off", self.name)
            self._driver.switch_off()
            reading = self._driver.read()
        if self._is_dark(reading):
            self._openings.close_left_over()

    def _refresh(self) -> None:
        darkened_before = self._darkened
        reading = self._driver.read()
        with self._state:
            if self._darkened != darkened_before:
                return  # the stop lane has read something newer meanwhile
            self._publish(reading)
            opening = self.opening
            if opening is None:
                if reading.emitting and not self._in_doubt:
                    self._openings.found_on(str(self.next_spot.get()), reading.power_mw)
                return
        if not reading.emitting:
            logger.error("%s went dark by itself: %s", self.name, reading.fault or "no reason")
            self._stop_lane.request()
        elif opening.is_overdue(self._clock.now()):
            logger.error("%s is on for longer than was asked for; switching it off", self.name)
            self._stop_lane.request()

    def _poll(self) -> None:
        try:
            super()._poll()
        except DacError:
            if self.opening is not None:
                # nobody sees the light any more: off, as soon as the line is back
                self._stop_lane.request()
            raise

    def _publish(self, reading: LaserReading) -> None:
        if self.opening is not None and reading.emitting:
            self.opening.readings_mw.append(reading.power_mw)
        super()._publish(reading)

    # switching --------------------------------------------------------------------------

    def check_power(self, power_mw: float) -> None:
        """Raise `LimitError` for a power at the head that may not be asked for; no I/O to it."""
        if not 0 < power_mw <= self._driver.max_power_mw:
            raise LimitError(
                f"{self.name} cannot be asked for {power_mw} mW; it makes up to "
                f"{self._driver.max_power_mw:g} mW. Nothing was lit."
            )

    def check_opening(self, spot: str, power_mw: float, open_s: float) -> None:
        """Raise `LimitError` unless the budget and the laser allow an opening; no I/O to it."""
        self.check_power(power_mw)
        wanted = Exposures(power_mw=power_mw, exposure_s=open_s)
        self.account.check(self._label, spot, wanted)

    def set(self, value: bool) -> Status:
        """Open the light (True) or shut it (False); see the class."""
        timeout_s = self._clock.wall_s(self._on_timeout_s) + 4 * self._reply_timeout_s
        status = self._statuses(self, timeout_s)
        if value:
            offs = self._all_offs()
            request = (
                str(self.next_spot.get()),
                float(self.next_power_mw.get()),
                float(self.next_open_s.get()),
            )
            future = self._worker.submit_steps(
                lambda: self._light_up(*request, offs), self._worker.COMMAND
            )
        else:
            with self._state:
                self._offs += 1
            future = self._worker.submit(self._put_out, self._worker.COMMAND)
        finish_with(status, future)
        return status

    def _all_offs(self) -> int:
        with self._state:
            return self._offs + self._stop_lane.asked

    def _light_up(self, spot: str, power_mw: float, open_s: float, offs: int) -> Pauses[None]:
        def check_wanted() -> None:
            if self._all_offs() != offs:
                raise InstrumentError(f"{self.name} was shut before it was on.")

        check_wanted()
        self.check_opening(spot, power_mw, open_s)
        reading = self._driver.read()
        self._publish(reading)
        if self.opening is not None or reading.emitting:
            raise InstrumentError(f"{self.name} is on already; shut it first. Nothing was changed.")
        self._driver.set_power(power_mw)
        with self._state:
            self._openings.begin(spot, power_mw, open_s, self._on_timeout_s)
        self.spot.update(spot, self._timing.wall_time())
        try:
            self._driver.switch_on(check_wanted)
            reached_mw = yield from reach_power(
                self._driver,
                self.name,
                power_mw,
                take=self._take,
                check_wanted=check_wanted,
                clock=self._clock,
                timeout_s=self._on_timeout_s,
                pause_s=self._timing.read_period_s,
            )
            self._forget_the_rise(reached_mw)
        except BaseException:
            # whatever went wrong, no light may be left on
            self._put_out_or_insist()
            raise

    def _take(self, reading: LaserReading) -> None:
        with self._state:
            self._publish(reading)

    def _forget_the_rise(self, power_mw: float) -> None:
        """Charge the whole opening at the power reached, also the short time before it was."""
        with self._state:
            if self.opening is not None:
                self.opening.readings_mw = [power_mw]

    def _put_out(self) -> None:
        """Switch off and write down the end; asks the stop lane to go on where that fails."""
        try:
            self._go_dark(SHUT)
        except DacError:
            self._stop_lane.request()
            raise

    def _put_out_or_insist(self) -> None:
        try:
            self._put_out()
        except DacError as error:
            logger.error("%s could not be shut at once: %s", self.name, error)

    def _go_dark(self, reason: str) -> None:
        """Switch off, read back, write down the end.

        Raises
        ------
        DacError
            If the light was not read back as off, or the end could not be written.
        """
        self._driver.switch_off()
        reading = self._driver.read()
        with self._state:
            self._publish(reading)
            if not self._is_dark(reading):
                raise InstrumentError(
                    f"{self.name} at {self.address} was switched off and still shows "
                    f"{reading.power_mw:.4g} mW. Shut its beam by hand."
                )
            self._darkened += 1
            cost = self._openings.end(reason)
            if self._in_doubt:
                self._openings.close_left_over()
                self._in_doubt = False
        if cost is not None:
            now = self._timing.wall_time()
            self.last_open_s.update(cost.open_s, now)
            self.last_energy_mj.update(cost.energy_mj, now)

    # ending -----------------------------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Shut the light ahead of anything queued; returns at once, whatever `success` says."""
        if self._identity is None:
            return
        with self._state:
            self._offs += 1
        shines = self.last is None or (self.last.emitting and not self._in_doubt)
        if self.opening is not None or shines:
            self._stop_lane.request()

    def _stop_and_look(self) -> bool:
        self._go_dark("stopped")
        return True

    def destroy(self) -> None:
        """Shut the light, end both threads, close the link."""
        self.stop()
        self._stop_lane.close()
        super().destroy()
