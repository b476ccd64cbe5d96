"""A series of pictures, judged frame by frame against those before."""

import math
from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from dac_control.picture.comparison import Comparison, compare, interior
from dac_control.picture.lines import darkest_line
from dac_control.picture.reading import PictureReading
from dac_control.picture.rules import blow_out_signs, level_sign
from dac_control.picture.signs import Record, Sign, SignThresholds

__all__ = ["PictureHistory"]

MEMORY = 60
"""Frames whose numbers are kept; the picture is kept of the last one."""
CHANGED_OUTSIDE = 0.05
"""Part of the gasket's picture that must have changed where the inside of the hole did."""
CHANGED = 6.0
"""Leftover of a pixel in standard uncertainties."""
LEAST_RECORDS = 2
"""Earlier frames needed before anything is judged."""


class PictureHistory:
    """Remembers a series and says what happened on each new frame.

    Give it every frame of the series in order, with the state of the cell. A sign is raised on
    the frame where something changed; the frames after it are compared with what is there then.

    Parameters
    ----------
    thresholds : SignThresholds, optional
        When a change is a sign.
    """

    def __init__(self, thresholds: SignThresholds | None = None) -> None:
        self._limits = SignThresholds() if thresholds is None else thresholds
        self._records: deque[Record] = deque(maxlen=MEMORY)
        self._losses: deque[float] = deque(maxlen=20)
        self._base: PictureReading | None = None
        self.compared = False
        """Whether the last frame could be compared with the one before it."""

    def judge(self, reading: PictureReading, pressure_gpa: float, turns: float) -> tuple[Sign, ...]:
        """Judge one frame and remember it.

        Parameters
        ----------
        reading : PictureReading
            What `read_picture` said.
        pressure_gpa : float
            Measured pressure, for the sentences only; NaN where there is none.
        turns : float
            Position of the screw: a hole may grow while the load is taken back.

        Returns
        -------
        tuple of Sign
            Empty for an ordinary frame, and for one on which nothing can be seen.
        """
        self.compared = False
        if "unreadable" in reading.flags:
            return ()
        now = Record(reading=reading, pressure_gpa=pressure_gpa, turns=turns)
        signs = self._level_signs(reading)
        if "underexposed" in reading.flags:
            return tuple(signs)  # too dark for more than levels, and no reference for others
        if len(self._records) >= LEAST_RECORDS:
            signs += blow_out_signs(now, tuple(self._records), self._limits)
            signs += self._picture_signs(reading, hole_changed=bool(signs))
        self._remember(now)
        return tuple(signs)

    def _remember(self, now: Record) -> None:
        """Keep a frame; of the one before it its numbers alone, and no picture."""
        if self._records:
            last = self._records[-1]
            # arrays of their own: an empty view would keep the picture
            none = np.empty((0, 0), np.float32)
            numbers = replace(last.reading, small=none, rim_px=np.empty((0, 2)))
            self._records[-1] = replace(last, reading=numbers)
        self._records.append(now)

    def _picture_signs(self, reading: PictureReading, *, hole_changed: bool) -> list[Sign]:
        """Compare the picture with the last one.

        `hole_changed`: another sign tells of the hole and what is in it, which make another
        picture; then only what happened outside it speaks for a fracture.
        """
        before = self._records[-1].reading
        comparison = compare(reading, before)
        if comparison is None:
            return []
        self.compared = True
        usual = median(self._losses) if len(self._losses) >= 3 else 0.0
        limit = max(self._limits.likeness_loss, self._limits.likeness_factor * usual)
        leftover = comparison.leftover
        if hole_changed:
            leftover = comparison.outside(before, reading)
            changed = float((np.abs(leftover) > CHANGED).mean())
            limit = limit if changed > CHANGED_OUTSIDE else math.inf
        signs = self._fracture(reading, before, comparison, leftover, limit)
        if not signs and not hole_changed:
            self._losses.append(comparison.loss)
            gone = self._sample_gone(reading, before, comparison)
            signs += [] if gone is None else [gone]
        return signs

    def _fracture(
        self,
        reading: PictureReading,
        before: PictureReading,
        comparison: Comparison,
        leftover: NDArray[np.float32],
        limit: float,
    ) -> list[Sign]:
        line = darkest_line(leftover)
        diameter = before.hole_px / before.small_block_px
        if not math.isfinite(diameter):
            diameter = 0.3 * max(reading.small.shape)
        needed = max(self._limits.line_length * diameter, 8.0)
        across = line.excess > needed
        unlike = comparison.loss > limit
        if not (across or unlike):
            return []
        what = []
        if unlike:
            what.append(f"the last frame explains only {100 * (1 - comparison.loss):.0f} % of it")
        if across:
            length = line.length * reading.small_block_px
            what.append(f"a straight dark line of {length:.0f} pixels is new")
        return [
            Sign(
                kind="fracture",
                value=comparison.loss if unlike else line.excess / diameter,
                threshold=limit if unlike else self._limits.line_length,
                significance=float(np.abs(comparison.leftover).max()),
                message=f"The picture changed at once: {', and '.join(what)}; its brightness is "
                f"{comparison.gain:.2f} times what it was.",
            )
        ]

    def _sample_gone(
        self, reading: PictureReading, before: PictureReading, comparison: Comparison
    ) -> Sign | None:
        """Look for the earlier structure inside the hole."""
        if "saturated" in reading.flags:
            return None
        then = interior(comparison.expected, reading, comparison.valid)
        now = interior(comparison.now, reading, comparison.valid)
        if then is None or now is None:
            return None
        level = max(reading.hole_counts, 1.0)
        noise = max(reading.noise_counts, 0.3) / reading.small_block_px / level
        structure = float(then.std())
        if structure < max(self._limits.structure, 3.0 * noise):
            return None
        left = float((then * now).mean() / structure**2)
        sigma = math.hypot(noise / (structure * math.sqrt(then.size)), 0.05)
        strength = math.sqrt(max(float(now.var()) - noise**2, 0.0)) / structure
        if left > self._limits.structure_left or strength > self._limits.other_structure:
            return None
        if (1.0 - left) / sigma < self._limits.significance:
            return None
        return Sign(
            kind="sample_gone",
            value=left,
            threshold=self._limits.structure_left,
            significance=(1.0 - left) / sigma,
            message=f"Of what was to be seen inside the hole {100 * max(left, 0.0):.0f} % is left.",
        )

    def _level_signs(self, reading: PictureReading) -> list[Sign]:
        """Compare the light inside the hole with that before any change."""
        if self._base is None:
            self._base = reading if reading.ok and "saturated" not in reading.flags else None
            return []
        levels = (
            (reading.core_counts, reading.gasket_counts)
            if reading.ok
            else _levels_at(reading, self._base)
        )
        if levels is None:
            return []
        sign = level_sign(reading, levels, self._base, self._limits)
        if sign is None:
            return []
        if reading.ok:
            self._base = reading
        return [sign]


def _levels_at(now: PictureReading, base: PictureReading) -> tuple[float, float] | None:
    """Levels where the hole was, on a frame that shows none: core and gasket in counts."""
    if base.ellipse is None or now.small.shape != base.small.shape:
        return None
    block = now.small_block_px
    centre = 0.5 * (block - 1)
    x = (block * np.arange(now.small.shape[1]) + centre)[None, :]
    y = (block * np.arange(now.small.shape[0]) + centre)[:, None]
    level = base.ellipse.level(x, y)
    core, ring = now.small[level < 0.5], now.small[(level > 1.2) & (level < 1.7)]
    if core.size < 4 or ring.size < 4:
        return None
    return float(np.median(core)), float(np.median(ring))
