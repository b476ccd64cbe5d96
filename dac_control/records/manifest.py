"""The manifest of a run folder: a sum for every file, so that a later change shows.

The file has the syntax of a payload manifest of BagIt (RFC 8493, section 2.1.3): a SHA-256 sum
in hexadecimal, two spaces, the path with forward slashes, in which CR, LF and % are
percent-encoded. ``sha256sum -c manifest-sha256.txt`` checks it too.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dac_control.errors import RecordError
from dac_control.records.disk import record_error, replace_file

__all__ = ["MANIFEST_NAME", "Difference", "verify_manifest", "write_manifest"]

MANIFEST_NAME = "manifest-sha256.txt"
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")


@dataclass(frozen=True)
class Difference:
    """A file that is not as the manifest says."""

    path: str
    """Relative to the run folder, with forward slashes."""
    problem: Literal["changed", "missing", "unlisted"]

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def write_manifest(folder: Path) -> Path:
    """Write the manifest over all files of `folder` except itself.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    RecordError
        If a file cannot be read or the manifest cannot be written.
    """
    lines = [f"{_sum(folder / path)}  {_encode(path)}\n" for path in _files(folder)]
    target = folder / MANIFEST_NAME
    replace_file(target, "".join(lines).encode())
    return target


def verify_manifest(folder: Path) -> list[Difference]:
    """Compare `folder` with its manifest.

    Returns
    -------
    list of Difference
        Sorted by path; empty if every file is as it was.

    Raises
    ------
    RecordError
        If there is no manifest, it is malformed, or a file cannot be read.
    """
    listed, present = _read(folder / MANIFEST_NAME), set(_files(folder))
    found: list[Difference] = []
    for path in sorted(listed.keys() | present):
        if path not in present:
            found.append(Difference(path, "missing"))
        elif path not in listed:
            found.append(Difference(path, "unlisted"))
        elif _sum(folder / path) != listed[path]:
            found.append(Difference(path, "changed"))
    return found


def _files(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise RecordError(f"There is no run folder {folder}; check how it is spelled.")
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if path != MANIFEST_NAME)


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise record_error("Reading the file", path, error) from error


def _read(manifest: Path) -> dict[str, str]:
    try:
        text = manifest.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordError(
            f"There is no manifest {manifest}; the run was not finished, so nothing can be checked."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"The manifest {manifest} cannot be read: {error}.") from error
    listed: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            raise RecordError(
                f"Line {number} of {manifest} is not a sum and a path; restore it from a copy."
            )
        listed[_decode(match[2])] = match[1].lower()
    return listed


def _encode(path: str) -> str:
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decode(path: str) -> str:
    return re.sub("%0[aA]", "\n", re.sub("%0[dD]", "\r", path)).replace("%25", "%")
