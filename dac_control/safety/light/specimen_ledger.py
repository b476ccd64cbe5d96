"""The ledger as the account of one specimen writes it, and counts what it has grown by."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from dac_control.clock import LabClock
from dac_control.safety.light.ledger import Dose, LightBook, Moment, Spot, open_for_s

__all__ = ["Ledger", "SpecimenLedger"]


class Ledger(Protocol):
    """Where openings are written down; every append is on disk when it returns."""

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and sync it."""
        ...

    def read(self) -> Sequence[Mapping[str, Any]]:
        """All records, oldest first."""
        ...


class SpecimenLedger:
    """Puts specimen, session and time to each record. Thread-safe.

    Parameters
    ----------
    ledger : Ledger
    specimen : str
        Whose records are written.
    session : str
        Name of the session that writes them.
    clock : LabClock
    wall_time : callable
        Time of day in s since the epoch.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        specimen: str,
        session: str,
        clock: LabClock,
        wall_time: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._specimen = specimen
        self._session = session
        self._clock = clock
        self._wall_time = wall_time
        self._lock = threading.RLock()
        self._book = LightBook()
        self._counted = 0

    def append(self, record: Mapping[str, Any], *, run: str | None) -> None:
        """Write a record of a run, or of none; it is on disk when this returns."""
        now = self._now()
        with self._lock:
            self._ledger.append(
                {
                    **record,
                    "specimen": self._specimen,
                    "run": run,
                    "session": now.session,
                    "time": now.time,
                    "lab_time_s": now.lab_time_s,
                }
            )

    def doses(self) -> dict[Spot, Dose]:
        """Dose of every light on every spot of the specimen."""
        with self._lock:
            return self._caught_up().doses(self._specimen, self._now())

    def unended(self, device: str) -> list[Mapping[str, Any]]:
        """Openings of `device`, of any specimen, whose end nobody wrote."""
        with self._lock:
            openings = self._caught_up().open.values()
            return [opening for opening in openings if opening.get("device") == device]

    def prove_off(self, device: str, reason: str, *, run: str | None) -> int:
        """Close every opening of `device` that nobody ended; return how many there were."""
        with self._lock:
            left = self.unended(device)
            for opening in left:
                open_s = open_for_s(opening, self._now())
                record = {"kind": "proved_off", "id": opening["id"], "open_s": open_s}
                self.append({**record, "reason": reason}, run=run)
        return len(left)

    def _now(self) -> Moment:
        return Moment(time=self._wall_time(), lab_time_s=self._clock.now(), session=self._session)

    def _caught_up(self) -> LightBook:
        """Count what the ledger has grown by; the caller holds the lock."""
        records = self._ledger.read()
        if len(records) < self._counted:  # another file was put in its place
            self._book, self._counted = LightBook(), 0
        for record in records[self._counted :]:
            self._book.add(record)
        self._counted = len(records)
        return self._book
