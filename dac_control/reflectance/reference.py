"""What is known about the reflectance of the thing that the sample is compared with.

No reflectance of a gasket under pressure comes with this package: the one published measurement
(Song, Chuvashova and Silvera, Appl. Phys. Lett. 120, 011601, 2022: rhenium, to 100 GPa) is a set of
figures. Enter a table, read from there or measured by yourselves, with its source. Outside its
table a reference is unknown, and nothing is extrapolated.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.reflectance.pressure import AtPressure

__all__ = [
    "MEASURED_TO_GPA",
    "ReferenceTable",
    "ReferenceUnknown",
    "ReferenceValues",
]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

MEASURED_TO_GPA: Final = 100.0
"""How far anybody has published the reflectance of a gasket, of any material and by any name (Song,
Chuvashova and Silvera, Appl. Phys. Lett. 120, 011601, 2022: rhenium, visible, against diamond)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceValues:
    """Reflectance of the reference at the wavelengths of a reading."""

    reflectance: Vector
    """Shape (n,); NaN where the table does not reach."""
    sigma: Vector
    """Standard uncertainty, shared by all wavelengths, shape (n,)."""
    per_gpa: Vector
    """Slope against pressure, shape (n,); 0 where the reference is not under pressure."""
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class ReferenceUnknown:
    """The reflectance of the reference is not known, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceTable:
    """Reflectance of a reference against pressure and wavelength.

    Raises
    ------
    ConfigurationError
        Shapes, order or values are impossible, or the table of a gasket claims pressures at which
        nobody has published one, without saying in `beyond` who measured there.
    """

    name: str
    """The material or mirror, as the sentences of a report call it."""
    behind_anvil: bool
    """True for a gasket seen through the same anvil (reflectance against diamond); False for a
    mirror in place of the cell (reflectance in air)."""
    wavelength_nm: Vector
    """Shape (m,), rising."""
    pressure_gpa: Vector
    """Shape (k,), rising; one value, 0, for a mirror outside the cell."""
    reflectance: Matrix
    """Shape (k, m)."""
    sigma: Matrix
    """Standard uncertainty, shape (k, m): taken as one error shared by all of the table."""
    source: str
    """Where the numbers come from."""
    beyond: str = ""
    """Who measured further than `MEASURED_TO_GPA`, and how, where the table of a gasket reaches
    further."""
    within_gpa: float | None = None
    """The gasket stands within so much of the pressure that the gauge beside it shows, any value in
    between being as likely; None where nobody knows the gradient from gauge to gasket."""

    def __post_init__(self) -> None:
        for field in ("wavelength_nm", "pressure_gpa", "reflectance", "sigma"):
            array = np.array(getattr(self, field), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, field, array)
        self._check_axes()
        self._check_values()
        top = float(self.pressure_gpa[-1])
        if self.behind_anvil and top > MEASURED_TO_GPA and not self.beyond.strip():
            raise ConfigurationError(
                f"The table of {self.name} reaches {top:g} GPa, but no reflectance of a gasket, "
                f"whatever it is called, was measured beyond {MEASURED_TO_GPA:g} GPa in print; cut "
                "the table there, or say in 'beyond' who measured further, and how."
            )

    def at(self, pressure: AtPressure, wavelength_nm: Vector) -> ReferenceValues | ReferenceUnknown:
        """Interpolate the table; never beyond its ends.

        Parameters
        ----------
        pressure : AtPressure
            Of the reference; plays no part for a mirror outside the cell.
        wavelength_nm : array, shape (n,)
        """
        gpa = pressure.pressure_gpa if self.behind_anvil else float(self.pressure_gpa[0])
        low, high = float(self.pressure_gpa[0]), float(self.pressure_gpa[-1])
        if self.behind_anvil and not pressure.measured:
            return ReferenceUnknown(
                f"the pressure at the {self.name} was not measured, so its reflectance is unknown"
            )
        if not low <= gpa <= high:
            return ReferenceUnknown(
                f"the reflectance of {self.name} is known from {low:g} to {high:g} GPa and "
                f"unknown at {gpa:.4g} GPa"
            )
        known = (wavelength_nm >= self.wavelength_nm[0]) & (wavelength_nm <= self.wavelength_nm[-1])
        if not known.any():
            return ReferenceUnknown(
                f"the reflectance of {self.name} is known from {self.wavelength_nm[0]:g} to "
                f"{self.wavelength_nm[-1]:g} nm and at none of the wavelengths measured"
            )
        value, slope = self._interpolate(self.reflectance, gpa, wavelength_nm)
        sigma, _slope = self._interpolate(self.sigma, gpa, wavelength_nm)
        value = np.where(known, value, np.nan)
        return ReferenceValues(reflectance=value, sigma=sigma, per_gpa=slope, known=known)

    def beside(self, gauge: AtPressure) -> AtPressure | None:
        """Pressure at the gasket from that of a gauge in the cell; None where `within_gpa` is."""
        if self.within_gpa is None:
            return None
        gradient_u = self.within_gpa / np.sqrt(3.0)
        return replace(gauge, sigma_sys_gpa=float(np.hypot(gauge.sigma_sys_gpa, gradient_u)))

    def _interpolate(self, table: Matrix, gpa: float, wavelength: Vector) -> tuple[Vector, Vector]:
        """Value and slope against pressure, linear between the entries."""
        rows = np.array([np.interp(wavelength, self.wavelength_nm, row) for row in table])
        if rows.shape[0] == 1:
            return rows[0], np.zeros(wavelength.size)
        after = int(np.clip(np.searchsorted(self.pressure_gpa, gpa), 1, rows.shape[0] - 1))
        step = self.pressure_gpa[after] - self.pressure_gpa[after - 1]
        slope = (rows[after] - rows[after - 1]) / step
        return rows[after - 1] + slope * (gpa - self.pressure_gpa[after - 1]), slope

    def _check_axes(self) -> None:
        shape = (self.pressure_gpa.size, self.wavelength_nm.size)
        if 0 in shape or self.reflectance.shape != shape or self.sigma.shape != shape:
            raise ConfigurationError(
                f"The table of {self.name} has {shape[0]} pressures and {shape[1]} wavelengths, "
                f"but reflectances of shape {self.reflectance.shape} and uncertainties of shape "
                f"{self.sigma.shape}."
            )
        for axis in (self.pressure_gpa, self.wavelength_nm):
            if not np.isfinite(axis).all() or np.any(np.diff(axis) <= 0.0):
                raise ConfigurationError(
                    f"The pressures and wavelengths of the table of {self.name} must be finite "
                    "and rise."
                )

    def _check_values(self) -> None:
        if not np.all((self.reflectance > 0.0) & (self.reflectance <= 1.0)):
            raise ConfigurationError(
                f"The table of {self.name} has a reflectance outside 0 to 1; enter fractions, "
                "not percent."
            )
        if not np.all((self.sigma > 0.0) & (self.sigma <= 1.0)):
            raise ConfigurationError(
                f"The table of {self.name} needs an uncertainty between 0 and 1 for each value; "
                "no reflectance is known exactly."
            )
        if self.within_gpa is not None and not 0.0 <= self.within_gpa < np.inf:
            raise ConfigurationError(
                f"The gasket of the table of {self.name} is within {self.within_gpa} GPa of the "
                "gauge; give a number of 0 or more."
            )
