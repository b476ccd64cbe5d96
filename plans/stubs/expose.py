"""Take one spectrum and record it, whatever it shows: for calibrations, not for pressures."""

from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from devices.drivers.spot_role import ON_THE_LAMP
from devices.spectrometer import Spectrometer
from plans.instruments import Instruments, LightSource
from plans.stubs.light import lit
from plans.stubs.parameters import choose
from plans.stubs.trigger_all import trigger_all

__all__ = ["expose"]


@plan
def expose(
    instruments: Instruments,
    spectrometer: Spectrometer,
    exposure_s: float,
    *,
    stream: str,
    averages: int = 1,
    light: LightSource | None = None,
    spot: str = ON_THE_LAMP,
) -> MsgGenerator[None]:
    """Take a spectrum as one event of `stream`; it is then `spectrometer.last`.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    spectrometer : Spectrometer
        Which one.
    exposure_s : float
        Exposure of each scan.
    stream : str
        Where the event goes.
    averages : int
        Scans to average.
    light : LightSource, optional
        Open for the exposure only.
    spot : str
        Where that light falls.
    """
    device: Any = spectrometer
    yield from choose((device.next_averages, averages), (device.next_exposure_s, exposure_s))
    exposing = trigger_all([instruments.clock_reading, instruments.cryostat, spectrometer])
    if light is None:
        yield from exposing
    else:
        yield from lit(instruments, exposing, spot, exposure_s * averages, light=light)
    yield from bps.create(name=stream)
    devices: list[Any] = [
        instruments.clock_reading,
        instruments.cryostat,
        spectrometer,
        *instruments.aimed,
    ]
    for each in devices:
        yield from bps.read(each)
    yield from bps.save()
