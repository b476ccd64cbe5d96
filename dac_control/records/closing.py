"""Give a run whose process is dead its end: a stop document that says how it is known.

The process that records a run holds a lock on its journal, which the operating system lets go
with it. So whoever gets that lock knows that the run is over; a live run is never closed.
"""

import logging
import platform
import time
import uuid
from pathlib import Path
from typing import Any, Literal

import orjson

from dac_control.errors import RecordError
from dac_control.records.append_file import AppendFile
from dac_control.records.catalog import RunInfo, list_runs
from dac_control.records.copies import Copies, put_copies
from dac_control.records.journal import JOURNAL_NAME, iter_documents
from dac_control.records.recorder import ENVIRONMENT_NAME

__all__ = ["PROCESS_DIED", "close_dead_runs", "close_if_dead", "close_run"]

logger = logging.getLogger(__name__)

PROCESS_DIED = "closed by the next session: the process died"
"""Reason of a run that nobody closed while it was known why."""


def close_run(
    folder: Path,
    reason: str,
    *,
    closed_by: str,
    exit_status: Literal["abort", "fail"] = "abort",
    copies: Copies | None = None,
) -> bool:
    """Append a stop document to a run without one, and put the station's logs beside it.

    A last line that a crash tore is cut off first, as every reader leaves it out.

    Parameters
    ----------
    folder : Path
        The run folder.
    reason : str
        Why the run ended, for the stop document.
    closed_by : str
        Who says so; the key ``closed_by`` of the stop document.
    exit_status : str
        ``"abort"`` or ``"fail"``.
    copies : mapping, optional
        As of `RunRecorder`.

    Returns
    -------
    bool
        False if the run had its end already, or never began; nothing was written then.

    Raises
    ------
    RecordError
        If a live process is writing the run, or the disk refuses.
    """
    if not (folder / JOURNAL_NAME).is_file():
        return False
    with AppendFile(folder / JOURNAL_NAME, what="the journal", locked=True) as journal:
        # read under the lock: nobody else can have closed it meanwhile
        uid, events, stopped = _state(folder)
        if uid is None or stopped:
            return False
        stop = {
            "uid": str(uuid.uuid4()),
            "run_start": uid,
            "time": time.time(),
            "exit_status": exit_status,
            "reason": reason,
            "num_events": events,
            "closed_by": closed_by,
        }
        journal.append(["stop", stop])
    put_copies(folder, uid, copies or {})
    return True


def close_dead_runs(
    root: Path,
    reason: str = PROCESS_DIED,
    *,
    closed_by: str = "next session",
    copies: Copies | None = None,
    infos: list[RunInfo] | None = None,
) -> list[Path]:
    """Close every run in a folder whose process, of this machine, is dead.

    What cannot be closed (a live run, another machine's, a folder that cannot be written) is
    left as it is.

    Parameters
    ----------
    root : Path
        The folder of all runs.
    reason, closed_by, copies
        As of `close_run`.
    infos : list of RunInfo, optional
        What `list_runs` found there, if that is known already.

    Returns
    -------
    list of Path
        The folders of the runs that were closed.
    """
    found = list_runs(root) if infos is None else infos
    return [
        info.folder
        for info in found
        if info.exit_status == "unfinished"
        and close_if_dead(info.folder, reason, closed_by=closed_by, copies=copies)
    ]


def close_if_dead(
    folder: Path,
    reason: str = PROCESS_DIED,
    *,
    closed_by: str = "next session",
    copies: Copies | None = None,
) -> bool:
    """Close one run if its process, of this machine, is dead; see `close_dead_runs`."""
    if not _is_of_this_machine(folder):
        return False
    try:
        return close_run(folder, reason, closed_by=closed_by, copies=copies)
    except RecordError as error:
        logger.info("%s stays unfinished: %s", folder, error)
        return False


def _state(folder: Path) -> tuple[str | None, dict[str, int], bool]:
    """Uid, number of events by stream, and whether there is a stop document."""
    uid: str | None = None
    streams: dict[str, str] = {}
    events: dict[str, int] = {}
    stopped = False
    for name, doc in iter_documents(folder):
        if name == "start":
            uid = str(doc["uid"])
        elif name == "descriptor":
            streams[doc["uid"]] = stream = str(doc.get("name", ""))
            events.setdefault(stream, 0)
        elif name == "event":
            stream = streams.get(doc["descriptor"], "")
            # a row that was taken twice has one number
            events[stream] = max(events.get(stream, 0), int(doc["seq_num"]))
        stopped = stopped or name == "stop"
    return uid, events, stopped


def _is_of_this_machine(folder: Path) -> bool:
    """Whether the run was recorded here: a lock says nothing of another machine's processes."""
    try:
        about: Any = orjson.loads((folder / ENVIRONMENT_NAME).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    process = about.get("process") if isinstance(about, dict) else None
    return isinstance(process, dict) and process.get("host") == platform.node()
