"""Reads spectra that other programs wrote as text: two columns, with or without a header."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_recordings", "read_two_columns"]

SUFFIXES = frozenset({".asc", ".csv", ".dat", ".prn", ".spec", ".tsv", ".txt", ".xy"})
COMMENTS = ("#", "%", "!", "//")
MIN_SAMPLES = 16


def find_recordings(paths: Path | str | Iterable[Path | str]) -> list[Path]:
    """Return the spectrum files at `paths`; a folder stands for its files, sorted by name.

    Raises
    ------
    ValueError
        If a path does not exist, or there is no spectrum file in a folder.
    """
    if isinstance(paths, Path | str):
        paths = [paths]
    files = [file for path in paths for file in _expand(Path(path))]
    if not files:
        raise ValueError("There is nothing to replay: no file was named.")
    return files


def _expand(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise ValueError(f"{path}: there is no such file or folder to replay.")
        return [path]
    files = sorted(
        file
        for file in path.iterdir()
        if file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    if not files:
        known = " ".join(sorted(SUFFIXES))
        raise ValueError(f"{path}: the folder has no spectrum file (one of {known}).")
    return files


def read_two_columns(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read axis and intensity from a text file.

    Columns are parted by blanks, tabs, semicolons or commas; further columns are ignored; a
    decimal comma is understood where the columns are parted otherwise. Text before the first
    row of numbers is a header, text after the last one a trailer; text in between is an
    error. A falling axis is turned round.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    axis, intensity : ndarray, shape (n,)
        The axis rises.

    Raises
    ------
    ValueError
        If the file is not a spectrum; names the file and, where one is at fault, the line.
    OSError
        If it cannot be read.
    """
    rows: list[tuple[float, float]] = []
    lines: list[int] = []
    odd_line: int | None = None
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith(COMMENTS):
            continue
        row = _numbers(line)
        if row is None:
            if rows and odd_line is None:
                odd_line = number
            if rows and _numbers(line.split()[0] + " 0") is not None:
                raise ValueError(f"{path}:{number}: expected two numbers, found {line!r}.")
            continue
        if odd_line is not None:
            raise ValueError(f"{path}:{odd_line}: text stands between rows of numbers.")
        rows.append(row)
        lines.append(number)
    if len(rows) < MIN_SAMPLES:
        raise ValueError(
            f"{path}: found {len(rows)} rows of two numbers; a spectrum has {MIN_SAMPLES} or more."
        )
    return _checked(path, np.array(rows), lines)


def _numbers(line: str) -> tuple[float, float] | None:
    """Return the first two numbers of a row, or None if it has none."""
    fields = re.split(r"[;\t]", line) if ";" in line or "\t" in line else line.split()
    if len(fields) < 2:
        fields = line.split(",")
    fields = [field.strip(" ,").replace(",", ".") for field in fields if field.strip()]
    try:
        return float(fields[0]), float(fields[1])
    except (ValueError, IndexError):
        return None


def _checked(
    path: Path, rows: NDArray[np.float64], lines: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise ValueError(f"{path}:{lines[bad[0]]}: a value is not finite.")
    axis, intensity = rows[:, 0], rows[:, 1]
    if axis[0] > axis[-1]:
        axis, intensity, lines = axis[::-1], intensity[::-1], lines[::-1]
    bad = np.flatnonzero(np.diff(axis) <= 0)
    if bad.size:
        raise ValueError(f"{path}:{lines[bad[0] + 1]}: the axis does not rise steadily.")
    return axis.copy(), intensity.copy()
