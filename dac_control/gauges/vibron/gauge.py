"""A Raman line as a pressure gauge on a scale of the user's own."""

import math
from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, rectangle_rms
from dac_control.gauges.diamond_edge.nu0 import vacuum_shift_cm1
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention, RamanSpectrum
from dac_control.gauges.measurement import PressureMeasurement
from dac_control.gauges.quoting import (
    check_sigma,
    check_temperature,
    quote,
    raman_axis_flags,
    raman_axis_note,
    range_note,
    scale_terms,
)
from dac_control.gauges.scales import Scale
from dac_control.gauges.vibron.fit import fit_raman_line
from dac_control.gauges.vibron.result import RamanLineFit

__all__ = ["RamanLineGauge"]

_NAN: Final = float("nan")


class RamanLineGauge:
    """Pressure from one Raman line, such as the H2 vibron.

    Parameters
    ----------
    scale : Scale
        From the user's file; its gauge, "h2_vibron" for one, names the measurements.
    expected_cm1 : tuple of float
        Where the line can be.
    laser_sigma_nm : float
        Standard uncertainty of the laser's wavelength.
    laser_nm : float
        Vacuum wavelength of the laser, for spectra that do not say theirs.
    axis_sigma_cm1 : float, optional
        Standard uncertainty of the Raman axis without the laser's share; a pressure without it is
        flagged ``raman_axis_unknown``.
    reference_cm1, reference_sigma_cm1 : float, optional
        What the scale counts from, where it needs that; without, the reference of the scale.
    widest_cm1 : float
        Largest full width at half maximum of the line.

    Raises
    ------
    ConfigurationError
        The scale does not take wavenumbers, the range is empty or an uncertainty is none.
    """

    def __init__(
        self,
        *,
        scale: Scale,
        expected_cm1: tuple[float, float],
        laser_sigma_nm: float,
        laser_nm: float = 532.0,
        axis_sigma_cm1: float | None = None,
        reference_cm1: float | None = None,
        reference_sigma_cm1: float = 0.0,
        widest_cm1: float = 100.0,
    ) -> None:
        if scale.unit != "cm-1":
            raise ConfigurationError(
                f"The scale '{scale.name}' takes {scale.unit} and cannot read a Raman line; give "
                "one in cm-1."
            )
        if not expected_cm1[0] < expected_cm1[1]:
            raise ConfigurationError(
                f"The Raman line is expected between {expected_cm1[0]} and {expected_cm1[1]} "
                "cm-1; give the lower shift first."
            )
        check_sigma("laser wavelength", "nm", laser_sigma_nm)
        check_sigma("Raman axis", "cm-1", 0.0 if axis_sigma_cm1 is None else axis_sigma_cm1)
        check_sigma("reference", "cm-1", reference_sigma_cm1)
        self._scale = scale
        self._expected_cm1 = expected_cm1
        self._laser_sigma_nm, self._laser_nm = float(laser_sigma_nm), float(laser_nm)
        self._axis_sigma_cm1 = axis_sigma_cm1
        self._reference = scale.reference if reference_cm1 is None else float(reference_cm1)
        self._reference_sigma_cm1 = float(reference_sigma_cm1)
        self._widest_cm1 = float(widest_cm1)
        # Says at once, and not at the first spectrum, that a reference is missing.
        scale.argument(expected_cm1[0], self._reference)

    def __repr__(self) -> str:
        low, high = self._expected_cm1
        return (
            f"<RamanLineGauge {self._scale.gauge} scale={self._scale.name} {low:g}-{high:g} cm-1>"
        )

    @property
    def scale(self) -> Scale:
        """The scale that pressures are quoted on."""
        return self._scale

    def measure(self, spectrum: RamanSpectrum, temperature_k: float = _NAN) -> PressureMeasurement:
        """Measure the pressure.

        A poor spectrum raises nothing: the result says ``measured=False``, and its flags say why.

        Parameters
        ----------
        spectrum : RamanSpectrum
        temperature_k : float
            Of the specimen; NaN where unknown.
        """
        fit = fit_raman_line(spectrum, self._expected_cm1, widest_cm1=self._widest_cm1)
        return self.pressure_from_fit(
            fit, temperature_k, convention=spectrum.convention, laser_nm=spectrum.laser_nm
        )

    def pressure_from_fit(
        self,
        fit: RamanLineFit,
        temperature_k: float = _NAN,
        *,
        convention: AxisConvention = "unknown",
        laser_nm: float | None = None,
    ) -> PressureMeasurement:
        """Turn a line that was fitted into a pressure; `measure` without its fit."""
        laser = self._laser_nm if laser_nm is None else laser_nm
        return self._measurement(
            (fit.line_cm1, fit.line_sigma_cm1), temperature_k, (convention, laser), fit
        )

    def pressure_from_line(
        self,
        line_cm1: float,
        sigma_cm1: float,
        temperature_k: float = _NAN,
        *,
        convention: AxisConvention = "unknown",
    ) -> PressureMeasurement:
        """Recompute the pressure of a line that was measured and stored.

        Raises
        ------
        ConfigurationError
            The line, its uncertainty or the temperature is no number.
        """
        check_temperature("specimen", temperature_k)
        check_sigma("Raman line", "cm-1", sigma_cm1)
        if not 0.0 < line_cm1 < 10_000.0:
            raise ConfigurationError(
                f"The Raman line is given as {line_cm1} cm-1; give a shift above 0."
            )
        place = float(line_cm1), float(sigma_cm1)
        return self._measurement(place, temperature_k, (convention, self._laser_nm), None)

    def _measurement(
        self,
        line: tuple[float, float],
        temperature_k: float,
        axis: tuple[AxisConvention, float],
        fit: RamanLineFit | None,
    ) -> PressureMeasurement:
        scale, (place, sigma), (convention, laser_nm) = self._scale, line, axis
        vacuum = vacuum_shift_cm1(place, laser_nm) if convention == "air" else place
        pressure = _NAN
        if fit is None or fit.ok:
            pressure = scale.pressure_gpa(scale.argument(vacuum, self._reference))
        failed = fit is not None and not fit.ok
        budget: tuple[BudgetTerm, ...] = ()
        flags: tuple[str, ...] = ()
        if math.isfinite(pressure):
            budget = self._budget(vacuum, sigma, convention, laser_nm)
            flags = raman_axis_flags(self._axis_sigma_cm1)
        return quote(
            scale,
            line,
            temperature_k,
            pressure_gpa=pressure,
            budget=budget,
            note="" if failed else range_note(scale, pressure, temperature_k),
            reference="" if self._reference is None else f"Counted from {self._reference:g} cm-1.",
            flags=(*(fit.flags if fit else ()), *flags),
            fit=fit,
        )

    def _budget(
        self, line_cm1: float, sigma_cm1: float, convention: AxisConvention, laser_nm: float
    ) -> tuple[BudgetTerm, ...]:
        scale = self._scale
        argument = scale.argument(line_cm1, self._reference)
        per_line = scale.slope_by_observable(line_cm1, self._reference)
        per_reference = 0.0
        if self._reference is not None:
            per_reference = scale.slope_by_reference(line_cm1, self._reference)
        per_nm = 1e7 / laser_nm**2
        away = 0.0
        if convention == "unknown":
            away = line_cm1 - vacuum_shift_cm1(line_cm1, laser_nm)
        known = "known" if convention != "unknown" else "unknown, taken as vacuum"
        rows = (
            ("laser wavelength", -per_line * per_nm, self._laser_sigma_nm, "nm",
             f"{per_nm:.1f} cm-1 per nm at {laser_nm:g} nm"),
            ("Raman axis", per_line, self._axis_sigma_cm1 or 0.0, "cm-1",
             raman_axis_note(self._axis_sigma_cm1)),
            ("air or vacuum", per_line, rectangle_rms(0.0, -away, 0.0), "cm-1",
             f"{known}; air shifts are {away:.2f} cm-1 larger" if away else known),
            ("reference", per_reference, self._reference_sigma_cm1, "cm-1",
             "what the scale counts from"),
        )  # fmt: skip
        photons = BudgetTerm.from_input(
            "photon statistics",
            "statistical",
            sensitivity=per_line,
            u=sigma_cm1,
            unit="cm-1",
            note=f"line known to {sigma_cm1:.2g} cm-1 from the fit",
        )
        inputs = [
            BudgetTerm.from_input(name, "systematic", sensitivity=c, u=u, unit=unit, note=note)
            for name, c, u, unit, note in rows
        ]
        return (photons, *inputs, *scale_terms(scale, argument))
