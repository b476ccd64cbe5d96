"""The three figures of docs/gauges.md, and the simulated spectrum that its examples read.

    python docs/figures/make_gauge_figures.py [FOLDER]

Formulas, fits and uncertainties are those of `dac_control.gauges`; no data of anybody is needed.
"""

import argparse
import datetime
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image
from scipy.special import voigt_profile

from dac_control.gauges import (
    CORRECTIONS,
    BudgetTerm,
    Lambda0,
    PhotonNoise,
    PressureMeasurement,
    RubyFit,
    RubyGauge,
    Spectrum,
    get_correction,
    get_scale,
    quadrature,
)
from dac_control.gauges.diamond_edge import DiamondEdgeGauge
from dac_control.gauges.temperature import REFERENCE_K, spread_nm

Array = NDArray[np.float64]

DPI: Final = 200
SPECTRUM: Final = "simulated_ruby_80k.txt"

# Okabe and Ito: told apart with any colour vision; line styles and markers differ as well.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, MUTED = "#1d2733", "#6b7785"
STYLE: Final[dict[Any, Any]] = {
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e7ec",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
}

# The branch for 296 to 900 K of Datchi et al., High Press. Res. 27, 447 (2007), eq. 2, in powers
# of T - 296 K. Two widely used public programs apply it at every temperature.
_WARM_BRANCH: Final = (0.0, 0.00746, -3.01e-6, 8.76e-9)

_SOURCES: Final = (
    ("datchi2007", BLUE, "-"),
    ("datchi2007_smooth", GREEN, ":"),
    ("ragan1992", ORANGE, "-"),
    ("vos1991", PURPLE, "-"),
)

TEMPERATURE_K: Final = 80.0
_PRESSURE_GPA: Final = 25.0
_FWHM_NM: Final = 0.35
_DARK, _GAIN, _READ_E = 1500.0, 2.4, 20.0

GAUGE: Final = RubyGauge(
    scale="ruby2020",
    correction="datchi2007",
    lambda0=Lambda0(
        value_nm=694.26,
        sigma_nm=0.004,
        chip="chip 3",
        date=datetime.date(2026, 11, 20),
        temperature_k=295.4,
    ),
    axis_sigma_nm=0.01,
    temperature_sigma_k=0.5,
    axis_offset_sigma_nm=0.01,
    gradient_gpa=0.2,
)
"""As in examples/station.toml, with a gradient stated."""


def main() -> None:
    """Draw all of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    make_all(parser.parse_args().folder)


def make_all(folder: Path) -> None:
    """Write three pictures and one spectrum into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    spectrum = simulated_spectrum()
    write_spectrum(spectrum, folder / SPECTRUM)
    with matplotlib.rc_context(STYLE):
        _save(temperature_figure(), folder / "temperature_corrections.png")
        _save(edge_figure(), folder / "edge_scales.png")
        _save(budget_figure(spectrum), folder / "ruby_budget.png")


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, metadata={"Software": None})
    # a palette of 128 colours halves the file and shows no difference on line art
    Image.open(buffer).convert("RGB").quantize(128).save(path, optimize=True)


# -- temperature corrections


def temperature_figure() -> Figure:
    """Shift of R1 against temperature, and what the sources differ by."""
    figure = Figure(figsize=(9.0, 7.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.0, 1.15))
    t = np.arange(1.0, 320.5, 0.5)
    base = get_correction("datchi2007").shift_nm(t)
    for name, colour, line in _SOURCES:
        _draw_source(top, bottom, t, base, (name, colour, line))
    cold = t[t <= REFERENCE_K]
    wrong = np.polynomial.Polynomial(_WARM_BRANCH)(cold - REFERENCE_K)
    for axes, values in ((top, wrong), (bottom, wrong - base[: cold.size])):
        axes.plot(cold, values, color=INK, dashes=(5, 3), lw=1.4, zorder=3)
    _describe_top(top, float(wrong[cold == 5.0][0]))
    _describe_bottom(bottom, t)
    figure.align_ylabels()
    return figure


def _draw_source(
    top: Axes, bottom: Axes, t: Array, base: Array, source: tuple[str, str, str]
) -> None:
    name, colour, line = source
    correction = CORRECTIONS[name]
    made_for = (t >= correction.range_k[0]) & (t <= correction.range_k[1])
    shift = correction.shift_nm(t)
    shown = np.where(made_for, shift, np.nan)
    wide = 2.6 if line == ":" else 1.8
    label = name if made_for.all() else f"{name} (made for {correction.range_k[0]:g} K and above)"
    top.plot(t, shown, line, color=colour, lw=wide, label=label, zorder=4)
    bottom.plot(t, shown - base, line, color=colour, lw=wide, zorder=4)


