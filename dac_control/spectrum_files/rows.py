"""Rows of a table that are no pixels, and lines of the file that whoever corrects it looks for."""

from typing import Final

import numpy as np

from dac_control.spectrum_files.model import Vector
from dac_control.spectrum_files.table import Block

__all__ = ["line_of_no_number", "lines_of_one_place", "without_stray_rows"]

_FEWEST_PIXELS: Final = 32
_MOST_HEADER_ROWS: Final = 8
_FAR_STEPS: Final = 10.0
"""A first row so many times the widest pitch away from the next is no pixel of that axis."""


def without_stray_rows(block: Block) -> tuple[Block, tuple[str, ...]]:
    """Leave out rows of a header that happen to be as wide as the table, and a last row twice.

    Returns
    -------
    tuple
        What remains, and a sentence on each thing that was left out.
    """
    if block.width < 2 or len(block.rows) <= _FEWEST_PIXELS:
        return block, ()
    rows, lines, notes = block.rows, block.lines, []
    above = _rows_above(np.array([row[0] for row in rows]))
    if above:
        which = f"Line {lines[0]}" if above == 1 else f"Lines {lines[0]} to {lines[above - 1]}"
        notes.append(f"{which}: numbers off the axis, taken for header.")
        rows, lines = rows[above:], lines[above:]
    if rows[-1] == rows[-2]:
        notes.append(f"Line {lines[-1]}, the last of the table, repeats the one before: left out.")
        rows, lines = rows[:-1], lines[:-1]
    return Block(lines, rows, gap=block.gap), tuple(notes)


def _rows_above(axis: Vector) -> int:
    """Count the first rows that are against the direction of all others, or far from them."""
    if not np.isfinite(axis).all():
        return 0
    with np.errstate(over="ignore"):
        steps = np.diff(axis)
        body = steps[_MOST_HEADER_ROWS:]
        direction = np.sign(body.sum())
        if direction == 0.0 or not np.all(body * direction >= 0.0):
            return 0
        pitch = float(np.abs(body).max())
        first = steps[:_MOST_HEADER_ROWS]
        astray = np.flatnonzero((first * direction < 0.0) | (np.abs(first) > _FAR_STEPS * pitch))
        count = int(astray[-1]) + 1 if astray.size else 0
        before = (axis[count] - axis[:count]) * direction
        # where pixels of the axis stand above the break, it is damage and no header
        pixels = (before > 0.0) & (before < 2.0 * pitch * np.arange(count, 0, -1))
        return 0 if pixels.any() else count


def line_of_no_number(block: Block) -> tuple[str, ...]:
    """Say in which line of the file something is no number."""
    rows = np.flatnonzero(~np.isfinite(block.values).all(axis=1))
    return tuple(f"Line {block.lines[row]} of the file holds no number." for row in rows[:1])


def lines_of_one_place(axis: Vector, lines: list[int]) -> tuple[str, ...]:
    """Say which lines of the file have one value of the axis in common."""
    if axis.size != len(lines):
        return ()
    order = np.argsort(axis, kind="stable")
    same = np.flatnonzero(axis[order[1:]] == axis[order[:-1]])
    if not same.size:
        return ()
    first = same[np.argmin(order[same])]
    one, other = (lines[row] for row in order[first : first + 2])
    more = f", and so on, {same.size} times" if same.size > 1 else ""
    return (f"Lines {one} and {other} of the file have one value on the axis{more}.",)
