"""The ledger of light: every opening of every lamp and laser, over a specimen's whole life.

A device writes an opening here, synced, before light leaves it, and its end afterwards; the file
lies in the station's state folder, so that light from a shell counts too. What the records mean
stands in `dac_control.safety.light.ledger`.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from dac_control.records.json_log import JsonLog
from dac_control.records.lines import dumps_line

__all__ = ["LightLedger", "lines_of_specimen"]

_State = tuple[int, int]


class LightLedger(JsonLog):
    """The append-only file of openings; see `JsonLog`.

    The budget is asked before every exposure, so the records are kept in memory until somebody
    else's hand is seen on the file.
    """

    what = "the light ledger"
    entry = "an opening of a light"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known: list[dict[str, Any]] = []
        self._known_state: _State | None = None
        self._reading = threading.RLock()

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one record; see `JsonLog.append`."""
        with self._reading:
            in_step = self._known_state == self._state()
            super().append(record)
            if in_step:
                # as it would be read back: JSON knows no NaN and no tuple
                self._known.append(orjson.loads(dumps_line(dict(record))))
                self._known_state = self._state()

    def read(self) -> list[dict[str, Any]]:
        """Return all records, oldest first; see `JsonLog.read`."""
        with self._reading:
            state = self._state()
            if state != self._known_state:
                self._known, self._known_state = super().read(), state
            return list(self._known)

    def lines_of_specimen(self, specimen: str) -> bytes:
        """Return all that is known of the light on one specimen so far, as JSON lines.

        Raises
        ------
        RecordError
            As `read`.
        """
        return lines_of_specimen(self.read(), specimen)

    def _state(self) -> _State | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_size, found.st_mtime_ns


def lines_of_specimen(records: Sequence[Mapping[str, Any]], specimen: str) -> bytes:
    """Records of a ledger that are about one specimen, with the ends of its openings, as lines."""
    own = {record.get("id") for record in records if record.get("specimen") == specimen}
    kept = (
        record
        for record in records
        if record.get("specimen") == specimen
        or (record.get("id") is not None and record.get("id") in own)
    )
    return b"".join(dumps_line(record) for record in kept)
