"""In which order the candidates for R1 are tried, and when nothing tells them apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.search import CANDIDATES, Found

__all__ = ["is_ambiguous", "order"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Pair lines of concentrated ruby at zero pressure, nm above R1 (N2 and N1 near 700.9 and
# 704.1 nm); they move with pressure much as R1 does.
_PAIR_LINES_NM: Final = (6.65, 9.85)
_PAIR_TOLERANCE_NM: Final = 0.7
_WEAKEST_SHARE: Final = 0.1
"""Share of the strongest score from which a candidate is taken into account."""
_WEAKEST_LEADER: Final = 0.3
_RIVAL_SHARE: Final = 0.25
_RIVAL_SCORE: Final = 8.0


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
        leads &= _pair_lines_of(found, candidate).sum(axis=1) >= len(_PAIR_LINES_NM)
        rank[:, candidate] += np.where(leads, found.score[:, 0], 0.0)


def is_ambiguous(found: Found, chosen: NDArray[np.intp]) -> Mask:
    """True where a rival of the chosen line is strong and is none of its pair lines."""
    rows = np.arange(chosen.size)
    score = found.score[rows, chosen]
    rival = found.score > np.maximum(_RIVAL_SHARE * score, _RIVAL_SCORE)[:, None]
    rival[rows, chosen] = False
    for candidate in range(CANDIDATES):
        mine = chosen == candidate
        if mine.any():
            rival[mine] &= ~_pair_lines_of(found, candidate)[mine]
    return np.any(rival, axis=1)


def _pair_lines_of(found: Found, candidate: int) -> Mask:
    """Which other candidates stand where the pair lines of this one would be."""
    above = found.r1_nm - found.r1_nm[:, candidate, None]
    strong = found.score > _WEAKEST_SHARE * found.score[:, :1]
    pair = np.zeros(above.shape, dtype=bool)
    for distance in _PAIR_LINES_NM:
        pair |= np.abs(above - distance) < _PAIR_TOLERANCE_NM
    return pair & strong
