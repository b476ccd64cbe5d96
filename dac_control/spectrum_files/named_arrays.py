"""Which of the named arrays of a file are spectra, and which is the axis of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dac_control.errors import SpectrumFileError

__all__ = ["choose", "refuse_axis_of_other_length"]

_AXIS_NAMES: Final = (
    "wavelength_nm", "wavelengths_nm", "wavelength", "wavelengths", "lambda", "lam", "wl", "wave",
    "nm", "raman_shift_cm1", "raman_shift", "ramanshift", "shift_cm1", "shift", "wavenumber",
    "wavenumbers", "cm1", "axis", "x_axis", "xaxis", "spectral_axis", "x", "pixel", "pixels",
)  # fmt: skip
_COUNTS_NAMES: Final = (
    "counts", "spectrum", "spectra", "intensity", "intensities", "raw", "signal", "data", "y",
    "spectrometer_spectrum", "frames",
)  # fmt: skip
_LARGEST_DIMENSION: Final = 3

Shapes = Mapping[str, Sequence[int]]


def choose(shapes: Shapes, path: Path, dataset: str | None) -> list[tuple[str | None, str]]:
    """Find the arrays of axes and counts by their names and shapes.

    Parameters
    ----------
    shapes : mapping
        Shape of every numeric array by its name or path.
    path : Path
        For messages.
    dataset : str or None
        Name of the counts where somebody says so; a leading "/" does not matter.

    Returns
    -------
    list of tuple
        Name of the axis (None where there is none) and of the counts: one pair for each folder
        of the file that holds counts of its own.

    Raises
    ------
    SpectrumFileError
        The counts are not found, or several arrays could be the counts of one axis.
    """
    big = {n: tuple(s) for n, s in shapes.items() if 1 <= len(s) <= _LARGEST_DIMENSION}
    if dataset is not None:
        wanted = dataset.strip("/")
        counts = next((name for name in big if name.strip("/") == wanted), None)
        if counts is None:
            raise SpectrumFileError(f"{path} has no dataset '{dataset}'. {_listing(shapes)}")
        return [(_axis_of(counts, big), counts)]
    named = [name for name in big if _last(name) in _COUNTS_NAMES]
    alone = _only_one(big)
    if not named and alone is None:
        raise SpectrumFileError(
            f"Which dataset of {path} holds the spectra is not clear; name it with --dataset. "
            f"{_listing(shapes)}"
        )
    pairs = [(_axis_of(name, big), name) for name in named or [alone or ""]]
    found, rivals = _one_a_folder(pairs, big)
    near = [pair for pair in found if _is_near(*pair)]
    if near:
        # Counts without an axis of their own that would fit another's are left to the user;
        # arrays of other lengths, such as a monitor's readings, are no spectra.
        rivals += [name for axis, name in found if axis and not _is_near(axis, name)]
        found = near
    if rivals:
        candidates = {name: shapes[name] for name in [*(name for _, name in found), *rivals]}
        raise SpectrumFileError(
            f"Several datasets of {path} could hold the spectra; name one with --dataset: "
            f"{_written(candidates)}."
        )
    return found


def refuse_axis_of_other_length(shapes: Shapes, counts: str, path: Path) -> None:
    """Refuse counts without a fitting axis where an array beside them is called one.

    Raises
    ------
    SpectrumFileError
        There is such an array; the text says how long it is.
    """
    beside = {n: s for n, s in shapes.items() if n != counts and _folder(n) == _folder(counts)}
    axis = _by_name(_AXIS_NAMES, {n: s for n, s in beside.items() if max(s, default=1) > 1})
    if axis is not None:
        raise SpectrumFileError(
            f"The axis {axis} in {path} has {_written_shape(shapes[axis])} values and "
            f"{counts} {_written_shape(shapes[counts])}; an axis has one value for each pixel."
        )


def _axis_of(counts: str, shapes: Shapes) -> str | None:
    """Name of the fitting axis that is nearest: beside the counts, in a folder above, anywhere."""
    fitting = {n: s for n, s in shapes.items() if n != counts and _fits(s, shapes[counts])}
    beside = {n: s for n, s in fitting.items() if _folder(n) == _folder(counts)}
    near = {n: s for n, s in fitting.items() if _is_near(n, counts)}
    return next(
        (axis for each in (beside, near, fitting) if (axis := _by_name(_AXIS_NAMES, each))), None
    )


def _one_a_folder(
    pairs: Sequence[tuple[str | None, str]], shapes: Shapes
) -> tuple[list[tuple[str | None, str]], list[str]]:
    """Take the counts of the commonest name in each folder; list what is as likely beside it."""
    found: list[tuple[str | None, str]] = []
    rivals: list[str] = []
    for folder in dict.fromkeys(_folder(name) for _, name in pairs):
        here = {name: axis for axis, name in pairs if _folder(name) == folder}
        with_axis = {name: axis for name, axis in here.items() if axis is not None} or here
        best = _by_name(_COUNTS_NAMES, {n: shapes[n] for n in with_axis}) or next(iter(with_axis))
        found.append((here[best], best))
        rivals += [
            name
            for name, axis in with_axis.items()
            if name != best and axis == here[best] and shapes[name][-1] == shapes[best][-1]
        ]
    return found, rivals


def _is_near(axis: str | None, counts: str) -> bool:
    """True for an axis in the folder of the counts or in one above it."""
    if axis is None:
        return False
    return not _folder(axis) or f"{_folder(counts)}/".startswith(f"{_folder(axis)}/")


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _last(name: str) -> str:
    return name.rpartition("/")[2].lower().replace(" ", "_").replace("-", "")


def _by_name(names: Sequence[str], shapes: Shapes) -> str | None:
    return next((name for wanted in names for name in shapes if _last(name) == wanted), None)


def _only_one(shapes: Shapes) -> str | None:
    rest = [name for name in shapes if _last(name) not in _AXIS_NAMES]
    return rest[0] if len(rest) == 1 else None


def _fits(axis: Sequence[int], counts: Sequence[int]) -> bool:
    return tuple(axis) == tuple(counts) or (len(axis) == 1 and axis[0] in counts)


def _listing(shapes: Shapes) -> str:
    return f"It holds {_written(shapes) or 'no arrays of numbers'}."


def _written(shapes: Shapes) -> str:
    some = [f"{name} {_written_shape(shape) or 'scalar'}" for name, shape in shapes.items()]
    more = f" and {len(some) - 12} more" if len(some) > 12 else ""
    return f"{', '.join(some[:12])}{more}"


def _written_shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
