"""Two gauges against each other: their difference over their mean."""

import numpy as np
from markupsafe import Markup

from dac_control.app.findings.consistency import Overlap
from dac_control.app.findings.evolution import gauge_words
from dac_control.app.report.canvas import GAUGE_STYLE, INK, legend_above, new_figure, to_svg

__all__ = ["consistency_figure"]


def consistency_figure(overlap: Overlap, number: int, *, simulated: bool) -> Markup:
    """Draw the differences of two gauges as Bland and Altman do (Lancet 327 (1986) 307)."""
    figure = new_figure(4.8, 3.3)
    axes = figure.subplots()
    colour, marker = GAUGE_STYLE[number % len(GAUGE_STYLE)]
    mean, apart = overlap.mean_gpa, overlap.difference_gpa
    axes.errorbar(
        mean, apart, 2 * overlap.sigma_gpa, fmt="none", ecolor=colour, elinewidth=5, alpha=0.25
    )
    axes.errorbar(
        mean,
        apart,
        2 * overlap.sigma_stat_gpa,
        fmt=marker,
        markersize=4.2,
        color=colour,
        elinewidth=1,
        capsize=2,
        label=f"step with both ({overlap.pairs})",
    )
    axes.axhline(0, color=INK, linewidth=0.8)
    result = overlap.result
    if result is not None:
        offset, sigma = result.offset_gpa, result.offset_sigma_gpa
        axes.axhspan(
            offset - 2 * sigma, offset + 2 * sigma, color="#6b7785", alpha=0.1, linewidth=0
        )
        axes.axhline(
            offset, color="#6b7785", linestyle="--", linewidth=1, label="mean offset, ± 2 σ"
        )
    else:
        axes.axhline(
            float(np.mean(apart)), color="#6b7785", linestyle=":", linewidth=1, label="mean"
        )
    axes.set_xlabel("mean of both / GPa")
    axes.set_ylabel(
        f"{gauge_words(overlap.first)} − {gauge_words(overlap.second)} / GPa", fontsize=8.5
    )
    legend_above(figure, axes, columns=2)
    title = f"{gauge_words(overlap.first)} against {gauge_words(overlap.second)}"
    return to_svg(figure, f"consistency{number}", title, simulated=simulated)
