"""Take a ruby spectrum and its pressure."""

from typing import Any

from bluesky.utils import MsgGenerator, plan

from plans.gauge_reading import GaugeReading
from plans.gauge_settings import RubySettings
from plans.instruments import Instruments
from plans.stubs.measure_pressure import measure_pressure

__all__ = ["measure_ruby"]


@plan
def measure_ruby(
    instruments: Instruments, settings: RubySettings, **options: Any
) -> MsgGenerator[GaugeReading]:
    """Measure the ruby pressure and record it as one event.

    Parameters
    ----------
    instruments, settings, **options
        As for `measure_pressure`.
    """
    return (yield from measure_pressure(instruments, settings, gauge="ruby", **options))
