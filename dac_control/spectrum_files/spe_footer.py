"""The XML footer of SPE 3 files: layout of the frames, wavelengths, exposure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.model import AxisUnit, Vector

__all__ = ["Footer", "Region", "read_footer"]

_TYPES: Final = {
    "MonochromeUnsigned16": "<u2",
    "MonochromeUnsigned32": "<u4",
    "MonochromeFloating32": "<f4",
}


@dataclass(frozen=True)
class Region:
    """How the frames lie in the file."""

    frames: int
    width: int
    height: int
    stride: int
    """Bytes from the beginning of one frame to that of the next."""
    dtype: str


@dataclass(frozen=True, eq=False)
class Footer:
    """What the footer says."""

    region: Region
    wavelength_nm: Vector | None
    """Of every column of the sensor, or of the region; None where nothing was calibrated."""
    first_column: int
    binning: int
    metadata: dict[str, Any]

    @property
    def unit(self) -> AxisUnit:
        """Unit of `axis`."""
        return "pixel" if self.wavelength_nm is None else "nm"

    def axis(self, width: int) -> Vector | None:
        """Wavelengths of the region's columns, shape (width,); None where they do not fit."""
        nm = self.wavelength_nm
        if nm is None:
            return None
        if nm.size == width:
            return nm
        inside = nm[self.first_column : self.first_column + width * self.binning]
        if inside.size != width * self.binning:
            return None
        return inside.reshape(width, self.binning).mean(axis=1)


def read_footer(data: bytes, path: Path) -> Footer:
    """Read the footer.

    Raises
    ------
    SpectrumFileError
        It is no XML, or describes frames of a kind that is not supported.
    """
    try:
        root = ElementTree.fromstring(data.strip(b"\x00 \r\n\t"))
        region = _region(root)
        first, binning = _sensor(root)
        return Footer(region, _wavelengths(root), first, binning, _metadata(root))
    except (ElementTree.ParseError, UnicodeError, LookupError, ValueError, TypeError) as error:
        raise SpectrumFileError(
            f"The XML footer of {path}, an SPE 3 file, cannot be read ({error}); it is truncated "
            "or damaged, so copy it again, or export the spectrum as text."
        ) from error


def _all(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Elements of a name in any namespace; LightField's differ between versions."""
    return [element for element in root.iter() if str(element.tag).rpartition("}")[2] == name]


def _region(root: ElementTree.Element) -> Region:
    blocks = _all(root, "DataBlock")
    frame = next(block for block in blocks if block.get("type") == "Frame")
    regions = [block for block in blocks if block.get("type") == "Region"]
    if len(regions) != 1:
        raise ValueError(f"it has {len(regions)} regions of interest, and one is supported")
    numbers = {name: int(regions[0].attrib[name]) for name in ("width", "height")}
    found = Region(
        frames=int(frame.attrib["count"]),
        stride=int(frame.attrib["stride"]),
        dtype=_TYPES[frame.attrib["pixelFormat"]],
        **numbers,
    )
    if min(found.frames, found.width, found.height, found.stride) < 1:
        raise ValueError("it has no frames")
    return found


def _wavelengths(root: ElementTree.Element) -> Vector | None:
    for mapping in _all(root, "WavelengthMapping"):
        for name in ("Wavelength", "WavelengthError"):
            for element in _all(mapping, name):
                # "WavelengthError" has pairs "wavelength,error" with blanks between them
                text = element.text or ""
                items = text.split() if name == "WavelengthError" else text.split(",")
                values = np.array([float(item.split(",")[0]) for item in items if item.strip()])
                if values.size > 1 and np.isfinite(values).all():
                    return values
    return None


def _sensor(root: ElementTree.Element) -> tuple[int, int]:
    for mapping in _all(root, "SensorMapping"):
        return int(mapping.get("x", "0")), max(1, int(mapping.get("xBinning", "1")))
    return 0, 1


def _metadata(root: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exposure_ms = _first_number(root, "ExposureTime")
    if exposure_ms is not None and exposure_ms > 0.0:
        found["exposure_s"] = exposure_ms / 1000.0
    combined = _first_number(root, "FramesCombined")
    if combined is not None and combined >= 1.0:
        method = next((e.text or "" for e in _all(root, "Method")), "")
        found |= {"averages": int(combined), "summed": "sum" in method.lower()}
    return found


def _first_number(root: ElementTree.Element, name: str) -> float | None:
    for element in _all(root, name):
        try:
            return float(element.text or "")
        except ValueError:
            continue
    return None
