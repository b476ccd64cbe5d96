"""The runs in a folder: which there are, and which one a person means."""

import logging
import os
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dac_control.errors import RecordError
from dac_control.records.disk import record_error
from dac_control.records.journal import JOURNAL_NAME

__all__ = ["RunInfo", "find_run", "list_runs"]

logger = logging.getLogger(__name__)

# A stop document is a few hundred bytes; its reason may hold a long message.
_TAIL_BYTES = 65536


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What the first and the last line of a journal tell of a run."""

    folder: Path
    uid: str
    plan: str
    time: float
    """Start of the run in s since the epoch."""
    scan_id: int | None
    exit_status: str
    """``"success"``, ``"abort"``, ``"fail"`` or ``"unfinished"``."""
    reason: str
    simulated: bool
    start: dict[str, Any]
    """The start document."""


def list_runs(folder: Path | str, *, but: Container[str] = ()) -> list[RunInfo]:
    """List the runs in a folder, the newest first; reads two lines of each.

    A journal without a readable first line is no run yet; it is logged and left out.

    Parameters
    ----------
    folder : Path or str
        The folder of all runs; if it does not exist there are none.
    but : container of str
        Names of run folders to leave out; of these nothing is read.

    Raises
    ------
    RecordError
        If the folder or a journal cannot be read.
    """
    paths = _run_folders(Path(folder), but)
    found = [info for path in paths if (info := _peek(path)) is not None]
    return sorted(found, key=lambda info: (info.time, info.uid), reverse=True)


def find_run(text: str, folder: Path | str) -> Path:
    """Find the run folder that a person means.

    Parameters
    ----------
    text : str
        A path of a run folder, or the name, the uid, or the beginning of the uid of a run in
        `folder`.
    folder : Path or str
        The folder of all runs.

    Raises
    ------
    RecordError
        If no run or more than one is meant; the candidates are named.
    """
    wanted = text.strip()
    if not wanted:
        raise RecordError("No run was named; give a uid, its beginning, or a run folder.")
    for path in (Path(wanted), Path(folder) / wanted):
        if path.name == JOURNAL_NAME:
            path = path.parent
        if (path / JOURNAL_NAME).is_file():
            return path
    found = [info for info in list_runs(folder) if info.uid.lower().startswith(wanted.lower())]
    if len(found) == 1:
        return found[0].folder
    if not found:
        raise RecordError(
            f"There is no run {wanted!r} in {folder}; `dac-control runs` lists those there are."
        )
    names = ", ".join(f"{info.uid} ({info.folder.name})" for info in found)
    raise RecordError(
        f"{wanted!r} may be any of {len(found)} runs: {names}; give more of the uid, or the folder."
    )


def _run_folders(root: Path, but: Container[str]) -> list[Path]:
    try:
        names = [name for name in os.listdir(root) if name not in but]
        return [root / name for name in names if (root / name / JOURNAL_NAME).is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise record_error("Listing the runs", root, error) from error


def _peek(folder: Path) -> RunInfo | None:
    path = folder / JOURNAL_NAME
    try:
        with path.open("rb") as file:
            first = file.readline()
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            # The last two: a line torn by a power cut may follow the last whole one.
            last = file.read().rstrip(b"\n").split(b"\n")[-2:]
    except OSError as error:
        raise record_error("Reading the journal", path, error) from error
    start = _document(first, "start")
    stop = next((doc for line in last if (doc := _document(line, "stop"))), None)
    if start is None or "uid" not in start:
        logger.warning("%s has no start document; the run was killed before it began", path)
        return None
    return RunInfo(
        folder=folder,
        uid=str(start["uid"]),
        plan=str(start.get("plan_name", "")),
        time=float(start.get("time") or 0.0),
        scan_id=start.get("scan_id"),
        exit_status=str(stop["exit_status"]) if stop else "unfinished",
        reason=str(stop.get("reason") or "") if stop else "",
        simulated=bool(start.get("simulated", False)),
        start=start,
    )


def _document(line: bytes, name: str) -> dict[str, Any] | None:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    match content:
        case [str() as found, dict() as document] if found == name:
            return document
        case _:
            return None
