"""Dated calibrations of a station: measured once, used until they are too old.

The plans `calibrate_axis`, `measure_gain`, `measure_lambda0` and `measure_reference_ruby` write
here; ramps ask for the newest valid one and refuse to start without it. The file lies in the
station's state folder and only grows: what was used in which run can always be found again. A
wrong calibration is withdrawn by a further record, which says why.
"""

import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from dac_control.errors import RecordError, StaleCalibration
from dac_control.records.json_log import JsonLog

__all__ = [
    "KINDS",
    "CalibrationKind",
    "CalibrationLog",
    "CalibrationRecord",
    "CalibrationStore",
    "RecordLog",
    "check_age",
]

CalibrationKind = Literal["axis", "gain", "lambda0", "reference", "specimen_seen", "unstressed"]
KINDS: Final[dict[str, str]] = {
    "axis": "calibrate_axis",
    "gain": "measure_gain",
    "lambda0": "measure_lambda0",
    "reference": "measure_reference_ruby",
    "specimen_seen": "measure_vibron",
    "unstressed": "measure_reflectance",
}
"""What can be measured once and used later, and the plan that does it."""

# Clocks of two computers differ by less.
_FUTURE_S: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord:
    """One calibration as it was stored."""

    uid: str
    kind: str
    port: str
    """What it belongs to: a spectrometer's name for ``axis`` and ``gain``, a specimen's for
    ``specimen_seen`` and ``unstressed``, a chip's for others."""
    time: datetime.datetime
    """When it was measured, with its time zone."""
    content: dict[str, Any]
    """As its type gave it: `AxisCalibration.to_dict`, `PhotonTransfer.to_dict` ..."""
    run: str
    """Start document of the run that measured it; empty where there was none."""
    simulated: bool

    def age_h(self, now: datetime.datetime) -> float:
        """Hours since it was measured."""
        return (now - self.time).total_seconds() / 3600.0


class CalibrationLog(JsonLog):
    """The append-only file of calibrations; see `JsonLog`."""

    what = "the file of calibrations"
    entry = "a calibration"


class RecordLog(Protocol):
    """Where records are kept: a file, or the memory of a rehearsal."""

    def append(self, record: Mapping[str, Any]) -> None:
        """Keep one record; it is safe when this returns."""
        ...

    def read(self) -> list[dict[str, Any]]:
        """Return all records, oldest first."""
        ...


