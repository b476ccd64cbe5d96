"""Sample over reference, with the noise of every count and the drift of the lamp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.reflectance.evidence import Link
from dac_control.reflectance.reading import Light, LightReading
from dac_control.reflectance.uncertainty import Term

__all__ = ["CountRatio", "count_ratio"]

Vector = NDArray[np.float64]

# A reference weaker than this many standard deviations cannot be divided by.
_SEEN_SIGMA: Final = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CountRatio:
    """Dark-subtracted counts per second of the sample over those of the reference."""

    wavelength_nm: Vector
    value: Vector
    """Shape (n,); NaN where not usable."""
    terms: tuple[Term, ...]
    """In units of the ratio."""
    flags: dict[str, NDArray[np.bool_]]
    drift: Link
    gain_assumed: bool
    reference_spot: str


def count_ratio(
    sample: LightReading,
    references: Sequence[LightReading],
    *,
    lamp_drift_u: float | None = None,
    linearity_u: float = 0.005,
) -> CountRatio:
    """Divide the light of the sample by that of the reference.

    Two readings of the reference, before and after the sample, are interpolated to its time; a
    rectangle as wide as their change is the uncertainty of that.

    Parameters
    ----------
    sample : LightReading
    references : sequence of LightReading
        One, or two around the sample.
    lamp_drift_u : float, optional
        Relative standard uncertainty of the lamp between sample and reference, where it is known
        otherwise, for example from a monitor.
    linearity_u : float
        Relative standard uncertainty of the detector's linearity for levels that differ by a
        factor e; the default is assessed.

    Raises
    ------
    ConfigurationError
        There is no reference, more than two, or one from another spot or axis.
    NotMeasured
        No wavelength is usable.
    """
    lights = _ordered(references)
    light = sample.light()
    for other in lights:
        light.require_axis_of(other)
    weights = _weights(light, lights)
    below = sum(weight * other.rate for weight, other in zip(weights, lights, strict=True))
    below = np.asarray(below)
    noise = np.sqrt(sum(w * w * (o.sigma_rate**2) for w, o in zip(weights, lights, strict=True)))
    flags = _flags(light, lights, below, noise)
    usable = ~np.any(list(flags.values()), axis=0)
    if not usable.any():
        raise NotMeasured(_nothing_left(flags))
    divisor = np.where(usable, below, 1.0)
    value = np.where(usable, light.rate / divisor, np.nan)
    drift, link = _drift(lights, usable, lamp_drift_u)
    terms = (
        _statistical("photons of the sample", light.sigma_rate / divisor),
        _statistical("photons of the reference", np.abs(value) * noise / divisor),
        _statistical("dark", _dark_sigma(light, lights, weights, value) / divisor),
        Term(name="lamp drift", kind="systematic", sigma=value * drift, note=link.reason),
        _linearity(light, lights[0], value, linearity_u),
    )
    return CountRatio(
        wavelength_nm=light.wavelength_nm,
        value=value,
        terms=terms,
        flags=flags,
        drift=link,
        gain_assumed=light.gain_assumed or any(other.gain_assumed for other in lights),
        reference_spot=lights[0].spot,
    )


def _ordered(references: Sequence[LightReading]) -> list[Light]:
    if not 1 <= len(references) <= 2:
        raise ConfigurationError(
            f"There are {len(references)} readings of the reference; give one, or two around the "
            "sample."
        )
    spots = {reading.spot for reading in references}
    if len(spots) > 1:
        raise ConfigurationError(
            f"The reference was read at the spots {' and '.join(sorted(spots))}; both readings "
            "must come from one spot."
        )
    return [reading.light() for reading in references]


def _weights(sample: Light, lights: Sequence[Light]) -> tuple[float, ...]:
    """Linear interpolation in time; halves where the times are unknown."""
    if len(lights) == 1:
        return (1.0,)
    first, second = (light.lab_time_s for light in lights)
    if not np.isfinite([first, second, sample.lab_time_s]).all() or first == second:
        return (0.5, 0.5)
    share = (sample.lab_time_s - first) / (second - first)
    if not 0.0 <= share <= 1.0:
        raise ConfigurationError(
            f"The sample was read at {sample.lab_time_s:g} s, not between the two readings of the "
            f"reference at {first:g} and {second:g} s; take the reference before and after."
        )
    return (1.0 - share, share)


def _flags(
    sample: Light, lights: Sequence[Light], below: Vector, noise: Vector
) -> dict[str, NDArray[np.bool_]]:
    flags: dict[str, NDArray[np.bool_]] = {}
    for light in (sample, *lights):
        for name, mask in light.flags.items():
            flags[name] = flags.get(name, np.zeros(mask.size, dtype=bool)) | mask
    dark = np.sqrt(sum(other.sigma_dark_rate**2 for other in lights))
    flags["no_reference_light"] = below <= _SEEN_SIGMA * np.hypot(noise, dark)
    return flags


def _nothing_left(flags: dict[str, NDArray[np.bool_]]) -> str:
    found = ", ".join(f"{name} at {int(mask.sum())}" for name, mask in flags.items() if mask.any())
    return f"No wavelength of the reflectance is usable ({found}); take the readings again."


def _dark_sigma(
    sample: Light, lights: Sequence[Light], weights: Sequence[float], value: Vector
) -> Vector:
    """Effect of the darks on the numerator less the ratio times the denominator.

    A dark that serves both spots shifts numerator and denominator together.
    """
    gains: dict[int, tuple[Vector, Vector]] = {}
    contributions = [(sample, np.ones(value.size))]
    contributions += [(o, -w * value) for w, o in zip(weights, lights, strict=True)]
    for light, sensitivity in contributions:
        total, _sigma = gains.get(id(light.dark), (np.zeros(value.size), value))
        gains[id(light.dark)] = (total + sensitivity, light.sigma_dark_rate)
    return np.sqrt(sum((total * sigma) ** 2 for total, sigma in gains.values()))


def _drift(
    lights: Sequence[Light], usable: NDArray[np.bool_], stated: float | None
) -> tuple[float, Link]:
    """Relative standard uncertainty of the lamp, and whether it is known."""
    if stated is not None:
        if not (np.isfinite(stated) and stated >= 0.0):
            raise ConfigurationError(
                f"The uncertainty of the lamp drift is {stated}; give a fraction of 0 or more."
            )
        return stated, Link(
            name="lamp drift", closed=True, reason=f"the lamp was stated to hold {stated:.2g}"
        )
    if len(lights) == 1:
        reason = "the reference was read once, so the drift of the lamp is unknown"
        return 0.0, Link(name="lamp drift", closed=False, reason=reason)
    first, second = (light.rate[usable] for light in lights)
    change = float(abs(np.sum(second) - np.sum(first)) / (0.5 * np.sum(first + second)))
    return change / np.sqrt(12.0), Link(
        name="lamp drift",
        closed=True,
        reason=f"the reference changed by {change:.2%} around the sample",
    )


def _linearity(sample: Light, reference: Light, value: Vector, relative_u: float) -> Term:
    """Response that is not quite proportional, for levels that differ."""
    lit = np.isfinite(value) & (sample.counts > 0.0)
    above = np.log(np.where(lit, sample.counts, 1.0))
    below = np.log(np.where(lit, np.maximum(reference.counts, 1.0), 1.0))
    return Term(
        name="detector linearity",
        kind="systematic",
        sigma=value * relative_u * (above - below),
        note=f"{relative_u:g} for levels that differ by a factor e",
        scope="setup",
    )


def _statistical(name: str, sigma: Vector) -> Term:
    note = "photon noise, read noise and rounding" if name != "dark" else "read noise and rounding"
    return Term(name=name, kind="statistical", sigma=sigma, note=note)
