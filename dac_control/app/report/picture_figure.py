"""Hole, light, colour and focus of the frames against pressure."""

from typing import Final

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dac_control.app.readings import Steps
from dac_control.app.report.canvas import (
    BRANCH_STYLE,
    REJECTED,
    legend_above,
    new_figure,
    to_svg,
)
from dac_control.errors import RecordError
from dac_control.records import Run

__all__ = ["picture_figure"]

Array = NDArray[np.float64]

PANELS: Final = (
    ("hole / µm", "hole_um", "hole_sigma_um"),
    ("hole / pixel", "hole_px", "hole_sigma_px"),
    ("ellipticity", "ellipticity", "ellipticity_sigma"),
    ("hole / gasket", "brightness", "brightness_sigma"),
    ("sample / gasket", "core", "core_sigma"),
    ("focus / pixel⁻¹", "focus", ""),
)
CHANNELS: Final = (("red", "#D55E00"), ("green", "#009E73"), ("blue", "#0072B2"))
"""Of a colour camera; drawn as letters, so that nobody has to tell the colours apart."""


def picture_figure(run: Run, steps: Steps, *, simulated: bool) -> Markup | None:
    """Draw hole, shape, brightness, colour and focus; None where frames were not analysed.

    What no frame gave has no panel: colour without a colour camera; pixels where there are um.
    """
    panels = [
        (label, _numbers(run, steps.count, value), _numbers(run, steps.count, sigma))
        for label, value, sigma in PANELS
    ]
    shown = [panel for panel in panels if np.any(np.isfinite(panel[1]) & steps.measured)]
    if not shown:
        return None
    if [label for label, *_ in shown[:2]] == ["hole / µm", "hole / pixel"]:
        del shown[1]
    channels = [_numbers(run, steps.count, name) for name, _ in CHANNELS]
    in_colour = bool(np.any(np.isfinite(channels) & steps.measured))
    count = len(shown) + in_colour
    figure = new_figure(4.8, 0.6 + 1.5 * count)
    column = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for axes, (label, value, sigma) in zip(column, shown, strict=False):
        _draw(axes, steps, value, sigma)
        axes.set_ylabel(label)
    if in_colour:
        _draw_colour(column[-1], steps, channels)
    column[-1].set_xlabel("pressure / GPa")
    legend_above(figure, column[0])
    figure.align_ylabels()
    title = "Hole, brightness, colour and focus against pressure"
    return to_svg(figure, "picture", title, simulated=simulated)


def _draw_colour(axes: Axes, steps: Steps, channels: list[Array]) -> None:
    for (name, colour), value in zip(CHANNELS, channels, strict=True):
        use = steps.measured & np.isfinite(value)
        letter = f"${name[0].upper()}$"
        axes.plot(steps.pressure_gpa[use], value[use], ls="", marker=letter, color=colour)
    axes.set_ylabel("colour / gasket")


def _draw(axes: Axes, steps: Steps, value: Array, sigma: Array) -> None:
    for branch, (colour, marker, name) in BRANCH_STYLE.items():
        use = steps.on(branch) & np.isfinite(value)
        if np.any(use):
            axes.errorbar(
                steps.pressure_gpa[use],
                value[use],
                np.nan_to_num(sigma[use]),
                fmt=marker,
                markersize=4,
                color=colour,
                markerfacecolor="white" if branch == "dead_band" else colour,
                elinewidth=1,
                capsize=2,
                label=name,
            )
    told = np.array([bool(signs) for signs in steps.signs], dtype=bool)
    told &= np.isfinite(value) & steps.measured
    if np.any(told):
        axes.plot(
            steps.pressure_gpa[told],
            value[told],
            "o",
            markersize=10,
            markerfacecolor="none",
            markeredgecolor=REJECTED,
            markeredgewidth=1.5,
            label="a sign was raised",
        )


def _numbers(run: Run, count: int, attribute: str) -> Array:
    """One column; NaN where the record has none."""
    try:
        return np.asarray(run.column("picture", attribute), dtype=float)
    except RecordError:
        return np.full(count, np.nan)
