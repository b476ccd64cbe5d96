"""Files of named arrays: NumPy's .npy and .npz, and what they share with HDF5."""

import io
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.axis_unit import unit_from_text, unit_from_values
from dac_control.spectrum_files.columns import arrange
from dac_control.spectrum_files.model import AxisUnit, FileFrame, SpectrumFile
from dac_control.spectrum_files.named_arrays import choose, refuse_axis_of_other_length

__all__ = ["frames_of", "read_npy", "read_npz"]

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
    pairs = choose(shapes, path, dataset)
    scalars = {
        name: array.item()
        for name, array in arrays.items()
        if array.ndim == 0 and array.dtype.kind in "iuf"
    }
    frames: list[FileFrame] = []
    for axis_name, counts_name in pairs:
        axis, unit = None, None
        if axis_name is None:
            refuse_axis_of_other_length(shapes, counts_name, path)
        else:
            axis, unit = arrays[axis_name], unit_from_text(axis_name.replace("_", " "))
        frames += frames_of(
            axis,
            arrays[counts_name],
            path,
            unit=unit,
            metadata=_known(scalars),
            name=counts_name if len(pairs) > 1 else "",
        )
    return SpectrumFile(path=path, kind=kind, frames=tuple(frames))


def _known(scalars: Mapping[str, Any]) -> dict[str, Any]:
    names = ("exposure_s", "averages", "gain_e_per_count", "read_noise_e", "dark_counts",
             "saturation_counts", "temperature_k", "laser_nm")  # fmt: skip
    return {name: scalars[name] for name in names if name in scalars}


def frames_of(
    axis: NDArray[Any] | None,
    counts: NDArray[Any],
    path: Path,
    *,
    unit: AxisUnit | None = None,
    metadata: Mapping[str, Any] | None = None,
    name: str = "",
) -> tuple[FileFrame, ...]:
    """Cut counts of shape (n,), (frames, n), (n, frames) or (rows, columns, n) into frames.

    Parameters
    ----------
    axis : ndarray or None
        Shape (n,), or that of the counts where each spectrum has its own.
    name : str
        Of the counts, where the file holds others too.
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
            label=", ".join(filter(None, (name, f"spectrum {number + 1}" if many else ""))),
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
