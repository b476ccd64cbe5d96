"""Sign-flip test of paired differences: exact for few pairs, without a noise model."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["SignFlip", "sign_flip_test"]

Vector = NDArray[np.float64]

# Up to so many pairs every sign pattern is tried.
_EXACT_PAIRS: Final = 16
_DRAWS: Final = 20_000


@dataclass(frozen=True)
class SignFlip:
    """Result of a sign-flip test."""

    p_value: float
    floor: float
    """The smallest p that so many pairs can give."""
    n_pairs: int


def sign_flip_test(differences: Vector, seed: int = 0) -> SignFlip:
    """Test whether paired differences scatter about zero (Fisher's randomisation test).

    Under the hypothesis that sample and control differ by noise alone each difference could as
    well have the other sign. The statistic is the magnitude of their mean. An error that all pairs
    share does not flip: this test answers for the noise, not for the systematic terms.

    Parameters
    ----------
    differences : array, shape (pairs,)
    seed : int
        Of the random signs that are tried beyond 16 pairs.
    """
    size = int(differences.size)
    if size <= _EXACT_PAIRS:
        bits = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
        signs = 1.0 - 2.0 * bits
    else:
        drawn = np.random.default_rng(seed).integers(0, 2, size=(_DRAWS - 1, size))
        signs = np.vstack([np.ones(size), 1.0 - 2.0 * drawn])
    means = np.abs(signs @ differences)
    observed = abs(float(np.sum(differences)))
    # patterns equal to the observed one up to rounding count
    p_value = float(np.mean(means >= observed - 1e-12 * (1.0 + observed)))
    floor = 2.0 ** (1 - size) if size <= _EXACT_PAIRS else 1.0 / _DRAWS
    return SignFlip(p_value=p_value, floor=min(floor, 1.0), n_pairs=size)
