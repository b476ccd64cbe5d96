"""Light of the lamp from gasket and sample, each with the lamp off at the same place, too."""

from dataclasses import dataclass
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, NotMeasured
from dac_control.reflectance import DarkReading, LightReading
from devices.spectrometer import Spectrometer
from plans.instruments import Instruments
from plans.optics_settings import ReflectanceSettings
from plans.stubs.aim import aim_at, check_spot
from plans.stubs.light import lit
from plans.stubs.parameters import choose
from plans.stubs.trigger_all import trigger_all

__all__ = ["GASKET", "SAMPLE", "ReflectanceReadings", "check_reflectance", "take_reflectance"]

GASKET, SAMPLE = "gasket", "sample"
SHORTER_BY = 3.0
"""Factor by which the exposure shrinks after saturation."""
_STREAM = "reflectance"


@dataclass(frozen=True, kw_only=True)
class ReflectanceReadings:
    """What an evaluation needs of one step."""

    sample: LightReading
    references: tuple[LightReading, LightReading]
    """The gasket before the sample and after it, which bounds the drift of the lamp."""


def check_reflectance(instruments: Instruments) -> Spectrometer:
    """Return the spectrometer that reflectance is seen with.

    Raises
    ------
    LimitError
        If the station has no lamp that can be switched, or its optics find no gasket or sample.
    """
    if instruments.lamp is None:
        raise LimitError(
            "Reflectance needs white light that can be switched off, since without a dark "
            "spectrum nothing is known; declare [devices.lamp]. Nothing was lit."
        )
    for spot in (GASKET, SAMPLE):
        check_spot(instruments, spot, "")
    return instruments.spectrometer if instruments.vis is None else instruments.vis


@plan
def take_reflectance(
    instruments: Instruments, settings: ReflectanceSettings
) -> MsgGenerator[ReflectanceReadings]:
    """Take gasket, sample and gasket again in the lamp's light, as events of ``reflectance``.

    At gasket and sample a spectrum with the lamp off comes first: the detector's dark at the one,
    the background of room and optics at the other. Each event says where the optics looked and
    whether the lamp was on. The laser stays dark.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with lamp and stage.
    settings : ReflectanceSettings
        Exposure and averages, the same for all of them.

    Raises
    ------
    LimitError
        Where the station cannot do it, or the budget of light does not allow it.
    NotMeasured
        If the detector is saturated even in the shortest of the exposures.
    """
    spectrometer = check_reflectance(instruments)
    exposure_s = settings.exposure_s
    for _ in range(settings.attempts):
        readings = yield from _around(instruments, spectrometer, exposure_s, settings.averages)
        if readings is not None:
            return readings
        exposure_s = max(exposure_s / SHORTER_BY, spectrometer.exposure_limits_s[0])
    raise NotMeasured(
        f"{spectrometer.name} is saturated by the lamp in {settings.attempts} exposures, the "
        f"shortest {exposure_s * SHORTER_BY:.3g} s; lower reflectance.exposure_s or the lamp."
    )


def _around(
    instruments: Instruments, spectrometer: Spectrometer, exposure_s: float, averages: int
) -> MsgGenerator[ReflectanceReadings | None]:
    """The whole sequence; None as soon as a reading is saturated."""
    found: list[LightReading] = []
    darks: dict[str, DarkReading] = {}
    for spot in (GASKET, SAMPLE, GASKET):
        yield from aim_at(instruments, spot)
        if spot not in darks:
            yield from _expose(instruments, spectrometer, exposure_s, averages)
            darks[spot] = _dark(spectrometer)
        lamp_open_s = exposure_s * averages
        yield from lit(
            instruments,
            _expose(instruments, spectrometer, exposure_s, averages),
            spot,
            lamp_open_s,
            light=instruments.lamp,
        )
        assert spectrometer.last is not None  # it has just been triggered
        if spectrometer.last.saturated:
            return None
        middle_s = float(instruments.clock_reading.lab_time_s.get()) + 0.5 * lamp_open_s
        found.append(_light(spectrometer, spot, darks[spot], middle_s))
    before, sample, after = found
    return ReflectanceReadings(sample=sample, references=(before, after))


def _expose(
    instruments: Instruments, spectrometer: Spectrometer, exposure_s: float, averages: int
) -> MsgGenerator[None]:
    """Take and record one spectrum in whatever light there is."""
    device: Any = spectrometer
    yield from choose((device.next_averages, averages), (device.next_exposure_s, exposure_s))
    lamp: Any = instruments.lamp
    devices: list[Any] = [instruments.clock_reading, instruments.cryostat, lamp, spectrometer]
    yield from trigger_all(devices)
    yield from bps.create(name=_STREAM)
    devices += [instruments.step, *instruments.aimed]
    for each in devices:
        yield from bps.read(each)
    yield from bps.save()


def _dark(spectrometer: Spectrometer) -> DarkReading:
    raw = spectrometer.last
    assert raw is not None  # it has just been triggered
    counts = np.asarray(raw.counts, float)
    return DarkReading(counts=counts, exposure_s=raw.exposure_s, averages=raw.averages)


def _light(
    spectrometer: Spectrometer, spot: str, dark: DarkReading, middle_s: float
) -> LightReading:
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
        lab_time_s=middle_s,
    )
