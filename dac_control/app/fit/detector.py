"""Counts, exposure and noise of a spectrum: the options first, then what the file says."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.app.fit.options import FitOptions
from dac_control.errors import NotMeasured
from dac_control.spectrum_files import FileFrame
from dac_control.spectrum_files.model import Vector

__all__ = ["Detector", "detector_of"]


@dataclass(frozen=True, eq=False)
class Detector:
    """A frame as the gauges want it."""

    counts: Vector
    """Mean counts of one exposure, shape (n,)."""
    exposure_s: float | None
    averages: int
    gain_e_per_count: float | None
    read_noise_e: float | None
    dark_counts: float | Vector | None
    saturation_counts: float | None

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Spectrum`; a second stands for an unknown exposure."""
        return {
            "counts": self.counts,
            "exposure_s": 1.0 if self.exposure_s is None else self.exposure_s,
            "averages": self.averages,
            "gain_e_per_count": self.gain_e_per_count,
            "read_noise_e": self.read_noise_e,
            "dark_counts": self.dark_counts,
            "saturation_counts": self.saturation_counts,
        }


def detector_of(frame: FileFrame, options: FitOptions) -> Detector:
    """Put together what is known of a frame; what was added up is averaged.

    Raises
    ------
    NotMeasured
        The offset is above every pixel, so it is not that of this detector.
    """
    said = frame.metadata
    averages = options.averages or int(said.get("averages") or 1)
    counts = frame.counts / averages if said.get("summed") else frame.counts
    dark: float | Vector | None = options.dark_counts
    if dark is None:
        dark = _dark(said)
    _check_dark(dark, counts)
    return Detector(
        counts=counts,
        exposure_s=options.exposure_s or _positive(said.get("exposure_s")),
        averages=averages,
        gain_e_per_count=options.gain_e_per_count or _positive(said.get("gain_e_per_count")),
        read_noise_e=_first(options.read_noise_e, said.get("read_noise_e")),
        dark_counts=dark,
        saturation_counts=options.saturation_counts or _positive(said.get("saturation_counts")),
    )


def _dark(said: Any) -> float | Vector | None:
    dark = said.get("dark_counts")
    if dark is None:
        return 0.0 if said.get("dark_subtracted") else None
    return dark if isinstance(dark, np.ndarray) else float(dark)


def _check_dark(dark: float | Vector | None, counts: Vector) -> None:
    if dark is None or not counts.size:
        return
    lowest, brightest = float(np.min(dark)), float(np.max(counts))
    if lowest > brightest:
        raise NotMeasured(
            f"The dark level is {lowest:.6g} counts and the brightest pixel has {brightest:.6g}; "
            "give the offset of this detector with --dark-counts, or none."
        )


def _positive(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0.0 < value < math.inf else None


def _first(*values: Any) -> float | None:
    return next((float(value) for value in values if value is not None), None)
