"""A specimen's history on its way from one station to another: one file, carried with the cell.

Stations share no disk and need none. What is about the specimen goes with it: every light that
fell on it, since a budget is about its whole life, and what was last seen of it. What is about
an instrument stays: lambda0, axis and gain were measured on another spectrometer, and turns
are those of another drive.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dac_control.errors import RecordError
from dac_control.records.calibrations import CalibrationLog
from dac_control.records.disk import record_error, replace_file
from dac_control.records.json_log import JsonLog
from dac_control.records.light_ledger import LightLedger
from dac_control.records.lines import dumps_line, iter_lines

__all__ = ["Accepted", "History", "accept_history", "pack_history", "read_history"]

_FORMAT = "dac-control specimen history 1"
_ORIGIN = "station"


@dataclass(frozen=True, kw_only=True)
class History:
    """What a file of history holds."""

    specimen: str
    station: str
    """Which packed it."""
    simulated: bool
    packed: float
    """Wall-clock time, s since the epoch."""
    light: list[dict[str, Any]]
    seen: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What was new in it."""

    light: int
    seen: int


def pack_history(
    ledger: LightLedger,
    calibrations: CalibrationLog,
    *,
    specimen: str,
    station: str,
    simulated: bool,
    path: Path,
) -> History:
    """Write all that is known of a specimen into a file.

    Parameters
    ----------
    ledger, calibrations
        Logs of the station.
    specimen, station : str
        Their names.
    simulated : bool
        Of the station.
    path : Path
        The file; replaced if it exists.

    Raises
    ------
    RecordError
        If a log cannot be read, or the file cannot be written.
    """
    light = [orjson.loads(line) for line in ledger.lines_of_specimen(specimen).splitlines()]
    seen = [
        record
        for record in calibrations.read()
        if record.get("kind") == "specimen_seen" and record.get("port") == specimen
    ]
    history = History(
        specimen=specimen,
        station=station,
        simulated=simulated,
        packed=time.time(),
        light=[{_ORIGIN: station, **record} for record in light],
        seen=[{_ORIGIN: station, **record} for record in seen],
    )
    body = b"".join(dumps_line(record) for record in (*history.light, *history.seen))
    head = {
        "format": _FORMAT,
        "specimen": specimen,
        "station": station,
        "simulated": simulated,
        "packed": history.packed,
        "light": len(light),
        "seen": len(seen),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    try:
        replace_file(path, dumps_line(head) + body)
    except OSError as error:
        raise record_error("Writing the history", path, error) from error
    return history


def read_history(path: Path) -> History:
    """Read a file of history.

    Raises
    ------
    RecordError
        If it is none, or not as it was written.
    """
    if not path.is_file():
        raise RecordError(f"There is no file {path}; check how it is spelled.")
    lines = [content for _, content in iter_lines(path)]
    head: Any = lines[0] if lines else None
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise RecordError(
            f"{path} is no history of a specimen; `dac-control specimen pack` writes one."
        )
    records: list[Any] = lines[1:]
    body = b"".join(dumps_line(record) for record in records)
    whole = len(records) == head["light"] + head["seen"]
    if not whole or hashlib.sha256(body).hexdigest() != head["sha256"]:
        raise RecordError(f"{path} is not as it was written; pack it again at {head['station']}.")
    return History(
        specimen=head["specimen"],
        station=head["station"],
        simulated=head["simulated"],
        packed=head["packed"],
        light=records[: head["light"]],
        seen=records[head["light"] :],
    )


def accept_history(
    history: History,
    ledger: LightLedger,
    calibrations: CalibrationLog,
    *,
    specimen: str,
    simulated: bool,
) -> Accepted:
    """Add a history to the logs of a station; what is there already is not added again.

    Raises
    ------
    RecordError
        If it is of another specimen, or simulated and real would be mixed; nothing was written
        then. And if a log cannot be written.
    """
    if history.specimen != specimen:
        raise RecordError(
            f"This is the history of {history.specimen!r}, and the station file has "
            f"{specimen!r} in [specimen]; correct the one that is wrong."
        )
    if history.simulated != simulated:
        kinds = {True: "simulated", False: "real"}
        raise RecordError(
            f"This history is {kinds[history.simulated]} and the station is {kinds[simulated]}; "
            "they are never mixed."
        )
    return Accepted(light=_add(ledger, history.light), seen=_add(calibrations, history.seen))


def _add(log: JsonLog, records: Iterable[Mapping[str, Any]]) -> int:
    known = {_identity(record) for record in log.read()}
    count = 0
    for record in records:
        if _identity(record) not in known:
            log.append(record)
            known.add(_identity(record))
            count += 1
    return count


def _identity(record: Mapping[str, Any]) -> bytes:
    """The record without the station that it came from: it may come back to where it was made."""
    plain = {key: value for key, value in record.items() if key != _ORIGIN}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
