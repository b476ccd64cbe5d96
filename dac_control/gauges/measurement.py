"""What a gauge hands on: lambda0 that it was given, the pressure that it measured, its budget."""

import datetime
from dataclasses import dataclass
from typing import Final, Literal

from dac_control.errors import ConfigurationError
from dac_control.gauges.ruby_result import RubyFit

__all__ = ["BudgetTerm", "Lambda0", "PressureMeasurement"]

_LAMBDA0_LIMITS_NM: Final = (685.0, 710.0)
"""Ruby without pressure: 693.4 nm in the cold, 699.6 nm at 900 K."""


@dataclass(frozen=True, kw_only=True)
class Lambda0:
    """R1 of one chip without pressure, measured; there is no default.

    Published values spread over 0.13 nm, that is 0.35 GPa, because every spectrometer has its
    own axis: it must be measured on the one that is used.
    """

    value_nm: float
    sigma_nm: float
    """Standard uncertainty, that of the temperature it was taken at included."""
    chip: str
    date: datetime.date
    temperature_k: float
    """Temperature at which it was measured."""

    def __post_init__(self) -> None:
        low, high = _LAMBDA0_LIMITS_NM
        if not low <= self.value_nm <= high:
            raise ConfigurationError(
                f"lambda0 of chip '{self.chip}' is {self.value_nm} nm; R1 of ruby without "
                f"pressure lies between {low:g} and {high:g} nm."
            )
        if not 0.0 < self.sigma_nm < 1.0:
            raise ConfigurationError(
                f"The uncertainty of lambda0 of chip '{self.chip}' is {self.sigma_nm} nm; "
                "give a standard uncertainty above 0."
            )
        if not 0.0 < self.temperature_k <= 900.0:
            raise ConfigurationError(
                f"lambda0 of chip '{self.chip}' was measured at {self.temperature_k} K; "
                "give a temperature above 0 and up to 900 K."
            )
        if not self.chip.strip():
            raise ConfigurationError("lambda0 needs the name of the chip it was measured on.")


@dataclass(frozen=True)
class BudgetTerm:
    """One contribution to the uncertainty of a pressure."""

    name: str
    kind: Literal["statistical", "systematic"]
    sigma_gpa: float
    """Standard uncertainty."""
    note: str


@dataclass(frozen=True, kw_only=True, eq=False)
class PressureMeasurement:
    """A pressure that a gauge measured, or the record that it did not.

    The only type that says `measured`: what a load curve predicts is of another type.
    """

    measured: bool
    pressure_gpa: float
    """NaN where nothing was measured."""
    sigma_stat_gpa: float
    """Standard uncertainty from noise: differs from one spectrum to the next."""
    sigma_sys_gpa: float
    """Standard uncertainty of everything that all spectra share."""
    gauge: Literal["ruby"] = "ruby"
    scale: str
    observable_nm: float
    """R1 on the spectrometer's own axis; NaN where no line was found."""
    observable_sigma_nm: float
    """Statistical standard uncertainty of the observable."""
    temperature_k: float
    in_range: bool
    """True where scale and temperature correction were made for this pressure and temperature."""
    budget: tuple[BudgetTerm, ...]
    flags: tuple[str, ...]
    fit: RubyFit | None
    """None where the pressure was recomputed from a stored line."""
