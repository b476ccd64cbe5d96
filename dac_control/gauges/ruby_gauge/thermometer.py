"""The ruby chip as a thermometer: R2 over R1 is the Boltzmann factor times a strength ratio.

``r = s exp(-d / (k T / h c))`` with the splitting d of the 2E level in cm-1. Detailed balance of
the R lines held within 5 % at 20 and 77 K: Nelson & Sturge, Phys. Rev. 137, A1117 (1965). The
strength ratio s depends on orientation and polarisation of the chip (0.53 from the oscillator
strengths of the ordinary ray, Bel'skii 1964), so it is calibrated for each chip from a ratio
measured at a known temperature.

The Gaussian quantity is ``L = ln(s / r) = d / (k T / h c)``, not T: an error of 10 % in s is 15 K
at 80 K and 214 K at 300 K, and where L is not above its uncertainty the chip is blind: the upper
bound is infinite, and so is the standard uncertainty.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import finite_or_none

__all__ = [
    "SPLITTING_CM1",
    "ChipTemperature",
    "RubyThermometer",
    "StrengthRatio",
    "strength_from_ratio",
]

SPLITTING_CM1: Final = 29.2
"""Energy between the emitting levels without pressure, as in the thermometry of R2/R1."""

_K_PER_CM1: Final = 1.438776877
"""h c / k in cm K (CODATA 2018)."""

_HOT_SIGMAS: Final = 3.0
"""Standard deviations beyond which chip and sensor are said to disagree."""

Verdict = Literal["agrees", "warmer", "colder", "blind"]


@dataclass(frozen=True)
class StrengthRatio:
    """Line strength of R2 over R1 of one chip, without the thermal factor."""

    value: float
    sigma: float
    """Standard uncertainty, absolute."""

    def __post_init__(self) -> None:
        if not 0.0 < self.value < 10.0 or not 0.0 <= self.sigma < math.inf:
            raise ConfigurationError(
                f"The strength ratio of the ruby chip is {self.value} +- {self.sigma}; it lies "
                "near 0.7 and has an uncertainty of 0 or more."
            )


@dataclass(frozen=True, kw_only=True)
class ChipTemperature:
    """Temperature of the chip from its own lines."""

    temperature_k: float
    """Infinite where R2 is as strong as it can be at all; NaN without a usable ratio."""
    sigma_k: float
    """Standard uncertainty to first order; infinite where the ratio is blind."""
    interval_k: tuple[float, float]
    """One standard deviation of ln(s/r) to either side; the upper end may be infinite."""
    exponent: float
    """``ln(s / r)``, the quantity with a Gaussian error; NaN without a usable ratio."""
    exponent_sigma: float

    def pull_against(
        self, sensor_k: float, sensor_sigma_k: float, splitting_cm1: float = SPLITTING_CM1
    ) -> float:
        """How many standard deviations the chip is warmer than a sensor; NaN if unknown.

        Compared in ``ln(s / r)``, so that it means something where `sigma_k` is infinite.
        """
        expected = _K_PER_CM1 * splitting_cm1 / sensor_k
        sigma = math.hypot(self.exponent_sigma, expected * sensor_sigma_k / sensor_k)
        if not sigma > 0.0 or not math.isfinite(sigma):
            return math.nan
        return (expected - self.exponent) / sigma

    def verdict(
        self, sensor_k: float, sensor_sigma_k: float, splitting_cm1: float = SPLITTING_CM1
    ) -> Verdict:
        """Compare with the sensor at the cell: light that heats the chip makes it "warmer".

        "blind" where the ratio cannot tell the sensor's temperature from twice of it.
        """
        expected = _K_PER_CM1 * splitting_cm1 / sensor_k
        pull = self.pull_against(sensor_k, sensor_sigma_k, splitting_cm1)
        if math.isnan(pull):
            return "blind"
        if abs(pull) > _HOT_SIGMAS:
            return "warmer" if pull > 0.0 else "colder"
        return "blind" if 0.5 * expected < self.exponent_sigma else "agrees"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        return {
            "temperature_k": finite_or_none(self.temperature_k),
            "sigma_k": finite_or_none(self.sigma_k),
            "interval_k": [finite_or_none(end) for end in self.interval_k],
        }


@dataclass(frozen=True)
class RubyThermometer:
    """Temperature from the ratio of the lines' areas.

    Parameters
    ----------
    strength : StrengthRatio
        Of this chip.
    """

    strength: StrengthRatio

    def temperature(
        self,
        ratio: float,
        ratio_sigma: float,
        splitting_cm1: float = SPLITTING_CM1,
        splitting_sigma_cm1: float = 0.0,
    ) -> ChipTemperature:
        """Temperature of the chip.

        Parameters
        ----------
        ratio, ratio_sigma : float
            Area of R2 over area of R1, from a fit without a prior on it. NaN, or a ratio that
            is not above 0, gives a temperature of NaN.
        splitting_cm1, splitting_sigma_cm1 : float
            Of the lines, if it was measured.
        """
        usable = ratio > 0.0 and 0.0 <= ratio_sigma < math.inf and 0.0 < splitting_cm1 < math.inf
        if not usable:
            return ChipTemperature(
                temperature_k=math.nan,
                sigma_k=math.inf,
                interval_k=(0.0, math.inf),
                exponent=math.nan,
                exponent_sigma=math.inf,
            )
        exponent = math.log(self.strength.value / ratio)
        sigma = math.hypot(
            ratio_sigma / ratio,
            self.strength.sigma / self.strength.value,
            exponent * splitting_sigma_cm1 / splitting_cm1,
        )
        energy_k = _K_PER_CM1 * splitting_cm1
        temperature_k = _kelvin(energy_k, exponent)
        blind = exponent <= sigma or ratio <= ratio_sigma
        return ChipTemperature(
            temperature_k=temperature_k,
            sigma_k=math.inf if blind else temperature_k * sigma / exponent,
            interval_k=(_kelvin(energy_k, exponent + sigma), _kelvin(energy_k, exponent - sigma)),
            exponent=exponent,
            exponent_sigma=sigma,
        )


def strength_from_ratio(
    ratio: float,
    ratio_sigma: float,
    temperature_k: float,
    temperature_sigma_k: float,
    splitting_cm1: float = SPLITTING_CM1,
) -> StrengthRatio:
    """Calibrate a chip: its strength ratio from a ratio at a known temperature.

    Parameters
    ----------
    ratio, ratio_sigma : float
        Area of R2 over area of R1, with so little light that the chip stays cold.
    temperature_k, temperature_sigma_k : float
        Of the chip.
    splitting_cm1 : float

    Raises
    ------
    ConfigurationError
        The ratio or the temperature is none.
    """
    if not (0.0 < ratio < 10.0 and temperature_k > 0.0):
        raise ConfigurationError(
            f"A ratio of {ratio} at {temperature_k} K gives no strength ratio; measure R2 over R1 "
            "at a known temperature above 20 K."
        )
    exponent = _K_PER_CM1 * splitting_cm1 / temperature_k
    value = ratio * math.exp(exponent)
    relative = math.hypot(ratio_sigma / ratio, exponent * temperature_sigma_k / temperature_k)
    return StrengthRatio(value=value, sigma=value * relative)


def _kelvin(energy_k: float, exponent: float) -> float:
    return energy_k / exponent if exponent > 0.0 else math.inf
