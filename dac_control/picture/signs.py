"""What a series of pictures can say, and how much it takes to say it."""

from dataclasses import dataclass
from typing import Final, Literal

from dac_control.picture.reading import PictureReading

__all__ = ["SIGNS", "Record", "Sign", "SignKind", "SignThresholds"]

SignKind = Literal["blow_out", "fracture", "sample_gone", "darkened", "shiny"]

SIGNS: Final[dict[SignKind, str]] = {
    "blow_out": "the hole grows or becomes longer under rising load, or reaches the culet's edge",
    "fracture": "the picture is suddenly another one, or new straight dark lines cross it",
    "sample_gone": "what could be seen inside the hole cannot be seen any more",
    "darkened": "the inside of the hole lost more than half of its light, and the gasket did not",
    "shiny": "the inside of the hole became brighter by half, and the gasket did not; that does "
    "not show by itself what the sample is",
}
"""Every sign with its meaning."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One rule that fired on one frame."""

    kind: SignKind
    value: float
    """What was compared with the threshold."""
    threshold: float
    significance: float
    """The change in standard uncertainties of that change."""
    message: str
    """One sentence for a person."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """A frame of the series with the state of the cell."""

    reading: PictureReading
    pressure_gpa: float
    """NaN where it was not measured."""
    turns: float


@dataclass(frozen=True, kw_only=True)
class SignThresholds:
    """When a change is a sign: large enough to matter, and too large for chance."""

    significance: float = 5.0
    """In standard uncertainties: by chance once in 1.7 million comparisons if they were normal;
    the margin is for those that are not."""
    growth: float = 0.03
    """Relative growth of the diameter. Focus and scale of a microscope on a cryostat drift by
    less than 1 %, while a gasket that flows outwards does not stop at 3 % (6 % in area)."""
    elongation: float = 0.06
    """Rise of the ellipticity; an oblique view by 10 degrees makes 0.015 of a circle."""
    culet_margin: float = 0.02
    """Distance to the culet's edge as a part of its diameter: there the gasket ends."""
    likeness_loss: float = 0.08
    """Part of the picture's variance that the last frame, aligned and with its brightness
    matched, does not explain. Ordinary frames lose 0.003, see benchmarks/picture_precision.py."""
    likeness_factor: float = 5.0
    """The same as a multiple of what the series lost from frame to frame so far."""
    line_length: float = 0.3
    """Length of a new straight dark line in diameters of the hole; 0.16 was the longest that
    jitter, focus and dust made in 360 ordinary frames of that benchmark."""
    darkening: float = 0.5
    """Light that is left. An ice film leaves 0.7 and a lamp drifts by 10 to 20 %."""
    brightening: float = 1.5
    """Light beside that before."""
    level_share: float = 0.05
    """Least change of level as a part of the frame's bright end: below it ratios of small counts
    are a matter of stray light."""
    structure: float = 0.03
    """Contrast inside the hole (standard deviation over mean) that can be missed at all."""
    structure_left: float = 0.35
    """Part of the earlier structure that is left when it counts as gone."""
    other_structure: float = 0.6
    """Contrast of any kind beside the earlier one: dust on the window stays, but where there is
    as much to be seen as before, chips have moved and not gone."""
