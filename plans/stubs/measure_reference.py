"""The ruby outside the pressure chamber: its line stands in for lambda0 at this step."""

from bluesky.utils import MsgGenerator, plan

from plans.gauge_settings import REFERENCE, RubySettings
from plans.instruments import Instruments
from plans.stubs.measure_pressure import measure_pressure

__all__ = ["measure_reference"]

UNPRESSURISED_GPA = (-2.0, 2.0)
"""Where the line of an unpressurised chip may stand on the chip's lambda0: chips scatter by
0.1 GPa and axes drift by some tenths."""


@plan
def measure_reference(instruments: Instruments, settings: RubySettings) -> MsgGenerator[bool]:
    """Measure the reference ruby, where the station has one, as one event of its own stream.

    What the ruby says after this counts from its line. Where it shows nothing the record has a
    gap, and the ruby counts from the stored lambda0 until the next step.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    settings : RubySettings
        How the spectrum is taken.

    Returns
    -------
    bool
        True if the zero of the ruby is now of another kind than before: readings on both sides of
        that differ by what is systematic, and cannot be held against each other.
    """
    optics = instruments.further_gauges.get(REFERENCE)
    if optics is None:
        return False
    reading = yield from measure_pressure(
        instruments, settings, gauge=REFERENCE, expected_gpa=UNPRESSURISED_GPA
    )
    before, ruby, device = instruments.ruby.reference_line, instruments.ruby, optics.device
    seen = None
    if reading.measured and optics.spectrometer.last is not None:
        assert isinstance(device, type(ruby))  # the session builds it so
        seen = ruby.gauge.seen_beside(
            float(device.r1_nm.get()),
            float(device.r1_sigma_nm.get()),
            float(device.temperature_k.get()),
            optics.spectrometer.last.time,
        )
    ruby.reference_line = seen
    return (before is None) != (seen is None)
