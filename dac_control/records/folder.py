"""The folder of a run: its name is for people, its uid for programs."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from dac_control.records.disk import record_error, sync_folder

__all__ = ["create_run_folder", "run_folder_name"]

_SHORT_UID = 6
# Windows allows 260 characters for a whole path.
_LONGEST_PLAN = 40


def run_folder_name(start: Mapping[str, Any], uid_length: int = _SHORT_UID) -> str:
    """Name a run, e.g. ``2026-11-22_0815_pressure-ramp_ab12cd``.

    Parameters
    ----------
    start : Mapping
        The start document: its `time` (s since the epoch, named in local time), `plan_name` and
        `uid`.
    uid_length : int
        Characters of the uid to use.

    Returns
    -------
    str
        Only letters, digits, ``-`` and ``_``.
    """
    when = datetime.fromtimestamp(float(start["time"])).strftime("%Y-%m-%d_%H%M")
    plan = re.sub(r"[^a-z0-9]+", "-", str(start.get("plan_name") or "run").lower()).strip("-")
    uid = re.sub(r"[^a-z0-9]", "", str(start["uid"]).lower())[:uid_length]
    return f"{when}_{plan[:_LONGEST_PLAN].strip('-') or 'run'}_{uid}"


def create_run_folder(root: Path, start: Mapping[str, Any]) -> Path:
    """Create the folder of a run under `root`, and `root` itself if need be.

    Raises
    ------
    RecordError
        If it cannot be made: which path, why, and what to do.
    """
    folder = root / run_folder_name(start)
    if folder.exists():  # two runs in one minute whose uids begin alike
        folder = root / run_folder_name(start, uid_length=32)
    try:
        folder.mkdir(parents=True)
        sync_folder(root)
    except OSError as error:
        raise record_error("Making the run folder", folder, error) from error
    return folder
