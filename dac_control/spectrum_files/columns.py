"""Which column of a table is the axis, which are spectra, and which are neither."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.spectrum_files.axis_unit import unit_from_text
from dac_control.spectrum_files.model import AxisUnit, Vector

__all__ = ["Columns", "arrange"]

_WIDE: Final = 32
"""A table of more columns than this and fewer rows may hold a spectrum in each row."""
_MOST_COORDINATES: Final = 3
_DARK: Final = re.compile(r"^dark|^dunkel|^background", re.IGNORECASE)
_NO_SPECTRUM: Final = re.compile(
    r"^ref|sigma|error|^err\b|uncert|std|transm|absorb|reflect|^index$|^no\.?$|^fit\b|residual",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Columns:
    """A table by meaning."""

    axis: Vector
    """Shape (n,)."""
    unit: AxisUnit | None
    """Where the layout itself decides it."""
    spectra: list[tuple[str, Vector]]
    """Label and counts, shape (n,)."""
    dark: Vector | None = None


def arrange(
    values: NDArray[np.float64], headings: list[str], axis_row: list[float] | None = None
) -> Columns:
    """Find axis and spectra in a table.

    Parameters
    ----------
    values : ndarray
        Shape (rows, columns).
    headings : list of str
        Headings of the columns; ignored where there are not as many as columns.
    axis_row : list of float, optional
        A long row of numbers above the table, the axis of a map.
    """
    rows, width = values.shape
    if width == 1:
        return Columns(np.arange(rows, dtype=np.float64), "pixel", [("", values[:, 0])])
    if _is_wide(values) or _is_matrix(values, axis_row):
        return _by_rows(values, axis_row)
    if rows == 1 and width <= _WIDE:
        return Columns(values[:, 0], None, [("", values[:, 1])])
    names = headings if len(headings) == width else [""] * width
    pairs = width >= 4 and width % 2 == 0 and np.array_equal(values[:, 0], values[:, 2])
    at = 0 if pairs else _axis_column(values, names)
    spectra: list[tuple[str, Vector]] = []
    dark: Vector | None = None
    for column in range(1 if pairs else 0, width, 2 if pairs else 1):
        name = names[column]
        if column == at or (column < at and _counts_up(values[:, column])):
            continue
        if _DARK.search(name):
            dark = values[:, column]
        elif not _NO_SPECTRUM.search(name):
            spectra.append((name or f"column {column + 1}", values[:, column]))
    if not spectra:
        spectra = [(names[width - 1], values[:, width - 1])]
        dark = None
    if len(spectra) == 1:
        spectra = [("", spectra[0][1])]
    unit = unit_from_text(names[at]) if names[at] else None
    return Columns(values[:, at], unit, spectra, dark)


def _axis_column(values: NDArray[np.float64], names: list[str]) -> int:
    """The first column, unless that only counts rows or is in no order, and the second is an axis.

    Counts of a spectrum never rise or fall from one pixel to the next all along: a second column
    that does is an axis.
    """
    first, second = values[:, 0], values[:, 1]
    named = unit_from_text(names[1]) in ("nm", "cm-1")
    other = unit_from_text(names[0]) in ("nm", "cm-1")
    is_axis = named or (not other and len(second) >= _WIDE and _sorted(second))
    counts_rows = len(names) > 2 and _counts_up(first)
    return int(is_axis and (counts_rows or not _sorted(first)))


def _counts_up(column: Vector) -> bool:
    return bool(
        column[0] in (0.0, 1.0) and np.array_equal(column, column[0] + np.arange(column.size))
    )


def _is_wide(values: NDArray[np.float64]) -> bool:
    rows, width = values.shape
    return width > _WIDE and (rows < _WIDE or not _sorted(values[:, 0]))


def _is_matrix(values: NDArray[np.float64], axis_row: list[float] | None) -> bool:
    """True below an axis that is longer than the table is high.

    So are LabSpec's scans along a line, whose first column, the places, is sorted and would pass
    for an axis.
    """
    rows, width = values.shape
    extra = width - len(axis_row) if axis_row else 0
    return 0 < extra <= _MOST_COORDINATES and width - extra > rows and _sorted(np.array(axis_row))


def _by_rows(values: NDArray[np.float64], axis_row: list[float] | None) -> Columns:
    rows, width = values.shape
    extra = width - len(axis_row) if axis_row else 0
    if axis_row and 0 < extra <= _MOST_COORDINATES:
        axis, spectra, first = np.array(axis_row), values[:, extra:], 0
        coordinates = values[:, :extra]
    elif rows > 1 and _sorted(values[0]):
        axis, spectra, first = values[0], values[1:], 1
        coordinates = np.empty((rows, 0))
    else:
        axis, spectra, first = np.arange(width, dtype=np.float64), values, 0
        coordinates = np.empty((rows, 0))
    labels = [
        " ".join(f"{value:g}" for value in coordinates[row]) or f"row {row + 1 + first}"
        for row in range(spectra.shape[0])
    ]
    if len(labels) == 1:
        labels = [""]
    unit: AxisUnit | None = "pixel" if not first and not extra else None
    return Columns(axis, unit, list(zip(labels, spectra, strict=True)))


def _sorted(values: Vector) -> bool:
    before, after = values[:-1], values[1:]
    return bool(np.all(after > before) or np.all(after < before))
