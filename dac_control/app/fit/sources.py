"""From the arguments of ``fit`` to files: names, folders, patterns, run folders."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dac_control.errors import ConfigurationError

__all__ = ["Source", "find_sources", "is_run"]

JOURNAL_NAME: Final = "documents.jsonl"
_NO_SPECTRA: Final = frozenset(
    ".md .rst .py .m .ipynb .toml .yaml .yml .json .jsonl .log .ini .cfg .html .htm .xml .bib .tex"
    " .png .jpg .jpeg .gif .svg .tif .tiff .bmp .pdf .doc .docx .ppt .pptx .odt .zip .exe .dll"
    " .mp4 .avi .mov".split()
)
"""Kinds of files that lie beside spectra in a folder; named one by one they are tried."""


@dataclass(frozen=True)
class Source:
    """A file of spectra, or a run folder."""

    path: Path
    run: bool = False


def is_run(path: Path) -> bool:
    """True for the folder of a recorded run, and for the journal in it."""
    return path.name == JOURNAL_NAME or (path / JOURNAL_NAME).is_file()


def find_sources(arguments: Sequence[str]) -> tuple[list[Source], list[Path]]:
    """Find the files that are meant.

    Parameters
    ----------
    arguments : sequence of str
        Files, folders (all files in them), run folders, and patterns with ``*``, which some
        shells do not expand.

    Returns
    -------
    tuple
        The files in order, and those in folders that were left out because of their kind. A
        file that is named and does not exist is among the first.

    Raises
    ------
    ConfigurationError
        Nothing that was named exists.
    """
    found: list[Source] = []
    left_out: list[Path] = []
    for argument in arguments:
        for path in _expand(argument):
            if is_run(path):
                found.append(Source(path, run=True))
            elif path.is_dir():
                _take_folder(path, found, left_out)
            else:
                found.append(Source(path))
    if not any(source.path.exists() for source in found):
        raise ConfigurationError(_nothing(arguments, found, left_out))
    return found, left_out


def _expand(argument: str) -> list[Path]:
    path = Path(argument).expanduser()
    if path.exists() or not glob.has_magic(argument):
        return [path]
    return [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]


def _take_folder(folder: Path, found: list[Source], left_out: list[Path]) -> None:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if is_run(path):
                found.append(Source(path, run=True))
        elif path.suffix.lower() in _NO_SPECTRA:
            left_out.append(path)
        else:
            found.append(Source(path))


def _nothing(arguments: Sequence[str], found: Sequence[Source], left_out: Sequence[Path]) -> str:
    if left_out:
        return f"There are no spectra here, only files such as {left_out[0]}; name a file."
    if len(found) == 1:
        return f"There is no file {found[0].path}; check how it is spelled."
    if found:
        return f"None of the {len(found)} files exists, the first is {found[0].path}."
    folders = ", ".join(str(Path(each)) for each in arguments if Path(each).is_dir())
    if folders:
        return (
            f"There are no files in {folders}; for those in the folders below it give a pattern "
            f"such as '{Path(arguments[0]) / '**' / '*.txt'}'."
        )
    return f"No file matches {', '.join(arguments)}."
