"""The picture of a fit: data, model, its parts, and what it leaves in units of sigma."""

import itertools
import math
import re
import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.number_text import with_both_sigmas, with_sigma
from dac_control.app.fit.other_scales import on_other_scales
from dac_control.app.fit.results import FileResult, SpectrumResult
from dac_control.app.report.canvas import INK, MUTED, new_figure, style
from dac_control.errors import ConfigurationError
from dac_control.spectrum_files.model import Vector

__all__ = ["Curve", "FitPicture", "draw_spectrum", "picture_name"]

_DATA: Final = "#0072B2"
_PARTS: Final = ("#D55E00", "#009E73", "#CC79A7")
_MODEL_POINTS: Final = 1500
_MARGIN: Final = 0.25
"""Share of the fitted window that is shown on either side of it."""
_WIDE: Final = 30.0
"""Residuals beyond are drawn at the rim, so that one spike does not hide the rest."""
_DPI: Final = 150
_TITLE_WIDTH: Final = 105


@dataclass(frozen=True, eq=False)
class Curve:
    """A part of the model."""

    label: str
    counts: Vector
    """On `FitPicture.model_x`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FitPicture:
    """What there is to draw of a fit; made by the gauge's adapter."""

    x: Vector
    counts: Vector
    window: tuple[float, float]
    model_x: Vector
    model: Curve
    parts: tuple[Curve, ...]
    expected: Vector
    """The model at `x`."""
    sigma: Vector
    """Standard uncertainty of a pixel, shape as `x`."""
    marks: tuple[tuple[float, str], ...]
    """Positions with their names."""


def model_axis(window: tuple[float, float]) -> Vector:
    """Points at which a model is drawn."""
    return np.linspace(*window, _MODEL_POINTS)


def picture_name(file: FileResult, each: SpectrumResult, taken: Collection[str] = ()) -> str:
    """Name of a picture in a folder, without its ending, other than those that are taken."""
    label = f"_{each.frame.label}" if len(file.spectra) > 1 else ""
    stem = file.path.name if file.path.is_dir() else file.path.stem
    several = (f"{file.path.name}{label}_{number}" for number in itertools.count(2))
    for name in itertools.chain((f"{stem}{label}", f"{file.path.name}{label}"), several):
        plain = re.sub(r"[^\w.+-]+", "-", name)
        if plain not in taken:
            return plain
    raise AssertionError  # there is always a next number


def draw_spectrum(
    file: FileResult, each: SpectrumResult, adapter: GaugeAdapter, target: Path
) -> None:
    """Draw one spectrum into a file; its ending says in which format.

    Raises
    ------
    ConfigurationError
        The file cannot be written.
    """
    picture = None
    if each.reading.fit is not None and each.spectrum is not None:
        picture = adapter.picture(each.reading.fit, each.spectrum)
    with style():
        figure = new_figure(7.2, 4.8)
        if picture is None:
            _draw_raw(figure, each, adapter)
        else:
            _draw_fit(figure, each, adapter, picture)
        figure.suptitle(_title(file, each, adapter), x=0.01, ha="left", fontsize=9.5)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            FigureCanvasAgg(figure)
            figure.savefig(target, dpi=_DPI)
        except OSError as error:
            raise ConfigurationError(f"The picture {target} cannot be written: {error}.") from error


def _draw_fit(
    figure: Figure, each: SpectrumResult, adapter: GaugeAdapter, picture: FitPicture
) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    low, high = picture.window
    margin = _MARGIN * (high - low)
    seen = (picture.x >= low - margin) & (picture.x <= high + margin)
    inside = (picture.x >= low) & (picture.x <= high)
    x, counts = picture.x, picture.counts
    upper.plot(x[seen & ~inside], counts[seen & ~inside], ".", ms=3, color=MUTED, alpha=0.5)
    upper.plot(x[inside], counts[inside], ".", ms=4, color=_DATA, label="data")
    upper.plot(picture.model_x, picture.model.counts, color=INK, lw=1.1, label=picture.model.label)
    for part, colour in zip(picture.parts, _PARTS, strict=False):
        upper.plot(picture.model_x, part.counts, "--", color=colour, lw=1.0, label=part.label)
    _limit(upper, counts[inside], picture.model.counts)
    for at, name in picture.marks:
        for axes in (upper, lower):
            axes.axvline(at, color=INK, lw=0.6, alpha=0.6)
        upper.annotate(
            name, (at, 1.0), (3, -2), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", fontsize=8,
        )  # fmt: skip
    upper.set_ylabel(_counts_label(each))
    upper.legend(loc="best")
    _draw_residuals(lower, picture, inside)
    lower.set_xlabel(_axis_label(adapter))
    lower.set_xlim(low - margin, high + margin)
    figure.align_ylabels()


