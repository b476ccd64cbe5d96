"""Newton's steps inside limits with NumPy: damped Cholesky of many small matrices at once."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["newton_steps"]

Array = NDArray[np.float64]

# Pivot of a matrix of unit diagonal below which two parameters cannot be told apart.
_SINGULAR: Final = 1e-14


def newton_steps(
    information: Array, gradient: Array, free: NDArray[np.bool_], damping: Array
) -> tuple[Array, Array, Array]:
    """Steps of the free parameters, those of the others being 0.

    Scaled to a unit diagonal: counts and nanometres differ by ten orders of magnitude.

    Parameters
    ----------
    information : array, shape (spectra, parameters, parameters)
    gradient, free : arrays, shape (spectra, parameters)
    damping : array, shape (spectra,)

    Returns
    -------
    decrements : array, shape (2, spectra)
        Squared lengths of the undamped and of the damped step in sigma; NaN where the matrix is
        singular.
    undamped, damped : arrays, shape (spectra, parameters)
        0 where the matrix is singular.
    """
    spectra, size = gradient.shape
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    free = free & (diagonal > 0.0)
    scale = np.where(free, 1.0 / np.sqrt(np.where(free, diagonal, 1.0)), 0.0).T
    # Spectra last, so that one operation works on all; undamped systems, then damped ones. The
    # gradient is one more row, whose elimination is the substitution forwards.
    system = np.empty((size + 1, size, 2, spectra))
    matrix = information.transpose(1, 2, 0) * scale[:, None]
    matrix *= scale
    system[:size] = matrix[:, :, None]
    system[size] = (gradient.T * scale)[:, None]
    index = np.arange(size)
    system[index, index, 0] = 1.0
    system[index, index, 1] = 1.0 + damping
    inverse, singular = _eliminate(system.reshape(size + 1, size, 2 * spectra))
    decrements = np.sum(system[size] ** 2, axis=0)
    decrements[singular.reshape(2, spectra)] = np.nan
    solution = _substitute(system.reshape(size + 1, size, 2 * spectra), inverse)
    solution[:, singular] = 0.0
    steps = solution.reshape(size, 2, spectra) * scale[:, None]
    return decrements, steps[:, 0].T, steps[:, 1].T


def _eliminate(system: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Replace the lower triangle by its Cholesky factor; returns 1 / diagonal, and failures."""
    size = system.shape[1]
    pivots = np.empty(system.shape[1:])
    inverse = np.empty(system.shape[1:])
    for b in range(size):
        pivots[b] = system[b, b]
        np.sqrt(pivots[b], out=inverse[b])
        np.reciprocal(inverse[b], out=inverse[b])
        column = system[b + 1 :, b]
        column *= inverse[b]
        system[b + 1 :, b + 1 :] -= column[:, None] * column[:-1]
    return inverse, np.asarray(~(pivots > _SINGULAR).all(axis=0))


def _substitute(system: Array, inverse: Array) -> Array:
    """Substitute backwards; returns the solutions, shape (parameters, systems)."""
    size = system.shape[1]
    right = system[size].copy()
    for a in range(size - 1, -1, -1):
        right[a] *= inverse[a]
        right[:a] -= system[a, :a] * right[a]
    return right
