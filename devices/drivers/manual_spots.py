"""Optics that a person points by hand: the driver asks, the person moves the stage and says so."""

import time
from collections.abc import Callable, Sequence

from dac_control.errors import LimitError
from devices.drivers.asked_person import Ask, AskedPerson, wanted_anyway
from devices.drivers.manual_answers import yes_or_no
from devices.drivers.roles import Identity
from devices.drivers.spot_role import SpotReading

__all__ = ["ManualSpots"]


class ManualSpots:
    """A person at the stage; implements `devices.drivers.spot_role.SpotsDriver`.

    Nobody knows where the optics look when a session begins, nor after a question that was taken
    back or answered with no: the next move asks again. What this cannot reveal: a person who says
    yes without having looked.

    Parameters
    ----------
    ask : Ask
        Of the shell, the command line or a test.
    spots : sequence of str
        The places that this person can find.
    """

    waits_for_a_person = True
    """A move lasts as long as somebody takes: no time-out of seconds may end it."""

    def __init__(
        self,
        ask: Ask,
        spots: Sequence[str],
        *,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._person = AskedPerson(ask, "the optics")
        self._spots = tuple(spots)
        self._wall_time = wall_time
        self._spot = ""
        self._fault = ""

    @property
    def address(self) -> str:
        """Who moves the stage."""
        return "manual"

    @property
    def spots(self) -> tuple[str, ...]:
        """The places that the station file names."""
        return self._spots

    def connect(self) -> Identity:
        """Nobody is asked."""
        return Identity(vendor="by hand", model="stage", serial="none", firmware="none")

    def concerns(self) -> list[str]:
        """A person needs no settings."""
        return []

    def close(self) -> None:
        """Take back a question that nobody answered."""
        self.stop()

    def read(self) -> SpotReading:
        """Where the optics look by the last answer; moving while a question is open."""
        with self._person.lock:
            return SpotReading(
                spot=self._spot,
                moving=self._person.is_asked,
                fault=self._fault,
                time=self._wall_time(),
            )

    def start_move(self, spot: str, check_wanted: Callable[[], None] = wanted_anyway) -> None:
        """Ask for the optics to be pointed at a place; returns once the question is being put.

        Raises
        ------
        LimitError
            If the station file names no such place.
        InstrumentError
            If an earlier question is still before somebody.
        """
        if spot not in self._spots:
            raise LimitError(f"There is no place {spot!r}; there are {', '.join(self._spots)}.")
        with self._person.lock:
            wish = f'Point the optics at "{spot}" and see that it is in focus'
            spot_before = self._spot
            self._person.put(
                lambda ask: spot if yes_or_no(ask, wish) else "",
                self._take,
                check_wanted,
                not_put=lambda why: self._take_as_it_was(spot_before, why),
            )
            # a hand is on the stage from here on
            self._spot, self._fault = "", ""

    def stop(self) -> None:
        """Take the question back; where the optics look is then unknown."""
        with self._person.lock:
            if self._person.withdraw():
                self._fault = "a stop came while the stage was in a person's hands"

    def _take_as_it_was(self, spot: str, why: str) -> None:
        """Nobody saw the question, so the optics look where they did; the caller holds the lock."""
        self._spot = spot
        self._fault = f"nobody could be asked to point them ({why.rstrip('.')})"

    def _take(self, spot: str | None) -> None:
        if spot is None:
            self._fault = "nobody said where the optics look"
        elif not spot:
            self._fault = "the person at the stage did not point the optics as asked"
        else:
            self._spot = spot
