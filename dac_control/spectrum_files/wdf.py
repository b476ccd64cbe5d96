"""Renishaw WiRE files (.wdf): the header, the axis and the spectra.

A file is a row of blocks, each with a name of four letters, a number and its length (16 bytes);
of the many kinds three are read: WDF1 (header, 512 bytes), XLST (axis) and DATA (spectra). The
layout is that of public descriptions (A. Henderson, doi 10.5281/zenodo.495477; T. Tian,
py-wdf-reader).
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.model import AxisUnit, FileFrame, SpectrumFile

__all__ = ["is_wdf", "read_wdf"]

_BLOCK_HEAD: Final = 16
_HEADER_BYTES: Final = 512
_MOST_VALUES: Final = 100_000_000
_POINTS, _COUNT, _ACCUMULATIONS, _LASER = 0x3C, 0x48, 0x50, 0x9C
_UNITS: Final[dict[int, AxisUnit]] = {1: "cm-1", 3: "nm", 16: "pixel"}


def is_wdf(data: bytes) -> bool:
    """True for a file that begins with the block WDF1."""
    return data.startswith(b"WDF1")


def read_wdf(data: bytes, path: Path) -> SpectrumFile:
    """Read all spectra of a WiRE file, of one point or of a map.

    Raises
    ------
    SpectrumFileError
        It is truncated or lacks axis or spectra.
    """
    if len(data) < _HEADER_BYTES:
        raise _damaged(path, f"its header has {len(data)} of {_HEADER_BYTES} bytes")
    blocks = _blocks(data, path)
    (points,) = struct.unpack_from("<I", data, _POINTS)
    (count,) = struct.unpack_from("<Q", data, _COUNT)
    if points < 1 or count < 1 or points * count > _MOST_VALUES:
        raise _damaged(path, f"it announces {count} spectra of {points} points")
    axis_body, spectra_body = _body(blocks, "XLST", path), _body(blocks, "DATA", path)
    if len(axis_body) < 8 + 4 * points or len(spectra_body) < 4 * points * count:
        raise _damaged(path, f"it announces {count} spectra of {points} points and holds less")
    (unit,) = struct.unpack_from("<I", axis_body, 4)
    axis = np.frombuffer(axis_body, "<f4", count=points, offset=8)
    spectra = np.frombuffer(spectra_body, "<f4", count=points * count).reshape(count, points)
    metadata = _metadata(data)
    frames = tuple(
        FileFrame(
            axis=axis,
            axis_unit=_UNITS.get(unit),
            counts=counts,
            label=f"spectrum {number}" if count > 1 else "",
            metadata=metadata,
        )
        for number, counts in enumerate(spectra, start=1)
    )
    return SpectrumFile(path=path, kind="Renishaw WDF", frames=frames)


def _blocks(data: bytes, path: Path) -> dict[str, bytes]:
    """Bodies of the blocks by name, the first of each."""
    found: dict[str, bytes] = {}
    at = 0
    while at + _BLOCK_HEAD <= len(data):
        name = data[at : at + 4].decode("latin-1")
        (size,) = struct.unpack_from("<Q", data, at + 8)
        if size < _BLOCK_HEAD:
            raise _damaged(path, f"its block at byte {at} has a length of {size}")
        found.setdefault(name, data[at + _BLOCK_HEAD : at + size])
        at += size
    return found


def _body(blocks: Mapping[str, bytes], name: str, path: Path) -> bytes:
    if name not in blocks:
        raise _damaged(path, f"it has no block {name}")
    return blocks[name]


def _metadata(data: bytes) -> dict[str, Any]:
    # Accumulations are not handed on as averages: whether WiRE added or averaged is not said.
    found: dict[str, Any] = {"accumulations": struct.unpack_from("<I", data, _ACCUMULATIONS)[0]}
    (wavenumber,) = struct.unpack_from("<f", data, _LASER)
    if 4000.0 < wavenumber < 50_000.0:
        found["laser_nm"] = 1e7 / float(wavenumber)
    return found


def _damaged(path: Path, what: str) -> SpectrumFileError:
    return SpectrumFileError(
        f"{path} is a Renishaw WDF file, but {what}; it is truncated or damaged, so copy it again."
    )
