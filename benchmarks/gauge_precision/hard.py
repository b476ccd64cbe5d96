"""The hard set: spikes, saturation, few counts, merged and cold lines, lines that are not R1."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from gauge_precision.campaigns import PRIORS, drawn_doublet
from gauge_precision.cells import Cell, Sampler
from gauge_precision.detector import Detector
from gauge_precision.recipes import Axis, Recipe
from gauge_precision.shapes import ARGON_AIR_NM, NEON_AIR_NM

__all__ = ["anywhere", "hard_set", "rival_set"]

_COLD_NM: Final = 693.363
_PAIR_LINES: Final = ((700.9, 0.6), (704.1, 0.5))
"""Place (with R1 at 694.25 nm) and width in nm of the lines N2 and N1 of chromium pairs."""
_SINGLE: Final = ("fwhm_nm", "eta", "height_e", "level_e")
_CAMPAIGN_AXIS: Final = Axis(first_nm=684.0, pitch_nm=0.05)
_HIGHEST_NM: Final = 726.0


def hard_set() -> Iterator[Cell]:
    """All cells, nuisances drawn from the priors."""
    yield from _damaged()
    yield from _merged()
    yield from _cold()
    yield from _pair_lines()
    yield from _neon()
    yield drawn_doublet("30 counts", 30.0, 0.5, allowed=("low_signal",))
    for height in (1e3, 1e5):
        name = f"rising luminescence {height:.0e}"
        yield drawn_doublet(name, height, 0.5, background="rising")
    yield from _untold()


def rival_set() -> Iterator[Cell]:
    """Lines that could be R1 as well, at temperatures where R2 tells little or nothing.

    Without a word on where R1 is expected the right answer is often that nothing tells: what counts
    is that none is far off without a flag.
    """
    neon = [(place, 0.09, 1.0) for place in NEON_AIR_NM]
    argon = [(place, 0.09, share) for place, share in ARGON_AIR_NM]
    ruby = [(694.25, 0.5, 1.0), (692.83, 0.5, 0.6)]
    for strength in (0.3, 3.0):
        yield _beside(single(f"5 K, neon {strength}", 1e4, 0.3), neon, strength)
    for temperature, ratio in ((25.0, 0.12), (None, 0.6)):
        for word, lines, strength in (
            ("neon", neon, 0.3),
            ("neon", neon, 3.0),
            ("ruby", ruby, 1.0),
        ):
            name = f"{temperature} K, {word} {strength}"
            changes = {"ratio": ratio}
            cell = drawn_doublet(name, 1e4, 0.5, changes=changes, temperature_k=temperature)
            yield _beside(cell, lines, strength)
    for height in (2e2, 1e4):
        yield _beside(drawn_doublet(f"argon {height:.0e}", height, 0.5), argon, 3.0)
    yield _beside(drawn_doublet("ruby 0.7", 1e4, 0.5), ruby, 0.7)


def _beside(cell: Cell, lines: list[tuple[float, float, float]], strength: float) -> Cell:
    """Add lines whose heights are shares of `strength` times R1."""
    height = strength * cell.fixed["height_e"]
    scaled = [(place, width, share * height) for place, width, share in lines]
    return _with_lines(cell, scaled, follow=False)


def _damaged() -> Iterator[Cell]:
    for height in (1e3, 1e4, 1e5):
        yield drawn_doublet(f"spikes {height:.0e}", height, 0.5, spikes=True, clean=False)
    yield drawn_doublet("spikes FWHM 0.12", 1e4, 0.12, spikes=True, clean=False)
    for share in (0.6, 0.3):
        name = f"saturated at {share:.0%} of the peak"
        yield drawn_doublet(name, 4e4, 0.5, full_scale=share, clean=False)


def _untold() -> Iterator[Cell]:
    """Files of two columns: nothing is said of the detector, and the base is subtracted."""
    untold = ("gain_e_per_count", "read_noise_e", "dark_counts")
    for fwhm, height, read_e in (
        (0.1, 1e4, 5.0),
        (0.3, 1e3, 15.0),
        (0.5, 1e2, 5.0),
        (0.5, 1e4, 15.0),
    ):
        name = f"nothing told, base 0, FWHM {fwhm} {height:.0e}"
        detector = Detector(offset_counts=0.0, read_noise_e=read_e)
        yield drawn_doublet(name, height, fwhm, detector=detector, untold=untold)


def _merged() -> Iterator[Cell]:
    for fwhm in (1.0, 1.4, 2.0):
        for height in (1e3, 1e4, 1e5):
            yield drawn_doublet(f"merged FWHM {fwhm} {height:.0e}", height, fwhm)


def _cold() -> Iterator[Cell]:
    for height in (1e2, 1e3, 1e4, 1e5):
        yield single(f"5 K, 3 px {height:.0e}", height, 0.09)
    yield single("5 K FWHM 0.3", 1e4, 0.3)
    ratio = {"r1_nm": _COLD_NM, "ratio": 0.12}
    for height in (1e2, 1e3, 1e4):
        name = f"20 K, R2 12 %, 3 px {height:.0e}"
        yield drawn_doublet(name, height, 0.09, changes=ratio, temperature_k=20.0)


def single(name: str, height_e: float, fwhm_nm: float, **settings: Any) -> Cell:
    """Cold line without R2."""
    recipe = Recipe(axis=Axis(), further_lines=settings.pop("further_lines", 0))
    fixed = {
        "r1_nm": _COLD_NM,
        "fwhm_nm": fwhm_nm,
        "eta": 0.5,
        "height_e": height_e,
        "level_e": 0.02 * height_e,
    }
    values = {
        "name": name,
        "recipe": recipe,
        "fixed": fixed | settings.pop("changes", {}),
        "drawn": {"eta": PRIORS["eta"].draw},
        "nuisances": (*_SINGLE, *settings.pop("unknown", ())),
        "known": {"eta": PRIORS["eta"]},
        "temperature_k": 5.0,
    }
    return Cell(**(values | settings))


def _pair_lines() -> Iterator[Cell]:
    for strength in (0.1, 0.5, 1.5):
        lines = [(place, width, strength * 1e4) for place, width in _PAIR_LINES]
        for place in (694.25, 700.0):
            name = f"pair lines {strength} of R1 at {place}"
            cell = drawn_doublet(name, 1e4, 0.5, changes={"r1_nm": place})
            yield _with_lines(cell, lines, follow=True)
        cell = single(f"5 K, pair lines {strength} of R1", 1e4, 0.3)
        yield _with_lines(cell, lines, follow=True)


def _neon() -> Iterator[Cell]:
    for strength in (0.3, 3.0):
        lines = [(place, 0.09, strength * 1e4) for place in NEON_AIR_NM]
        for place in (694.25, 697.0, 701.0):
            name = f"neon {strength} of R1 at {place}"
            cell = drawn_doublet(name, 1e4, 0.5, changes={"r1_nm": place})
            yield _with_lines(cell, lines, follow=False)


def _with_lines(cell: Cell, lines: list[tuple[float, float, float]], *, follow: bool) -> Cell:
    """Add Gaussian lines (place, width, height) of which nothing is known."""
    last_nm = float(cell.recipe.axis.wavelength_nm[-1])
    values: dict[str, float] = {}
    unknown: list[str] = []
    for k, (place, width, height) in enumerate(lines):
        line = {f"line{k}_nm": place, f"line{k}_fwhm_nm": width, f"line{k}_e": height}
        values |= line
        # beyond the detector there is nothing that could be unknown
        unknown += [*line] if place < last_nm - 1.0 else []
    return replace(
        cell,
        recipe=replace(cell.recipe, further_lines=len(lines), lines_follow=follow),
        fixed={**cell.fixed, **values},
        nuisances=(*cell.nuisances, *unknown),
        clean=False,
    )


def anywhere(cell: Cell) -> Cell:
    """The same at any pressure, with counts and width drawn too: for gross errors."""
    fixed = dict(cell.fixed)
    low, high = np.log10(fixed["height_e"]) + np.array((-0.7, 0.7))
    drawn: dict[str, Sampler] = dict(cell.drawn)
    drawn["r1_nm"] = lambda random, scenes: random.uniform(_COLD_NM, _HIGHEST_NM, scenes)
    if cell.full_scale is None and cell.recipe.further_lines == 0:
        drawn["height_e"] = lambda random, scenes: 10.0 ** random.uniform(low, high, scenes)
    if fixed["fwhm_nm"] >= 0.3:
        widths = (0.7 * fixed["fwhm_nm"], 1.3 * fixed["fwhm_nm"])
        drawn["fwhm_nm"] = lambda random, scenes: random.uniform(*widths, scenes)
    recipe = replace(cell.recipe, axis=_CAMPAIGN_AXIS)
    if "rise_nm" in fixed:
        fixed["rise_nm"] = 20.0
    if fixed["fwhm_nm"] < 0.12:
        # three pixels stay three pixels
        fixed["fwhm_nm"] = 3.0 * _CAMPAIGN_AXIS.pitch_nm
    for key in (key for key in fixed if key.startswith("line") and key.endswith("_fwhm_nm")):
        # and no optics make a line narrower than two
        fixed[key] = max(fixed[key], 2.0 * _CAMPAIGN_AXIS.pitch_nm)
    name = f"{cell.name}, anywhere"
    return replace(cell, name=name, recipe=recipe, fixed=fixed, drawn=drawn)
