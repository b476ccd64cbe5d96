"""One event for a reading, also for one that could not be taken."""

from collections.abc import Sequence
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator

from plans.gauge_reading import GaugeReading
from plans.instruments import GaugeOptics, Instruments
from plans.stubs.trigger_all import trigger_all

__all__ = ["record", "record_failure"]


def record(
    stream: str, instruments: Instruments, optics: GaugeOptics, also: Sequence[Any] = ()
) -> MsgGenerator[None]:
    """Record what the devices of a gauge hold as one event of `stream`."""
    devices: list[Any] = [
        instruments.clock_reading,
        instruments.step,
        instruments.cryostat,
        optics.spectrometer,
        optics.device,
        *instruments.aimed,
        *also,
    ]
    yield from bps.create(name=stream)
    for device in devices:
        yield from bps.read(device)
    yield from bps.save()


def record_failure(instruments: Instruments, reading: GaugeReading) -> MsgGenerator[None]:
    """Record that a reading could not be taken: what its devices hold is from before."""
    step = instruments.step
    before = {"outcome": str(step.outcome.get()), "failure": str(step.failure.get())}
    step.note(outcome="not_measured", failure=f"{reading.gauge}: {reading.failure}")
    devices: list[Any] = [instruments.clock_reading, step, instruments.drive]
    yield from trigger_all([instruments.clock_reading])
    yield from bps.create(name="unmeasured")
    for device in devices:
        yield from bps.read(device)
    yield from bps.save()
    step.note(**before)
