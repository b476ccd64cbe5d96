"""The evolution: what every gauge said at every step, and the matrix of what was seen."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dac_control.app.findings.evolution import Column, Evolution, gauge_words
from dac_control.app.report.canvas import (
    GAUGE_STYLE,
    INK,
    MUTED,
    REJECTED,
    legend_above,
    new_figure,
    to_svg,
    write_across,
)
from dac_control.records.gauge_series import GaugeSeries

__all__ = ["evolution_figure"]

Array = NDArray[np.float64]

CELL_WIDTH, CELL_HEIGHT = 0.86, 0.72


def evolution_figure(evolution: Evolution, *, simulated: bool) -> Markup:
    """Draw pressure against step for every gauge, above the matrix of steps and gauges.

    A line joins neighbouring steps only: across a gap there is none.
    """
    rows = len(evolution.columns)
    figure = new_figure(10.0, 4.0 + 0.24 * rows)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.6, 0.25 + 0.24 * rows))
    shown = [each for each in evolution.gauges if each.of_the_cell]
    for index, series in enumerate(shown):
        _series(upper, evolution.steps.step, series, index)
    _in_charge(upper, evolution)
    if not any(np.any(each.measured) for each in shown):
        write_across(upper, "no measured step")
    upper.set_ylabel("pressure / GPa")
    _matrix(lower, evolution)
    legend_above(figure, upper, columns=4)
    return to_svg(figure, "evolution", "Evolution of the pressure", simulated=simulated)


def _series(axes: Axes, step: Array, series: GaugeSeries, index: int) -> None:
    colour, marker = GAUGE_STYLE[index % len(GAUGE_STYLE)]
    use = series.measured
    if not np.any(use):
        return
    # NaN where nothing was measured breaks the line there
    axes.plot(step, series.pressure_gpa, "-", color=colour, linewidth=0.7, alpha=0.6)
    for sigma, width, alpha, cap in (
        (series.sigma_sys_gpa, 5.0, 0.28, 0.0),
        (series.sigma_stat_gpa, 1.0, 1.0, 2.0),
    ):
        axes.errorbar(
            step[use],
            series.pressure_gpa[use],
            sigma[use],
            fmt="none",
            ecolor=colour,
            elinewidth=width,
            alpha=alpha,
            capsize=cap,
        )
    scale = f" ({series.scale})" if series.scale else ""
    axes.plot(
        step[use],
        series.pressure_gpa[use],
        linestyle="none",
        marker=marker,
        markersize=4.2,
        color=colour,
        label=f"{gauge_words(series.gauge)}{scale}",
        zorder=3,
    )


def _in_charge(axes: Axes, evolution: Evolution) -> None:
    """Ring the value that counts as the pressure of the step, where there are several gauges."""
    steps = evolution.steps
    if len(evolution.measured_gauges()) < 2:
        return
    use = steps.measured
    axes.plot(
        steps.step[use],
        steps.pressure_gpa[use],
        linestyle="none",
        marker="o",
        markersize=8.5,
        markerfacecolor="none",
        markeredgecolor=INK,
        markeredgewidth=0.7,
        label="in charge",
    )


def _matrix(axes: Axes, evolution: Evolution) -> None:
    step = evolution.steps.step
    gauges = [each.gauge for each in evolution.gauges if each.of_the_cell]
    for row, column in enumerate(evolution.columns):
        known = column.name in gauges
        index = gauges.index(column.name) if known else 0
        colour = GAUGE_STYLE[index % len(GAUGE_STYLE)][0] if known else MUTED
        _cells(axes, step, row, column, colour)
    count = len(evolution.columns)
    axes.set_ylim(count - 0.45, -0.55)
    axes.set_yticks(
        range(count),
        [f"{c.words} ({c.count('measured')}/{len(c.states)})" for c in evolution.columns],
    )
    axes.tick_params(axis="y", length=0)
    if step.size:
        axes.set_xlim(step.min() - 0.7, step.max() + 0.7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("step")
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _cells(axes: Axes, step: Array, row: int, column: Column, colour: str) -> None:
    for number, state in zip(step, column.states, strict=True):
        corner = (number - CELL_WIDTH / 2, row - CELL_HEIGHT / 2)
        filled = state == "measured"
        axes.add_patch(
            Rectangle(
                corner,
                CELL_WIDTH,
                CELL_HEIGHT,
                facecolor=colour if filled else "white",
                edgecolor=colour if filled else "#c9d0d8",
                alpha=0.85 if filled else 1.0,
                linewidth=0.6,
                hatch=None if filled else "//////" if state == "not_taken" else None,
            )
        )
        if state == "rejected":
            axes.plot(number, row, "x", color=REJECTED, markersize=5, markeredgewidth=1.4)
