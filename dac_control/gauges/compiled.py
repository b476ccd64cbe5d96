"""What modules of compiled fits share: flags, one cache that knows all sources, arrays.

numba keeps compiled code beside a function until *its* file changes. A helper or a constant of
another module would go stale unnoticed, so only a few entry functions are kept, and all close
over a number of `sources_of`, which numba makes part of the key. Their helpers are compiled into
them, and cannot be called from Python: the wrappers for that would be compiled for nothing.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

__all__ = ["compilable", "dot", "finite_helper", "helper", "sources_of", "vector_helper"]

FAST: Final = {"contract", "reassoc", "arcp", "nsz"}
"""Sums may be reordered; no promise that all is finite, for what is not must be noticed."""

# With Python's rule for divisions every one of them would be a branch that may raise.
_HELPER: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
helper: Final = njit(**_HELPER)
"""Compiles what only compiled code calls."""
vector_helper: Final = njit(fastmath=FAST, **_HELPER)
"""The same for loops that are to work on several pixels at once."""
finite_helper: Final = njit(fastmath=FAST | {"nnan"}, **_HELPER)
"""The same where nothing is NaN: the largest of many is found in fewer steps."""


def sources_of(*places: Path) -> int:
    """A number that changes with this module and with any source in folders, or files."""
    found = [Path(__file__)]
    for place in places:
        found += sorted(place.glob("*.py")) if place.is_dir() else [place]
    hasher = hashlib.blake2b(digest_size=6)
    for source in found:
        hasher.update(source.read_bytes())
    return int.from_bytes(hasher.digest(), "big")


def compilable(values: NDArray[Any], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """As the one kind of array the entries are compiled for; a copy only where it is another.

    Any other layout, or an array that may not be written, would be compiled for anew: seconds.
    """
    if values.dtype == dtype and values.flags.carray:
        return values
    return np.require(values, dtype=dtype, requirements=["C", "A", "W"])


@vector_helper
def dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Sum of products."""
    total = 0.0
    for i in range(one.size):
        total += one[i] * other[i]
    return total