def _draw_residuals(axes: Axes, picture: FitPicture, inside: NDArray[np.bool_]) -> None:
    with np.errstate(all="ignore"):
        residual = (picture.counts - picture.expected) / picture.sigma
    residual = residual[inside]
    finite = residual[np.isfinite(residual)]
    most = float(np.abs(finite).max(initial=4.0))
    rim = min(max(4.0, 1.1 * most), _WIDE) if np.isfinite(most) else _WIDE
    axes.axhspan(-1.0, 1.0, color=MUTED, alpha=0.15, lw=0)
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.plot(picture.x[inside], np.clip(residual, -rim, rim), ".", ms=3, color=_DATA)
    axes.set_ylim(-rim * 1.05, rim * 1.05)
    axes.set_ylabel("residual / σ")


def _draw_raw(figure: Figure, each: SpectrumResult, adapter: GaugeAdapter) -> None:
    """What was in the file, where nothing could be fitted."""
    axes = figure.subplots()
    frame = each.frame
    finite = np.isfinite(frame.axis) & np.isfinite(frame.counts)
    axes.plot(frame.axis[finite], frame.counts[finite], ".", ms=2, color=MUTED)
    axes.set_xlabel(f"axis / {frame.axis_unit or 'unit unknown'}")
    axes.set_ylabel("counts")


def _limit(axes: Axes, counts: Vector, model: Vector) -> None:
    """Show all of the model; a spike may leave the picture."""
    shown = counts[np.isfinite(counts)]
    if shown.size == 0 or not np.isfinite(model).any():
        return
    low = min(float(np.percentile(shown, 0.5)), float(np.nanmin(model)))
    high = max(float(np.percentile(shown, 99.5)), float(np.nanmax(model)))
    room = 0.08 * (high - low) or 1.0
    axes.set_ylim(low - room, high + 1.5 * room)


def _counts_label(each: SpectrumResult) -> str:
    averages = 1 if each.detector is None else each.detector.averages
    return "counts" if averages == 1 else f"counts, mean of {averages} exposures"


def _axis_label(adapter: GaugeAdapter) -> str:
    return "wavelength / nm" if adapter.unit == "nm" else "Raman shift / cm⁻¹"


def _title(file: FileResult, each: SpectrumResult, adapter: GaugeAdapter) -> str:
    reading, label = each.reading, each.frame.label
    first = f"{file.path.name}{f', {label}' if len(file.spectra) > 1 else ''}"
    parts = []
    if math.isfinite(reading.observable):
        most = 4 if adapter.unit == "nm" else 2
        unit = adapter.unit.replace("cm-1", "cm⁻¹")
        value = with_sigma(reading.observable, reading.sigma, most)
        parts.append(f"{adapter.symbol} {value} {unit}")
    found = reading.measurement
    if found is not None and math.isfinite(found.pressure_gpa):
        pressure, stat, systematic = with_both_sigmas(
            found.pressure_gpa, found.sigma_stat_gpa, found.sigma_sys_gpa
        )
        parts.append(f"{pressure} ± {stat} (stat) ± {systematic} (sys) GPa on {found.scale}")
    flags = ", ".join(flag.replace("_", " ") for flag in reading.flags)
    others = on_other_scales(each)
    if others:
        flags = f"{others.text} GPa {others.where}    {flags}"
    second = "    ".join(parts) or "\n".join(textwrap.wrap(reading.message, _TITLE_WIDTH))
    return "\n".join(line for line in (first, second, flags) if line).replace("$", r"\$")
