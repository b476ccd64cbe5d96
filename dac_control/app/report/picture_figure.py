"""Hole and light of the frames against pressure."""

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


def picture_figure(run: Run, steps: Steps, *, simulated: bool) -> Markup | None:
    """Draw diameter of the hole and brightness inside it; None where frames were not analysed."""
    panels = [
        (label, _numbers(run, steps.count, value), _numbers(run, steps.count, sigma))
        for label, value, sigma in (
            ("hole / µm", "hole_um", "hole_sigma_um"),
            ("inside / gasket", "brightness", "brightness_sigma"),
        )
    ]
    shown = [panel for panel in panels if np.any(np.isfinite(panel[1]) & steps.measured)]
    if not shown:
        return None
    figure = new_figure(4.8, 0.6 + 1.9 * len(shown))
    column = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (label, value, sigma) in zip(column, shown, strict=True):
        _draw(axes, steps, value, sigma)
        axes.set_ylabel(label)
    column[-1].set_xlabel("pressure / GPa")
    legend_above(figure, column[0])
    figure.align_ylabels()
    return to_svg(figure, "picture", "Hole and brightness against pressure", simulated=simulated)


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
    try:
        return np.asarray(run.column("picture", attribute), dtype=float)
    except RecordError:
        return np.full(count, np.nan)
