"""In which order the candidates for R1 are tried, and when nothing tells them apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.search import CANDIDATES, Found

__all__ = ["is_apart", "is_rival", "order", "strong"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Pair lines of concentrated ruby at zero pressure, nm above R1 (N2 and N1 near 700.9 and
# 704.1 nm); they move with pressure much as R1 does.
_PAIR_LINES_NM: Final = np.array((6.65, 9.85))
_PAIR_TOLERANCE_NM: Final = 0.7
_SISTER_SHARE: Final = 0.2
"""Of the stronger pair line that the weaker one has at least: the foot that a second ruby's line
shows 3.4 nm below it has up to 0.15."""
_WEAKEST_SHARE: Final = 0.1
"""Share of the strongest score from which a candidate is taken into account."""
_WEAKEST_LEADER: Final = 0.3
_RIVAL_SCORE: Final = 8.0
_APART_NM: Final = 2.5
"""A candidate nearer than that belongs to the line itself: R2 or its foot."""


def order(found: Found, expected_nm: tuple[Array, Array] | None) -> NDArray[np.intp]:
    """Indices of the candidates, most credible first, shape (spectra, CANDIDATES).

    Lines in the expected window come first. A line that has another one, with its partner, at
    the distances of the pair lines below it, comes after that: in the cold N lines can outshine
    R1.
    """
    rank = found.score.copy()
    best = found.score[:, :1]
    if expected_nm is not None:
        low, high = expected_nm
        inside = (found.r1_nm >= low[:, None]) & (found.r1_nm <= high[:, None])
        rank = np.where(inside & (found.score > _WEAKEST_SHARE * best), rank + best, rank)
    leading = found.score > _WEAKEST_LEADER * best
    if leading[:, 1:].any():
        _put_first_with_pair_lines(rank, found, leading)
    return np.argsort(-rank, axis=1, kind="stable")


def _put_first_with_pair_lines(rank: Array, found: Found, leading: Mask) -> None:
    for candidate in range(1, CANDIDATES):
        leads = leading[:, candidate]
        if not leads.any():
            continue
        weakest = _WEAKEST_SHARE * found.score[:, 0]
        leads &= _has_pair_lines(found, found.r1_nm[:, candidate], weakest)
        rank[:, candidate] += np.where(leads, found.score[:, 0], 0.0)


def is_rival(
    found: Found, r1_nm: Array, score: Array, other: NDArray[np.intp], last_nm: float
) -> Mask:
    """True where another candidate is strong and belongs to none of the lines of a ruby.

    Parameters
    ----------
    found : Found
    r1_nm, score : arrays, shape (spectra,)
        Of the line that was taken for R1.
    other : array, shape (spectra,)
        Index of the other candidate.
    last_nm : float
        Where the spectra end: a pair line beyond need not be seen.
    """
    rows = np.arange(other.size)
    above = found.r1_nm[rows, other] - r1_nm
    rival = strong(found, score)[rows, other]
    rival &= is_apart(found.r1_nm[rows, other], r1_nm)
    # the weaker of the two may be too weak to be a rival itself
    has_them = _has_pair_lines(found, r1_nm, _SISTER_SHARE * _WEAKEST_SHARE * score, last_nm)
    return rival & ~(_at_pair_lines(above).any(axis=-1) & has_them)


def strong(found: Found, score: Array) -> Mask:
    """Candidates that count beside one of this score, itself included.

    Parameters
    ----------
    found : Found
    score : array, shape (spectra,)

    Returns
    -------
    strong : array of bool, shape (spectra, CANDIDATES)
    """
    return found.score > np.maximum(_WEAKEST_SHARE * score, _RIVAL_SCORE)[:, None]


def is_apart(other_nm: Array, r1_nm: Array) -> Mask:
    """True where a line is none of those of a doublet, shape (spectra,)."""
    return np.abs(other_nm - r1_nm) > _APART_NM


def _has_pair_lines(found: Found, r1_nm: Array, weakest: Array, last_nm: float = np.inf) -> Mask:
    """True where both pair lines stand above a line or would lie beyond the end of the spectra.

    One line at the distance of a pair line is neon as well as that; both are not. Lines count from
    the score `weakest` on, shape (spectra,).
    """
    at = _at_pair_lines(found.r1_nm - r1_nm[:, None])
    at &= (found.score > weakest[:, None])[..., None]
    seen = np.where(at, found.score[..., None], 0.0).max(axis=1)
    strongest = seen.max(axis=1, keepdims=True)
    beyond = r1_nm[:, None] + _PAIR_LINES_NM + _PAIR_TOLERANCE_NM > last_nm
    there = (seen > 0.0) & (seen >= _SISTER_SHARE * strongest)
    return np.asarray((there | beyond).all(axis=1))


def _at_pair_lines(above_nm: Array) -> Mask:
    """Which of the pair lines is that far above R1, shape (..., pair lines)."""
    return np.abs(above_nm[..., None] - _PAIR_LINES_NM) < _PAIR_TOLERANCE_NM
