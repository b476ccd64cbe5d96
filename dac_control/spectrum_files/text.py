"""Text files: two columns or many, with any header; OceanView, Andor and LabSpec among them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.axis_unit import unit_from_values
from dac_control.spectrum_files.columns import arrange
from dac_control.spectrum_files.decode import decode_lines
from dac_control.spectrum_files.dialect import (
    COMMENTS,
    Dialect,
    detect,
    is_comment,
    one_comma_for_both,
    two_marks,
)
from dac_control.spectrum_files.header import axis_unit_of, entries, metadata_of
from dac_control.spectrum_files.model import FileFrame, SpectrumFile
from dac_control.spectrum_files.rows import (
    line_of_no_number,
    lines_of_one_place,
    without_stray_rows,
)
from dac_control.spectrum_files.table import Block, find_blocks

__all__ = ["read_text"]

_HEADING_LINES: Final = 3
_FEWEST_PIXELS: Final = 32
_NUMERIC_ENTRY: Final = re.compile(r"^[^:=]*[:=]\s*[-+]?[\d.,]+\s*\S{0,8}$")
_WORDY_ENTRY: Final = re.compile(r"^[^:=]*[:=]\s*\w+$")
_KINDS: Final = (
    ("OceanView text", re.compile(r">{3,}\s*begin .*spectral data", re.IGNORECASE)),
    ("Andor text", re.compile(r"pre-amplifier gain|exposure time \(secs\)", re.IGNORECASE)),
    ("LabSpec text", re.compile(r"^#acq\. time", re.IGNORECASE)),
)


def read_text(data: bytes, path: Path) -> SpectrumFile:
    """Read spectra out of a text.

    The delimiter, the decimal sign and the length of header and footer are found out. Two
    columns are an axis and counts; of more, the first is the axis and each other one a spectrum;
    one column is counts by pixel. Rows of more than 32 numbers below a row of an axis are
    spectra too (maps). Tables below each other are one spectrum each.

    Raises
    ------
    SpectrumFileError
        There is no table of numbers, or it is damaged.
    """
    lines = decode_lines(data, path)
    if not any(line.strip() for line in lines):
        raise SpectrumFileError(f"{path} is empty.")
    dialect = detect(lines)
    if dialect is None:
        raise SpectrumFileError(f"{path} holds no numbers; it is no file of spectra.")
    if line := one_comma_for_both(lines, dialect):
        raise SpectrumFileError(
            f"{path} has commas both in its numbers and between its columns ('{line[:40]}'); "
            "export it with semicolons or tabs between the columns."
        )
    if line := two_marks(lines, dialect):
        raise SpectrumFileError(
            f"{path} has a point in one number and a comma in another ('{line[:40]}'), so that "
            "one of them may part thousands; export it without marks of thousands."
        )
    axis_row = _axis_above(lines, dialect)
    blocks, cut = find_blocks(lines, dialect, path)
    header = [line for line in lines[: blocks[0].first_line - 1] if line.strip()]
    footer = [line for line in lines[blocks[-1].last_line :] if line.strip()]
    frames: list[FileFrame] = []
    for number, block in enumerate(blocks, start=1):
        frames += _frames_of(
            block,
            header=header,
            footer=footer,
            dialect=dialect,
            prefix=f"table {number}, " if len(blocks) > 1 else "",
            notes=(cut,) if cut else (),
            axis_row=axis_row,
        )
    return SpectrumFile(path=path, kind=_kind([*header, *footer]), frames=tuple(frames))


def _frames_of(
    block: Block,
    *,
    header: list[str],
    footer: list[str],
    dialect: Dialect,
    prefix: str,
    notes: tuple[str, ...],
    axis_row: list[float] | None,
) -> list[FileFrame]:
    found = entries([*header, *footer])
    metadata = metadata_of(found)
    headings = _headings(header)
    block, more = without_stray_rows(block)
    names = dialect.fields(headings[-1].lstrip(" #%!;")) if headings else []
    columns = arrange(block.values, names, axis_row)
    unit = columns.unit or _unit(found, headings, dialect)
    if unit is None:
        unit = unit_from_values(columns.axis, metadata.get("centre_nm"))
    if columns.dark is not None:
        metadata = {**metadata, "dark_counts": columns.dark}
    places = lines_of_one_place(columns.axis, block.lines)
    remarks = (*notes, *more, *places, *line_of_no_number(block))
    return [
        FileFrame(
            axis=columns.axis,
            axis_unit=unit,
            counts=counts,
            label=f"{prefix}{label}".strip(", "),
            metadata=metadata,
            notes=remarks,
        )
        for label, counts in columns.spectra
    ]


def _headings(header: Sequence[str]) -> list[str]:
    """Last lines above the table that can be headings of columns."""
    last = [line.strip() for line in header[-_HEADING_LINES:]]
    return [line for line in last if not _NUMERIC_ENTRY.match(line) and not line.startswith(">>")]


def _unit(found: list[tuple[str, str]], headings: list[str], dialect: Dialect) -> Any:
    for heading in reversed(headings):
        bare = heading.lstrip(" " + "".join(COMMENTS))
        fields = dialect.fields(bare) if dialect.delimiter != " " else re.split(r"\t| {2,}", bare)
        for text in (fields[0] if fields else "", bare):
            unit = axis_unit_of([], text)
            # OOIBase32 ends its header with "Reference Channel: Master": no heading of pixels
            if unit is not None and not (unit == "pixel" and _WORDY_ENTRY.match(bare)):
                return unit
    return axis_unit_of(found, "")


def _axis_above(lines: Sequence[str], dialect: Dialect) -> list[float] | None:
    """Row of an axis above a map: longer than any table is wide, the first row of numbers."""
    for line in lines:
        if is_comment(line):
            continue
        row = dialect.numbers(line)
        if row is not None:
            return row if len(row) > _FEWEST_PIXELS else None
    return None


def _kind(header: Sequence[str]) -> str:
    for kind, pattern in _KINDS:
        if any(pattern.search(line) for line in header):
            return kind
    return "text"
