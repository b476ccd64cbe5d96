"""What load curves say: every form against the chosen one, and what was predicted of each step."""

from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dac_control.app.findings.curves import BEYOND, Curves, LegCurve
from dac_control.app.readings import Steps
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

__all__ = ["forms_figure", "prediction_figure"]

Array = NDArray[np.float64]

MOST_PANELS = 4

FORM_STYLE: dict[str, tuple[str, tuple[int, tuple[int, ...]]]] = {
    "linear": ("#E69F00", (0, (5, 2))),
    "quadratic": ("#009E73", (0, (1, 1))),
    "saturating": ("#CC79A7", (0, (4, 1, 1, 1))),
    "sigmoid": ("#0072B2", (0, (8, 2))),
}


def forms_figure(curves: Curves, *, simulated: bool) -> Markup | None:
    """Draw all forms of each leg as differences from the chosen one, with the 95 % band.

    None without a leg that could be fitted. Beyond the last measured turn the ground is hatched
    and says that nothing was measured there.
    """
    legs = curves.legs[:MOST_PANELS]
    if not legs:
        return None
    figure = new_figure(4.8, 0.7 + 2.5 * len(legs))
    panels = figure.subplots(len(legs), 1, squeeze=False)[:, 0]
    for axes, leg in zip(panels, legs, strict=True):
        _forms(axes, leg)
    panels[-1].set_xlabel("screw position / turns")
    _one_legend(figure, list(panels))
    figure.align_ylabels()
    return to_svg(figure, "forms", "Forms of the load curve", simulated=simulated)


def _one_legend(figure: Figure, panels: list[Axes]) -> None:
    """One legend for all panels; each form once."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        list(found.values()),
        list(found),
        loc="outside upper left",
        ncols=3,
        handlelength=2.2,
    )


def _forms(axes: Axes, leg: LegCurve) -> None:
    curve, (colour, marker, name) = leg.curve, BRANCH_STYLE[leg.branch]
    low, high = leg.reach_turns
    x = np.linspace(low, high, 161)
    chosen = curve.values_gpa(x)
    mixture = curve.mixture(x)
    axes.fill_between(
        x,
        mixture.quantile(0.025) - chosen,
        mixture.quantile(0.975) - chosen,
        color=colour,
        alpha=0.14,
        linewidth=0,
        label="95 % prediction, all forms",
    )
    _beyond(axes, leg, low, high)
    _lines(axes, leg, x, chosen)
    axes.errorbar(
        curve.turns,
        curve.residuals_gpa,
        curve.sigma_gpa,
        fmt=marker,
        markersize=3.8,
        color=colour,
        elinewidth=1,
        capsize=2,
        zorder=3,
    )
    margin = 0.03 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    axes.set_ylabel(f"P − {curve.form} / GPa")
    axes.set_title(
        f"{name}: {curve.turns.size} steps; drawn {BEYOND:g} of their range beyond",
        loc="left",
        fontsize=8.5,
    )
    _frame_forms(axes, leg, x, chosen)


def _lines(axes: Axes, leg: LegCurve, x: Array, chosen: Array) -> None:
    curve = leg.curve
    for fit in curve.fits:
        line, dashes = FORM_STYLE.get(fit.form, (MUTED, (0, (1, 2))))
        is_chosen = fit is curve.chosen
        axes.plot(
            x,
            fit.value_gpa(curve.points.scaled(x)) - chosen,
            color=INK if is_chosen else line,
            linestyle="-" if is_chosen else dashes,
            linewidth=0.9 if is_chosen else 1.3,
            label=fit.form,
        )


def _frame_forms(axes: Axes, leg: LegCurve, x: Array, chosen: Array) -> None:
    """Let points and forms that are not excluded decide the height; others run out of it."""
    curve = leg.curve
    kept = [fit.value_gpa(curve.points.scaled(x)) - chosen for fit in (curve.chosen, *curve.rivals)]
    reach = np.abs(curve.residuals_gpa) + curve.sigma_gpa
    top = max(float(np.nanmax(np.abs(np.concatenate([*kept, reach])))), 1e-6)
    axes.set_ylim(-1.5 * top, 1.5 * top)


def _beyond(axes: Axes, leg: LegCurve, low: float, high: float) -> None:
    first, last = float(leg.curve.turns[0]), float(leg.curve.turns[-1])
    start, end = (last, high) if leg.branch == "load" else (low, first)
    axes.axvspan(start, end, facecolor="none", edgecolor="#c9d0d8", hatch="////", linewidth=0)
    axes.text(
        (start + end) / 2,
        0.04,
        "extrapolated:\nnothing\nmeasured",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
        fontsize=7,
        color=MUTED,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
    )


def prediction_figure(steps: Steps, *, simulated: bool) -> Markup | None:
    """Draw each reading against what was predicted before the screw was turned.

    None where nothing was predicted.
    """
    known = np.isfinite(steps.predicted_gpa)
    if not np.any(known):
        return None
    figure = new_figure(4.8, 3.1)
    axes = figure.subplots()
    step, middle = steps.step[known], steps.predicted_gpa[known]
    axes.bar(
        step,
        (steps.predicted_high_gpa - steps.predicted_low_gpa)[known],
        bottom=steps.predicted_low_gpa[known] - middle,
        width=0.62,
        color="#dbe6f0",
        label="predicted (95 %)",
    )
    axes.plot(
        step,
        steps.bound_gpa[known] - middle,
        "_",
        color=MUTED,
        markersize=7,
        label="bound (99.9 %)",
    )
    _readings(axes, steps, known)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.use_sticky_edges = False  # bars would end at the frame
    axes.margins(y=0.07)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("step")
    axes.set_ylabel("reading − predicted / GPa")
    legend_above(figure, axes, columns=2)
    if not np.any(steps.measured & known):
        write_across(axes, "no predicted step was measured")
    return to_svg(figure, "predicted", "Readings against predictions", simulated=simulated)


def _readings(axes: Axes, steps: Steps, known: NDArray[np.bool_]) -> None:
    use = known & steps.measured
    apart = steps.pressure_gpa - steps.predicted_gpa
    outside = use & (
        (steps.pressure_gpa < steps.predicted_low_gpa)
        | (steps.pressure_gpa > steps.predicted_high_gpa)
    )
    band = np.array(steps.branch, dtype=str) == "dead_band"
    for rows, colour, marker, label in (
        (use & ~outside & ~band, "#0072B2", "o", "reading"),
        (outside & ~band, REJECTED, "D", "outside the window"),
        (use & band, MUTED, "x", "dead band"),
    ):
        if np.any(rows):
            axes.errorbar(
                steps.step[rows],
                apart[rows],
                steps.sigma_stat_gpa[rows],
                fmt=marker,
                markersize=4,
                color=colour,
                elinewidth=1,
                capsize=2,
                label=f"{label} ({np.count_nonzero(rows)})",
            )
