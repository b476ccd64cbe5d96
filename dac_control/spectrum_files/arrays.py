"""Files of named arrays: NumPy's .npy and .npz, and what they share with HDF5."""

import io
import tokenize
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.axis_unit import unit_from_text, unit_from_values
from dac_control.spectrum_files.columns import arrange
from dac_control.spectrum_files.model import AxisUnit, FileFrame, SpectrumFile

__all__ = ["choose", "frames_of", "read_npy", "read_npz"]

AXIS_NAMES: Final = (
    "wavelength_nm", "wavelengths_nm", "wavelength", "wavelengths", "lambda", "lam", "wl", "wave",
    "nm", "raman_shift_cm1", "raman_shift", "ramanshift", "shift_cm1", "shift", "wavenumber",
    "wavenumbers", "cm1", "axis", "x_axis", "xaxis", "spectral_axis", "x", "pixel", "pixels",
)  # fmt: skip
COUNTS_NAMES: Final = (
    "counts", "spectrum", "spectra", "intensity", "intensities", "raw", "signal", "data", "y",
    "spectrometer_spectrum", "frames",
)  # fmt: skip
_LARGEST_DIMENSION: Final = 3
# NumPy reads the header with Python's own tokenizer, whose complaint is no SyntaxError.
_DAMAGED: Final = (ValueError, OSError, EOFError, SyntaxError, MemoryError, tokenize.TokenError)


def read_npy(data: bytes, path: Path) -> SpectrumFile:
    """Read one array: counts by pixel, or columns or rows of which the first is the axis.

    Raises
    ------
    SpectrumFileError
        It is damaged, or holds Python objects or text.
    """
    array = _load(data, path)
    if array.dtype.names:
        return _named({name: array[name] for name in array.dtype.names}, path, None, "NumPy array")
    array = _numeric(array, path, "the array")
    if array.ndim == 1:
        frames = frames_of(None, array, path)
    else:
        table = array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array
        if table.shape[0] == 2 and table.shape[1] > 2:
            table = table.T
        columns = arrange(np.asarray(table, dtype=np.float64), [])
        unit = columns.unit or unit_from_values(columns.axis)
        frames = tuple(
            FileFrame(axis=columns.axis, axis_unit=unit, counts=counts, label=label)
            for label, counts in columns.spectra
        )
    return SpectrumFile(path=path, kind="NumPy array", frames=frames)


