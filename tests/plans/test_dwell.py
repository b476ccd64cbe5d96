"""When a dwell ends, by the messages of its plan alone."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plans.gauge_reading import GaugeReading
from plans.instruments import Instruments
from plans.settings import DwellSettings, RubySettings
from plans.stubs.dwell import DwellResult, dwell

# a cell that never comes to rest
SLOPE_GPA_PER_S = 1e-3
SETTINGS = DwellSettings(
    drift_limit_gpa_per_h=0.2, window_s=600, interval_s=300, min_dwell_s=600, max_dwell_s=1800,
    min_readings=3,
)  # fmt: skip


class Clock:
    """A laboratory clock that moves when somebody sleeps."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s

    def wall_s(self, lab_s: float) -> float:
        return lab_s


def dwell_from(start_s: float, monkeypatch: pytest.MonkeyPatch) -> tuple[DwellResult, list[float]]:
    clock, taken = Clock(start_s), list[float]()

    def measured(*_: Any, **__: Any) -> Any:
        yield from ()
        taken.append(clock.now_s)
        return GaugeReading(
            gauge="ruby", measured=True, pressure_gpa=50.0 + SLOPE_GPA_PER_S * clock.now_s,
            sigma_stat_gpa=0.01, flags=(), lab_time_s=clock.now_s, exposure_s=0.5, attempts=1,
        )  # fmt: skip

    monkeypatch.setattr(import_module("plans.stubs.dwell"), "measure_pressure", measured)
    messages = dwell(cast(Instruments, SimpleNamespace(clock=clock)), SETTINGS, RubySettings())
    while True:
        try:
            message = next(messages)
        except StopIteration as end:
            return end.value, taken
        assert message.command == "sleep"
        clock.now_s += message.args[0]


@example(start_s=63941.9)  # seconds lose a digit at 65536: the last reading seems 7 ps too early
@given(start_s=st.floats(0.0, 1e6))
def test_a_dwell_ends_with_the_reading_that_is_due_at_its_longest(start_s: float) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        result, taken = dwell_from(start_s, monkeypatch)
    assert [time_s - start_s for time_s in taken] == pytest.approx([300.0 * k for k in range(7)])
    assert result.drift.outcome == "still_drifting"
    assert result.last.lab_time_s == taken[-1]
