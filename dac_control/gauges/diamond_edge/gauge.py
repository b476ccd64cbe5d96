"""The diamond-edge gauge: a Raman spectrum of the anvil to a pressure, on every published scale.

One reading of 2035 cm-1 is 483 to 599 GPa on published scales. So a measurement always lists
the pressures of the same edge on all of them, and their spread is part of its budget.
"""

from typing import Final

import numpy as np

from dac_control.errors import ConfigurationError
from dac_control.gauges.diamond_edge.edge_budget import EdgeCircumstances, EdgeReading
from dac_control.gauges.diamond_edge.edge_pressure import (
    GAUGE,
    edge_pressure,
    nu0_for,
    reference_sentence,
)
from dac_control.gauges.diamond_edge.fit import fit_edge
from dac_control.gauges.diamond_edge.nu0 import Nu0
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention, RamanSpectrum
from dac_control.gauges.diamond_edge.result import EdgeFit
from dac_control.gauges.measurement import PressureMeasurement
from dac_control.gauges.quoting import (
    check_sigma,
    check_temperature,
    expected_observables,
    quote,
    scale_for,
)
from dac_control.gauges.scales import Scale
from dac_control.gauges.scales.diamond_edge import EDGE_LIMITS_CM1

__all__ = ["DiamondEdgeGauge"]

_USUAL_LASER_NM: Final = 532.0
_NAN: Final = float("nan")


