import math

import pytest

from dac_control.app.findings.text import duration, listed, number, plain, utc, with_sigma


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1.234, 2, "1.23"), (-0.5, 1, "−0.5"), (math.nan, 2, "–"), (None, 2, "–"), ("x", 2, "–")],
)
def test_number(value, digits, text):
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "sigma", "texts"),
    [
        (41.23137, 0.0056, ("41.2314", "0.0056")),
        (41.23137, 1.08, ("41.2", "1.1")),
        (41.23137, 23.0, ("41", "23")),
        (41.23137, math.nan, ("41.231", "–")),
        (41.23137, 0.0, ("41.231", "0.000")),
    ],
)
def test_uncertainty_decides_the_digits(value, sigma, texts):
    assert with_sigma(value, sigma) == texts


def test_times():
    assert duration(42) == "42 s"
    assert duration(1500) == "25 min"
    assert duration(31_320) == "8.7 h"
    assert duration(None) == duration(math.nan) == "–"
    assert utc(0) == "1970-01-01 00:00:00 UTC"
    assert utc(None) == "–"


def test_plain_values():
    assert plain({"a_b": 1, "c": [1.5, None]}) == "a b 1, c 1.5, –"
    assert plain(True) == "yes"
    assert plain({}) == plain([]) == plain("") == "–"
    assert plain(-2.5) == "−2.5"


def test_neighbouring_numbers_become_a_span():
    assert listed([]) == ""
    assert listed([2.0, 4.0]) == "2, 4"
    assert listed([1, 2, 4, 5, 6, 9]) == "1, 2, 4 to 6, 9"
