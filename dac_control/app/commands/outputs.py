"""Files that a person asks for: never in place of what is read, never in the record of a run."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from dac_control.app.fit.sources import is_run
from dac_control.errors import ConfigurationError

__all__ = ["check_harmless", "check_writable", "write_file"]


def check_writable(path: Path, read: Iterable[Path] = ()) -> None:
    """Refuse at once where a file could not be written in the end, or would do harm.

    Parameters
    ----------
    path : Path
        The file that is asked for.
    read : iterable of Path
        Files that the command reads, and folders whose files it reads.

    Raises
    ------
    ConfigurationError
        Its folder does not exist, it is a folder itself, or as in `check_harmless`.
    """
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise ConfigurationError(f"There is no folder {path.parent} to write {path.name} into.")
    check_harmless(path, read)


def check_harmless(path: Path, read: Iterable[Path] = ()) -> None:
    """Refuse a file or folder to write where that would change what was recorded.

    Raises
    ------
    ConfigurationError
        It lies in the folder of a run, or is one of the files that are read.
    """
    target = path.resolve()
    for folder in (target, *target.parents):
        if folder.is_dir() and is_run(folder):
            raise ConfigurationError(
                f"{path} lies in the run folder {folder}, which stays as it was recorded; "
                "write somewhere else."
            )
    there = _status(target)
    # a device such as /dev/stdout may be read and written
    if there is None or not stat.S_ISREG(there.st_mode):
        return
    for each in _files(read):
        # not by name: links, and letters of either case on some disks, are the same file
        if (status := _status(each)) is not None and os.path.samestat(status, there):
            raise ConfigurationError(
                f"{path} is one of the files that are read, and would be overwritten; write "
                "somewhere else."
            )


def write_file(path: Path, text: str) -> None:
    """Write a text that a person asked for.

    Raises
    ------
    ConfigurationError
        It cannot be written there.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error}.") from error


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from path.iterdir()
        else:
            yield path


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
