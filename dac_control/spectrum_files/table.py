"""The block of numbers in a text: where it begins, where it ends, and whether a row is damaged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.dialect import Dialect, is_comment

__all__ = ["Block", "find_blocks"]

_FEWEST_ROWS: Final = 8
"""Shorter runs of numbers beside a longer one belong to header or footer."""
_LONGEST_QUOTE: Final = 40


@dataclass
class Block:
    """Rows of equally many numbers, one below the other."""

    lines: list[int] = field(default_factory=list[int])
    """Line of the file of each row, counted from 1."""
    rows: list[list[float]] = field(default_factory=list[list[float]])
    gap: bool = False
    """True where only blank lines or comments stand between it and the block before."""

    @property
    def first_line(self) -> int:
        """Line of the first row."""
        return self.lines[0]

    @property
    def last_line(self) -> int:
        """Line of the last row."""
        return self.lines[-1]

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(self.rows[0])

    @property
    def values(self) -> NDArray[np.float64]:
        """Shape (rows, width)."""
        return np.array(self.rows, dtype=np.float64)

    @property
    def direction(self) -> float:
        """+1 where the first column rises on the whole, -1 where it falls."""
        return 1.0 if self.rows[-1][0] >= self.rows[0][0] else -1.0

    def continues(self, before: "Block") -> bool:
        """True where its first column goes on in the direction of the block before."""
        step = self.rows[0][0] - before.rows[-1][0]
        return len(before.rows) > 1 and step * before.direction > 0.0


def find_blocks(lines: Sequence[str], dialect: Dialect, path: Path) -> tuple[list[Block], str]:
    """Find the tables of a text: one, or several of one width below each other.

    Returns
    -------
    tuple
        The blocks, and a sentence on a last row that was cut off (empty where none was).

    Raises
    ------
    SpectrumFileError
        There is no table, or a line inside of it is damaged.
    """
    runs = _runs(lines, dialect)
    if not runs:
        raise SpectrumFileError(f"{path} holds no numbers; it is no file of spectra.")
    main = max(runs, key=lambda run: (len(run.rows) * min(run.width, 2), run.width))
    blocks: list[Block] = []
    for run in runs:
        if run.width != main.width:
            continue
        before = blocks[-1] if blocks else None
        if before is not None and run.continues(before) and _same_table(run, before, main):
            if not run.gap:
                raise _damaged(lines, before, run, path)
            before.rows += run.rows
            before.lines += run.lines
        elif len(run.rows) >= min(_FEWEST_ROWS, len(main.rows)):
            blocks.append(run)
    return blocks, _cut_off(lines, runs, blocks[-1])


def _same_table(run: Block, before: Block, main: Block) -> bool:
    return run is main or before is main or len(run.rows) >= _FEWEST_ROWS


def _runs(lines: Sequence[str], dialect: Dialect) -> list[Block]:
    runs: list[Block] = []
    open_run, only_gap = False, True
    for number, line in enumerate(lines, start=1):
        if not line.strip() or is_comment(line):
            open_run = False
            continue
        row = dialect.numbers(line)
        if row is None:
            open_run, only_gap = False, False
            continue
        if not open_run or len(row) != runs[-1].width:
            gap = only_gap and bool(runs) and len(row) == runs[-1].width
            runs.append(Block(gap=gap))
            open_run, only_gap = True, True
        runs[-1].rows.append(row)
        runs[-1].lines.append(number)
    return runs


def _damaged(lines: Sequence[str], before: Block, after: Block, path: Path) -> SpectrumFileError:
    for number in range(before.last_line + 1, after.first_line):
        line = lines[number - 1].strip()
        if line and not is_comment(line):
            quote = line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "..."
            return SpectrumFileError(
                f"Line {number} of {path} reads '{quote}' where {before.width} numbers should "
                "stand, as above and below it; correct it or take it out."
            )
    return SpectrumFileError(f"The table of {path} is broken at line {before.last_line + 1}.")


def _cut_off(lines: Sequence[str], runs: Sequence[Block], last: Block) -> str:
    """Recognise a file that ends inside of a row."""
    following = [run for run in runs if run.first_line == last.last_line + 1]
    ends = all(not line.strip() for line in lines[last.last_line + 1 :])
    if following and ends and following[0].width < last.width and lines[-1].strip():
        return f"Line {last.last_line + 1}, the last, is cut off and was left out."
    return ""
