"""Look at the cell once: the ruby, with all that belongs to a step, and nothing moves."""

from functools import partial

from bluesky.utils import MsgGenerator, plan

from plans.gauge_reading import GaugeReading
from plans.gauge_settings import RubySettings
from plans.instruments import Instruments
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.measure_reference import measure_reference

__all__ = ["look"]


@plan
def look(
    instruments: Instruments,
    settings: RubySettings,
    number: int,
    *,
    branch: str,
    target: float = float("nan"),
    spot: str = "",
) -> MsgGenerator[GaugeReading]:
    """Measure the ruby as one event of ``primary``, with drive and picture.

    A reference ruby, where there is one, is measured before it.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    settings : RubySettings
        How the spectrum is taken.
    number : int
        Number of the step, from 1.
    branch : str
        What it belongs to: ``cooldown``, ``warmup``, ``hold``, ...
    target : float
        What the run is heading for, in the unit of its targets.
    spot : str
        Which chip; empty for the one that the ruby's optics are at home at.
    """
    instruments.step.begin(number, branch=branch, target=target)
    yield from measure_reference(instruments, settings)
    return (
        yield from measure_pressure(
            instruments,
            settings,
            spot=spot,
            stream="primary",
            also=instruments.at_each_step,
            note=partial(_note, instruments),
        )
    )


def _note(instruments: Instruments, reading: GaugeReading) -> None:
    instruments.step.note(
        outcome="measured" if reading.measured else "not_measured", attempts=reading.attempts
    )
