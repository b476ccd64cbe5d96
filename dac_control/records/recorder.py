"""The subscriber that writes a run into its folder while it happens."""

import logging
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeAlias

import orjson

from dac_control.errors import RecordError
from dac_control.records.copies import Copies, put_copies
from dac_control.records.disk import record_error, replace_file
from dac_control.records.folder import create_run_folder
from dac_control.records.frames import FrameStore
from dac_control.records.intents_log import IntentLog
from dac_control.records.journal import Journal

__all__ = ["ENVIRONMENT_NAME", "Attachments", "RunRecorder", "environment"]

logger = logging.getLogger(__name__)

ENVIRONMENT_NAME = "environment.json"
"""What the process that recorded a run says of itself, in the run's folder."""
_HEAD = re.compile(r"^(Name|Version):[ \t]*(\S+)", re.MULTILINE)

Attachments: TypeAlias = Mapping[str, str | bytes | Path]


def environment() -> dict[str, Any]:
    """Describe the Python, the machine and the version of every installed package."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "utc_offset": time.strftime("%z"),
        "process": {"pid": os.getpid(), "host": platform.node()},
        "packages": dict(_packages()),
    }


@cache
def _packages() -> tuple[tuple[str, str], ...]:
    """Return (name, version) of every installed package, sorted."""
    found: dict[str, str] = {}
    for package in metadata.distributions():
        # Distribution.metadata parses the whole file as an e-mail: 1 s for 150 packages.
        text = package.read_text("METADATA") or package.read_text("PKG-INFO") or ""
        head = dict(_HEAD.findall(text.partition("\n\n")[0]))
        if head.keys() >= {"Name", "Version"}:
            found.setdefault(head["Name"], head["Version"])  # the first is what gets imported
    return tuple(sorted(found.items(), key=lambda item: item[0].lower()))


class RunRecorder:
    """A bluesky callback: one run folder for each run, one synced line for each document.

    Subscribe it to the RunEngine before anything else. It raises when a document cannot be
    stored, which ends the run: what is not recorded must not go on.

    Parameters
    ----------
    root : Path
        The folder of all runs; made when needed.
    attachments : callable, optional
        Given the start document, returns what to put beside the journal: file name to text,
        bytes, or a Path to copy.
    frame_store : FrameStore, optional
        Where the cameras of this session put frames; opened and closed with each run.
    intent_log : IntentLog, optional
        The station's intents; those of the run are copied into its folder at its end.
    copies : mapping of str to callable, optional
        Further files of the run folder, by name: given the run's uid, the callable returns what
        they hold when the run ends.
    about : mapping, optional
        Added to ``environment.json``: what a later program must know of this one.
    """

    def __init__(
        self,
        root: Path,
        *,
        attachments: Callable[[dict[str, Any]], Attachments] | None = None,
        frame_store: FrameStore | None = None,
        intent_log: IntentLog | None = None,
        copies: Copies | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.root = root
        self._attachments = attachments
        self._frame_store = frame_store
        self._copies = dict(copies or {})
        if intent_log is not None:
            self._copies["intents.jsonl"] = intent_log.lines_of_run
        # Looking at every package takes too long for the RunEngine's thread.
        self._environment = orjson.dumps(
            {**environment(), **dict(about or {})}, option=orjson.OPT_INDENT_2
        )
        # A pause is recorded from the thread that asked for it.
        self._lock = threading.RLock()
        self._journal: Journal | None = None
        self._uid: str | None = None
        self._folder: Path | None = None

    @property
    def folder(self) -> Path | None:
        """Folder of the run that is open, or else of the last one; None before the first."""
        return self._folder

    @property
    def recording(self) -> bool:
        """True while a run is open."""
        return self._journal is not None

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Store one document.

        Raises
        ------
        RecordError
            If it could not be stored; the run must end.
        """
        with self._lock:
            if name == "start":
                self._start(dict(doc))
            elif self._journal is None:
                # The end of a run whose folder could not be made: its error was raised then.
                logger.warning("a %s document came while no run is being recorded", name)
            elif name == "stop":
                self._stop(doc)
            else:
                self._journal.write(name, doc)

    def close(self) -> None:
        """Let go of a run that will not stop any more; it stays unfinished on the disk."""
        with self._lock, ExitStack() as closing:
            journal, self._journal = self._journal, None
            if journal is not None:
                closing.callback(journal.close)
            if self._frame_store is not None:
                closing.callback(self._frame_store.end)

    def _start(self, doc: dict[str, Any]) -> None:
        if self._journal is not None:
            raise RecordError(
                f"A run was begun while {self._uid} in {self._folder} is still open; "
                "end that one first, a recorder holds one run at a time."
            )
        attached = dict(self._attachments(doc)) if self._attachments else {}
        folder = create_run_folder(self.root, doc)
        self._folder, self._uid = folder, str(doc["uid"])
        journal = Journal(folder)
        try:
            journal.write("start", doc)
            for filename, content in attached.items():
                _attach(folder, filename, content)
            replace_file(folder / ENVIRONMENT_NAME, self._environment)
            if self._frame_store is not None:
                about = {"uid": self._uid, "simulated": bool(doc.get("simulated", False))}
                self._frame_store.begin(folder, about)
        except BaseException:
            journal.close()
            raise
        self._journal = journal

    def _stop(self, doc: Mapping[str, Any]) -> None:
        # Each step is taken whatever became of the one before: callbacks run last to first.
        with ExitStack() as closing:
            closing.callback(self.close)
            if self._folder is not None and self._uid is not None:
                closing.callback(put_copies, self._folder, self._uid, self._copies)
            if self._journal is not None:
                self._journal.write("stop", doc)


def _attach(folder: Path, filename: str, content: str | bytes | Path) -> None:
    plain = PureWindowsPath(filename).name == PurePosixPath(filename).name == filename
    if not plain or (folder / filename).exists():
        raise RecordError(
            f"A file called {filename!r} cannot be put into the run folder {folder}; "
            "give it a plain name that is not in use there."
        )
    if isinstance(content, Path):
        try:
            content = content.read_bytes()
        except OSError as error:
            raise record_error("Copying a file into the run folder", content, error) from error
    data = content.encode() if isinstance(content, str) else content
    replace_file(folder / filename, data)