class DiamondEdgeGauge:
    """Pressure from the high-frequency Raman edge of a stressed anvil.

    Parameters
    ----------
    scale : str or Scale
        The scale that pressures are quoted on; all others are listed beside it.
    nu0 : Nu0, optional
        The line of unstressed diamond. Without it every scale takes the nu0 of its source, with
        an uncertainty of 1 cm-1.
    laser_sigma_nm : float
        Standard uncertainty of the laser's wavelength; 0.1 nm is 3.5 cm-1 at 532 nm.
    laser_nm : float
        Vacuum wavelength of the laser, for spectra that do not say theirs.
    axis_sigma_cm1 : float, optional
        Standard uncertainty of the Raman axis without the laser's share; a pressure without it is
        flagged ``raman_axis_unknown``.
    stress_sigma_gpa : float, optional
        What the stress state of this anvil may differ by from those of the scales.
    anvil : str
        Identity, type and orientation of the anvil, for the record.

    Raises
    ------
    ConfigurationError
        A name is unknown or an uncertainty is no uncertainty.
    """

    def __init__(
        self,
        *,
        scale: str | Scale = "akahama2006",
        nu0: Nu0 | None = None,
        laser_sigma_nm: float,
        laser_nm: float = _USUAL_LASER_NM,
        axis_sigma_cm1: float | None = None,
        stress_sigma_gpa: float | None = None,
        anvil: str = "",
    ) -> None:
        check_sigma("laser wavelength", "nm", laser_sigma_nm)
        check_sigma("Raman axis", "cm-1", 0.0 if axis_sigma_cm1 is None else axis_sigma_cm1)
        check_sigma("stress state", "GPa", 0.0 if stress_sigma_gpa is None else stress_sigma_gpa)
        if not 200.0 <= laser_nm <= 1100.0:
            raise ConfigurationError(
                f"The laser of the diamond-edge gauge is given as {laser_nm} nm; give its vacuum "
                "wavelength, between 200 and 1100 nm."
            )
        self._scale = scale_for(scale, GAUGE, "a diamond edge")
        self._laser_nm = float(laser_nm)
        self._known = EdgeCircumstances(
            nu0=nu0,
            laser_sigma_nm=float(laser_sigma_nm),
            axis_sigma_cm1=axis_sigma_cm1,
            stress_sigma_gpa=stress_sigma_gpa,
            anvil=anvil,
        )

    def __repr__(self) -> str:
        nu0 = "of each scale" if self._known.nu0 is None else f"{self._known.nu0.value_cm1} cm-1"
        return f"<DiamondEdgeGauge scale={self._scale.name} nu0={nu0} anvil='{self._known.anvil}'>"

    @property
    def scale(self) -> Scale:
        """The scale that pressures are quoted on."""
        return self._scale

    @property
    def nu0(self) -> Nu0 | None:
        """The line of unstressed diamond; None where that of each scale is taken."""
        return self._known.nu0

    def with_nu0(self, nu0: Nu0) -> "DiamondEdgeGauge":
        """Return the same gauge with another nu0."""
        return DiamondEdgeGauge(
            scale=self._scale,
            nu0=nu0,
            laser_nm=self._laser_nm,
            laser_sigma_nm=self._known.laser_sigma_nm,
            axis_sigma_cm1=self._known.axis_sigma_cm1,
            stress_sigma_gpa=self._known.stress_sigma_gpa,
            anvil=self._known.anvil,
        )

    @property
    def anvil(self) -> str:
        """Identity, type and orientation of the anvil."""
        return self._known.anvil

    def measure(
        self,
        spectrum: RamanSpectrum,
        temperature_k: float = _NAN,
        expected_gpa: tuple[float, float] | None = None,
        *,
        expected_cm1: tuple[float, float] | None = None,
    ) -> PressureMeasurement:
        """Measure the pressure.

        Parameters
        ----------
        spectrum : RamanSpectrum
        temperature_k : float
            Of the anvil; NaN where unknown.
        expected_gpa : tuple of float, optional
            Decides between several steps; an edge outside is flagged ``outside_window``.
        expected_cm1 : tuple of float, optional
            The same as Raman shifts, for those who know the edge and not the pressure.

        Raises
        ------
        ConfigurationError
            The expected range is empty or beyond the scale, or the temperature is none. A poor
            spectrum raises nothing: the result says ``measured=False``, and its flags say why.
        """
        check_temperature("anvil", temperature_k)
        window = expected_cm1
        if expected_gpa is not None:
            nu0 = nu0_for(self._scale, self._known)
            window = expected_observables(self._scale, expected_gpa, nu0.value_cm1)
        return self.pressure_from_fit(
            fit_edge(spectrum, expected_cm1=window),
            temperature_k,
            convention=spectrum.convention,
            laser_nm=spectrum.laser_nm,
        )

    def pressure_from_fit(
        self,
        fit: EdgeFit,
        temperature_k: float = _NAN,
        *,
        convention: AxisConvention = "unknown",
        laser_nm: float | None = None,
    ) -> PressureMeasurement:
        """Turn an edge that was fitted into a pressure; `measure` without its fit.

        Parameters
        ----------
        fit : EdgeFit
        temperature_k : float
            NaN where unknown.
        convention : {"vacuum", "air", "unknown"}
            Of the wavelengths that the Raman shift was computed from.
        laser_nm : float, optional
            Vacuum wavelength; that of the gauge where the spectrum does not say its own.
        """
        if not fit.ok:
            return quote(
                self._scale,
                (fit.edge_cm1, fit.edge_sigma_cm1),
                temperature_k,
                reference=reference_sentence(self._scale, self._known),
                flags=fit.flags,
                fit=fit,
            )
        shift = fit.definition_shift_cm1
        reading = EdgeReading(
            edge_cm1=fit.edge_cm1,
            sigma_cm1=fit.edge_sigma_cm1,
            definition_cm1=shift if np.isfinite(shift) else fit.width_cm1,
            temperature_k=float(temperature_k),
            laser_nm=self._laser_nm if laser_nm is None else laser_nm,
            convention=convention,
        )
        return edge_pressure(self._scale, reading, self._known, flags=fit.flags, fit=fit)

    def pressure_from_edge(
        self,
        edge_cm1: float,
        sigma_cm1: float,
        temperature_k: float = _NAN,
        *,
        convention: AxisConvention = "unknown",
        definition_cm1: float | None = None,
    ) -> PressureMeasurement:
        """Recompute the pressure of an edge that was measured and stored.

        Parameters
        ----------
        edge_cm1, sigma_cm1 : float
            The edge and its statistical uncertainty.
        temperature_k : float
            NaN where unknown.
        convention : {"vacuum", "air", "unknown"}
            Of the wavelengths that the Raman shift was computed from.
        definition_cm1 : float, optional
            How far the definitions of the edge differ; None where nobody recorded it.

        Raises
        ------
        ConfigurationError
            The edge, its uncertainty or the temperature is no number that it can be.
        """
        check_temperature("anvil", temperature_k)
        check_sigma("edge", "cm-1", sigma_cm1)
        if definition_cm1 is not None:
            check_sigma("definition of the edge", "cm-1", definition_cm1)
        low, high = EDGE_LIMITS_CM1
        if not low <= edge_cm1 <= high:
            raise ConfigurationError(
                f"The diamond edge is given as {edge_cm1} cm-1; it lies between {low:g} and "
                f"{high:g} cm-1."
            )
        reading = EdgeReading(
            edge_cm1=float(edge_cm1),
            sigma_cm1=float(sigma_cm1),
            definition_cm1=definition_cm1,
            temperature_k=float(temperature_k),
            laser_nm=self._laser_nm,
            convention=convention,
        )
        return edge_pressure(self._scale, reading, self._known)
