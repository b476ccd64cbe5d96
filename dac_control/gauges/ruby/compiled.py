"""What the compiled engine's modules share: flags, one cache that knows all sources, arrays.

numba keeps compiled code beside a function until *its* file changes. A helper or a constant of
another module would go stale unnoticed, so only two entry functions are kept, and both close
over `SOURCES`, which numba makes part of the key. Their helpers are compiled into them.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["FAST", "SOURCES", "compilable"]

FAST: Final = {"contract", "reassoc", "arcp", "nsz"}
"""Sums may be reordered; no promise that all is finite, for what is not must be noticed."""


def _digest() -> int:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    hasher = hashlib.blake2b(digest_size=6)
    for source in sources:
        hasher.update(source.read_bytes())
    return int.from_bytes(hasher.digest(), "big")


SOURCES: Final = _digest()
"""A number that changes with any source of this package."""


def compilable(values: NDArray[Any], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """As the one kind of array the entries are compiled for; a copy only where it is another.

    Any other layout, or an array that may not be written, would be compiled for anew: seconds.
    """
    return np.require(values, dtype=dtype, requirements=["C", "A", "W"])
