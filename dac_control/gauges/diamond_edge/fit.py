"""From a Raman spectrum to the edge: search, fit each step found, and say which is the anvil's."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.diamond_edge.raman_spectrum import RamanSpectrum
from dac_control.gauges.diamond_edge.result import EdgeFit, no_edge
from dac_control.gauges.diamond_edge.search import SEARCH_CM1, EdgeStart, find_edges
from dac_control.gauges.diamond_edge.spikes import isolated, noise_scale, running_median
from dac_control.gauges.diamond_edge.verdict import is_edge, judge, signal_to_noise
from dac_control.gauges.diamond_edge.window import fit_around
from dac_control.gauges.diamond_edge.window_fit import EdgePixels, WindowFit
from dac_control.gauges.photon_noise import PhotonNoise

__all__ = ["fit_edge"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SATURATED_SHARE: Final = 0.95
"""Share of full scale from which the mean of several exposures may hide a clipped one."""
_FEWEST_PX: Final = 40
_RISE_CM1: Final = 1362.0
"""Above the rise of the band at 1332 cm-1: a window begins there or higher, except for an edge so
near that it would have no plateau."""
_NEAR_CM1: Final = 50.0
_NEAR_WIDTHS: Final = 6.0
_LINE_CM1: Final = 1332.5
_LINE_HWHM_CM1: Final = 2.0
"""Of the line of unstressed diamond behind a usual spectrometer."""
_LINE_SIGMA: Final = 10.0
_WIDEST_WING_CM1: Final = 130.0
_BEYOND_CM1: Final = 150.0
"""Pixels this far above the highest edge still tell its background."""
_RISE_SHARE: Final = 0.1
_RIVAL_SHARE: Final = 0.5
"""A step is a rival of the one taken if it is at least this share of its height."""
_RIVAL_STRENGTH: Final = 0.45
"""The same of signal over noise: a little less, for the lower of two equal steps stands upon the
light of the other, and its window is another."""


def fit_edge(
    spectrum: RamanSpectrum, *, expected_cm1: tuple[float, float] | None = None
) -> EdgeFit:
    """Find and fit the high-frequency edge of a stressed anvil.

    Fisher scoring of an error-function step on polynomials, with the weights of photon and read
    noise. A poor spectrum is no error: its fit says so in `flags`.

    Parameters
    ----------
    spectrum : RamanSpectrum
    expected_cm1 : tuple of float, optional
        Where the edge must be: steps outside are fitted only where none inside stands, and
        flagged ``outside_window``.

    Raises
    ------
    ConfigurationError
        The expected range is empty.
    """
    if expected_cm1 is not None and not expected_cm1[0] < expected_cm1[1]:
        raise ConfigurationError(
            f"The edge is expected between {expected_cm1[0]} and {expected_cm1[1]} cm-1; "
            "give the lower shift first."
        )
    with np.errstate(all="ignore"):
        fit = _fit(spectrum, expected_cm1)
    return replace(fit, flags=(*fit.flags, *_assumptions(spectrum)))


def _fit(spectrum: RamanSpectrum, expected: tuple[float, float] | None) -> EdgeFit:
    x = spectrum.shift_cm1
    inside = (x >= SEARCH_CM1[0]) & (x <= SEARCH_CM1[1] + _BEYOND_CM1)
    range_cm1 = float(x[0]), float(x[-1])
    if int(inside.sum()) < _FEWEST_PX:
        return no_edge(range_cm1, ("no_edge", "short_axis"))
    counts, noise = spectrum.levelled_counts, spectrum.noise
    begins = _plateau_begins(x, counts, noise)
    used = inside if np.isfinite(begins) else x <= x[inside][-1]
    pixels, saturated, (clean, variance) = _pixels(spectrum, used, counts[used], noise)
    spikes = int((~pixels.usable & ~saturated).sum())
    if int(pixels.usable.sum()) < _FEWEST_PX:
        flag = "saturated" if int(saturated.sum()) > spikes else "spike"
        return no_edge(range_cm1, ("no_edge", flag), spikes)
    variance = np.maximum(variance, (1e-9 * float(np.abs(clean).max())) ** 2 + 1e-12)
    where = pixels.x >= SEARCH_CM1[0]
    starts = find_edges(pixels.x[where], clean[where], variance[where])
    starts = tuple(start for start in starts if start.edge_cm1 <= SEARCH_CM1[1])
    # a step that is expected is fitted first and alone: one that lies lower, of the doublet, has a
    # window wide enough to explain it away
    likely = tuple(start for start in starts if expected and _within(start.edge_cm1, expected))
    fits = _edges(pixels, likely, begins) or _edges(pixels, starts, begins)
    spikes = int((~pixels.usable & ~saturated).sum())
    if not fits:
        flags = ("no_edge", *(("saturated",) if saturated.any() else ()))
        return no_edge(range_cm1, (*flags, *(("spike",) if spikes else ())), spikes)
    taken, rivals, others = _choose(fits, pixels, expected)
    result, problems = judge(taken, pixels, saturated)
    if result is None:
        return no_edge(range_cm1, problems, spikes)
    low, high = result.window_cm1
    masked = ~pixels.usable & ~saturated & (pixels.x >= low) & (pixels.x <= high)
    found = {
        "several_edges": rivals,
        "outside_window": expected is not None and not _within(result.edge_cm1, expected),
        "spike": bool(masked.any()),
    }
    flags = (*problems, *(name for name, present in found.items() if present))
    return replace(result, flags=flags, masked_pixels=int(masked.sum()), other_edges_cm1=others)


def _pixels(
    spectrum: RamanSpectrum, inside: Mask, y: Vector, noise: PhotonNoise
) -> tuple[EdgePixels, Mask, tuple[Vector, Vector]]:
    """Pixels of the search range with their counts `y`, and which saturate.

    Also the counts with spikes bridged, and the variance of their scatter.
    """
    x, full = spectrum.shift_cm1[inside], spectrum.saturation_counts
    saturated = np.zeros(x.shape, dtype=bool)
    if full is not None:
        saturated = spectrum.counts[inside] >= _SATURATED_SHARE * full
    level, variance = _scatter(y, noise)
    spike = isolated(y, level, variance) & ~saturated
    usable = ~(saturated | spike)
    clean = y
    if usable.any() and not usable.all():
        clean = np.where(usable, y, np.interp(x, x[usable], y[usable]))
        _level, variance = _scatter(clean, noise)
    pixels = EdgePixels(x=x, y=y, usable=usable, noise=noise)
    return pixels, saturated, (clean, variance)


def _scatter(counts: Vector, noise: PhotonNoise) -> tuple[Vector, Vector]:
    """Running median of counts, and the variance of their scatter about it."""
    level = running_median(counts)
    variance = noise.variance(level)
    return level, noise_scale(counts, variance, noise) * variance


def _plateau_begins(x: Vector, y: Vector, noise: PhotonNoise) -> float:
    """Where the band's plateau is clear of its rise and of the line of unstressed diamond.

    Minus infinity where there is neither, so that whatever lies lower is plateau as well.
    """
    below, above = y[(x > 1270.0) & (x < 1315.0)], y[(x > 1345.0) & (x < 1390.0)]
    line = y[(x > 1326.0) & (x < 1338.0)]
    if above.size < 5 or (below.size < 5 and not line.size):
        return _RISE_CM1
    level = float(np.median(above))
    height = level - float(np.percentile(y[x > SEARCH_CM1[0]], 5.0))
    rises = below.size < 5 or level - float(np.median(below)) > _RISE_SHARE * height
    # A falling plateau is higher there than above it, and no line.
    beside = max(level, float(np.max(y[x > 1343.0][:5])))
    beside = beside if rises else max(beside, float(np.median(below)))
    peak = float(np.percentile(line, 90.0)) - beside if line.size else 0.0
    without_line = _RISE_CM1 if rises else float("-inf")
    if not peak > 0.0:
        return without_line
    scale = noise_scale(y, noise.variance(running_median(y)), noise)
    sigma = float(np.sqrt(scale * noise.variance(np.array(level))))
    if not peak > _LINE_SIGMA * sigma:
        return without_line
    # A Lorentzian wing of that height has fallen to a third of the noise of a pixel there.
    wing = _LINE_HWHM_CM1 * float(np.sqrt(3.0 * peak / sigma))
    return _LINE_CM1 + float(np.clip(wing, _RISE_CM1 - _LINE_CM1, _WIDEST_WING_CM1))


def _edges(pixels: EdgePixels, starts: tuple[EdgeStart, ...], begins: float) -> list[WindowFit]:
    """All steps that stand the test, in order of rising shift, none twice."""
    fits: list[WindowFit] = []
    for start in starts:
        if any(_explained(start.edge_cm1, other) for other in fits):
            continue
        latest = start.edge_cm1 - max(_NEAR_CM1, _NEAR_WIDTHS * start.width_cm1)
        begin = max(min(begins, latest), float(pixels.x[0]))
        reach = start.edge_cm1 - begin, float(pixels.x[-1]) - start.edge_cm1
        try:
            fit = fit_around(pixels, start, reach)
        except np.linalg.LinAlgError:
            continue
        if is_edge(fit, pixels) and not any(_same(fit.edge_cm1, other) for other in fits):
            fits.append(fit)
    return sorted(fits, key=lambda fit: fit.edge_cm1)


def _choose(
    fits: list[WindowFit], pixels: EdgePixels, expected: tuple[float, float] | None
) -> tuple[WindowFit, bool, tuple[float, ...]]:
    """The step at the highest shift, whether another rivals it, and where the others are."""
    allowed = fits
    if expected is not None:
        allowed = [fit for fit in fits if _within(fit.edge_cm1, expected)] or fits
    taken = allowed[-1]
    height, strength = taken.estimate.parameters[2], signal_to_noise(taken, pixels)
    rivals = any(
        fit.estimate.parameters[2] > _RIVAL_SHARE * height
        and signal_to_noise(fit, pixels) > _RIVAL_STRENGTH * strength
        for fit in allowed
        if fit is not taken
    )
    others = tuple(fit.edge_cm1 for fit in fits if fit is not taken)
    return taken, rivals, others


def _explained(edge_cm1: float, fit: WindowFit) -> bool:
    """True where a fit leaves nothing but noise: what the search saw there is a side lobe."""
    inside = fit.shift_cm1[0] <= edge_cm1 <= fit.shift_cm1[-1]
    return _same(edge_cm1, fit) or bool(inside and not fit.structure.found)


def _same(edge_cm1: float, other: WindowFit) -> bool:
    return abs(edge_cm1 - other.edge_cm1) < 2.0 * other.width_cm1 + 3.0


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _assumptions(spectrum: RamanSpectrum) -> tuple[str, ...]:
    gain = () if spectrum.gain_e_per_count is not None else ("gain_assumed",)
    dark = () if spectrum.dark_counts is not None else ("dark_assumed",)
    return (*gain, *dark)