def _describe_top(axes: Axes, wrong_nm: float) -> None:
    shift_nm = get_correction("datchi2007").shift_nm(5.0)
    handles, labels = axes.get_legend_handles_labels()
    handles.append(Line2D([], [], color=INK, dashes=(5, 3), lw=1.4))
    labels.append("branch for 296 to 900 K, used below 296 K")
    axes.legend(handles, labels, loc="lower right")
    axes.set_ylabel("shift of R1 since 296 K / nm")
    axes.set_ylim(-2.8, 0.35)
    error_gpa = _per_lambda0() * (wrong_nm - shift_nm)
    axes.annotate(
        f"at 5 K wrong by {shift_nm - wrong_nm:.2f} nm:\n0 GPa reads as {error_gpa:.1f} GPa",
        (11.0, -1.45),
        va="center",
    )
    axes.annotate(
        "",
        (5.0, wrong_nm),
        (5.0, shift_nm),
        arrowprops={"arrowstyle": "<->", "color": INK, "lw": 1.0, "shrinkA": 0, "shrinkB": 0},
    )


def _describe_bottom(axes: Axes, t: Array) -> None:
    used = get_correction("datchi2007")
    sigma = [float(np.hypot(used.sigma_nm(k), spread_nm(used, k))) for k in t.tolist()]
    band = axes.fill_between(t, np.negative(sigma), sigma, color="#dfe5ec", lw=0.0, zorder=1)
    axes.set_ylim(-0.125, 0.075)
    axes.set_xlim(0.0, 320.0)
    axes.set_xlabel("temperature / K")
    axes.set_ylabel("difference from datchi2007 / nm")
    per_nm = _per_lambda0()

    def to_gpa(shift_nm: Any) -> Any:
        return shift_nm * per_nm

    def to_nm(pressure_gpa: Any) -> Any:
        return pressure_gpa / per_nm

    right = axes.secondary_yaxis("right", functions=(to_gpa, to_nm))
    right.set_ylabel("change of pressure / GPa")
    right.spines["right"].set_color(MUTED)
    axes.legend([band], ["±1 σ in the budget with datchi2007"], loc="upper right")
    axes.text(
        236.0, -0.119, "branch for 296 to 900 K,\nto −1.75 nm at 5 K", va="bottom", fontsize=9.0
    )


def _per_lambda0() -> float:
    """GPa per nm of lambda0, near zero pressure; negative."""
    return get_scale("ruby2020").slope_by_reference(694.25, 694.25)


# -- one edge on all scales


