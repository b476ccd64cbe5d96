"""Take a spectrum with the light closed: what the detector shows of its own."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError
from plans.instruments import Instruments
from plans.stubs.parameters import choose

__all__ = ["DARK_SCANS", "measure_dark"]

DARK_SCANS = 16
"""Scans of the dark for each one of the ruby: its noise is subtracted from every spectrum, and a
sixteenth of it is nothing beside that of the spectrum."""


@plan
def measure_dark(
    instruments: Instruments, exposure_s: float, averages: int = 1
) -> MsgGenerator[None]:
    """Measure the dark spectrum and record it as one event of the stream ``dark``.

    Gauges subtract it from later spectra of the same exposure; the raw counts stay as they are.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a light source.
    exposure_s : float
        Exposure of the spectra it is meant for.
    averages : int
        Scans to average.

    Raises
    ------
    LimitError
        If there is no light source: a "dark" spectrum with the light on would be a lie.
    """
    if instruments.light is None:
        raise LimitError(
            "A dark spectrum needs a light source that can be closed, and this station has none."
        )
    light: Any = instruments.light
    spectrometer: Any = instruments.spectrometer
    yield from bps.abs_set(light, False, wait=True)
    yield from choose(
        (spectrometer.next_averages, averages), (spectrometer.next_exposure_s, exposure_s)
    )
    yield from bps.trigger(spectrometer, group="dark", wait=True)
    yield from bps.create(name="dark")
    yield from bps.read(spectrometer)
    yield from bps.save()
    taken = instruments.spectrometer.last
    if taken is not None:
        instruments.spectrometer.darks[taken.exposure_s] = taken
