"""A Raman line as a pressure gauge on a scale of the user's own."""

from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import BudgetTerm, quadrature, rectangle_rms
from dac_control.gauges.diamond_edge.nu0 import vacuum_shift_cm1
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention, RamanSpectrum
from dac_control.gauges.measurement import PressureMeasurement
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
    axis_sigma_cm1 : float
        Standard uncertainty of the Raman axis without the laser's share.
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
        axis_sigma_cm1: float = 0.0,
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
        _check_sigma("laser wavelength", "nm", laser_sigma_nm)
        _check_sigma("Raman axis", "cm-1", axis_sigma_cm1)
        _check_sigma("reference", "cm-1", reference_sigma_cm1)
        self._scale = scale
        self._expected_cm1 = expected_cm1
        self._laser_sigma_nm, self._laser_nm = float(laser_sigma_nm), float(laser_nm)
        self._axis_sigma_cm1 = float(axis_sigma_cm1)
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
        laser = self._laser_nm if spectrum.laser_nm is None else spectrum.laser_nm
        return self._measurement(
            (fit.line_cm1, fit.line_sigma_cm1), temperature_k, (spectrum.convention, laser), fit
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
            The line or its uncertainty is no number.
        """
        _check_sigma("Raman line", "cm-1", sigma_cm1)
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
        measured = bool(np.isfinite(pressure))
        budget = self._budget(vacuum, sigma, convention, laser_nm) if measured else ()
        note = self._range_note(pressure, temperature_k) if fit is None or fit.ok else ""
        flags = () if fit is None else fit.flags
        return PressureMeasurement(
            measured=measured,
            pressure_gpa=pressure,
            sigma_stat_gpa=quadrature(budget, "statistical") if measured else _NAN,
            sigma_sys_gpa=quadrature(budget, "systematic") if measured else _NAN,
            gauge=scale.gauge,
            scale=scale.name,
            observable=place,
            observable_sigma=sigma,
            observable_unit="cm-1",
            temperature_k=float(temperature_k),
            in_range=measured and not note,
            range_note=note,
            reference="" if self._reference is None else f"Counted from {self._reference:g} cm-1.",
            budget=budget,
            flags=(*flags, "outside_scale_range") if note else flags,
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
            ("Raman axis", per_line, self._axis_sigma_cm1, "cm-1", "calibration"),
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
        own = [
            BudgetTerm(
                "scale, assessed" if name == "assessed" else f"scale coefficient {name}",
                "systematic",
                sigma_gpa,
                (scale.assessed_reason or scale.citation) if name == "assessed" else scale.citation,
            )
            for name, sigma_gpa in scale.coefficient_sigmas_gpa(argument).items()
        ]
        return (photons, *inputs, *own)

    def _range_note(self, pressure_gpa: float, temperature_k: float) -> str:
        scale = self._scale
        (low, high), (cold, warm) = scale.range_gpa, scale.range_k
        if not np.isfinite(pressure_gpa):
            return f"The scale {scale.name} gives this line no pressure."
        parts = []
        if not scale.covers(pressure_gpa):
            parts.append(
                f"The scale {scale.name} was made for {low:g} to {high:g} GPa and is used at "
                f"{pressure_gpa:.2f} GPa."
            )
        if np.isfinite(temperature_k) and not scale.covers_temperature(temperature_k):
            parts.append(
                f"The scale {scale.name} was made at {cold:g} to {warm:g} K and is used at "
                f"{temperature_k:.4g} K."
            )
        return " ".join(parts)


def _check_sigma(what: str, unit: str, sigma: float) -> None:
    if not 0.0 <= sigma < float("inf"):
        raise ConfigurationError(
            f"The uncertainty of the {what} is {sigma} {unit}; give a number of 0 or more."
        )