def read_npz(data: bytes, path: Path, dataset: str | None) -> SpectrumFile:
    """Read an archive of arrays, found by common names or by the name `dataset`.

    Raises
    ------
    SpectrumFileError
        It is damaged, or the arrays are not found; the text lists what is there.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (*_DAMAGED, zipfile.BadZipFile, KeyError) as error:
        raise SpectrumFileError(f"{path} is no sound NumPy archive: {error}.") from error
    return _named(arrays, path, dataset, "NumPy archive")


def _load(data: bytes, path: Path) -> NDArray[Any]:
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except _DAMAGED as error:
        raise SpectrumFileError(f"{path} is no sound NumPy array: {error}.") from error


def _named(
    arrays: Mapping[str, NDArray[Any]], path: Path, dataset: str | None, kind: str
) -> SpectrumFile:
    shapes = {name: a.shape for name, a in arrays.items() if a.dtype.kind in "biuf"}
    axis_name, counts_name = choose(shapes, path, dataset)
    axis = None if axis_name is None else arrays[axis_name]
    scalars = {
        name: array.item()
        for name, array in arrays.items()
        if array.ndim == 0 and array.dtype.kind in "iuf"
    }
    unit = None if axis_name is None else unit_from_text(axis_name.replace("_", " "))
    frames = frames_of(axis, arrays[counts_name], path, unit=unit, metadata=_known(scalars))
    return SpectrumFile(path=path, kind=kind, frames=frames)


def _known(scalars: Mapping[str, Any]) -> dict[str, Any]:
    names = ("exposure_s", "averages", "gain_e_per_count", "read_noise_e", "dark_counts",
             "saturation_counts", "temperature_k", "laser_nm")  # fmt: skip
    return {name: scalars[name] for name in names if name in scalars}


def choose(
    shapes: Mapping[str, Sequence[int]], path: Path, dataset: str | None
) -> tuple[str | None, str]:
    """Find the arrays of axis and counts by their names and shapes.

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
    tuple
        Name of the axis (None where there is none) and of the counts.

    Raises
    ------
    SpectrumFileError
        The counts are not found.
    """
    big = {n: tuple(s) for n, s in shapes.items() if 1 <= len(s) <= _LARGEST_DIMENSION}
    if dataset is not None:
        wanted = dataset.strip("/")
        counts = next((name for name in big if name.strip("/") == wanted), None)
        if counts is None:
            raise SpectrumFileError(f"{path} has no dataset '{dataset}'; {_listing(shapes)}")
    else:
        counts = _by_name(COUNTS_NAMES, big) or _only_one(big)
        if counts is None:
            raise SpectrumFileError(
                f"Which dataset of {path} holds the spectra is not clear; name it with "
                f"--dataset. {_listing(shapes).capitalize()}"
            )
    shape = big[counts]
    fitting = {n: s for n, s in big.items() if n != counts and _fits(s, shape)}
    folder = counts.rpartition("/")[0]
    beside = {n: s for n, s in fitting.items() if n.rpartition("/")[0] == folder}
    return _by_name(AXIS_NAMES, beside) or _by_name(AXIS_NAMES, fitting), counts


def frames_of(
    axis: NDArray[Any] | None,
    counts: NDArray[Any],
    path: Path,
    *,
    unit: AxisUnit | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> tuple[FileFrame, ...]:
    """Cut counts of shape (n,), (frames, n), (n, frames) or (rows, columns, n) into frames.

    Parameters
    ----------
    axis : ndarray or None
        Shape (n,), or that of the counts where each spectrum has its own.
    """
    counts = _numeric(counts, path, "the dataset of the spectra")
    if counts.size == 0:
        raise SpectrumFileError(f"The dataset of the spectra in {path} is empty.")
    if axis is not None and axis.ndim == 1 and counts.ndim == 2:
        if counts.shape[1] != axis.size and counts.shape[0] == axis.size:
            counts = counts.T
    spectra = counts.reshape(-1, counts.shape[-1])
    if axis is None:
        axes, unit = np.arange(spectra.shape[1], dtype=np.float64)[np.newaxis], "pixel"
    else:
        axes = np.asarray(_numeric(axis, path, "the axis"), dtype=np.float64)
        axes = axes.reshape(-1, axes.shape[-1])
    if axes.shape[1] != spectra.shape[1]:
        raise SpectrumFileError(
            f"The axis in {path} has {axes.shape[1]} values and a spectrum {spectra.shape[1]}."
        )
    unit = unit or unit_from_values(axes[0])
    many = spectra.shape[0] > 1
    return tuple(
        FileFrame(
            axis=axes[number if axes.shape[0] == spectra.shape[0] else 0],
            axis_unit=unit,
            counts=row,
            label=f"spectrum {number + 1}" if many else "",
            metadata=dict(metadata or {}),
        )
        for number, row in enumerate(spectra)
    )


def _numeric(array: NDArray[Any], path: Path, what: str) -> NDArray[Any]:
    if array.dtype.kind not in "biuf" or not 1 <= array.ndim <= _LARGEST_DIMENSION:
        raise SpectrumFileError(
            f"In {path} {what} has type {array.dtype} and shape {array.shape}; a spectrum is "
            "numbers in one to three dimensions."
        )
    return array


def _by_name(names: Sequence[str], shapes: Mapping[str, Sequence[int]]) -> str | None:
    for wanted in names:
        for name in shapes:
            if name.rpartition("/")[2].lower().replace(" ", "_").replace("-", "") == wanted:
                return name
    return None


def _only_one(shapes: Mapping[str, Sequence[int]]) -> str | None:
    rest = [n for n in shapes if _by_name(AXIS_NAMES, {n: shapes[n]}) is None]
    return rest[0] if len(rest) == 1 else None


def _fits(axis: Sequence[int], counts: Sequence[int]) -> bool:
    return tuple(axis) == tuple(counts) or (len(axis) == 1 and axis[0] in counts)


def _listing(shapes: Mapping[str, Sequence[int]]) -> str:
    if not shapes:
        return "it holds no arrays of numbers."
    some = [f"{name} {'x'.join(map(str, shape)) or 'scalar'}" for name, shape in shapes.items()]
    more = f" and {len(some) - 12} more" if len(some) > 12 else ""
    return f"it holds {', '.join(some[:12])}{more}."
