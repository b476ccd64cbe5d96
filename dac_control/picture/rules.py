"""The rules on sizes and levels: growth, elongation, culet, darkening, brightening. Pure."""

import math
from collections.abc import Sequence

import numpy as np

from dac_control.picture.reading import PictureReading
from dac_control.picture.signs import Record, Sign, SignThresholds

__all__ = ["blow_out_signs", "is_comparable", "level_sign"]

DRIFT = 0.003
"""Relative scatter of the diameter between frames beyond noise: jitter, focus, light; least."""
SHAPE_DRIFT = 0.005
"""The same of the ellipticity."""
LEVEL_DRIFT = 0.05
"""Relative scatter of a level over the gasket's: dust and ice on the window, light."""
ONE_STEP = 0.06
"""Relative change of the diameter that one ordinary step of load can make."""
LIT_GASKET = 0.5
"""Light of the gasket that must be left for a judgement of the sample."""
FOCUS_BIAS = 0.1
"""Change of the diameter with the blur's: the part that does not cancel in a series."""
UNSHARP = frozenset(("out_of_focus", "partial_rim"))


def is_comparable(reading: PictureReading) -> bool:
    """True where diameter and shape may be compared with another frame's."""
    return reading.ok and not UNSHARP.intersection(reading.flags)


def blow_out_signs(now: Record, earlier: Sequence[Record], limits: SignThresholds) -> list[Sign]:
    """Judge size and shape against the earlier frames (oldest first) at no higher load."""
    if not is_comparable(now.reading):
        return []
    signs = _culet_sign(now.reading, limits)
    past = [r for r in earlier if is_comparable(r.reading) and not now.turns < r.turns - 1e-6]
    if len(past) < 2:
        return signs
    rises = _rises([math.log(r.reading.hole_px) for r in past])
    reference = _smallest(past)
    growth = math.log(now.reading.hole_px / reference.reading.hole_px)
    sigma = math.hypot(_size_sigma(now.reading, reference.reading), rises, DRIFT)
    if growth > limits.growth and growth > limits.significance * sigma:
        signs.append(_growth_sign(now, reference, growth, sigma, limits))
    rises = _rises([r.reading.ellipticity for r in past])
    return signs + _elongation_sign(now, past[-1], rises, limits)


def _smallest(past: Sequence[Record]) -> Record:
    """Where the hole was smallest: growth counts from there.

    Of medians of three, so that one frame read wrong is no reference for ever; the last frame
    counts by itself where it is near the one before.
    """
    candidates = [
        sorted(past[k : k + 3], key=lambda r: r.reading.hole_px)[1]
        for k in range(max(1, len(past) - 2))
    ]
    last, before = past[-1], past[-2]
    if abs(math.log(last.reading.hole_px / before.reading.hole_px)) < ONE_STEP:
        candidates.append(last)
    return min(candidates, key=lambda r: r.reading.hole_px)


def _growth_sign(
    now: Record, reference: Record, growth: float, sigma: float, limits: SignThresholds
) -> Sign:
    known = math.isfinite(reference.pressure_gpa)
    where = f" ({reference.pressure_gpa:.1f} GPa)" if known else ""
    return Sign(
        kind="blow_out",
        value=growth,
        threshold=limits.growth,
        significance=growth / sigma,
        message=f"The hole is {100 * math.expm1(growth):.1f} % wider than at "
        f"{reference.turns:.4f} turns{where}, and the load was not "
        f"lowered: it stands at {now.turns:.4f} turns.",
    )


def _elongation_sign(
    now: Record, before: Record, rises: float, limits: SignThresholds
) -> list[Sign]:
    change = now.reading.ellipticity - before.reading.ellipticity
    sigma = math.hypot(
        now.reading.ellipticity_sigma, before.reading.ellipticity_sigma, rises, SHAPE_DRIFT
    )
    if change < max(limits.elongation, limits.significance * sigma):
        return []
    return [
        Sign(
            kind="blow_out",
            value=change,
            threshold=limits.elongation,
            significance=change / sigma,
            message=f"The hole became longer: its ellipticity rose from "
            f"{before.reading.ellipticity:.3f} to {now.reading.ellipticity:.3f}, with the longer "
            f"axis at {now.reading.angle_deg:.0f} degrees.",
        )
    ]


