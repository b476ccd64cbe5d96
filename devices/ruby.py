"""The ruby gauge as a device: the pressure, and what its lines say of stress and temperature."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ophyd import Component as Cpt

from dac_control.errors import NotMeasured
from dac_control.gauges import Lambda0, PressureMeasurement, RubyFit, RubyGauge
from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.lambda0 import ReferenceLine
from dac_control.gauges.lambda0_choice import on_axis
from dac_control.gauges.ruby import warm_up
from dac_control.gauges.ruby_gauge.thermometer import ChipTemperature, RubyThermometer
from devices.gauge_device import GaugeDevice
from devices.signals import CachedSignal

__all__ = ["Ruby"]


class Ruby(GaugeDevice):
    """Pressure from the ruby lines; see `GaugeDevice`.

    Parameters
    ----------
    gauge : RubyGauge
        Scale, temperature correction, lambda0 and systematic uncertainties.
    thermometer : RubyThermometer, optional
        Strength ratio of the chip; without it the chip's own temperature reads NaN.
    """

    method = "ruby"
    _is_warm = False

    r1_nm = Cpt(CachedSignal, units="nm", precision=4)
    reference_line_nm = Cpt(CachedSignal, units="nm", precision=4)
    reference_line_sigma_nm = Cpt(CachedSignal, units="nm", precision=5)
    reference_temperature_k = Cpt(CachedSignal, units="K", precision=3)
    reference_time_s = Cpt(CachedSignal, units="s", precision=1)
    r1_sigma_nm = Cpt(CachedSignal, units="nm", precision=5)
    r2_nm = Cpt(CachedSignal, units="nm", precision=4)
    r1_fwhm_nm = Cpt(CachedSignal, units="nm", precision=3)
    r1_asymmetry_sigma_nm = Cpt(CachedSignal, units="nm", precision=5)
    splitting_cm1 = Cpt(CachedSignal, units="cm-1", precision=2)
    splitting_sigma_cm1 = Cpt(CachedSignal, units="cm-1", precision=3)
    width_ratio = Cpt(CachedSignal, precision=3)
    ratio = Cpt(CachedSignal, precision=4)
    ratio_sigma = Cpt(CachedSignal, precision=4)
    chip_temperature_k = Cpt(CachedSignal, units="K", precision=1)
    chip_temperature_sigma_k = Cpt(CachedSignal, units="K", precision=1)
    chi2_reduced = Cpt(CachedSignal, precision=2)
    model = Cpt(CachedSignal, dtype="string")
    parameters = Cpt(CachedSignal, dtype="array", ndim=1)
    covariance = Cpt(CachedSignal, dtype="array", ndim=2)
    window_nm = Cpt(CachedSignal, units="nm", dtype="array", ndim=1)

    def __init__(
        self, *, gauge: RubyGauge, thermometer: RubyThermometer | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.gauge = gauge
        self.thermometer = thermometer
        self.reference_line: ReferenceLine | None = None
        """Seen beside the cell at this step; None counts from a stored lambda0."""
        self.chip: ChipTemperature | None = None
        """Of the last fit, with the exponent that its signals cannot tell; None without one."""

    def use_lambda0(self, lambda0s: Sequence[Lambda0], axis: AxisCalibration | None) -> None:
        """Count from other lambda0, put onto the axis that spectra are put on.

        Parameters
        ----------
        lambda0s : sequence of Lambda0
            On the axes that they were measured on.
        axis : AxisCalibration or None
            None is the axis that the instrument reports.
        """
        self.gauge = self.gauge.with_lambda0([on_axis(each, axis) for each in lambda0s])

    def quality(self) -> float:
        """Root of the photons that tell where R1 is: a line is known to FWHM / 2.355 / root(N)."""
        sigma_nm = float(self.r1_sigma_nm.get())
        return float(self.r1_fwhm_nm.get()) / (2.355 * sigma_nm) if sigma_nm > 0 else float("nan")

    def _compile(self) -> None:
        warm_up()

    def _measured_now(self, temperature_k: float) -> PressureMeasurement:
        return self.gauge.measure(
            self._spectrometer.as_spectrum(),
            temperature_k=temperature_k,
            expected_gpa=self.expected_gpa.get(),
            reference=self.reference_line,
        )

    def _of_the_fit(self, measurement: PressureMeasurement | None) -> Mapping[str, Any]:
        self.chip = None
        if measurement is None:
            return {**_NO_FIT, **self._reference()}
        fit = measurement.fit
        if not isinstance(fit, RubyFit):
            raise NotMeasured(f"{self.name} returned a pressure without the fit it came from.")
        return {
            **{name: float(getattr(fit, name)) for name in _NUMBERS},
            "r1_asymmetry_sigma_nm": float(fit.asymmetry_sigma_nm),
            **self._chip_temperature(fit),
            **self._reference(),
            "model": fit.model,
            "parameters": _fixed_size(np.asarray(fit.parameters, float), 1),
            "covariance": _fixed_size(np.asarray(fit.covariance, float), 2),
            "window_nm": np.asarray(fit.window_nm, float),
        }

    def _reference(self) -> dict[str, float]:
        """The line that stood in for lambda0, so that the pressure can be computed again."""
        seen = self.reference_line
        if seen is None:
            return dict.fromkeys(_REFERENCE, float("nan"))
        values = (seen.line_nm, seen.sigma_nm, seen.temperature_k, seen.time.timestamp())
        return dict(zip(_REFERENCE, values, strict=True))

    def _chip_temperature(self, fit: RubyFit) -> dict[str, float]:
        if self.thermometer is None or not fit.ok:
            return {name: float("nan") for name in _CHIP}
        chip = self.chip = self.thermometer.temperature(fit.ratio, fit.ratio_sigma)
        return dict(zip(_CHIP, (chip.temperature_k, chip.sigma_k), strict=True))


_NUMBERS = (
    "r1_nm",
    "r1_sigma_nm",
    "r2_nm",
    "r1_fwhm_nm",
    "splitting_cm1",
    "splitting_sigma_cm1",
    "width_ratio",
    "ratio",
    "ratio_sigma",
    "chi2_reduced",
)
_REFERENCE = (
    "reference_line_nm",
    "reference_line_sigma_nm",
    "reference_temperature_k",
    "reference_time_s",
)
_CHIP = ("chip_temperature_k", "chip_temperature_sigma_k")

# A stream's descriptor is written once, so arrays in it keep one shape: models with fewer
# parameters are padded with NaN. 16 leaves room beside the doublet's eleven.
_PARAMETERS = 16


def _fixed_size(values: np.ndarray, ndim: int) -> np.ndarray:
    padded = np.full((_PARAMETERS,) * ndim, np.nan)
    padded[tuple(slice(0, n) for n in values.shape)] = values
    return padded


_NO_FIT: Mapping[str, Any] = {
    **dict.fromkeys((*_NUMBERS, "r1_asymmetry_sigma_nm", *_CHIP), float("nan")),
    "model": "none",
    "parameters": _fixed_size(np.empty(0), 1),
    "covariance": _fixed_size(np.empty((0, 0)), 2),
    "window_nm": np.full(2, np.nan),
}