def edge_figure() -> Figure:
    """Two readings of the anvil's edge on every published scale."""
    figure = Figure(figsize=(9.0, 6.4), layout="constrained")
    gauge = DiamondEdgeGauge(laser_sigma_nm=0.02, axis_sigma_cm1=0.5)
    panels = figure.subplots(2, 1, sharex=True)
    for axes, edge_cm1 in zip(panels, (1968.0, 2035.0), strict=True):
        _draw_edge(axes, gauge.pressure_from_edge(edge_cm1, 0.3, 300.0, convention="vacuum"))
    panels[1].set_xlabel("pressure / GPa")
    figure.legend(
        handles=[
            Line2D([], [], marker="o", ls="-", color=BLUE, label="within the scale's range, ±1 σ"),
            Line2D([], [], marker="o", ls="-", color=ORANGE, mfc="white", label="beyond it, ±1 σ"),
            Patch(color="#dfe5ec", label="range that the scale was made for"),
            Patch(color=GREEN, alpha=0.18, label="lowest to highest pressure of this edge"),
            Line2D([], [], ls="", marker="$*$", color=INK, label="not verified, not counted"),
        ],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def _draw_edge(axes: Axes, reading: PressureMeasurement) -> None:
    verified = [item for item in reading.alternatives if item.evidence != "from memory"]
    values = [item.pressure_gpa for item in verified]
    axes.axvspan(min(values), max(values), color=GREEN, alpha=0.18, lw=0.0, zorder=0)
    for row, item in enumerate(reading.alternatives):
        low, high = item.range_gpa
        axes.barh(row, high - low, left=low, height=0.62, color="#dfe5ec", zorder=1)
        colour, fill = (BLUE, BLUE) if item.in_range else (ORANGE, "white")
        axes.errorbar(
            item.pressure_gpa,
            row,
            xerr=item.sigma_sys_gpa,
            fmt="o",
            color=colour,
            mfc=fill,
            ms=7.0,
            mew=1.6,
            lw=1.8,
            capsize=4.0,
            zorder=3,
        )
        text = f"{item.pressure_gpa:.0f} ± {item.sigma_sys_gpa:.0f}"
        axes.text(692.0, row, text, va="center", ha="left", fontsize=9.5)
    names = [
        f"{item.scale} *" if item.evidence == "from memory" else item.scale
        for item in reading.alternatives
    ]
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.invert_yaxis()
    axes.set_xlim(100.0, 690.0)
    axes.text(692.0, -0.62, "GPa", va="bottom", ha="left", fontsize=9.5, color=MUTED)
    axes.set_title(
        f"edge at {reading.observable:.0f} cm$^{{-1}}$: {min(values):.0f} to {max(values):.0f} GPa",
        loc="left",
        fontsize=11.0,
    )


# -- one spectrum and its budget


def simulated_spectrum() -> Spectrum:
    """A ruby at 80 K and 25 GPa: Voigt lines, luminescence below them, photon and read noise."""
    x = np.linspace(688.0, 718.0, 1000)
    r1_nm = GAUGE.line_from_pressure(_PRESSURE_GPA, TEMPERATURE_K)
    r2_nm = 1e7 / (1e7 / r1_nm + 29.7)
    light = 250.0 + 6.0 * (x - x[0])
    for line_nm, height in ((r1_nm, 9000.0), (r2_nm, 3300.0)):
        light += height * _voigt(x - line_nm)
    rng = np.random.default_rng(2026)
    electrons = rng.poisson(light * _GAIN) + rng.normal(0.0, _READ_E, x.size)
    return Spectrum(
        wavelength_nm=x,
        counts=np.rint(_DARK + electrons / _GAIN),
        exposure_s=0.5,
        averages=1,
        gain_e_per_count=_GAIN,
        read_noise_e=_READ_E,
        dark_counts=_DARK,
        saturation_counts=65535.0,
    )


def _voigt(offset_nm: Array) -> Array:
    """Half Gauss and half Lorentz of about the same width, height 1."""
    sigma, gamma = _FWHM_NM * 0.61 / 2.355, _FWHM_NM * 0.58 / 2.0
    return voigt_profile(offset_nm, sigma, gamma) / voigt_profile(0.0, sigma, gamma)


def write_spectrum(spectrum: Spectrum, path: Path) -> None:
    """Write two columns under a header, as spectrometer programs do."""
    header = (
        "# SIMULATED ruby spectrum, 80 K, drawn by make_gauge_figures.py\n"
        f"# Integration time (s): {spectrum.exposure_s:g}\n"
        f"# Averages: {spectrum.averages}\n"
        "# wavelength (nm)\tcounts\n"
    )
    rows = zip(spectrum.wavelength_nm.tolist(), spectrum.counts.tolist(), strict=True)
    lines = [f"{x:.5f}\t{y:.0f}\n" for x, y in rows]
    path.write_text(header + "".join(lines), encoding="utf-8", newline="\n")


def budget_figure(spectrum: Spectrum) -> Figure:
    """A spectrum with its fit and residuals, and where the uncertainty of its pressure is from."""
    measured = GAUGE.measure(spectrum, TEMPERATURE_K)
    assert isinstance(measured.fit, RubyFit)
    figure = Figure(figsize=(9.0, 9.6), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=(1.0, 1.25))
    upper, lower = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    top, bottom = upper.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    _draw_fit(top, bottom, spectrum, measured.fit)
    _draw_budget(lower.subplots(), measured)
    upper.suptitle(
        f"R1 = {measured.observable:.4f} ± {measured.observable_sigma:.4f} nm at "
        f"{measured.temperature_k:g} K:  {measured.pressure_gpa:.3f} ± "
        f"{measured.sigma_stat_gpa:.3f} (stat) ± {measured.sigma_sys_gpa:.2f} (sys) GPa, "
        f"{measured.scale}",
        fontsize=11.0,
    )
    return figure


def _draw_fit(top: Axes, bottom: Axes, spectrum: Spectrum, fit: RubyFit) -> None:
    x = spectrum.wavelength_nm
    low, high = fit.window_nm
    seen = (x > low - 0.8) & (x < high + 0.8)
    fine = np.linspace(low, high, 1500)
    top.text(0.99, 0.95, "SIMULATED", transform=top.transAxes, ha="right", va="top", color=MUTED)
    top.plot(x[seen], spectrum.counts[seen], ".", color=BLUE, ms=4.0, label="counts")
    top.plot(fine, fit.evaluate(fine), color=ORANGE, lw=1.6, label="fit")
    for line_nm, name in ((fit.r1_nm, "R1"), (fit.r2_nm, "R2")):
        height = float(fit.evaluate(np.array([line_nm]))[0])
        top.annotate(name, (line_nm, height), (0, 5), textcoords="offset points", ha="center")
    top.set_ylim(top=1.1 * float(spectrum.counts.max()))
    top.set_ylabel("counts")
    top.legend(loc="upper left")
    inside = (x >= low) & (x <= high)
    expected = fit.evaluate(x[inside])
    noise = np.sqrt(PhotonNoise.of(spectrum).variance(expected))
    bottom.axhspan(-1.0, 1.0, color="#dfe5ec", lw=0.0)
    bottom.plot(x[inside], (spectrum.counts[inside] - expected) / noise, ".", color=BLUE, ms=4.0)
    bottom.set_ylim(-4.5, 4.5)
    bottom.set_ylabel("residual / σ")
    bottom.set_xlabel("wavelength in air / nm")


def _draw_budget(axes: Axes, measured: PressureMeasurement) -> None:
    bars = _bars(measured.budget)
    # a gap between the statistical and the systematic terms
    places = [row + 0.6 * (bar.kind == "systematic") for row, bar in enumerate(bars)]
    colours = {"statistical": BLUE, "systematic": ORANGE}
    for place, bar in zip(places, bars, strict=True):
        if bar.sigma_mpa > 0.0:
            height = 0.86 if bar.total else 0.6
            axes.barh(place, bar.sigma_mpa, height=height, color=colours[bar.kind])
        axes.text(
            max(bar.sigma_mpa, _SMALLEST_MPA) * 1.12,
            place,
            bar.text,
            va="center_baseline",
            fontsize=9.0,
            fontweight="bold" if bar.total else "normal",
            color=INK if bar.sigma_mpa > 0.0 else MUTED,
        )
    axes.set_yticks(places, [bar.name for bar in bars])
    for label, bar in zip(axes.get_yticklabels(), bars, strict=True):
        label.set_fontweight("bold" if bar.total else "normal")
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.set_ylim(places[-1] + 0.6, -0.7)
    axes.set_xscale("log")
    axes.set_xlim(_SMALLEST_MPA, 4e3)
    axes.set_xlabel("standard uncertainty of the pressure / MPa (logarithmic)")
    handles = [Patch(color=colour, label=kind) for kind, colour in colours.items()]
    axes.legend(handles=handles, loc="lower right")


_SMALLEST_MPA: Final = 0.1
_OFFSETS: Final = "wavelength axis offset"


@dataclass(frozen=True)
class _Bar:
    name: str
    kind: str
    sigma_mpa: float
    note: str = ""
    total: bool = False

    @property
    def text(self) -> str:
        """The number, or the first words of why there is none."""
        if self.sigma_mpa == 0.0:
            return f"0, {re.split('[,;:]', self.note)[0]}"
        return f"{self.sigma_mpa:.2g} MPa" if self.sigma_mpa < 10.0 else f"{self.sigma_mpa:.0f} MPa"


def _bars(budget: tuple[BudgetTerm, ...]) -> list[_Bar]:
    """Totals and terms; the two terms of the axis offset, which cancel, are one bar."""
    offsets = [term for term in budget if term.name.startswith(_OFFSETS)]
    both = _Bar(
        f"{_OFFSETS}, line and lambda0", "systematic", 1e3 * quadrature(offsets, "systematic")
    )
    bars: list[_Bar] = []
    for kind in ("statistical", "systematic"):
        bars.append(_Bar(f"all {kind}", kind, 1e3 * quadrature(budget, kind), total=True))
        found = [
            _Bar(term.name, kind, 1e3 * term.sigma_gpa, term.note)
            for term in budget
            if term.kind == kind and term not in offsets
        ]
        found.extend([both] if kind == "systematic" else [])
        bars.extend(sorted(found, key=lambda bar: -bar.sigma_mpa))
    return bars


if __name__ == "__main__":
    main()
