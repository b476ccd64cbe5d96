"""What the frames of a run said of a failing cell, and which of them were judged at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records import Run

__all__ = ["FIRST_FRAMES", "FrameSigns", "read_frame_signs"]

FIRST_FRAMES = 2
"""What every later frame is compared with; nothing is judged before there are as many."""


@dataclass(frozen=True, kw_only=True)
class FrameSigns:
    """Frames that were analysed, those before a laser shot included, in order of time."""

    judged: NDArray[np.bool_]
    """Compared with the frames before it; False where the record does not say."""
    with_hole: NDArray[np.bool_]
    signs: dict[int, tuple[str, ...]]
    """By number of the step."""

    @property
    def count(self) -> int:
        """How many there are."""
        return self.judged.size

    @property
    def unseen(self) -> int:
        """Frames beyond the first on which a failing cell would not have been noticed."""
        return int(np.count_nonzero(~(self.judged & self.with_hole)[FIRST_FRAMES:]))


def read_frame_signs(run: Run) -> FrameSigns:
    """Read all streams: any event may have a frame, or name the signs of its step."""
    rows: list[tuple[float, bool, bool]] = []
    signs: dict[int, dict[str, None]] = {}
    for stream in run.streams:
        holes = _column(run, "picture", "measured", stream)
        judged = _column(run, "picture", "judged", stream)
        times = run.table(stream).get("time", ())
        for at, hole in enumerate(() if holes is None else holes):
            rows.append((float(times[at]), judged is not None and bool(judged[at]), bool(hole)))
        numbers = _column(run, "step", "number", stream)
        texts = _column(run, "step", "signs", stream)
        for number, text in zip(
            () if numbers is None else numbers, () if texts is None else texts, strict=False
        ):
            if text:
                signs.setdefault(int(number), {}).update(dict.fromkeys(str(text).split()))
    rows.sort()
    return FrameSigns(
        judged=np.array([row[1] for row in rows], dtype=bool),
        with_hole=np.array([row[2] for row in rows], dtype=bool),
        signs={number: tuple(signs[number]) for number in sorted(signs)},
    )


def _column(run: Run, role: str, attribute: str, stream: str) -> NDArray[Any] | None:
    try:
        return run.column(role, attribute, stream)
    except RecordError:
        return None
