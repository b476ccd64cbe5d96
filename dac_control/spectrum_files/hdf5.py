"""HDF5 files: NeXus by its attributes, others by common names, any by the path of a dataset."""

import logging
from pathlib import Path
from typing import Any, Final

import h5py
import hdf5plugin
import numpy as np

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.arrays import frames_of
from dac_control.spectrum_files.axis_unit import unit_from_text
from dac_control.spectrum_files.model import FileFrame, SpectrumFile
from dac_control.spectrum_files.named_arrays import choose, refuse_axis_of_other_length

__all__ = ["read_hdf5"]

# Imported for its effect: it registers the filters that beamlines pack their files with.
_ = hdf5plugin

logger = logging.getLogger(__name__)

_NUMBERS: Final = {
    "exposure_s": ("exposure_s", "exposure", "exposure_time", "integration_time", "count_time"),
    "averages": ("averages", "scans_to_average", "accumulations"),
    "gain_e_per_count": ("gain_e_per_count",),
    "read_noise_e": ("read_noise_e",),
    "dark_counts": ("dark_counts",),
    "saturation_counts": ("saturation_counts", "saturation_value"),
    "temperature_k": ("temperature_k",),
    "laser_nm": ("laser_nm",),
}
_MOST_DATASETS: Final = 10_000


def read_hdf5(path: Path, dataset: str | None) -> SpectrumFile:
    """Read the spectra of an HDF5 file.

    Parameters
    ----------
    path : Path
    dataset : str or None
        Path of the counts inside of the file; found by NeXus attributes or common names
        ("counts", "spectrum", "intensity" ... beside "wavelength", "raman_shift" ...) without.

    Raises
    ------
    SpectrumFileError
        It is damaged, or the spectra are not found; the text lists what is there.
    """
    try:
        with h5py.File(path, "r") as file:
            shapes = _shapes(file)
            nexus = None if dataset is not None else _nexus_signal(file, shapes)
            pairs = choose(shapes, path, dataset or nexus)
            frames = [
                frame
                for axis_name, name in pairs
                for frame in _frames(file, name, axis_name, shapes, path, alone=len(pairs) == 1)
            ]
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise SpectrumFileError(
            f"{path} is an HDF5 file that cannot be read ({error}); it is truncated, still being "
            "written, or packed with a filter that is not installed."
        ) from error
    return SpectrumFile(path=path, kind="HDF5", frames=tuple(frames))


def _frames(
    file: h5py.File,
    counts_name: str,
    axis_name: str | None,
    shapes: dict[str, tuple[int, ...]],
    path: Path,
    *,
    alone: bool,
) -> tuple[FileFrame, ...]:
    axis_name = _nexus_axis(file, counts_name, shapes) or axis_name
    axis, unit = None, None
    if axis_name is None:
        refuse_axis_of_other_length(shapes, counts_name, path)
    else:
        axis = np.asarray(file[axis_name])
        words = (_text(file[axis_name].attrs.get("units", "")), axis_name.split("/")[-1])
        unit = unit_from_text(words[0]) or unit_from_text(words[1].replace("_", " "))
    return frames_of(
        axis,
        np.asarray(file[counts_name]),
        path,
        unit=unit,
        metadata=_metadata(file, counts_name),
        name="" if alone else counts_name,
    )


def _shapes(file: h5py.File) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}

    def visit(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf":
            found[name] = tuple(item.shape or ())
        return True if len(found) > _MOST_DATASETS else None

    file.visititems(visit)
    return found


def _nexus_signal(file: h5py.File, shapes: dict[str, tuple[int, ...]]) -> str | None:
    """Follow ``default`` and ``signal`` (NeXus, NXdata)."""
    group: Any = file
    for _ in range(4):
        signal = _text(group.attrs.get("signal", ""))
        name = f"{group.name}/{signal}".strip("/")
        if signal and name in shapes:
            return name
        child = _text(group.attrs.get("default", ""))
        if not child or child not in group:
            return None
        group = group[child]
    return None


def _nexus_axis(
    file: h5py.File, counts_name: str, shapes: dict[str, tuple[int, ...]]
) -> str | None:
    folder = counts_name.rpartition("/")[0]
    group: Any = file[folder] if folder else file
    axes = np.atleast_1d(group.attrs.get("axes", ""))
    for axis in reversed([_text(axis) for axis in axes]):
        name = f"{folder}/{axis}".strip("/")
        if axis and len(shapes.get(name, ())) == 1 and shapes[name][0] in shapes[counts_name]:
            return name
    return None


def _metadata(file: h5py.File, counts_name: str) -> dict[str, Any]:
    """Numbers from attributes and scalar datasets, the nearest to the counts first."""
    found: dict[str, Any] = {}
    places: list[Any] = [file[counts_name]]
    while places[-1].name not in ("/", None):
        places.append(places[-1].parent)
    for place in places:
        for name, spellings in _NUMBERS.items():
            for spelling in spellings:
                value = _scalar(place, spelling)
                if name not in found and value is not None:
                    found[name] = value
    return found


def _scalar(place: Any, name: str) -> float | int | None:
    value: Any = place.attrs.get(name)
    if value is None and isinstance(place, h5py.Group):
        item = place.get(name)
        if isinstance(item, h5py.Dataset) and item.size == 1 and item.dtype.kind in "biuf":
            value = item[()]
    try:
        number = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if value is None or number.size != 1 or not np.isfinite(number).all():
        return None
    return int(number.item()) if name == "averages" else float(number.item())


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
