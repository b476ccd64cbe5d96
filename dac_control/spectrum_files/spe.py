"""Princeton Instruments SPE files, written by WinSpec (2.x) and LightField (3.0).

Layout after "SPE 3.0 File Format Specification" and WINHEAD.TXT of Princeton Instruments: a
header of 4100 bytes, frame after frame, and from version 3 an XML footer with the calibration.
"""

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.model import AxisUnit, FileFrame, SpectrumFile, Vector
from dac_control.spectrum_files.spe_footer import Footer, read_footer

__all__ = ["is_spe", "read_spe"]

_HEADER_BYTES: Final = 4100
_MOST_PIXELS: Final = 100_000_000

# Offsets in bytes of the header.
_EXPOSURE_S: Final = 10
_X_PIXELS: Final = 42
_DATA_TYPE: Final = 108
_BACKGROUND_APPLIED: Final = 150
_Y_PIXELS: Final = 656
_ACCUMULATIONS: Final = 668
_FOOTER_AT: Final = 678
_FRAMES: Final = 1446
_VERSION: Final = 1992
_MAGIC: Final = 2996
_MAGIC_VALUE: Final = 0x01234567
_CALIBRATION: Final = 3000
_VALID, _POLYNOM_UNIT, _ORDER, _COEFFICIENTS, _LASER = 98, 100, 101, 263, 311

_TYPES: Final = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}
# Units of the calibration: 0 pixel, 1 data, 2 user's, 3 nm, 4 cm-1, 5 Raman shift in cm-1.
_UNITS: Final[dict[int, AxisUnit]] = {0: "pixel", 3: "nm", 5: "cm-1"}


def is_spe(data: bytes) -> bool:
    """True for the header of an SPE file: its mark, or a version 3 with a known data type."""
    if len(data) < _HEADER_BYTES:
        return False
    version = _get(data, "<f", _VERSION)
    marked = _get(data, "<I", _MAGIC) == _MAGIC_VALUE
    known = _get(data, "<h", _DATA_TYPE) in _TYPES
    return known and (marked or 1.0 <= version <= 4.0) and _get(data, "<H", _X_PIXELS) > 0


def read_spe(data: bytes, path: Path) -> SpectrumFile:
    """Read an SPE file; the rows of an image are spectra of their own.

    Raises
    ------
    SpectrumFileError
        It is truncated, or of a kind that is not supported.
    """
    version = _get(data, "<f", _VERSION)
    footer = _footer(data, path) if version >= 3.0 else None
    images = _images_by_footer(data, footer, path) if footer else _images(data, path)
    width = images.shape[2]
    if footer is not None:
        axis, unit = footer.axis(width), footer.unit
        metadata = footer.metadata
    else:
        axis, unit = _axis(data, width)
        metadata = _metadata(data)
    if axis is None:
        axis, unit = np.arange(width, dtype=np.float64), "pixel"
    frames: list[FileFrame] = []
    for number, image in enumerate(images, start=1):
        for row, counts in enumerate(image, start=1):
            frames.append(
                FileFrame(
                    axis=axis,
                    axis_unit=unit,
                    counts=counts,
                    label=_label(number, row, images.shape),
                    metadata=metadata,
                )
            )
    return SpectrumFile(path=path, kind=f"SPE {version:.3g}", frames=tuple(frames))


def _label(number: int, row: int, shape: tuple[int, ...]) -> str:
    parts = []
    if shape[0] > 1:
        parts.append(f"frame {number}")
    if shape[1] > 1:
        parts.append(f"row {row}")
    return ", ".join(parts)


def _images(data: bytes, path: Path) -> NDArray[Any]:
    width, height = _get(data, "<H", _X_PIXELS), max(1, _get(data, "<H", _Y_PIXELS))
    count = max(1, _get(data, "<i", _FRAMES))
    dtype = np.dtype(_TYPES[_get(data, "<h", _DATA_TYPE)])
    wanted = count * height * width
    there = (len(data) - _HEADER_BYTES) // dtype.itemsize
    if wanted > _MOST_PIXELS or there < wanted:
        raise _truncated(path, wanted, there)
    flat = np.frombuffer(data, dtype=dtype, count=wanted, offset=_HEADER_BYTES)
    return flat.reshape(count, height, width)


def _images_by_footer(data: bytes, footer: Footer, path: Path) -> NDArray[Any]:
    """Read frames that may have metadata between them: each begins one stride after the last."""
    region = footer.region
    dtype = np.dtype(region.dtype)
    pixels = region.height * region.width
    end = _HEADER_BYTES + (region.frames - 1) * region.stride + pixels * dtype.itemsize
    if region.frames * pixels > _MOST_PIXELS or end > len(data):
        raise _truncated(path, region.frames * pixels, (len(data) - _HEADER_BYTES) // 2)
    frames = [
        np.frombuffer(data, dtype, count=pixels, offset=_HEADER_BYTES + number * region.stride)
        for number in range(region.frames)
    ]
    return np.stack(frames).reshape(region.frames, region.height, region.width)


def _footer(data: bytes, path: Path) -> Footer:
    start = _get(data, "<Q", _FOOTER_AT)
    if not _HEADER_BYTES <= start < len(data):
        raise SpectrumFileError(
            f"{path} is an SPE 3 file whose footer should begin at byte {start}, behind the end "
            f"of the file at {len(data)}; it is truncated, so copy it again."
        )
    return read_footer(data[start:], path)


def _axis(data: bytes, width: int) -> tuple[Vector | None, AxisUnit | None]:
    """Axis of version 2: a polynomial in the number of the pixel, which WinSpec counts from 1."""
    base = _CALIBRATION
    order = data[base + _ORDER]
    if not data[base + _VALID] or not 1 <= order <= 5:
        return None, None
    unit = _UNITS.get(data[base + _POLYNOM_UNIT])
    coefficients = struct.unpack_from("<6d", data, base + _COEFFICIENTS)[: order + 1]
    pixel = np.arange(1, width + 1, dtype=np.float64)
    with np.errstate(all="ignore"):
        axis = np.asarray(np.polynomial.polynomial.polyval(pixel, coefficients), np.float64)
    return (axis, unit) if np.isfinite(axis).all() and np.ptp(axis) > 0.0 else (None, None)


def _metadata(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exposure_s = float(_get(data, "<f", _EXPOSURE_S))
    if 0.0 < exposure_s < 1e9:
        found["exposure_s"] = exposure_s
    accumulations = _get(data, "<i", _ACCUMULATIONS)
    if 1 <= accumulations < 1_000_000:
        # WinSpec adds accumulations up.
        found |= {"averages": accumulations, "summed": accumulations > 1}
    if _get(data, "<h", _BACKGROUND_APPLIED) == 1:
        found["dark_subtracted"] = True
    return found


def _get(data: bytes, kind: str, offset: int) -> Any:
    return struct.unpack_from(kind, data, offset)[0]


def _truncated(path: Path, wanted: int, there: int) -> SpectrumFileError:
    return SpectrumFileError(
        f"{path} is an SPE file that announces {wanted} pixels and holds {max(there, 0)}; it is "
        "truncated or damaged, so copy it again."
    )
