"""Gauges that read a Raman spectrum: the edge of the diamond anvil, and one line of a specimen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ophyd import Component as Cpt

from dac_control.errors import NotMeasured
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.diamond_edge import DiamondEdgeGauge, EdgeFit
from dac_control.gauges.diamond_edge.engine import warm_up
from dac_control.gauges.diamond_edge.from_wavelengths import nu0_on_axis, raman_spectrum_of
from dac_control.gauges.vibron import RamanLineFit, RamanLineGauge
from devices.gauge_device import GaugeDevice
from devices.signals import CachedSignal

__all__ = ["DiamondEdge", "RamanLine"]


class DiamondEdge(GaugeDevice):
    """Pressure from the high-frequency Raman edge of an anvil; see `GaugeDevice`.

    Parameters
    ----------
    gauge : DiamondEdgeGauge
        Scale, nu0 and systematic uncertainties.
    laser_nm : float
        Vacuum wavelength of the laser that excites it.
    """

    method = "diamond_edge"
    _is_warm = False

    edge_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    edge_sigma_cm1 = Cpt(CachedSignal, units="cm-1", precision=3)
    width_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    derivative_minimum_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    derivative_minimum_sigma_cm1 = Cpt(CachedSignal, units="cm-1", precision=3)
    definition_shift_cm1 = Cpt(CachedSignal, units="cm-1", precision=3)
    signal_to_noise = Cpt(CachedSignal, precision=1)
    chi2_reduced = Cpt(CachedSignal, precision=2)
    on_scales_gpa = Cpt(CachedSignal, units="GPa", dtype="array", ndim=1)
    window_cm1 = Cpt(CachedSignal, units="cm-1", dtype="array", ndim=1)

    def __init__(self, *, gauge: DiamondEdgeGauge, laser_nm: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gauge = gauge
        self.laser_nm = laser_nm
        self._stated_nu0 = gauge.nu0

    def use_axis(self, axis: AxisCalibration | None) -> None:
        """Put nu0 as it was stated onto `axis`."""
        if self._stated_nu0 is not None:
            self.gauge = self.gauge.with_nu0(nu0_on_axis(self._stated_nu0, axis, self.laser_nm))

    def _compile(self) -> None:
        warm_up()

    def _measured_now(self, temperature_k: float) -> PressureMeasurement:
        spectrum = raman_spectrum_of(self._spectrometer.as_spectrum(), self.laser_nm)
        return self.gauge.measure(spectrum, temperature_k, self.expected_gpa.get())

    def quality(self) -> float:
        """Height of the step or line over the noise of a pixel."""
        return float(self.signal_to_noise.get())

    def _of_the_fit(self, measurement: PressureMeasurement | None) -> Mapping[str, Any]:
        if measurement is None:
            return _NO_EDGE
        fit = measurement.fit
        if not isinstance(fit, EdgeFit):
            raise NotMeasured(f"{self.name} returned a pressure without the fit it came from.")
        scales = np.full(_SCALES, np.nan)
        values = [other.pressure_gpa for other in measurement.alternatives][:_SCALES]
        scales[: len(values)] = values
        return {
            **{name: float(getattr(fit, name)) for name in _EDGE_NUMBERS},
            "on_scales_gpa": scales,
            "window_cm1": np.asarray(fit.window_cm1, float),
        }


class RamanLine(GaugeDevice):
    """Pressure from one Raman line on a table of the user's, such as the H2 vibron.

    Parameters
    ----------
    gauge : RamanLineGauge
        Scale, range and systematic uncertainties.
    laser_nm : float
        Vacuum wavelength of the laser that excites it.
    """

    line_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    line_sigma_cm1 = Cpt(CachedSignal, units="cm-1", precision=3)
    fwhm_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    height_counts = Cpt(CachedSignal, units="counts", precision=1)
    signal_to_noise = Cpt(CachedSignal, precision=1)
    chi2_reduced = Cpt(CachedSignal, precision=2)
    window_cm1 = Cpt(CachedSignal, units="cm-1", dtype="array", ndim=1)

    def __init__(self, *, gauge: RamanLineGauge, laser_nm: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gauge = gauge
        self.laser_nm = laser_nm
        self.method = gauge.scale.gauge

    def _measured_now(self, temperature_k: float) -> PressureMeasurement:
        spectrum = raman_spectrum_of(self._spectrometer.as_spectrum(), self.laser_nm)
        return self.gauge.measure(spectrum, temperature_k)

    def quality(self) -> float:
        """Height of the step or line over the noise of a pixel."""
        return float(self.signal_to_noise.get())

    def _of_the_fit(self, measurement: PressureMeasurement | None) -> Mapping[str, Any]:
        if measurement is None:
            return _NO_LINE
        fit = measurement.fit
        if not isinstance(fit, RamanLineFit):
            raise NotMeasured(f"{self.name} returned a pressure without the fit it came from.")
        return {
            **{name: float(getattr(fit, name)) for name in _LINE_NUMBERS},
            "window_cm1": np.asarray(fit.window_cm1, float),
        }


_EDGE_NUMBERS = (
    "edge_cm1",
    "edge_sigma_cm1",
    "width_cm1",
    "derivative_minimum_cm1",
    "derivative_minimum_sigma_cm1",
    "definition_shift_cm1",
    "signal_to_noise",
    "chi2_reduced",
)
_SCALES = 8
"""Room for the published scales; an array of a stream keeps its shape."""
_NO_EDGE: Mapping[str, Any] = {
    **dict.fromkeys(_EDGE_NUMBERS, float("nan")),
    "on_scales_gpa": np.full(_SCALES, np.nan),
    "window_cm1": np.full(2, np.nan),
}
_LINE_NUMBERS = (
    "line_cm1",
    "line_sigma_cm1",
    "fwhm_cm1",
    "height_counts",
    "signal_to_noise",
    "chi2_reduced",
)
_NO_LINE: Mapping[str, Any] = {
    **dict.fromkeys(_LINE_NUMBERS, float("nan")),
    "window_cm1": np.full(2, np.nan),
}
