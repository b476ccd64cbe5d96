"""Inverses of many information matrices, with NumPy."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["covariances", "inverted"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def covariances(information: Array, active: Mask) -> tuple[Array, Mask]:
    """Inverse information of the active parameters, 0 elsewhere; False, and all 0, if singular."""
    filled = information.copy()
    index = np.arange(active.shape[1])
    filled[:, index, index] = np.where(active, filled[:, index, index], 1.0)
    inverse, good = inverted(filled)
    good &= np.all(inverse[:, index, index] > 0.0, axis=1)
    inverse *= active[:, :, None] & active[:, None, :] & good[:, None, None]
    return np.where(good[:, None, None], inverse, 0.0), good


def inverted(matrices: Array) -> tuple[Array, Mask]:
    """Inverses of symmetric matrices, scaled to a unit diagonal on the way; False if singular."""
    index = np.arange(matrices.shape[1])
    diagonal = matrices[:, index, index]
    good = np.all(np.isfinite(matrices), axis=(1, 2)) & np.all(diagonal > 0.0, axis=1)
    scale = 1.0 / np.sqrt(np.where(good[:, None], diagonal, 1.0))
    outer = scale[:, :, None] * scale[:, None, :]
    unit = np.where(good[:, None, None], matrices * outer, np.eye(index.size))
    try:
        inverse = np.linalg.inv(unit)
    except np.linalg.LinAlgError:
        inverse, regular = _one_by_one(unit)
        good &= regular
    inverse = inverse * outer
    return inverse, good & np.all(np.isfinite(inverse), axis=(1, 2))


def _one_by_one(matrices: Array) -> tuple[Array, Mask]:
    inverse, regular = np.zeros_like(matrices), np.zeros(len(matrices), dtype=bool)
    for row, matrix in enumerate(matrices):
        try:
            inverse[row], regular[row] = np.linalg.inv(matrix), True
        except np.linalg.LinAlgError:
            continue
    return inverse, regular
