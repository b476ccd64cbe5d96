"""Figures without a display: style, the SIMULATED mark, and bytes that do not change.

Only matplotlib's object interface is used; pyplot would look for a window system.
"""

import base64
import io
import re
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

__all__ = [
    "BRANCH_STYLE",
    "GAUGE_STYLE",
    "INK",
    "MUTED",
    "REJECTED",
    "WATERMARK",
    "legend_above",
    "new_figure",
    "style",
    "to_png",
    "to_svg",
    "write_across",
]

INK = "#1d2733"
MUTED = "#6b7785"
REJECTED = "#CC79A7"

BRANCH_STYLE: dict[str, tuple[str, str, str]] = {
    "load": ("#0072B2", "o", "loading"),
    "dead_band": ("#7f7f7f", "D", "dead band"),
    "unload": ("#D55E00", "s", "unloading"),
    "cooldown": ("#56B4E9", "v", "cooling"),
    "warmup": ("#CC3311", "^", "warming"),
    "hold": ("#882255", "P", "hold"),
}
"""Colour, marker and name of each branch. Colours of Okabe and Ito, told apart with any colour
vision; the markers differ as well."""

GAUGE_STYLE: tuple[tuple[str, str], ...] = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#56B4E9", "v"),
    ("#E69F00", "P"),
)
"""Colour and marker of each gauge, in the order of the run; reused from the seventh on."""

WATERMARK = "SIMULATED"
PNG_DPI = 170

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e7ec",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "none",
    # Without a salt, ids in the SVG are random and no two reports of a run have the same bytes.
    "svg.hashsalt": "dac-control",
}


def new_figure(width_in: float = 4.8, height_in: float = 3.4) -> Figure:
    """Make an empty figure; narrow, so that its text stays readable on a phone."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def style() -> AbstractContextManager[None]:
    """Context in which figures of the report are drawn and written."""
    return matplotlib.rc_context(STYLE)


def write_across(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=MUTED)


def legend_above(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """Put the legend of `axes` above the figure, where it hides no point."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper left", ncols=columns, handlelength=1.6)


def _mark(figure: Figure, simulated: bool) -> None:
    if not simulated:
        return
    width, height = figure.get_size_inches()
    figure.text(
        0.5,
        0.5,
        WATERMARK,
        rotation=min(35.0, 45.0 * height / width),
        ha="center",
        va="center",
        # Fills three quarters of the narrower way across: 0.7 em is a bold capital's width.
        fontsize=0.75 * 72 * min(width, 1.5 * height) / (0.72 * len(WATERMARK)),
        fontweight="bold",
        color="#b3261e",
        alpha=0.14,
        zorder=1000,
        in_layout=False,
    )


def to_svg(figure: Figure, name: str, title: str, *, simulated: bool) -> Markup:
    """Return a figure as an SVG element for a page.

    Parameters
    ----------
    name : str
        Prefix of every id in it, unlike that of any other figure of the page.
    title : str
        What a screen reader says.
    simulated : bool
        Draw SIMULATED across it.
    """
    _mark(figure, simulated)
    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Title": title})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id=")', rf"\1{name}-", text)
    text = re.sub(r'(url\(#|href="#)', rf"\1{name}-", text)
    # The page's style decides the size; viewBox keeps the shape.
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    return Markup(text.replace("<svg", f'<svg role="img" class="figure-{name}"', 1))


def to_png(figure: Figure, *, simulated: bool) -> str:
    """Return a figure as a PNG data address."""
    _mark(figure, simulated)
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(
        stream, dpi=PNG_DPI, format="png", metadata={"Software": None}
    )
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
