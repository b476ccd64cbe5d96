"""Look at the cell once, with all that belongs to a step: nothing moves."""

from functools import partial

from bluesky.utils import MsgGenerator, plan

from plans.gauge_reading import GaugeReading, pressure_notes
from plans.gauge_settings import GaugeSettings, RubySettings
from plans.instruments import Instruments
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.measure_reference import measure_reference

__all__ = ["look", "look_by"]


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


@plan
def look_by(
    instruments: Instruments,
    gauge: str,
    settings: tuple[GaugeSettings, RubySettings],
    number: int,
    *,
    branch: str,
) -> MsgGenerator[GaugeReading]:
    """Look at the cell with another gauge than the ruby in charge, as at a step of a ramp.

    Its spectra have a stream of its own. The ruby comes after it, as the event of ``primary``,
    which notes what the gauge said: the step has its pressure also where the ruby shows nothing.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    gauge : str
        Whose pressure counts, a key of `Instruments.gauges`.
    settings : pair of GaugeSettings
        How the spectra of this gauge and of the ruby are taken.
    number, branch
        As for `look`.

    Returns
    -------
    GaugeReading
        Of that gauge.
    """
    of_gauge, of_ruby = settings
    instruments.step.begin(number, branch=branch)
    instruments.step.note(gauge=gauge)
    yield from measure_reference(instruments, of_ruby)
    reading = yield from measure_pressure(instruments, of_gauge, gauge=gauge)
    _note(instruments, reading)
    if reading.measured:
        instruments.step.note(**pressure_notes(instruments, reading))
    yield from measure_pressure(
        instruments, of_ruby, stream="primary", also=instruments.at_each_step
    )
    return reading


def _note(instruments: Instruments, reading: GaugeReading) -> None:
    instruments.step.note(
        outcome="measured" if reading.measured else "not_measured", attempts=reading.attempts
    )
