"""The spectra of all steps above each other, with the fits drawn from their parameters."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dac_control.app.readings import Steps
from dac_control.app.report.canvas import (
    BRANCH_STYLE,
    INK,
    REJECTED,
    legend_above,
    new_figure,
    to_png,
    to_svg,
)
from dac_control.errors import ConfigurationError, RecordError
from dac_control.gauges import evaluate_ruby
from dac_control.gauges.air import air_index
from dac_control.records import Run
from dac_control.records.gauge_series import GaugeSeries

__all__ = ["further_spectrum", "one_spectrum", "waterfall"]

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]

ROW_HEIGHT = 1.6
"""Height of the tallest pixel in units of the distance between spectra."""

LEAST_SIGNAL = 12.0
"""A spectrum whose tallest pixel is lower than this many times its noise is not stretched to the
full height, so that a row of noise looks like one."""

WIDE_WINDOW_NM = (692.0, 700.0)
"""Shown where no step has a fit window: ruby at low pressure."""


def waterfall(run: Run, steps: Steps, *, simulated: bool) -> str | None:
    """Draw the waterfall; None if the run recorded no spectrum.

    Each spectrum is scaled to its own height inside the window, since counts vary with
    exposure; the pressure beside it is the measured one.
    """
    columns = _columns(run, steps.count)
    if columns is None:
        return None
    low_nm, high_nm = _window(columns, steps)
    figure = new_figure(4.8, 1.6 + 0.3 * steps.count)
    axes = figure.subplots()
    for row in range(steps.count):
        _draw(axes, columns, steps, row, (low_nm, high_nm))
    axes.set_xlim(low_nm, high_nm)
    axes.set_ylim(-0.6, steps.count - 1 + ROW_HEIGHT + 0.3)
    axes.set_xlabel("wavelength in air / nm")
    axes.set_yticks(np.arange(steps.count), [f"{int(step)}" for step in steps.step])
    axes.set_ylabel("step")
    axes.grid(axis="y", visible=False)
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(
        np.arange(steps.count),
        [
            f"{pressure:.2f} GPa" if measured else "not measured"
            for pressure, measured in zip(steps.pressure_gpa, steps.measured, strict=True)
        ],
    )
    beside.tick_params(length=0)
    beside.spines["right"].set_visible(False)
    return to_png(figure, simulated=simulated)


def _columns(run: Run, count: int) -> Mapping[str, NDArray[Any] | None] | None:
    gauge = str(run.start.get("gauge") or "ruby")
    wanted = {
        "spectrum": ("spectrometer", "spectrum"),
        "wavelength": ("spectrometer", "wavelength_nm"),
        "model": (gauge, "model"),
        "parameters": (gauge, "parameters"),
        "window": (gauge, "window_nm"),
    }
    found: dict[str, NDArray[Any] | None] = {}
    for name, (role, attribute) in wanted.items():
        try:
            found[name] = run.column(role, attribute)
        except RecordError:
            found[name] = None
    missing = found["spectrum"] is None or found["wavelength"] is None
    return None if missing or count == 0 else found


def _window(columns: Mapping[str, NDArray[Any] | None], steps: Steps) -> tuple[float, float]:
    """Wavelengths that hold the fit windows of all measured steps."""
    rows = columns["window"]
    edges = []
    if rows is not None:
        edges = [np.asarray(rows[k], dtype=float).ravel() for k in np.flatnonzero(steps.measured)]
    edges = [edge for edge in edges if edge.size == 2 and np.all(np.isfinite(edge))]
    if not edges:
        return WIDE_WINDOW_NM
    return float(min(edge[0] for edge in edges)), float(max(edge[1] for edge in edges))


def _draw(
    axes: Axes,
    columns: Mapping[str, NDArray[Any] | None],
    steps: Steps,
    row: int,
    window_nm: tuple[float, float],
) -> None:
    spectrum, wavelength = columns["spectrum"], columns["wavelength"]
    if spectrum is None or wavelength is None:
        return
    x, y = np.asarray(wavelength[row], dtype=float), np.asarray(spectrum[row], dtype=float)
    inside = (x >= window_nm[0]) & (x <= window_nm[1])
    if x.shape != y.shape or not np.any(inside):
        return
    x, y = x[inside], y[inside]
    base = float(np.median(y))
    noise = float(np.median(np.abs(np.diff(y)))) if y.size > 1 else 0.0
    scale = ROW_HEIGHT / max(float(np.max(y)) - base, LEAST_SIGNAL * noise, 1e-9)
    colour = BRANCH_STYLE.get(steps.branch[row], (INK, "", ""))[0]
    order = 10.0 + 2 * (steps.count - row)  # lower rows stand in front
    axes.plot(
        x,
        row + (y - base) * scale,
        linewidth=1.7,
        alpha=0.65,
        color=colour if steps.measured[row] else REJECTED,
        zorder=order,
    )
    fit = _fit(columns, row)
    if fit is not None:
        fit_x, fit_y = fit
        axes.plot(fit_x, row + (fit_y - base) * scale, color=INK, linewidth=0.7, zorder=order + 1)


def _fit(columns: Mapping[str, NDArray[Any] | None], row: int) -> tuple[Array, Array] | None:
    models, parameters, windows = columns["model"], columns["parameters"], columns["window"]
    if models is None or parameters is None or windows is None:
        return None
    model = str(models[row])
    if model not in ("doublet", "single"):
        return None
    values = np.asarray(parameters[row], dtype=float).ravel()
    # Recorded arrays keep one length in a stream, so NaN pads them behind the model's own.
    values = values[: 1 + int(np.max(np.flatnonzero(np.isfinite(values)), initial=-1))]
    low_nm, high_nm = (float(edge) for edge in np.asarray(windows[row], dtype=float).ravel())
    if not (np.all(np.isfinite(values)) and np.isfinite(low_nm) and np.isfinite(high_nm)):
        return None
    x = np.linspace(low_nm, high_nm, 600)
    try:
        return x, evaluate_ruby(model, values, x)
    except ConfigurationError as error:
        logger.warning("step %d: its fit cannot be drawn: %s", row + 1, error)
        return None


def one_spectrum(run: Run, steps: Steps, row: int, *, simulated: bool) -> Markup | None:
    """Draw the spectrum of one step in its fit window, with the fit and what it leaves.

    None if spectrum or fit was not recorded.
    """
    columns = _columns(run, steps.count)
    fit = None if columns is None else _fit(columns, row)
    if columns is None or fit is None:
        return None
    spectrum, wavelength = columns["spectrum"], columns["wavelength"]
    assert spectrum is not None and wavelength is not None  # `_columns` requires both
    x, y = np.asarray(wavelength[row], dtype=float), np.asarray(spectrum[row], dtype=float)
    inside = (x >= fit[0][0]) & (x <= fit[0][-1])
    x, y = x[inside], y[inside]
    figure = new_figure(4.8, 4.1)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    colour = BRANCH_STYLE.get(steps.branch[row], (INK, "", ""))[0]
    upper.plot(x, y, ".", markersize=3, color=colour, label="raw counts")
    upper.plot(*fit, color=INK, linewidth=0.9, label="fit")
    lower.plot(x, y - np.interp(x, *fit), ".", markersize=3, color=colour)
    lower.axhline(0, color=INK, linewidth=0.8)
    upper.set_ylabel("counts")
    lower.set_ylabel("counts − fit")
    lower.set_xlabel("wavelength in air / nm")
    legend_above(figure, upper)
    figure.align_ylabels()
    return to_svg(figure, "top", f"Spectrum of step {steps.step[row]:.0f}", simulated=simulated)


def further_spectrum(run: Run, series: GaugeSeries, row: int, *, simulated: bool) -> Markup | None:
    """Draw the raw spectrum that a further gauge's pressure at a step rests on.

    Against the Raman shift, with the edge or line marked, where the record names the laser
    (``raman_laser_nm`` of the start document); else against wavelength. None if no spectrum was
    recorded.
    """
    event, role = int(series.events[row]), f"{series.gauge}_spectrometer"
    try:
        counts = run.column(role, "spectrum", series.gauge)[event]
        x = run.column(role, "wavelength_nm", series.gauge)[event]
    except RecordError:
        return None
    x, y = np.asarray(x, dtype=float), np.asarray(counts, dtype=float)
    laser_nm = _laser_nm(run, series.gauge)
    figure = new_figure(4.8, 3.4)
    axes = figure.subplots()
    known = laser_nm is not None and series.observable_unit == "cm-1"
    if laser_nm is not None and known:
        # the axis is in air and the laser in vacuum, as the gauges take them
        x = 1e7 / laser_nm - 1e7 / (x * air_index(x))
        seen, sigma = float(series.observable[row]), float(series.observable_sigma[row])
        axes.axvspan(seen - 2 * sigma, seen + 2 * sigma, color="#D55E00", alpha=0.25, linewidth=0)
        axes.axvline(seen, color="#D55E00", linewidth=0.9, label="read here (± 2 σ)")
        axes.set_xlim(max(float(x.min()), 1200.0), min(float(x.max()), max(seen + 300.0, 1500.0)))
    axes.plot(x, y, ".", markersize=2.5, color=INK, label="raw counts")
    axes.set_xlabel("Raman shift / cm⁻¹" if known else "wavelength / nm")
    axes.set_ylabel("counts")
    legend_above(figure, axes, columns=2)
    return to_svg(figure, "top", f"Spectrum of the {series.gauge}", simulated=simulated)


def _laser_nm(run: Run, gauge: str) -> float | None:
    """Vacuum wavelength of the laser of a Raman gauge; None where the record names none."""
    lasers = run.start.get("raman_laser_nm")
    found: Any = lasers.get(gauge) if isinstance(lasers, Mapping) else lasers
    return float(found) if isinstance(found, (int, float)) else None
