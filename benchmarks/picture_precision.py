"""How well the picture is read: diameter, pulls, flags, signs, time.

    python benchmarks/picture_precision.py [--frames 40] [--series 40] [--seed 1]

First table: frames of one kind with a random hole each; error of the diameter in pixels, and pulls:
the error over the statistical uncertainty alone, and over statistics and blurred edge together.
Second: series of ordinary frames, in which every sign is a false one, each ended by one event.
"""

import argparse
import copy
import math
import time
from dataclasses import dataclass, field

import numpy as np
from picture_scenes import Scene, draw, replace

from dac_control.picture import PictureHistory, PictureScale, read_picture
from dac_control.picture.comparison import compare
from dac_control.picture.lines import darkest_line

SCALE = PictureScale(um_per_pixel=1.0, black_counts=4.0)
KINDS: dict[str, dict[str, object]] = {
    "plain": {},
    "oval 0.3": {"ellipticity": 0.3},
    "rough rim 3 %": {"roughness": 0.03},
    "dust and chips": {"dust": 40, "chips": 6},
    "uneven light": {"gradient": 0.8},
    "dark on bright": {"hole": 2000.0, "gasket": 6000.0},
    "low contrast": {"hole": 1300.0, "gasket": 1000.0, "grain": 0.03},
    "black sample": {"core": 300.0, "core_radius": 0.8},
    "ice": {"ice": 0.3},
    "blur 5": {"blur": 5.0},
    "blur 12": {"blur": 12.0},
    "dim": {"lamp": 0.1},
    "saturated": {"exposure": 2.5},
    "cut by frame": {"x": 40.0},
    "no hole": {"radius": 1e-6, "chips": 0, "gasket": 6000.0, "dust": 20},
}


def precision(frames: int, rng: np.random.Generator) -> None:
    """Print the table of single frames."""
    print(f"{'frames of 640 x 480':20s} bias px    sd px  pull stat  pull all  worst px  "
          "found  flags  cpu ms")  # fmt: skip
    for name, values in KINDS.items():
        errors, stat, total, found, flagged, spent = [], [], [], 0, 0, []
        for _ in range(frames):
            random = {
                "radius": rng.uniform(60.0, 160.0),
                "x": rng.uniform(300.0, 340.0),
                "y": rng.uniform(220.0, 260.0),
                "pattern_seed": int(rng.integers(1 << 30)),
            }
            scene = Scene(**(random | values))  # type: ignore[arg-type]
            frame = draw(scene, rng)
            began = time.process_time()
            reading = read_picture(frame, SCALE)
            spent.append(1e3 * (time.process_time() - began))
            found += reading.ok
            flagged += bool(set(reading.flags) - {"no_hole"})
            if reading.ok:
                error = reading.hole_px - 2.0 * scene.radius
                errors.append(error)
                stat.append(error / reading.hole_sigma_px)
                total.append(error / math.hypot(reading.hole_sigma_px, reading.hole_sigma_sys_um))
        shown = "-" * 50
        if errors:
            shown = (
                f"{np.mean(errors):+8.3f} {np.std(errors):8.3f} {np.std(stat):10.2f} "
                f"{np.std(total):9.2f} {np.max(np.abs(errors)):9.3f}"
            )
        print(f"{name:20s}{shown:50s} {found:4d}/{frames} {flagged:5d} {np.median(spent):8.1f}")


@dataclass
class Counts:
    """What was raised in all series."""

    frames: int = 0
    false: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    loss: list[float] = field(default_factory=list)
    line: list[float] = field(default_factory=list)


