"""The next exposure from the last signal: within limits, in factors of two, and not for nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import LimitError
from plans.exposure import next_exposure_s
from plans.gauge_settings import RubySettings

LIMITS_S = (0.01, 10.0)
WANTED = RubySettings(exposure_s=0.5, signal_to_noise=100.0)


@pytest.mark.parametrize(
    ("snr", "fill", "expected_s"),
    [
        (100.0, 0.1, 0.5),
        (110.0, 0.1, 0.5),  # good enough to leave it
        (200.0, 0.1, 0.125),
        (50.0, 0.1, 2.0),
        (50.0, 0.5, 0.5),  # twice as long would not fit on the detector
        (50.0, 1.0, 0.125),  # saturated: how far, nobody knows
        (math.nan, 0.01, 2.0),
        (0.0, 0.01, 2.0),
    ],
)
def test_the_time_goes_with_the_square_of_what_is_missing(
    snr: float, fill: float, expected_s: float
) -> None:
    assert next_exposure_s(WANTED, 0.5, snr, fill, LIMITS_S) == pytest.approx(expected_s)


def test_without_a_wanted_ratio_it_changes_only_where_there_is_no_line() -> None:
    plain = RubySettings(exposure_s=0.5, longer_by=3.0, longest_exposure_s=600.0)
    assert next_exposure_s(plain, 0.7, 3.0, 0.1, LIMITS_S) == 0.7
    assert next_exposure_s(plain, 0.7, math.nan, 0.1, LIMITS_S) == pytest.approx(2.1)
    assert next_exposure_s(plain, 0.7, math.nan, 1.0, LIMITS_S) == pytest.approx(0.7 / 3.0)
    # never longer than instrument and budget have it, however long the settings would
    assert next_exposure_s(plain, 4.0, math.nan, 0.1, LIMITS_S) == 10.0
    with pytest.raises(LimitError, match="signal_to_noise must be above 0"):
        RubySettings(signal_to_noise=0.0)


@given(
    last_s=st.floats(0.01, 10.0),
    snr=st.one_of(st.floats(0.0, 1e9), st.just(math.nan)),
    fill=st.floats(0.0, 1.0),
    longest_s=st.floats(0.02, 10.0),
)
def test_it_stays_within_instrument_budget_and_settings(
    last_s: float, snr: float, fill: float, longest_s: float
) -> None:
    settings = RubySettings(exposure_s=0.5, longest_exposure_s=4.0, signal_to_noise=100.0)
    chosen = next_exposure_s(settings, last_s, snr, fill, (0.01, longest_s))
    assert chosen == last_s or 0.01 <= chosen <= min(longest_s, 4.0)
