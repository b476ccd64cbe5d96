"""What the pressures were measured under: temperatures, drift, width of the line."""

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, MaxNLocator

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

__all__ = [
    "drift_figure",
    "pressure_of_temperature_figure",
    "temperature_figure",
    "width_figure",
]

OUTCOME_STYLE: dict[str, tuple[str, str, str]] = {
    "settled": ("#009E73", "o", "settled"),
    "still_drifting": ("#D55E00", "^", "still drifting"),
    "undetermined": ("#E69F00", "D", "undetermined"),
    "not_measured": (REJECTED, "x", "not measured"),
}


def temperature_figure(steps: Steps, dwell: Readings, *, simulated: bool) -> Markup:
    """Draw the temperatures at every spectrum against laboratory time."""
    figure = new_figure(4.8, 3.1)
    axes = figure.subplots()
    order = np.argsort(np.concatenate([dwell.lab_time_h, steps.lab_time_h]), kind="stable")
    time = np.concatenate([dwell.lab_time_h, steps.lab_time_h])[order]
    drawn = False
    for name, label, colour, line in (
        ("cell_temperature_k", "cell", "#882255", "-"),
        ("stage_temperature_k", "stage", "#44AA99", "-"),
        ("setpoint_k", "setpoint", INK, ":"),
    ):
        value = np.concatenate([getattr(dwell, name), getattr(steps, name)])[order]
        if np.any(np.isfinite(value)):
            marker = "" if line == ":" else "."
            axes.plot(
                time,
                value,
                line,
                marker=marker,
                markersize=2.5,
                linewidth=0.8,
                color=colour,
                label=label,
            )
            drawn = True
    if not drawn:
        write_across(axes, "no temperatures recorded")
    axes.set_xlabel("laboratory time / h")
    axes.set_ylabel("temperature / K")
    axes.yaxis.get_major_formatter().set_useOffset(False)  # pyright: ignore[reportAttributeAccessIssue]
    legend_above(figure, axes)
    return to_svg(figure, "temperature", "Temperatures", simulated=simulated)


def drift_figure(steps: Steps, limit_gpa_per_h: float | None, *, simulated: bool) -> Markup:
    """Draw the drift of each step when it was measured, with its upper 95 % bound."""
    figure = new_figure(4.8, 3.1)
    axes = figure.subplots()
    drift, bound = np.abs(steps.drift_gpa_per_h), steps.drift_bound_gpa_per_h
    known = np.isfinite(bound) & (bound > 0)
    axes.vlines(steps.step[known], drift[known], bound[known], color=MUTED, linewidth=1)
    for outcome, (colour, marker, name) in OUTCOME_STYLE.items():
        use = known & (np.array(steps.outcome, dtype=str) == outcome)
        if np.any(use):
            axes.plot(steps.step[use], bound[use], "_", color=colour, markersize=8)
            axes.plot(
                steps.step[use],
                drift[use],
                linestyle="none",
                marker=marker,
                markersize=4.5,
                color=colour,
                label=f"{name} ({np.count_nonzero(use)})",
            )
    if limit_gpa_per_h:
        axes.axhline(limit_gpa_per_h, color=INK, linestyle="--", linewidth=0.9, label="limit")
    if np.any(known):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(FuncFormatter(_few_minor))
    else:
        write_across(axes, "no drift determined")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("step")
    axes.set_ylabel("|drift| / (GPa/h)")
    legend_above(figure, axes)
    return to_svg(figure, "drift", "Drift at each step", simulated=simulated)


def _few_minor(value: float, _: object) -> str:
    """Label 2 and 5 of each decade; all nine would overlap."""
    first = f"{value:.0e}"[0]
    return f"{value:g}" if first in "25" else ""


def width_figure(steps: Steps, *, simulated: bool) -> Markup:
    """Draw the width of R1 against pressure; a width that grows tells of pressure gradients."""
    figure = new_figure(4.8, 4.1)
    axes = figure.subplots()
    for branch, (colour, marker, name) in BRANCH_STYLE.items():
        use = steps.on(branch) & np.isfinite(steps.r1_fwhm_nm)
        if np.any(use):
            axes.plot(
                steps.pressure_gpa[use],
                steps.r1_fwhm_nm[use],
                linestyle="none",
                marker=marker,
                markersize=4.2,
                color=colour,
                markerfacecolor="white" if branch == "dead_band" else colour,
                label=name,
            )
    if not np.any(steps.measured):
        write_across(axes, "no measured step")
    axes.set_xlabel("pressure / GPa")
    axes.set_ylabel("full width of R1 / nm")
    legend_above(figure, axes)
    return to_svg(figure, "width", "Width of R1 against pressure", simulated=simulated)


def pressure_of_temperature_figure(steps: Steps, *, simulated: bool) -> Markup | None:
    """Draw pressure against the temperature of the cell; None unless the run changed it."""
    moved = steps.on("cooldown", "warmup") & np.isfinite(steps.cell_temperature_k)
    if not np.any(moved):
        return None
    figure = new_figure(4.8, 3.4)
    axes = figure.subplots()
    for branch in ("cooldown", "warmup"):
        use = moved & steps.on(branch)
        colour, marker, name = BRANCH_STYLE[branch]
        if not np.any(use):
            continue
        x, y = steps.cell_temperature_k[use], steps.pressure_gpa[use]
        axes.errorbar(
            x, y, steps.sigma_sys_gpa[use], fmt="none", ecolor=colour, elinewidth=5, alpha=0.3
        )
        axes.errorbar(
            x,
            y,
            steps.sigma_stat_gpa[use],
            fmt=marker,
            markersize=4.2,
            color=colour,
            elinewidth=1,
            capsize=2,
            label=f"{name} ({x.size})",
        )
    axes.set_xlabel("temperature of the cell / K")
    axes.set_ylabel("pressure / GPa")
    legend_above(figure, axes)
    title = "Pressure against temperature"
    return to_svg(figure, "pressure-of-temperature", title, simulated=simulated)
