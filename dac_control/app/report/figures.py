"""Pressure against turns and against time."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dac_control.app.findings.curves import Curves
from dac_control.app.readings import Readings, Steps
from dac_control.app.report.canvas import (
    BRANCH_STYLE,
    INK,
    MUTED,
    REJECTED,
    legend_above,
    new_figure,
    to_svg,
    write_across,
)

__all__ = ["time_figure", "turns_figure"]

Array = NDArray[np.float64]


def _points(axes: Axes, x: Array, steps: Steps, use: NDArray[np.bool_], branch: str) -> None:
    """Draw measured pressures with both uncertainties."""
    colour = BRANCH_STYLE[branch][0]
    y = steps.pressure_gpa
    axes.errorbar(
        x[use],
        y[use],
        steps.sigma_sys_gpa[use],
        fmt="none",
        ecolor=colour,
        elinewidth=5,
        alpha=0.3,
        zorder=2.4,
    )
    _markers(axes, x[use], y[use], steps.sigma_stat_gpa[use], branch)


def _markers(axes: Axes, x: Array, y: Array, sigma_stat_gpa: Array, branch: str) -> None:
    colour, marker, name = BRANCH_STYLE[branch]
    axes.errorbar(x, y, sigma_stat_gpa, fmt="none", ecolor=colour, elinewidth=1, capsize=2)
    axes.plot(
        x,
        y,
        linestyle="none",
        marker=marker,
        markersize=4.2,
        color=colour,
        markerfacecolor="white" if branch == "dead_band" else colour,
        label=f"{name} ({x.size})",
        zorder=3,
    )


def turns_figure(steps: Steps, curves: Curves, *, simulated: bool) -> Markup:
    """Draw pressure against turns, branches apart, with residuals from the load curves below."""
    figure = new_figure(4.8, 4.9)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
    _shade_dead_band(upper, lower, steps)
    for branch in BRANCH_STYLE:
        use = steps.on(branch)
        if not np.any(use):
            continue
        _points(upper, steps.turns, steps, use, branch)
    for leg in curves.legs:
        x = np.linspace(leg.curve.turns[0], leg.curve.turns[-1], 200)
        colour = BRANCH_STYLE[leg.branch][0]
        upper.plot(x, leg.curve.values_gpa(x), color=colour, linewidth=0.9, alpha=0.7)
        _markers(lower, leg.curve.turns, leg.curve.residuals_gpa, leg.curve.sigma_gpa, leg.branch)
    if not np.any(steps.measured):
        write_across(upper, "no measured step")
    if not curves.legs:
        write_across(lower, "fewer than 3 measured steps on a branch")
    lower.axhline(0, color=INK, linewidth=0.8)
    upper.set_ylabel("pressure / GPa")
    lower.set_ylabel("residual / GPa")
    lower.set_xlabel("screw position / turns")
    legend_above(figure, upper)
    figure.align_ylabels()
    return to_svg(figure, "turns", "Pressure against turns", simulated=simulated)


def _shade_dead_band(upper: Axes, lower: Axes, steps: Steps) -> None:
    """Shade the turns of each reversal in which the pressure did not answer."""
    inside = np.array([branch == "dead_band" for branch in steps.branch], dtype=bool)
    for index in np.flatnonzero(inside):
        if index == 0 or not np.all(np.isfinite(steps.turns[index - 1 : index + 1])):
            continue
        for axes in (upper, lower):
            axes.axvspan(
                steps.turns[index - 1], steps.turns[index], color="#eceff2", linewidth=0, zorder=0
            )


def time_figure(steps: Steps, dwell: Readings, *, simulated: bool) -> Markup:
    """Draw pressure against laboratory time, with every reading of the dwells."""
    figure = new_figure(4.8, 4.9)
    axes = figure.subplots()
    good, bad = dwell.measured, ~dwell.measured
    for branch in BRANCH_STYLE:
        use = steps.on(branch)
        if np.any(use):
            _points(axes, steps.lab_time_h, steps, use, branch)
    axes.plot(
        dwell.lab_time_h[good],
        dwell.pressure_gpa[good],
        ".",
        markersize=2.6,
        color=MUTED,
        zorder=2.2,
        label=f"dwell reading ({np.count_nonzero(good)})",
    )
    times = np.concatenate([dwell.lab_time_h[bad], steps.lab_time_h[~steps.measured]])
    if times.size:
        axes.plot(
            times,
            np.full(times.size, 0.02),
            "x",
            markersize=5,
            color=REJECTED,
            label=f"rejected, no pressure ({times.size})",
            transform=axes.get_xaxis_transform(),
            clip_on=False,
        )
    if not np.any(good) and not np.any(steps.measured):
        write_across(axes, "no measured reading")
    axes.set_xlabel("laboratory time / h")
    axes.set_ylabel("pressure / GPa")
    legend_above(figure, axes)
    return to_svg(figure, "time", "Pressure against laboratory time", simulated=simulated)