def _culet_sign(reading: PictureReading, limits: SignThresholds) -> list[Sign]:
    """Compare the rim with the culet's edge, where the reading knows it."""
    gap, culet = reading.culet_gap_um, reading.culet_um
    if not math.isfinite(gap):
        # without the culet's centre: a hole as long as the culet is wide must touch its edge
        gap = 0.5 * (culet - reading.major_um)
    if not math.isfinite(gap) or gap > limits.culet_margin * culet:
        return []
    sigma = 0.5 * math.hypot(reading.hole_sigma_um, reading.hole_sigma_sys_um)
    return [
        Sign(
            kind="blow_out",
            value=gap / culet,
            threshold=limits.culet_margin,
            significance=(limits.culet_margin * culet - gap) / max(sigma, 1e-9),
            message=f"The rim of the hole is {gap:.1f} um from the edge of the culet of "
            f"{culet:g} um.",
        )
    ]


def level_sign(
    now: PictureReading, levels: tuple[float, float], base: PictureReading, limits: SignThresholds
) -> Sign | None:
    """Judge the light inside the hole against `base`, a frame from before any such sign.

    Parameters
    ----------
    now, base : PictureReading
    levels : tuple of float
        Counts in the middle of the hole and on the gasket now; given apart, since the place of a
        hole that cannot be seen any more is that of the last one.
    limits : SignThresholds
    """
    core, gasket = levels
    core = max(core, 0.5)  # half a count: a ratio to nothing would be infinite
    if not (base.core > 0 and base.core_counts > 0.5 and gasket > 0.5):
        return None
    # over the gasket's: the lamp and the exposure cancel; and as such, per exposure: a film that
    # spreads light makes the gasket brighter, which must not make the sample darker
    over_gasket = core / gasket / base.core
    exposure = now.exposure_s / base.exposure_s
    expected = base.core_counts * (exposure if math.isfinite(exposure) else 1.0)
    as_such = core / expected
    bright_end = max(float(np.quantile(now.small, 0.998)), expected)
    if abs(core - expected) < limits.level_share * bright_end:
        return None
    sigma = math.hypot(
        _relative(now.core_sigma, now.core), _relative(base.core_sigma, base.core), LEVEL_DRIFT
    )
    # a lamp that went out darkens the hole and the gasket, and leaves stray light and black level
    if gasket < LIT_GASKET * base.gasket_counts * expected / base.core_counts:
        return None
    darker, brighter = max(over_gasket, as_such), min(over_gasket, as_such)
    if darker < limits.darkening and -math.log(darker) > limits.significance * sigma:
        return _level_sign("darkened", darker, limits.darkening, sigma)
    if brighter > limits.brightening and math.log(brighter) > limits.significance * sigma:
        return _level_sign("shiny", brighter, limits.brightening, sigma)
    return None


def _level_sign(kind: str, ratio: float, threshold: float, sigma: float) -> Sign:
    return Sign(
        kind="darkened" if kind == "darkened" else "shiny",
        value=ratio,
        threshold=threshold,
        significance=abs(math.log(ratio)) / sigma,
        message=f"The middle of the hole has {ratio:.2f} times the light that it had, "
        "measured by the gasket and by itself.",
    )


def _relative(sigma: float, value: float) -> float:
    return sigma / value if value > 0 and math.isfinite(sigma) else 0.0


def _size_sigma(now: PictureReading, before: PictureReading) -> float:
    """Relative uncertainty of the ratio of two diameters: what does not cancel in it."""
    edge = 2.0 * FOCUS_BIAS * abs(now.blur_px - before.blur_px)
    if "saturated" in now.flags or "saturated" in before.flags:
        edge = 2.0 * max(now.blur_px, before.blur_px)
    return math.hypot(
        now.hole_sigma_px / now.hole_px,
        before.hole_sigma_px / before.hole_px,
        edge / now.hole_px,
    )


def _rises(values: Sequence[float]) -> float:
    """Size of the ordinary rises in a series that should fall: what chance makes of growth.

    For noise about a constant this is its standard deviation. At most 1 %, so that a hole that
    grows step by step does not pass for noise.
    """
    steps = np.clip(np.diff(values), 0.0, None)
    return min(float(np.sqrt(np.mean(steps**2))), 0.01) if steps.size >= 3 else 0.0
