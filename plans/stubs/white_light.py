"""Spectra in the light of a lamp, and with the lamp off at the same place."""

from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
from bluesky.utils import MsgGenerator

from dac_control.reflectance import DarkReading, LightReading
from devices.spectrometer import Spectrometer
from plans.instruments import Instruments, LightSource
from plans.optics_settings import ReflectanceSettings
from plans.stubs.light import lit
from plans.stubs.parameters import choose
from plans.stubs.trigger_all import trigger_all

__all__ = ["in_the_dark", "in_the_light"]


def in_the_dark(
    instruments: Instruments,
    spectrometer: Spectrometer,
    taken: ReflectanceSettings,
    lamp: LightSource | None,
    stream: str,
) -> MsgGenerator[DarkReading]:
    """Take and record one spectrum with the lamp off: detector, room and optics."""
    yield from _expose(instruments, spectrometer, taken, lamp, stream)
    raw = spectrometer.last
    assert raw is not None  # it has just been triggered
    counts = np.asarray(raw.counts, float)
    return DarkReading(counts=counts, exposure_s=raw.exposure_s, averages=raw.averages)


def in_the_light(
    instruments: Instruments,
    spectrometer: Spectrometer,
    taken: ReflectanceSettings,
    lamp: LightSource | None,
    stream: str,
    spot: str,
    dark: DarkReading,
) -> MsgGenerator[LightReading | None]:
    """Take and record one spectrum with the lamp on; None where the detector is saturated."""
    lamp_open_s = taken.exposure_s * taken.averages
    exposing = _expose(instruments, spectrometer, taken, lamp, stream)
    yield from lit(instruments, exposing, spot, lamp_open_s, light=lamp)
    assert spectrometer.last is not None  # it has just been triggered
    if spectrometer.last.saturated:
        return None
    seen = spectrometer.as_spectrum()
    return LightReading(
        spot=spot,
        wavelength_nm=seen.wavelength_nm,
        counts=seen.counts,
        exposure_s=dark.exposure_s,
        averages=dark.averages,
        dark=dark,
        gain_e_per_count=seen.gain_e_per_count,
        read_noise_e=seen.read_noise_e or 0.0,
        saturation_counts=seen.saturation_counts,
        lab_time_s=float(instruments.clock_reading.lab_time_s.get()) + 0.5 * lamp_open_s,
    )


def _expose(
    instruments: Instruments,
    spectrometer: Spectrometer,
    taken: ReflectanceSettings,
    lamp: LightSource | None,
    stream: str,
) -> MsgGenerator[None]:
    """Take and record one spectrum in whatever light there is."""
    device: Any = spectrometer
    yield from choose(
        (device.next_averages, taken.averages), (device.next_exposure_s, taken.exposure_s)
    )
    devices: list[Any] = [instruments.clock_reading, instruments.cryostat, lamp, spectrometer]
    yield from trigger_all(devices)
    yield from bps.create(name=stream)
    devices += [instruments.step, *instruments.aimed]
    for each in devices:
        yield from bps.read(each)
    yield from bps.save()
