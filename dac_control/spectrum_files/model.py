"""What a file of spectra holds: arrays as they stand in the file, and what its header says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["AxisUnit", "FileFrame", "SpectrumFile", "Vector"]

AxisUnit: TypeAlias = Literal["nm", "cm-1", "pixel"]
"""Unit of a spectral axis; ``"cm-1"`` is a Raman shift."""

Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class FileFrame:
    """One spectrum of a file, in the order of the file; nothing is sorted or corrected."""

    axis: Vector
    """Shape (n,), in `axis_unit`; the number of the pixel from 0 where the file has no axis."""
    axis_unit: AxisUnit | None
    """None where neither the header's words nor the values decide it."""
    counts: Vector
    """Shape (n,), as in the file: a sum where `metadata` has ``summed``."""
    label: str = ""
    """What tells it from the other frames of its file: a column's heading, a frame's number."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the header says, as far as it was understood:

    ``exposure_s`` of one exposure, ``averages`` (number of exposures), ``summed`` (True where the
    exposures were added, not averaged), ``dark_subtracted`` (True where the program took an
    electronic offset off), ``dark_counts`` (float, or shape (n,)), ``gain_e_per_count``,
    ``read_noise_e``, ``saturation_counts``, ``temperature_k`` (of the sample), ``laser_nm``,
    ``centre_nm``, ``boxcar_px``, ``instrument``.
    """
    notes: tuple[str, ...] = ()
    """Sentences on what was odd in the file and how it was read."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", _frozen(self.axis))
        object.__setattr__(self, "counts", _frozen(self.counts))


@dataclass(frozen=True, kw_only=True, eq=False)
class SpectrumFile:
    """The spectra of one file."""

    path: Path
    kind: str
    """Format as it was recognised, for people: ``"text"``, ``"SPE 3"`` ..."""
    frames: tuple[FileFrame, ...]
    """At least one."""

    def __len__(self) -> int:
        return len(self.frames)


def _frozen(values: Any) -> Vector:
    array = cast(Vector, np.array(values, dtype=np.float64))
    array.setflags(write=False)
    return array
