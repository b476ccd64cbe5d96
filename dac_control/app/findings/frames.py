"""Which steps have a microscope frame, and how it was exposed."""

import logging

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.records import Run

__all__ = ["exposures_s", "frames_of"]

logger = logging.getLogger(__name__)


def frames_of(run: Run, count: int) -> dict[int, NDArray[np.generic]]:
    """Read the frames of the first `count` steps; rows without one are left out."""
    found: dict[int, NDArray[np.generic]] = {}
    for row in range(count):
        try:
            found[row] = np.asarray(run.frame(row))
        except RecordError as error:
            logger.info("no frame at row %d: %s", row, error)
    return found


def exposures_s(run: Run, count: int) -> NDArray[np.float64]:
    """Exposure of each frame; NaN where it is not recorded."""
    try:
        return np.asarray(run.column("microscope", "exposure_s"), dtype=float)
    except RecordError:
        return np.full(count, np.nan)
