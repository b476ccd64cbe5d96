"""What takes long is explained; what does not is not."""

import time

import pytest

from dac_control.app.patience import explained


def test_what_takes_long_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    said, deadline = "", time.monotonic() + 10
    with explained("wait for it", after_s=0.0):
        while "wait for it" not in said and time.monotonic() < deadline:
            said += capfd.readouterr().err
            time.sleep(0.005)
    assert said == "wait for it\n"


def test_what_is_over_in_time_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    with explained("never said", after_s=60.0):
        pass
    assert capfd.readouterr() == ("", "")
