"""Microscope frames as small JPEG pictures, marked where they are simulated."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dac_control.app.findings.frames import exposures_s, frames_of
from dac_control.app.readings import Steps
from dac_control.app.report.canvas import WATERMARK
from dac_control.records import Run

__all__ = ["Picture", "pictures"]

WIDTH_PX = 300
MOST_PICTURES = 24
JPEG_QUALITY = 80

# matplotlib brings this font along, so the mark looks the same on every machine.
_FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"


@dataclass(frozen=True)
class Picture:
    """One frame and what it shows."""

    step: int
    address: str
    """JPEG data address."""
    pressure_gpa: float
    turns: float
    exposure_s: float


def pictures(run: Run, steps: Steps, *, simulated: bool) -> list[Picture]:
    """Return the frames of the steps, evenly chosen if there are more than 24.

    All frames share one grey scale (the whole range of 8-bit frames, the brightest pixel of
    deeper ones), so that brightness can be compared.
    """
    frames = frames_of(run, steps.count)
    rows = sorted(frames)
    if len(rows) > MOST_PICTURES:
        chosen = np.linspace(0, len(rows) - 1, MOST_PICTURES).round().astype(int)
        rows = [rows[index] for index in chosen]
    full = max((_full_scale(frames[row]) for row in rows), default=1.0)
    exposures = exposures_s(run, steps.count)
    return [
        Picture(
            step=int(steps.step[row]),
            address=_jpeg(frames[row], full, simulated),
            pressure_gpa=float(steps.pressure_gpa[row]) if steps.measured[row] else float("nan"),
            turns=float(steps.turns[row]),
            exposure_s=float(exposures[row]),
        )
        for row in rows
    ]


def _full_scale(frame: NDArray[np.generic]) -> float:
    return 255.0 if frame.dtype == np.uint8 else max(float(np.max(frame)), 1.0)


def _jpeg(frame: NDArray[np.generic], full: float, simulated: bool) -> str:
    grey = np.clip(np.asarray(frame, dtype=float) * (255.0 / full), 0, 255).astype(np.uint8)
    image = Image.fromarray(grey)
    height = max(1, round(WIDTH_PX * image.height / image.width))
    image = image.resize((WIDTH_PX, height), Image.Resampling.LANCZOS).convert("RGB")
    if simulated:
        image = _marked(image)
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _marked(image: Image.Image) -> Image.Image:
    """Write SIMULATED diagonally into the picture itself, so that a copy of it still says so."""
    layer = Image.new("L", image.size, 0)
    font = ImageFont.truetype(_FONT, size=image.width / 8.0)
    centre = (image.width / 2, image.height / 2)
    ImageDraw.Draw(layer).text(centre, WATERMARK, fill=120, font=font, anchor="mm")
    layer = layer.rotate(30, resample=Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", image.size, (255, 90, 80)), image, layer)
