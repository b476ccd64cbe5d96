"""Compiling is explained while it takes long; what takes as long for another reason is not."""

import time

import pytest
from numba.core import event

from dac_control.app.patience import compiling_explained


def test_compiling_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    said, deadline = "", time.monotonic() + 10
    with compiling_explained(after_s=0.0):
        while not said and time.monotonic() < deadline:
            with event.trigger_event("numba:run_pass"):
                said = capfd.readouterr().err
            time.sleep(0.005)
    assert said.startswith("Compiling the fits")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("after_s", [0.0, 60.0])
def test_what_is_not_compiled_or_over_in_time_is_not_explained(
    after_s: float, capfd: pytest.CaptureFixture[str]
) -> None:
    with compiling_explained(after_s=after_s), event.trigger_event("numba:compile"):
        pass
    assert capfd.readouterr() == ("", "")
