"""What a station states about the uncertainties of its ruby gauge."""

import math
from dataclasses import dataclass

from dac_control.errors import ConfigurationError

__all__ = ["RubyUncertainties"]


@dataclass(frozen=True, kw_only=True)
class RubyUncertainties:
    """Standard uncertainties that no spectrum can tell; None where nothing was stated.

    Raises
    ------
    ConfigurationError
        A value is no uncertainty.
    """

    axis_sigma_nm: float
    """Drift of the wavelength axis since lambda0 was measured on it."""
    temperature_sigma_k: float
    """Of the ruby's temperature."""
    axis_offset_sigma_nm: float | None = None
    """Error of the whole axis on the day of lambda0; it enters line and lambda0 alike."""
    axis_offset_correlation: float = 1.0
    """Of that error in the line with that in lambda0: 1 if both were measured on one
    spectrometer, 0 if lambda0 comes from another."""
    axis_dispersion_sigma: float | None = None
    """Relative error of distances on the axis, nm per nm."""
    uniaxial_stress_gpa: float | None = None
    """Uniaxial part of the stress at the chip."""
    gradient_gpa: float | None = None
    """Largest difference of pressure across the chip."""

    def __post_init__(self) -> None:
        for what, unit, value in (
            ("wavelength axis", "nm", self.axis_sigma_nm),
            ("ruby temperature", "K", self.temperature_sigma_k),
            ("offset of the wavelength axis", "nm", self.axis_offset_sigma_nm),
            ("dispersion of the wavelength axis", "nm per nm", self.axis_dispersion_sigma),
            ("pressure from uniaxial stress", "GPa of stress", self.uniaxial_stress_gpa),
            ("pressure across the chip", "GPa", self.gradient_gpa),
        ):
            if value is not None and not 0.0 <= value < math.inf:
                raise ConfigurationError(
                    f"The uncertainty of the {what} is {value} {unit}; give a number of 0 or more."
                )
        if not -1.0 <= self.axis_offset_correlation <= 1.0:
            raise ConfigurationError(
                "The correlation coefficient of the axis offset in line and lambda0 is "
                f"{self.axis_offset_correlation}; it lies between -1 and 1."
            )
