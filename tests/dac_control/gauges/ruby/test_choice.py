"""When the lines of concentrated ruby explain another candidate, and when a second ruby is one."""

import numpy as np
import pytest

from dac_control.gauges.ruby.choice import is_rival
from dac_control.gauges.ruby.search import Found


def found(*lines: tuple[float, float]) -> Found:
    """Candidates (place and score), best first."""
    places, scores = (np.array([column]) for column in zip(*lines, strict=True))
    nothing = np.zeros((1, len(lines)), dtype=bool)
    return Found(places, np.full_like(places, 0.3), scores, nothing, np.zeros(1))


@pytest.mark.parametrize(
    ("n1", "n2", "rival"),
    [
        ((704.1, 900.0), (700.9, 700.0), False),
        # one of the pair is strong enough to count, the other is not
        ((704.1, 110.0), (700.9, 70.0), False),
        # the foot of a second ruby's line, where the other pair line would be
        ((703.7, 1127.0), (700.3, 138.6), True),
        # one line alone
        ((704.1, 900.0), (709.0, 700.0), True),
    ],
)
def test_both_pair_lines_or_a_rival(
    n1: tuple[float, float], n2: tuple[float, float], rival: bool
) -> None:
    candidates = found((694.25, 1000.0), n1, n2, (720.0, 1.0))
    r1, score, other = np.array([694.25]), np.array([1000.0]), np.array([1])
    assert is_rival(candidates, r1, score, other, last_nm=730.0).tolist() == [rival]


def test_a_pair_line_beyond_the_end_need_not_be_seen() -> None:
    candidates = found((694.25, 1000.0), (700.9, 300.0), (720.0, 1.0), (721.0, 1.0))
    r1, score, other = np.array([694.25]), np.array([1000.0]), np.array([1])
    assert not is_rival(candidates, r1, score, other, last_nm=703.0).any()
    assert is_rival(candidates, r1, score, other, last_nm=730.0).all()
