"""Writers of the binary formats that the readers are tried on, after the public descriptions."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FOOTER = """<?xml version="1.0" encoding="utf-8"?>
<SpeFormat version="3.0" xmlns="http://www.princetoninstruments.com/spe/2009">
<DataFormat><DataBlock type="Frame" count="{frames}" pixelFormat="MonochromeUnsigned16"
 size="{size}" stride="{stride}"><DataBlock type="Region" count="1" width="{width}"
 height="{height}" size="{size}" stride="{size}"/></DataBlock></DataFormat>
<Calibrations><WavelengthMapping id="1"><Wavelength xml:space="preserve">{nm}</Wavelength>
</WavelengthMapping><SensorMapping id="2" x="{x}" y="0" width="{span}" height="1"
 xBinning="{binning}" yBinning="1"/></Calibrations>
<DataHistories><DataHistory><Origin><Experiment
 xmlns="http://www.princetoninstruments.com/experiment/2009"><Devices><Cameras><Camera>
<ShutterTiming><ExposureTime type="Double">250</ExposureTime></ShutterTiming>
</Camera></Cameras></Devices><Acquisition><FrameCombination><Method>Average</Method>
<FramesCombined type="Int64">5</FramesCombined></FrameCombination></Acquisition></Experiment>
</Origin></DataHistory></DataHistories></SpeFormat>"""


@pytest.fixture(scope="session")
def spe2() -> Callable[..., bytes]:
    def write(
        images: NDArray[np.float64],
        coefficients: tuple[float, ...] = (),
        *,
        unit: int = 3,
        accumulations: int = 1,
    ) -> bytes:
        frames, height, width = images.shape
        header = bytearray(4100)
        struct.pack_into("<f", header, 10, 0.5)
        struct.pack_into("<H", header, 42, width)
        struct.pack_into("<h", header, 108, 3)
        struct.pack_into("<H", header, 656, height)
        struct.pack_into("<i", header, 668, accumulations)
        struct.pack_into("<i", header, 1446, frames)
        struct.pack_into("<f", header, 1992, 2.5)
        struct.pack_into("<I", header, 2996, 0x01234567)
        if coefficients:
            header[3098], header[3100], header[3101] = 1, unit, len(coefficients) - 1
            struct.pack_into(f"<{len(coefficients)}d", header, 3263, *coefficients)
        return bytes(header) + images.astype("<u2").tobytes()

    return write


@pytest.fixture(scope="session")
def spe3() -> Callable[..., bytes]:
    def write(
        images: NDArray[np.float64], nm: Array, *, x: int = 0, binning: int = 1, gap: int = 0
    ) -> bytes:
        frames, height, width = images.shape
        size = 2 * height * width
        header = bytearray(4100)
        struct.pack_into("<H", header, 42, width)
        struct.pack_into("<h", header, 108, 3)
        struct.pack_into("<f", header, 1992, 3.0)
        body = b"".join(image.astype("<u2").tobytes() + bytes(gap) for image in images)
        struct.pack_into("<Q", header, 678, 4100 + len(body))
        footer = _FOOTER.format(
            frames=frames, size=size, stride=size + gap, width=width, height=height,
            nm=",".join(repr(float(value)) for value in nm), x=x, span=width * binning,
            binning=binning,
        )  # fmt: skip
        return bytes(header) + body + footer.encode()

    return write


@pytest.fixture(scope="session")
def wdf() -> Callable[..., bytes]:
    def write(axis: Array, spectra: NDArray[np.float64], *, unit: int = 1) -> bytes:
        count, points = spectra.shape
        header = bytearray(512)
        struct.pack_into("<4sIQ", header, 0, b"WDF1", 1, 512)
        struct.pack_into("<IQQI", header, 0x3C, points, count, count, 3)
        struct.pack_into("<II", header, 0x54, 1, points)
        struct.pack_into("<If", header, 0x98, unit, 1e7 / 532.1)

        def block(name: bytes, body: bytes) -> bytes:
            return struct.pack("<4sIQ", name, 0, 16 + len(body)) + body

        data = block(b"DATA", spectra.astype("<f4").tobytes())
        xlist = block(b"XLST", struct.pack("<II", 1, unit) + axis.astype("<f4").tobytes())
        return bytes(header) + data + block(b"YLST", bytes(12)) + xlist

    return write