EVENTS: dict[str, tuple[str, dict[str, object]]] = {
    "hole 5 % wider": ("blow_out", {}),
    "ellipticity +0.12": ("blow_out", {"ellipticity": 0.12}),
    "three cracks": ("fracture", {"cracks": 3}),
    "one faint crack": ("fracture", {"cracks": 1, "crack_depth": 0.5}),
    "shattered": ("fracture", {"cracks": 25, "dust": 80}),
    "sample black": ("darkened", {"core": 250.0, "core_radius": 0.8}),
    "all black": ("darkened", {"hole": 350.0, "core": None, "chips": 0}),
    "sample 2.5 x": ("shiny", {}),
    "sample gone": ("sample_gone", {"core": None, "chips": 0}),
}


def signs(series: int, length: int, rng: np.random.Generator) -> None:
    """Print the table of series."""
    counts = Counts()
    for _ in range(series):
        one_series(length, rng, counts)
    print(f"\n{counts.frames} ordinary frames in {series} series: {len(counts.false)} false signs "
          f"{sorted(counts.false)}")  # fmt: skip
    print("  from frame to frame: "
          f"loss of likeness median {np.median(counts.loss):.4f}, most {np.max(counts.loss):.4f}; "
          f"longest line {np.max(counts.line):.2f} diameters")  # fmt: skip
    for name, (kind, _) in EVENTS.items():
        print(f"  {name:20s} {kind:12s} told in {counts.seen.get(name, 0):3d} of {series}")


def one_series(length: int, rng: np.random.Generator, counts: Counts) -> None:
    """Draw drifting frames under rising load, then every event on a copy of the history."""
    scene = Scene(
        shape=(240, 320),
        x=161.0,
        y=119.0,
        radius=rng.uniform(45.0, 75.0),
        hole=5500.0,
        core=float(rng.choice([3000.0, 4000.0, 4800.0])),
        chips=int(rng.integers(0, 4)),
        dust=int(rng.integers(0, 20)),
        roughness=rng.uniform(0.0, 0.03),
        gradient=rng.uniform(0.0, 0.4),
        pattern_seed=int(rng.integers(1 << 30)),
        crack_seed=int(rng.integers(1 << 30)),
    )
    history, before = PictureHistory(), None
    for step in range(length):
        scene = replace(
            scene,
            radius=scene.radius * (1.0 - rng.uniform(0.0, 0.025)),
            blur=float(np.clip(scene.blur + rng.normal(0.0, 0.4), 1.2, 4.0)),
            lamp=float(np.clip(scene.lamp * math.exp(rng.normal(0.0, 0.05)), 0.7, 1.2)),
            ice=float(np.clip(scene.ice + rng.normal(0.01, 0.02), 0.0, 0.3)),
            shift=tuple(rng.normal(0.0, 1.0, 2)),
        )
        reading = read_picture(draw(scene, rng), SCALE, exposure_s=0.02)
        counts.false += [s.kind for s in history.judge(reading, step, 0.1 + 0.01 * step)]
        counts.frames += 1
        comparison = None if before is None else compare(reading, before)
        if comparison is not None:
            counts.loss.append(comparison.loss)
            excess = darkest_line(comparison.leftover).excess
            counts.line.append(excess * reading.small_block_px / reading.hole_px)
        before = reading
    for name, (kind, change) in EVENTS.items():
        grown = {"radius": 1.05 * scene.radius} if name.startswith("hole") else {}
        if kind == "shiny":
            grown = {"core": 2.5 * (scene.core or scene.hole)}
        after = replace(scene, **(change | grown))  # type: ignore[arg-type]
        if kind == "fracture" and name == "shattered":
            after = replace(after, pattern_seed=scene.pattern_seed + 1)
        reading = read_picture(draw(after, rng), SCALE, exposure_s=0.02)
        told = copy.deepcopy(history).judge(reading, length, 0.1 + 0.01 * length)
        counts.seen[name] = counts.seen.get(name, 0) + any(s.kind == kind for s in told)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--frames", type=int, default=40, help="of each kind")
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--length", type=int, default=12, help="ordinary frames of a series")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    if options.frames:
        precision(options.frames, rng)
    if options.series:
        signs(options.series, options.length, rng)


if __name__ == "__main__":
    main()
