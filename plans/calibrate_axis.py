"""Where the wavelength axis really is, from the lines of a lamp."""

from collections.abc import Mapping, Sequence
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError
from dac_control.gauges import Spectrum
from dac_control.gauges.axis_calibration import calibrate_axis, lamp_lines
from devices.spectrometer import Spectrometer
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.looks import axis_looks
from plans.stubs.calibration import keep_calibration, when
from plans.stubs.expose import expose

__all__ = ["calibrate_axis_plan"]


@plan
def calibrate_axis_plan(
    instruments: Instruments,
    lamp: str,
    *,
    gauge: str = "ruby",
    exposures_s: Sequence[float] = (0.05, 0.5),
    averages: int = 4,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure lamp lines and store the axis that they give; later spectra are put on it.

    The raw axis of the instrument stays in every record.

    Parameters
    ----------
    instruments : Instruments
        The laboratory. Its line lamp, where it has one, is on for the exposures only; otherwise the
        lamp has to be on already, and the light of the cell off.
    lamp : str
        What the lamp is filled with: ``neon``, ``argon``, ``mercury``, ...
    gauge : str
        Whose spectrometer is calibrated.
    exposures_s : sequence of float
        A short one, in which no strong line saturates, and a long one for the weak lines.
    averages : int
        Scans to average.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    ConfigurationError, LimitError
        Before the run opens: no such lamp or gauge, or an exposure that cannot be made.
    RampHeld
        If the lines do not tell where the axis is; the text says what to do.
    """
    lamp_lines(lamp)
    spectrometer = instruments.gauge(gauge).spectrometer
    if not exposures_s:
        raise LimitError("Calibrating the axis needs at least one exposure.")
    document = {
        "plan_name": "calibrate_axis",
        "plan_args": {
            "lamp": lamp,
            "gauge": gauge,
            "exposures_s": list(exposures_s),
            "averages": averages,
        },
        "devices": instruments.names,
        "gauge": gauge,
        **dict(md or {}),
    }
    looks = axis_looks(gauge, exposures_s, averages)
    inside = _calibrate(instruments, spectrometer, lamp, exposures_s, averages)
    return (yield from held_run(inside, document, instruments, looks))


def _calibrate(
    instruments: Instruments,
    spectrometer: Spectrometer,
    lamp: str,
    exposures_s: Sequence[float],
    averages: int,
) -> MsgGenerator[None]:
    spectra: list[Spectrum] = []
    for exposure_s in exposures_s:
        yield from expose(
            instruments,
            spectrometer,
            exposure_s,
            stream="lamp",
            averages=averages,
            light=instruments.line_lamp,
        )
        spectra.append(spectrometer.as_spectrum(on_own_axis=True))
    assert spectrometer.last is not None  # an exposure that failed has ended the run
    time = when(spectrometer.last.time)

    def work_out() -> dict[str, Any]:
        found = calibrate_axis(spectra, lamp, instrument=spectrometer.address, time=time)
        return found.to_dict()

    yield from keep_calibration(instruments, "axis", spectrometer.name, time, work_out)
