"""R1 without pressure: of the chip before loading, or of a reference ruby beside the cell."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, NotMeasured, RampHeld
from dac_control.gauges import RubyGauge
from dac_control.gauges.mean_line import MeanLine, mean_line
from plans.calibrated import check_calibrations
from plans.gauge_settings import REFERENCE, RubySettings
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import lambda0_looks
from plans.stubs.calibration import keep_calibration, when
from plans.stubs.hold import wait_while_held
from plans.stubs.measure_pressure import measure_pressure

__all__ = ["measure_lambda0", "measure_reference_ruby"]

FEWEST = 3
"""Spectra from which the scatter between them means anything."""

UNLOADED_WITHIN_GPA = 1.0
"""A new lambda0 of the chip in use may differ from the last by this much: after a knock an axis
may stand 0.1 nm away, which is 0.3 GPa. Beyond it the cell is loaded, or it is another chip."""


@plan
def measure_lambda0(
    instruments: Instruments,
    chip: str,
    *,
    readings: int = 8,
    settings: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure R1 of the unloaded chip at the present temperature, and store it.

    Parameters
    ----------
    instruments : Instruments
        The laboratory. The cell must be open or unloaded: no software can see that.
    chip : str
        Name of the chip, as the station file has it.
    readings : int
        Spectra; their scatter, where it is larger than their noise, is the uncertainty.
    settings : RubySettings, optional
        How a spectrum is taken.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    LimitError, StaleCalibration
        Before the run opens, for too few readings, or an axis that the station finds too old.
    RampHeld
        If fewer than three of the spectra show ruby, or the line is that of a loaded cell.
    """
    return (yield from _run("lambda0", instruments, "ruby", chip, readings, settings, md))


@plan
def measure_reference_ruby(
    instruments: Instruments,
    chip: str,
    *,
    readings: int = 8,
    settings: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure R1 of the ruby outside the pressure chamber, and store it; see `measure_lambda0`."""
    return (yield from _run("reference", instruments, REFERENCE, chip, readings, settings, md))


def _run(
    kind: Literal["lambda0", "reference"],
    instruments: Instruments,
    gauge: str,
    chip: str,
    readings: int,
    settings: RubySettings | None,
    md: Mapping[str, Any] | None,
) -> MsgGenerator[Any]:
    if readings < FEWEST:
        raise LimitError(
            f"{readings} readings say nothing of their scatter; take {FEWEST} or more."
        )
    check_calibrations(instruments, [gauge], kinds=("axis", "gain"))
    settings = settings or RubySettings()
    document = {
        "plan_name": "measure_lambda0" if kind == "lambda0" else "measure_reference_ruby",
        "plan_args": {"chip": chip, "readings": readings, "settings": asdict(settings)},
        "devices": instruments.names,
        "gauge": gauge,
        **dict(md or {}),
    }
    looks = lambda0_looks(gauge, settings, readings, rules_of(instruments))
    inside = _measure(kind, instruments, gauge, chip, readings, settings)
    return (yield from held_run(inside, document, instruments, looks))


def _measure(
    kind: Literal["lambda0", "reference"],
    instruments: Instruments,
    gauge: str,
    chip: str,
    readings: int,
    settings: RubySettings,
) -> MsgGenerator[None]:
    device: Any = instruments.gauge(gauge).device
    # events of a reference, good or not, share a stream: none may hold more devices than another
    also = instruments.at_each_step if gauge == "ruby" else ()
    lines: list[tuple[float, float]] = []
    temperatures: list[float] = []
    for number in range(1, readings + 1):
        yield from wait_while_held(instruments)
        instruments.step.begin(number, branch=kind)
        reading = yield from measure_pressure(
            instruments, settings, gauge=gauge, stream="primary", also=also
        )
        if reading.measured:
            lines.append((float(device.r1_nm.get()), float(device.r1_sigma_nm.get())))
            temperatures.append(float(device.temperature_k.get()))
    if len(lines) < FEWEST:
        raise RampHeld(
            f"{len(lines)} of {readings} spectra of chip '{chip}' show ruby, and {FEWEST} are "
            "needed; look at the focus, the light and the exposure."
        )
    spectrometer = instruments.gauge(gauge).spectrometer
    assert spectrometer.last is not None  # lines were read from it
    time, axis = when(spectrometer.last.time), spectrometer.axis
    ruby = device.gauge

    def content() -> dict[str, Any]:
        found = mean_line(lines, temperatures, ruby.temperature_sigma_k, ruby.correction.slope)
        if kind == "lambda0":
            _check_unloaded(ruby, chip, found)
        return {
            "value_nm": found.line_nm,
            "sigma_nm": found.sigma_nm,
            "chip": chip,
            "date": time.date().isoformat(),
            "temperature_k": found.temperature_k,
            "readings": found.readings,
            "scatter_nm": found.scatter_nm,
            "axis": "" if axis is None else axis.describe(),
        }

    yield from keep_calibration(instruments, kind, chip, time, content)


def _check_unloaded(ruby: RubyGauge, chip: str, found: MeanLine) -> None:
    """Refuse a line that the chip's own lambda0 so far puts at a pressure."""
    if chip != ruby.lambda0.chip:
        return
    at_gpa = ruby.pressure_from_line(
        found.line_nm, found.sigma_nm, found.temperature_k
    ).pressure_gpa
    if not abs(at_gpa) <= UNLOADED_WITHIN_GPA:
        raise NotMeasured(
            f"R1 of chip '{chip}' stands at {found.line_nm:.4f} nm, {at_gpa:+.1f} GPa by the "
            "lambda0 in use, so the cell is not unloaded; nothing was stored. If it is, the "
            "lambda0 of the station file is wrong: put this one there."
        )
