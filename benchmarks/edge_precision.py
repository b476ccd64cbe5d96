"""Precision of the diamond-edge fit against the Cramér-Rao bound of what generated the spectra.

The spectra come from code below that shares nothing with the fit: the band is written out with
numpy and scipy only, and its bound from numerical derivatives. Of each cell it prints

- sd of the edge over the bound, bias in cm-1, and the standard deviation of the pulls;
- the same for the two derivative minima: of the fitted model, and of the smoothed data;
- spectra without a result, gross errors (beyond the larger of 3 cm-1 and 5 sigma) without a flag
  that disqualifies, and false flags among the rest.

    python benchmarks/edge_precision.py --spectra 2000 --seed 1
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from dac_control.gauges.diamond_edge import EdgeFit, RamanSpectrum, fit_edge

Vector = NDArray[np.float64]

AXIS_CM1 = np.arange(1200.0, 2101.0)
ASSUMPTIONS = {"gain_assumed", "dark_assumed"}


@dataclass(frozen=True)
class Scene:
    """What surrounds the edge; each coefficient is one unknown of the bound."""

    name: str
    plateau: tuple[float, ...] = ()
    """Further coefficients of the plateau as shares of its height, per 300 cm-1 and squared."""
    background: tuple[float, ...] = (0.0,)
    """Further coefficients of the background as shares of it, per 300 cm-1 and squared."""
    rise: bool = False
    """The band begins at 1332 cm-1 with the line of unstressed diamond."""
    spikes: int = 0
    gain: float | None = 1.0
    averages: int = 1
    flags: set[str] = field(default_factory=set)


SCENES = (
    Scene("flat"),
    Scene("sloped", plateau=(-0.3,), background=(0.1,)),
    Scene("curved", plateau=(-0.3, 0.3), background=(-0.2, 0.1)),
    Scene("band", plateau=(-0.3,), background=(0.1,), rise=True),
    Scene("spikes", plateau=(-0.3,), background=(0.1,), spikes=3, flags={"spike"}),
    # of a strained anvil: it shines again above the edge, and the band falls off below it
    Scene("valley", plateau=(0.5,), background=(0.5, 0.6)),
    Scene("gain?", plateau=(-0.3,), background=(0.1,), gain=None, averages=10),
)


def band(values: Vector, scene: Scene, x: Vector, level: float, height: float, s: float) -> Vector:
    """Expected counts; `values` are edge, width, then relative changes of everything else."""
    edge, width = values[0], values[1]
    plateau_terms = len(scene.plateau)
    u = (x - edge) / 300.0
    plateau = height * (1.0 + values[2])
    tops = np.zeros_like(u)
    for order in range(plateau_terms):
        tops = tops + (scene.plateau[order] + values[3 + order]) * u ** (order + 1)
    top = plateau * (1.0 + tops)
    floor = 1.0 + values[3 + plateau_terms]
    for order, share in enumerate(scene.background):
        floor = floor + (share + values[4 + plateau_terms + order]) * u ** (order + 1)
    shape = 0.5 - 0.5 * erf((x - edge) / (np.sqrt(2.0) * width))
    if scene.rise:
        shape = shape * (0.5 + 0.5 * erf((x - 1332.0) / (np.sqrt(2.0) * 4.0)))
    counts = level * floor + top * shape
    if scene.rise:
        counts = counts + 3.0 * height / (1.0 + ((x - 1332.5) / 1.5) ** 2)
    return counts


def truth(scene: Scene, edge: float, s: float) -> Vector:
    """Values that the band is drawn with."""
    free = 2 + len(scene.plateau) + len(scene.background)
    return np.concatenate(((edge, s), np.zeros(free)))


def bound(model: Callable[[Vector], Vector], at: Vector, scene: Scene) -> float:
    """Cramér-Rao bound of the edge for Poisson counts, by central differences.

    With a rise, of the pixels above it: what lies below tells about the edge only to who knows
    the shape of the rise.
    """
    steps = np.where(np.arange(at.size) < 2, 1e-3, 1e-5)
    rows = np.array([(model(at + d) - model(at - d)) / (2.0 * d.sum()) for d in np.diag(steps)])
    used = AXIS_CM1 > (1362.0 if scene.rise else 0.0)
    rows, counts = rows[:, used], model(at)[used]
    information = scene.averages * (rows / counts) @ rows.T
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def draw(scene: Scene, counts: Vector, rng: np.random.Generator) -> RamanSpectrum:
    """One spectrum, cosmic rays included."""
    y = rng.poisson(counts * scene.averages) / scene.averages
    for at in rng.integers(200, counts.size - 50, scene.spikes):
        y[at] += 5e4 * rng.uniform(0.02, 1.0) / scene.averages
    return RamanSpectrum(
        shift_cm1=AXIS_CM1,
        counts=y,
        exposure_s=1.0,
        averages=scene.averages,
        gain_e_per_count=scene.gain,
        read_noise_e=0.0,
        dark_counts=0.0,
    )


def cell(
    scene: Scene, level: float, height: float, s: float, spectra: int, rng: np.random.Generator
) -> str:
    """Measure one cell of the table."""
    fits: list[EdgeFit] = []
    edges: list[float] = []
    bounds: list[float] = []
    for number in range(spectra):
        edge = 1700.0 + rng.uniform(-20.0, 20.0)
        at = truth(scene, edge, s)

        def model(values: Vector) -> Vector:
            return band(values, scene, AXIS_CM1, level, height, s)

        if number < 20:
            bounds.append(bound(model, at, scene))
        fits.append(fit_edge(draw(scene, model(at), rng)))
        edges.append(edge)
    return report(scene, fits, np.array(edges), float(np.mean(bounds)))


def report(scene: Scene, fits: list[EdgeFit], edges: Vector, limit: float) -> str:
    """One line of the table."""
    ok = np.array([fit.ok for fit in fits])
    if not ok.any():
        return "nothing was fitted"
    good = [fit for fit in fits if fit.ok]
    error = np.array([fit.edge_cm1 for fit in good]) - edges[ok]
    sigma = np.array([fit.edge_sigma_cm1 for fit in good])
    gross = int((np.abs(error) > np.maximum(3.0, 5.0 * sigma)).sum())
    allowed = scene.flags | ASSUMPTIONS
    false = sum(bool(set(fit.flags) - allowed) for fit in fits)
    parts = [
        f"{limit:6.3f} {error.std() / limit:7.3f} {error.mean():+8.3f} "
        f"{(error / sigma).std():6.2f}",
    ]
    for name in ("derivative_minimum", "smoothed_minimum"):
        place = np.array([getattr(fit, f"{name}_cm1") for fit in good]) - edges[ok]
        there = np.isfinite(place)
        told = np.array([getattr(fit, f"{name}_sigma_cm1") for fit in good])[there]
        place = place[there]
        pull = ((place - place.mean()) / told).std()
        parts.append(f"{place.std():6.3f} {place.mean():+7.3f} {pull:5.2f}")
    parts.append(f"{int((~ok).sum()):5d} {gross:5d} {100.0 * false / len(fits):6.2f}")
    return "  ".join(parts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--spectra", type=int, default=2000, help="in each cell of the table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scene", default="", help="only scenes whose name begins so")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(f"{options.spectra} spectra a cell, {AXIS_CM1.size} pixels of 1 cm-1, widths and errors "
          "in cm-1")  # fmt: skip
    print(
        "scene   width height  floor |  bound  sd/bnd     bias   pull |"
        "  model minimum: sd bias pull | smoothed: sd bias pull | lost gross false%  cpu-ms"
    )
    for scene in SCENES:
        if not scene.name.startswith(options.scene):
            continue
        for height in (1e3, 1e4):
            for s in (5.0, 12.0, 25.0):
                start = time.process_time()
                line = cell(scene, 2e3, height, s, options.spectra, rng)
                each = 1e3 * (time.process_time() - start) / options.spectra
                print(
                    f"{scene.name:7s} {s:5g} {height:6g} {2e3:6g} | {line} {each:5.1f}", flush=True
                )


if __name__ == "__main__":
    main()
