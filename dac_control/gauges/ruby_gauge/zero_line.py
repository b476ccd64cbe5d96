"""R1 without pressure at the ruby's own temperature: chosen, moved there, and explained.

``lambda0(T) = lambda0 + shift(T) - shift(T of lambda0)``: temperature moves lambda0, never the
measured line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.lambda0 import Lambda0, ReferenceLine
from dac_control.gauges.temperature import (
    TemperatureCorrection,
    nearest_compared_k,
    spread_nm,
    spread_sources,
)

__all__ = ["ZeroLine", "best_lambda0", "check_one_chip", "zero_of_lambda0", "zero_of_reference"]

_SAID_ABOUT_K: Final = 0.5
"""A smaller move of lambda0 is not worth a word: 4 pm at most."""


@dataclass(frozen=True, kw_only=True)
class ZeroLine:
    """lambda0 at the temperature of the ruby, with what makes it uncertain."""

    value_nm: float
    correction: TemperatureCorrection
    """By which it was moved there."""
    temperature_k: float
    """Of the ruby."""
    source_nm: float
    """Where the line stood that it comes from."""
    source_k: float
    """Temperature at which that line was taken."""
    sigma_nm: float
    """Systematic standard uncertainty of the source: of lambda0, or of the chip's offset."""
    sigma_stat_nm: float
    """Statistical standard uncertainty: of the reference line; 0 for a stored lambda0."""
    temperature_sigma_k: float
    """Uncertainty of the temperature that moves lambda0: of the sensor, or of the difference
    between chip and reference ruby."""
    simultaneous: bool
    """True where line and lambda0 were seen on one axis at one time, so that drift cancels."""
    about: str
    """Which lambda0 it is, for the budget."""
    sentence: str
    """Which lambda0 was used and why, for the result."""

    @cached_property
    def shift_nm(self) -> float:
        """Shift of R1 at the temperature of the ruby."""
        return self.correction.shift_nm(self.temperature_k)

    @cached_property
    def slope_nm_per_k(self) -> float:
        """How fast temperature moves R1 there."""
        return self.correction.slope(self.temperature_k)

    @cached_property
    def correction_sigma_nm(self) -> float:
        """Standard uncertainty of the move that lies in the correction itself."""
        return self.correction.sigma_nm(self.temperature_k, self.source_k)

    @cached_property
    def spread_nm(self) -> float:
        """Standard uncertainty of the move from the disagreement of the corrections."""
        return spread_nm(self.correction, self.temperature_k, self.source_k)

    @cached_property
    def spread_sentence(self) -> str:
        """Which corrections disagree, and between which temperatures."""
        asked = self.source_k, self.temperature_k
        compared = nearest_compared_k(self.source_k), nearest_compared_k(self.temperature_k)
        names = ", ".join(spread_sources(self.temperature_k, self.source_k))
        said = f"{names} between {compared[0]:.4g} and {compared[1]:.4g} K"
        if compared != asked:
            said += (
                f", the nearest to {asked[0]:.4g} and {asked[1]:.4g} K for which two corrections "
                "were made"
            )
        return said


def check_one_chip(lambda0s: Sequence[Lambda0]) -> tuple[Lambda0, ...]:
    """Return the lambda0s of one chip as a tuple.

    Raises
    ------
    ConfigurationError
        There is none, or they belong to several chips.
    """
    if not lambda0s:
        raise ConfigurationError("The ruby gauge needs lambda0 of its chip; none was given.")
    chips = sorted({each.chip for each in lambda0s})
    if len(chips) > 1:
        raise ConfigurationError(
            f"lambda0 was given for the chips {', '.join(chips)}; a gauge reads one chip, and "
            "chips scatter by 0.03 nm, so give those of one chip only."
        )
    return tuple(lambda0s)


def best_lambda0(
    lambda0s: Sequence[Lambda0], correction: TemperatureCorrection, temperature_k: float
) -> Lambda0:
    """The lambda0 with the smallest uncertainty at a temperature; the newest of equals."""

    def rank(each: Lambda0) -> tuple[float, int]:
        parts = (
            each.sigma_nm,
            correction.sigma_nm(temperature_k, each.temperature_k),
            spread_nm(correction, temperature_k, each.temperature_k),
        )
        return float(np.linalg.norm(parts)), -each.day

    return lambda0s[0] if len(lambda0s) == 1 else min(lambda0s, key=rank)


def zero_of_lambda0(
    lambda0s: Sequence[Lambda0],
    correction: TemperatureCorrection,
    temperature_k: float,
    temperature_sigma_k: float,
) -> ZeroLine:
    """Take lambda0 out of those that were measured on the chip before."""
    best = best_lambda0(lambda0s, correction, temperature_k)
    shift_nm = _shift_nm(correction, temperature_k, best.temperature_k)
    chosen = (
        f", out of {len(lambda0s)} the one with the smallest uncertainty there"
        if len(lambda0s) > 1
        else ""
    )
    moved = _moved(correction, shift_nm, temperature_k, best.temperature_k)
    return ZeroLine(
        value_nm=best.value_nm + shift_nm,
        correction=correction,
        temperature_k=float(temperature_k),
        source_nm=best.value_nm,
        source_k=best.temperature_k,
        sigma_nm=best.sigma_nm,
        sigma_stat_nm=0.0,
        temperature_sigma_k=temperature_sigma_k,
        simultaneous=False,
        about=best.describe(),
        sentence=f"lambda0 of {best.describe()}, {moved}{chosen}.",
    )


def zero_of_reference(
    reference: ReferenceLine, correction: TemperatureCorrection, temperature_k: float
) -> ZeroLine:
    """Take lambda0 from the ruby that was seen beside the cell."""
    shift_nm = _shift_nm(correction, temperature_k, reference.temperature_k)
    moved = _moved(correction, shift_nm, temperature_k, reference.temperature_k)
    return ZeroLine(
        value_nm=reference.line_nm + reference.offset_nm + shift_nm,
        correction=correction,
        temperature_k=float(temperature_k),
        source_nm=reference.line_nm,
        source_k=reference.temperature_k,
        sigma_nm=reference.offset_sigma_nm,
        sigma_stat_nm=reference.sigma_nm,
        temperature_sigma_k=reference.temperature_difference_sigma_k,
        simultaneous=True,
        about=reference.describe(),
        sentence=f"lambda0 from the {reference.describe()}, {moved}, preferred to any stored one "
        "since it shares axis and temperature with the line.",
    )


def _shift_nm(correction: TemperatureCorrection, temperature_k: float, source_k: float) -> float:
    return correction.shift_nm(temperature_k) - correction.shift_nm(source_k)


def _moved(
    correction: TemperatureCorrection, shift_nm: float, temperature_k: float, source_k: float
) -> str:
    if abs(temperature_k - source_k) < _SAID_ABOUT_K:
        return "taken at the temperature of the ruby"
    if correction.name == "none":
        return f"used at {temperature_k:.4g} K without correction"
    return f"moved by {shift_nm:+.4f} nm to {temperature_k:.4g} K with {correction.name}"
