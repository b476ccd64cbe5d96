"""The pressure that a reflectance belongs to, and whether it was measured."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dac_control.errors import ConfigurationError

__all__ = ["AtPressure"]


@dataclass(frozen=True, kw_only=True)
class AtPressure:
    """A pressure with its uncertainties, copied from the step that the light was taken at.

    Raises
    ------
    ConfigurationError
        A measured pressure is not finite, or an uncertainty is negative or not a number.
    """

    pressure_gpa: float
    sigma_stat_gpa: float
    """Statistical standard uncertainty: differs from one step to the next."""
    sigma_sys_gpa: float = 0.0
    """Systematic standard uncertainty: shared by all steps on the same scale."""
    measured: bool = True
    """False where it comes from turns of the screw or was never known."""
    scale: str = ""

    def __post_init__(self) -> None:
        sigmas = (self.sigma_stat_gpa, self.sigma_sys_gpa)
        if self.measured and not np.isfinite(self.pressure_gpa):
            raise ConfigurationError(
                f"The pressure of a reflectance is {self.pressure_gpa} GPa; give a measured "
                "number, or say measured=False."
            )
        if not all(np.isfinite(sigma) and sigma >= 0.0 for sigma in sigmas):
            raise ConfigurationError(
                f"The uncertainties of the pressure {self.pressure_gpa:g} GPa are {sigmas[0]} and "
                f"{sigmas[1]} GPa; both are finite and not negative."
            )

    @classmethod
    def unknown(cls) -> "AtPressure":
        """Return the tag of a reading whose pressure nobody measured."""
        return cls(pressure_gpa=float("nan"), sigma_stat_gpa=0.0, measured=False)

    def agrees_with(self, other: "AtPressure", factor: float = 2.0) -> bool:
        """True where two measured pressures are equal within `factor` standard uncertainties.

        The systematic uncertainty of one scale is common to both and plays no part; between
        two scales both count.
        """
        if not (self.measured and other.measured):
            return False
        difference = self.pressure_gpa - other.pressure_gpa
        return abs(difference) <= factor * self.sigma_against(other)

    def sigma_against(self, other: "AtPressure") -> float:
        """Standard uncertainty of the difference of two pressures, in GPa."""
        variance = self.sigma_stat_gpa**2 + other.sigma_stat_gpa**2
        if self.scale != other.scale:
            variance += self.sigma_sys_gpa**2 + other.sigma_sys_gpa**2
        return float(np.sqrt(variance))

    @property
    def text(self) -> str:
        """The pressure in words."""
        if not np.isfinite(self.pressure_gpa):
            return "an unknown pressure"
        if not self.measured:
            return f"an estimated {self.pressure_gpa:.4g} GPa"
        return f"{self.pressure_gpa:.4g} GPa"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; an unknown pressure is None."""
        known = bool(np.isfinite(self.pressure_gpa))
        return {
            "pressure_gpa": self.pressure_gpa if known else None,
            "sigma_stat_gpa": self.sigma_stat_gpa,
            "sigma_sys_gpa": self.sigma_sys_gpa,
            "measured": self.measured,
            "scale": self.scale,
        }