class CalibrationStore:
    """Dated calibrations over a log of records.

    Parameters
    ----------
    log : RecordLog
        Where they are kept.
    new_id : callable
        Names of calibrations; a rehearsal has its own.
    """

    def __init__(
        self, log: RecordLog, new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self._log = log
        self._new_id = new_id

    @classmethod
    def at(cls, path: Path) -> "CalibrationStore":
        """Calibrations in a file of the station's state folder."""
        return cls(CalibrationLog(path))

    def add(
        self,
        kind: CalibrationKind,
        port: str,
        content: Mapping[str, Any],
        *,
        time: datetime.datetime,
        run: str = "",
        simulated: bool = False,
    ) -> CalibrationRecord:
        """Store a calibration; it is on the disk when this returns.

        Raises
        ------
        RecordError
            It cannot be written, or it is none: unknown kind, no port, no time zone.
        """
        if kind not in KINDS or not port.strip() or time.tzinfo is None:
            raise RecordError(
                f"A calibration needs a kind out of {', '.join(KINDS)}, the name of what it "
                f"belongs to and a time with its time zone, not {kind!r}, {port!r}, {time}."
            )
        record = CalibrationRecord(
            uid=self._new_id(),
            kind=kind,
            port=port,
            time=time,
            content=dict(content),
            run=run,
            simulated=simulated,
        )
        self._log.append(
            {
                "uid": record.uid,
                "kind": kind,
                "port": port,
                "time": time.isoformat(),
                "run": run,
                "simulated": simulated,
                "content": record.content,
            }
        )
        return record

    def withdraw(self, uid: str, reason: str, *, time: datetime.datetime) -> None:
        """Say that a calibration is wrong; it stays in the file and is not used again.

        Raises
        ------
        RecordError
            There is no such calibration, the reason is empty, or it cannot be written.
        """
        if not reason.strip():
            raise RecordError("Withdrawing a calibration needs a reason; say what is wrong.")
        if all(record.uid != uid for record in self._all()):
            raise RecordError(f"There is no calibration {uid} that could be withdrawn.")
        self._log.append({"withdraws": uid, "reason": reason, "time": time.isoformat()})

    def history(
        self, kind: CalibrationKind, port: str, *, simulated: bool = False
    ) -> tuple[CalibrationRecord, ...]:
        """Return all valid calibrations of one kind and port, in the order of their times.

        Raises
        ------
        RecordError
            The file cannot be read, or a record in it is damaged.
        """
        found = [
            record
            for record in self._all()
            if (record.kind, record.port, record.simulated) == (kind, port, simulated)
        ]
        return tuple(sorted(found, key=lambda record: record.time))

    def newest(
        self,
        kind: CalibrationKind,
        port: str,
        *,
        now: datetime.datetime,
        limit_h: float | None = None,
        simulated: bool = False,
    ) -> CalibrationRecord:
        """Return the newest valid calibration, or say what to measure.

        Parameters
        ----------
        kind, port
            As for `add`.
        now : datetime.datetime
            With its time zone.
        limit_h : float, optional
            Hours that it may be old; None for any age.
        simulated : bool
            Simulated calibrations count for simulated runs, and only for them.

        Raises
        ------
        StaleCalibration
            There is none, or the newest is too old or from the future.
        RecordError
            As `history`.
        """
        found = self.history(kind, port, simulated=simulated)
        return check_age(found[-1] if found else None, kind, port, now, limit_h)

    def _all(self) -> list[CalibrationRecord]:
        """Every calibration that was not withdrawn."""
        lines = self._log.read()
        gone = {line["withdraws"] for line in lines if "withdraws" in line}
        found = [
            _record(line, number, getattr(self._log, "path", Path("memory")))
            for number, line in enumerate(lines, start=1)
            if "withdraws" not in line
        ]
        return [record for record in found if record.uid not in gone]


def check_age(
    record: CalibrationRecord | None,
    kind: CalibrationKind,
    port: str,
    now: datetime.datetime,
    limit_h: float | None = None,
    *,
    key: str = "",
) -> CalibrationRecord:
    """Return a calibration that may be used, or say what to measure.

    Parameters
    ----------
    record : CalibrationRecord or None
        The newest of this kind and port; None where there is none.
    kind, port, now, limit_h
        As for `CalibrationStore.newest`.
    key : str
        Where a file asks for it.

    Raises
    ------
    StaleCalibration
        There is none, or it is too old or from the future.
    """
    plan = KINDS[kind]
    if record is None:
        raise StaleCalibration(f"There is no {kind} calibration of '{port}'; run {plan}.", key)
    age_h = record.age_h(now)
    day = record.time.isoformat(timespec="minutes")
    if age_h * 3600.0 < -_FUTURE_S:
        raise StaleCalibration(
            f"The {kind} calibration of '{port}' is dated {day}, {-age_h:.1f} h from now; set "
            f"the clock of this computer right, or withdraw it and run {plan}.",
            key,
        )
    if limit_h is not None and age_h > limit_h:
        raise StaleCalibration(
            f"The {kind} calibration of '{port}' is {age_h:.1f} h old ({day}), and {limit_h:g} "
            f"h are allowed; run {plan}, or allow more.",
            key,
        )
    return record


def _record(line: Mapping[str, Any], number: int, path: Path) -> CalibrationRecord:
    try:
        time = datetime.datetime.fromisoformat(line["time"])
        if time.tzinfo is None or not isinstance(line["content"], dict):
            raise ValueError("no time zone, or no content")
        return CalibrationRecord(
            uid=str(line["uid"]),
            kind=str(line["kind"]),
            port=str(line["port"]),
            time=time,
            content=line["content"],
            run=str(line["run"]),
            simulated=bool(line["simulated"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"Record {number} of {path} is not a calibration ({error!r}); restore the file from a "
            "copy."
        ) from error
