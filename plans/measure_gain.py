"""Gain, read noise and full scale of a detector from its own light: a photon transfer curve."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from bluesky.utils import MsgGenerator, plan

from dac_control.errors import NotMeasured
from dac_control.gauges.photon_transfer import (
    ExposurePair,
    exposures_for,
    measure_transfer,
)
from devices.spectrometer import Spectrometer
from plans.held_run import held_run
from plans.instruments import Instruments, LightSource
from plans.looks import gain_looks
from plans.stubs.calibration import keep_calibration, when
from plans.stubs.expose import expose

__all__ = ["measure_gain"]


@plan
def measure_gain(
    instruments: Instruments,
    *,
    gauge: str = "ruby",
    probe_s: float = 0.1,
    exposures: int = 8,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure a photon transfer curve with the lamp, and store gain and read noise.

    Smoothing over pixels must be off in the spectrometer, the lamp steady, and a laser that the
    station does not switch must be off: what it lights is in the dark spectra, too.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a lamp that can be opened and closed.
    gauge : str
        Whose spectrometer is measured.
    probe_s : float
        Exposure that tells how bright the lamp is.
    exposures : int
        Number of exposures of the curve.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    NotMeasured
        Before the run opens, if no lamp can be closed: then there is no dark.
    LimitError
        Before the run opens, for a `probe_s` that the spectrometer cannot make.
    RampHeld
        If the spectra do not make a curve; the text says what to do.
    """
    spectrometer = instruments.gauge(gauge).spectrometer
    lamp = instruments.lamp
    if lamp is None:
        raise NotMeasured(
            "A photon transfer curve needs dark spectra between the light ones, and this station "
            "has no lamp that can be opened and closed; declare [devices.lamp]."
        )
    document = {
        "plan_name": "measure_gain",
        "plan_args": {"gauge": gauge, "probe_s": probe_s, "exposures": exposures},
        "devices": instruments.names,
        "gauge": gauge,
        **dict(md or {}),
    }
    looks = gain_looks(gauge, probe_s)
    inside = _curve(instruments, spectrometer, lamp, probe_s, exposures)
    return (yield from held_run(inside, document, instruments, looks))


def _curve(
    instruments: Instruments,
    spectrometer: Spectrometer,
    lamp: LightSource,
    probe_s: float,
    exposures: int,
) -> MsgGenerator[None]:
    light = yield from _spectrum(instruments, spectrometer, probe_s, lamp)
    dark = yield from _spectrum(instruments, spectrometer, probe_s, None)
    full_scale = spectrometer.saturation_counts - float(np.median(dark))
    plan_s = exposures_for(
        float(np.max(light - dark)) / probe_s, full_scale, spectrometer.exposure_limits_s, exposures
    )
    pairs: list[ExposurePair] = []
    for exposure_s in plan_s:
        frames: list[np.ndarray] = []
        for source in (lamp, lamp, None, None):
            frames.append((yield from _spectrum(instruments, spectrometer, exposure_s, source)))
        pairs.append(
            ExposurePair(exposure_s=exposure_s, light=(frames[0], frames[1]),
                         dark=(frames[2], frames[3]))
        )  # fmt: skip
    assert spectrometer.last is not None  # an exposure that failed has ended the run
    time = when(spectrometer.last.time)
    saturation = spectrometer.saturation_counts

    def work_out() -> dict[str, Any]:
        return measure_transfer(
            pairs, instrument=spectrometer.address, time=time, saturation_counts=saturation
        ).to_dict()

    yield from keep_calibration(instruments, "gain", spectrometer.name, time, work_out)


def _spectrum(
    instruments: Instruments,
    spectrometer: Spectrometer,
    exposure_s: float,
    light: LightSource | None,
) -> MsgGenerator[np.ndarray]:
    stream = "dark" if light is None else "lamp"
    yield from expose(instruments, spectrometer, exposure_s, stream=stream, light=light)
    assert spectrometer.last is not None  # an exposure that failed has ended the run
    return np.asarray(spectrometer.last.counts, float)
