"""Tickets that wait for a time; files, so that they outlive every process."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from dac_control.app.queue.place import Place
from dac_control.records.disk import replace_file

__all__ = ["Scheduled", "due", "forget", "misses", "schedule", "scheduled"]

# Later than this, nobody knows whether the cell still is as it was meant to be.
LATE_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """A ticket and its time."""

    ticket: str
    title: str
    at: float
    """Wall-clock time, s since the epoch."""

    @property
    def when(self) -> str:
        """The time for people."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.at))


def schedule(place: Place, item: Scheduled) -> None:
    """Let a ticket wait for its time; on the disk when this returns."""
    replace_file(_path(place, item.ticket), orjson.dumps(asdict(item)))


def scheduled(place: Place) -> list[Scheduled]:
    """All that wait, the next first."""
    found = [
        Scheduled(**orjson.loads(path.read_bytes())) for path in place.scheduled.glob("*.json")
    ]
    return sorted(found, key=lambda item: (item.at, item.ticket))


def due(place: Place, now: float | None = None) -> list[Scheduled]:
    """Those whose time has come."""
    now = time.time() if now is None else now
    return [item for item in scheduled(place) if now - LATE_S <= item.at <= now]


def misses(place: Place, now: float | None = None) -> list[Scheduled]:
    """Those whose time went by while no queue was running."""
    now = time.time() if now is None else now
    return [item for item in scheduled(place) if item.at < now - LATE_S]


def forget(place: Place, ticket: str) -> None:
    """Let a ticket wait no more."""
    _path(place, ticket).unlink(missing_ok=True)


def _path(place: Place, ticket: str) -> Path:
    return place.scheduled / f"{ticket}.json"
