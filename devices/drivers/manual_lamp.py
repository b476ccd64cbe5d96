"""A lamp that a person switches: the driver asks, the person does it and says so.

To everything above this is a light like any other: each opening is in the ledger before the
question is put, and it lasts until the person says that the lamp is off. So the time that people
take is charged as light; rather too much than too little.
"""

import threading
import time
from collections.abc import Callable

from dac_control.errors import InstrumentError, LimitError
from devices.drivers.asked_person import Ask, AskedPerson, Put, wanted_anyway
from devices.drivers.light_role import LaserReading
from devices.drivers.manual_answers import yes_or_no
from devices.drivers.roles import Identity

__all__ = ["ManualLamp"]

SAME_POWER = 0.01
"""Relative difference up to which an asked power is the lamp's own."""


class ManualLamp:
    """A person at a switch; implements `devices.drivers.light_role.LaserDriver`.

    A lamp counts as off when a session begins, unless the session before never heard that it was
    switched off (`doubt`). What this cannot reveal: a person who says yes
    without having switched, and a bulb that is dead.

    Parameters
    ----------
    ask : Ask
        Of the shell, the command line or a test.
    power_mw : float
        What it gives while it is on, as measured once; a person cannot dial another.
    called : str
        What to call it: ``the white lamp``.
    patience_s : float
        Time on the wall that somebody may take to switch it off.
    """

    waits_for_a_person = True
    """Switching lasts as long as somebody takes: no time-out of seconds may end it."""

    def __init__(
        self,
        ask: Ask,
        *,
        power_mw: float,
        called: str = "the lamp",
        patience_s: float = 3600.0,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._person = AskedPerson(ask, called)
        self._called = called
        self._power_mw = power_mw
        self._patience_s = patience_s
        self._wall_time = wall_time
        self._on = False
        self._certain = True
        """False while nobody has said whether it is on."""
        self._fault = ""
        self._answered = threading.Event()

    @property
    def address(self) -> str:
        """Who switches it."""
        return "manual"

    @property
    def max_power_mw(self) -> float:
        """The one power that it has."""
        return self._power_mw

    @property
    def power_resolution_mw(self) -> float:
        """Nothing measures it."""
        return SAME_POWER * self._power_mw

    def connect(self) -> Identity:
        """Nobody is asked."""
        return Identity(vendor="by hand", model="lamp", serial="none", firmware="none")

    def concerns(self) -> list[str]:
        """A switch needs no settings; it may be on."""
        with self._person.lock:
            if self._certain or not self._on:
                return []
        return [f"nobody has said that {self._called} is off since it was last used; look at it"]

    def doubt(self) -> None:
        """Take it for lit until somebody says that it is off."""
        with self._person.lock:
            self._on, self._certain = True, False

    def close(self) -> None:
        """Take back a question that nobody answered."""
        self._person.withdraw()
        self._answered.set()

    def read(self) -> LaserReading:
        """What the last answer says."""
        with self._person.lock:
            return LaserReading(
                emitting=self._on,
                power_mw=self._power_mw if self._on else 0.0,
                setpoint_mw=self._power_mw,
                interlock_open=False,
                fault=self._fault,
                operating_hours=None,
                time=self._wall_time(),
            )

    def set_power(self, power_mw: float) -> None:
        """Accept the lamp's own power and no other."""
        if abs(power_mw - self._power_mw) > SAME_POWER * self._power_mw:
            raise LimitError(
                f"{self._called} gives {self._power_mw:g} mW and cannot be set to {power_mw:g} mW."
            )

    def switch_on(self, check_wanted: Callable[[], None] = wanted_anyway) -> None:
        """Ask for it to be switched on; returns once the question is being put.

        Raises
        ------
        InstrumentError
            If an earlier question is still before somebody.
        """

        def take(done: bool | None) -> None:
            self._on, self._certain = bool(done), done is not None
            self._fault = "" if done else f"nobody switched {self._called} on"

        def not_put(why: str) -> None:
            self._certain = certain_before
            self._fault = f"nobody could be asked to switch it on. {why}"

        with self._person.lock:
            certain_before = self._certain
            self._person.put(self._wish("on"), take, check_wanted, not_put=not_put)
            self._certain, self._fault = False, ""

    def switch_off(self) -> None:
        """Ask for it to be switched off, unless it is certain that it is; blocks for the answer.

        Raises
        ------
        InstrumentError
            If nobody says that it is off, or an earlier question is still before somebody.
        """
        why_not_put = ""

        def take(done: bool | None) -> None:
            if done:
                self._on, self._certain, self._fault = False, True, ""
            self._answered.set()

        def not_put(why: str) -> None:
            nonlocal why_not_put
            why_not_put = f" {why}"
            self._answered.set()

        with self._person.lock:
            self._person.withdraw()
            if self._certain and not self._on:
                return
            self._answered.clear()
            self._person.put(self._wish("off"), take, not_put=not_put)
        answered = self._answered.wait(self._patience_s)
        with self._person.lock:
            if not answered or self._on or not self._certain:
                self._person.withdraw()
                raise InstrumentError(
                    f"Nobody has said that {self._called} is off; switch it off and say so."
                    f"{why_not_put}"
                )

    def _wish(self, way: str) -> Callable[[Put], bool]:
        return lambda ask: yes_or_no(ask, f"Switch {self._called} {way}")
