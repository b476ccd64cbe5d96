"""What ``dac-control fit`` was asked for, checked before any file is opened."""

import datetime
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

from dac_control.app.days import lambda0_day_given
from dac_control.errors import ConfigurationError
from dac_control.gauges.air import AxisConvention, air_index
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.spectrum_files import AxisUnit

if TYPE_CHECKING:
    from dac_control.app.fit.reference import SeenReference
    from dac_control.app.fit.stated import StatedGauges  # pydantic, which most calls do not need

__all__ = ["FitOptions"]

_AXES: Final = ("nm", "cm-1", "pixel")
_LASER_SIGMA_NM: Final = 0.1
"""Where nobody states one: lasers are sold by their nominal wavelength."""
_USUAL_LASER_NM: Final = 532.0


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """Options of the command; None is "not given".

    Raises
    ------
    ConfigurationError
        A number is none that the option can have.
    """

    gauge: str = "ruby"
    scale: str | None = None
    correction: str | None = None
    lambda0_nm: float | None = None
    lambda0_sigma_nm: float | None = None
    lambda0_temperature_k: float | None = None
    lambda0_date: str | None = None
    """Day on which it was measured, ISO 8601."""
    shifts_of: Literal["air", "vacuum"] | None = None
    """Wavelengths that Raman shifts were reckoned from: of the axis, and of nu0."""
    lambda0_same_laser: bool = False
    """lambda0 was read on the Raman axis of the spectra, with their laser."""
    nu0_cm1: float | None = None
    temperature_k: float | None = None
    temperature_sigma_k: float | None = None
    axis_sigma_nm: float | None = None
    laser_nm: float | None = None
    laser_sigma_nm: float | None = None
    axis: AxisUnit | None = None
    gain_e_per_count: float | None = None
    read_noise_e: float | None = None
    dark_counts: float | None = None
    averages: int | None = None
    exposure_s: float | None = None
    saturation_counts: float | None = None
    between: tuple[float, float] | None = None
    """Where the line or edge is, in the unit of the gauge."""
    dataset: str | None = None
    priors: bool = True
    stated: "StatedGauges | None" = None
    """What ``--station`` states of the gauge; the other options win."""
    reference: "SeenReference | None" = None
    """R1 of the ruby outside the pressure chamber, in place of lambda0."""

    def __post_init__(self) -> None:
        if self.axis is not None and self.axis not in _AXES:
            raise ConfigurationError(f"--axis is '{self.axis}'; it is nm, cm-1 or pixel.")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigurationError(f"{_flag(item.name)} is {value}; give a finite number.")
        for name in _ABOVE_ZERO:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigurationError(f"{_flag(name)} is {value:g}; give a number above 0.")
        for name in _ZERO_OR_MORE:
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ConfigurationError(f"{_flag(name)} is {value:g}; give 0 or more.")
        if self.between is not None and not 0.0 < self.between[0] < self.between[1] < math.inf:
            raise ConfigurationError(
                f"--between is {self.between[0]:g} and {self.between[1]:g}; give the lower end of "
                "where the line is first, both above 0."
            )
        if self.laser_nm is not None and not 180.0 < self.laser_nm < 1100.0:
            raise ConfigurationError(
                f"--laser-nm is {self.laser_nm:g}; the wavelength of a laser that excites ruby or "
                "Raman light lies between 180 and 1100 nm."
            )
        has_lambda0 = self.lambda0_nm is not None or self.stated is not None
        if self.lambda0_same_laser and (self.laser_nm is None or not has_lambda0):
            raise ConfigurationError(
                "--lambda0-same-laser says that lambda0 was read on the Raman axis of the spectra; "
                "give --laser-nm and --lambda0-nm with it."
            )
        for name in _OF_LAMBDA0 if self.stated is not None and self.lambda0_nm is None else ():
            if getattr(self, name) is not None:
                raise ConfigurationError(
                    f"{_flag(name)} is said of --lambda0-nm, which is not given, and --station has "
                    "a lambda0 of its own; give both, or none."
                )
        if self.lambda0_date is not None:
            lambda0_day_given(self.lambda0_date)

    @property
    def lambda0_day(self) -> datetime.date | None:
        """Day on which lambda0 was measured; None where nobody said it."""
        given = self.lambda0_date
        return None if given is None else lambda0_day_given(given)

    @property
    def laser_sigma(self) -> float:
        """Standard uncertainty of the laser's wavelength in nm, assumed where not stated."""
        return _LASER_SIGMA_NM if self.laser_sigma_nm is None else self.laser_sigma_nm

    @property
    def convention(self) -> AxisConvention:
        """What is known of the wavelengths behind a Raman shift."""
        return "unknown" if self.shifts_of is None else self.shifts_of

    @property
    def vacuum_laser_nm(self) -> float:
        """Wavelength of the laser in vacuum, a usual one where not stated."""
        if self.laser_nm is None:
            return _USUAL_LASER_NM
        return self.laser_nm * air_index(self.laser_nm)

    @property
    def raman_axis(self) -> RamanAxis | None:
        """With what a Raman axis becomes one of wavelengths; None without a laser."""
        if self.laser_nm is None:
            return None
        return RamanAxis(
            laser_nm=self.laser_nm,
            laser_sigma_nm=self.laser_sigma,
            holds_lambda0=self.lambda0_same_laser,
            convention=self.convention,
        )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


_ABOVE_ZERO: Final = (
    "lambda0_nm",
    "lambda0_sigma_nm",
    "lambda0_temperature_k",
    "nu0_cm1",
    "temperature_k",
    "laser_nm",
    "gain_e_per_count",
    "averages",
    "exposure_s",
    "saturation_counts",
)
_OF_LAMBDA0: Final = ("lambda0_sigma_nm", "lambda0_temperature_k", "lambda0_date")
_ZERO_OR_MORE: Final = ("read_noise_e", "temperature_sigma_k", "axis_sigma_nm", "laser_sigma_nm")
