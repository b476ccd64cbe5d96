"""The ruby gauge as a device: it fits the last spectrum, off the RunEngine's thread."""

import logging
from concurrent.futures import Future
from typing import Any

import numpy as np
from ophyd import Component as Cpt
from ophyd import Device
from ophyd.status import Status

from dac_control.errors import NotMeasured, StaleReading
from dac_control.gauges import PressureMeasurement, RubyFit, RubyGauge
from dac_control.gauges.ruby import warm_up
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer
from devices.cryostat import Cryostat
from devices.signals import CachedSignal, ParameterSignal
from devices.spectrometer import Spectrometer
from devices.statuses import StatusFactory, finish_with, threaded_status
from devices.worker import Worker

__all__ = ["WARM_UP_TIMEOUT_S", "Ruby"]

logger = logging.getLogger(__name__)

WARM_UP_TIMEOUT_S = 180.0
"""For compiling on a slow and busy laboratory PC."""


class Ruby(Device):
    """Pressure from the last spectrum and the last cell temperature.

    Trigger the spectrometer and the cryostat first; triggering this fits what they hold.
    A spectrum without a usable line reads NaN with `measured` False and flags that say why.

    Parameters
    ----------
    gauge : RubyGauge
        Scale, temperature correction, lambda0 and systematic uncertainties.
    spectrometer, cryostat
        Devices whose last readings are used.
    thermometer : RubyThermometer, optional
        Strength ratio of the chip; without it the chip's own temperature reads NaN.
    """

    pressure_gpa = Cpt(CachedSignal, units="GPa", precision=3, kind="hinted")
    pressure_sigma_stat_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    pressure_sigma_sys_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    r1_nm = Cpt(CachedSignal, units="nm", precision=4)
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
    temperature_k = Cpt(CachedSignal, units="K", precision=3)
    measured = Cpt(CachedSignal, dtype="boolean")
    flags = Cpt(CachedSignal, dtype="string")
    range_note = Cpt(CachedSignal, dtype="string")
    reference = Cpt(CachedSignal, dtype="string")
    model = Cpt(CachedSignal, dtype="string")
    parameters = Cpt(CachedSignal, dtype="array", ndim=1)
    covariance = Cpt(CachedSignal, dtype="array", ndim=2)
    window_nm = Cpt(CachedSignal, units="nm", dtype="array", ndim=1)
    expected_gpa = Cpt(ParameterSignal, value=None, units="GPa", kind="omitted")

    def __init__(
        self,
        *,
        gauge: RubyGauge,
        spectrometer: Spectrometer,
        cryostat: Cryostat,
        name: str,
        thermometer: RubyThermometer | None = None,
        statuses: StatusFactory = threaded_status,
        fit_timeout_s: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.gauge = gauge
        self.thermometer = thermometer
        self._spectrometer = spectrometer
        self._cryostat = cryostat
        self._statuses = statuses
        self._fit_timeout_s = fit_timeout_s
        self._worker = Worker(f"{name}-worker")
        self._is_warm = False
        self.last: PressureMeasurement | None = None
        self.failure = ""
        """Why the last spectrum could not even be fitted; empty if it could."""

    @property
    def address(self) -> str:
        """Where its light comes from."""
        return self._spectrometer.address

    def warm_up(self) -> Future[None]:
        """Compile the fit, or load what was compiled before, ahead of the first spectrum.

        The first time on a machine this takes some ten seconds.
        """
        return self._worker.submit(self._get_warm)

    def _get_warm(self) -> None:
        if not self._is_warm:
            warm_up()
            self._is_warm = True

    def trigger(self) -> Status:
        """Fit the last spectrum."""
        compiling_s = 0.0 if self._is_warm else WARM_UP_TIMEOUT_S
        status = self._statuses(self, self._fit_timeout_s + compiling_s)
        finish_with(status, self._worker.submit(self._measure))
        return status

    def _measure(self) -> None:
        self._get_warm()
        reading = self._cryostat.last
        if reading is None or self._spectrometer.last is None:
            raise StaleReading(f"{self.name} needs a spectrum and a temperature first.")
        time = self._spectrometer.last.time
        try:
            measurement = self.gauge.measure(
                self._spectrometer.as_spectrum(),
                temperature_k=reading.cell_temperature_k,
                expected_gpa=self.expected_gpa.get(),
            )
        except Exception as error:
            logger.exception("the fit failed")
            self._publish_nothing(reading.cell_temperature_k, time)
            self.failure = f"the fit failed: {error}"
        else:
            self._publish(measurement, time)
            self.failure = ""

    def _publish_nothing(self, temperature_k: float, time: float) -> None:
        self.last = None
        for attribute in _NUMBERS:
            getattr(self, attribute).update(float("nan"), time)
        self.temperature_k.update(temperature_k, time)
        self.measured.update(False, time)
        self.flags.update("fit_failed", time)
        self.range_note.update("", time)
        self.reference.update("", time)
        self.model.update("none", time)
        self.parameters.update(_fixed_size(np.empty(0), 1), time)
        self.covariance.update(_fixed_size(np.empty((0, 0)), 2), time)
        self.window_nm.update(np.full(2, np.nan), time)

    def _publish(self, measurement: PressureMeasurement, time: float) -> None:
        fit = measurement.fit
        if not isinstance(fit, RubyFit):
            raise NotMeasured(f"{self.name} returned a pressure without the fit it came from.")
        self.last = measurement
        values = {
            "pressure_gpa": measurement.pressure_gpa,
            "pressure_sigma_stat_gpa": measurement.sigma_stat_gpa,
            "pressure_sigma_sys_gpa": measurement.sigma_sys_gpa,
            "temperature_k": measurement.temperature_k,
            **{name: getattr(fit, name) for name in _OF_THE_FIT},
            "r1_asymmetry_sigma_nm": fit.asymmetry_sigma_nm,
            **self._chip_temperature(fit),
        }
        for attribute, value in values.items():
            getattr(self, attribute).update(float(value), time)
        self.measured.update(bool(measurement.measured), time)
        self.flags.update(" ".join(measurement.flags), time)
        self.range_note.update(measurement.range_note, time)
        self.reference.update(measurement.reference, time)
        self.model.update(fit.model, time)
        self.parameters.update(_fixed_size(np.asarray(fit.parameters, float), 1), time)
        self.covariance.update(_fixed_size(np.asarray(fit.covariance, float), 2), time)
        self.window_nm.update(np.asarray(fit.window_nm, float), time)

    def _chip_temperature(self, fit: RubyFit) -> dict[str, float]:
        nan = float("nan")
        if self.thermometer is None or not fit.ok:
            return {"chip_temperature_k": nan, "chip_temperature_sigma_k": nan}
        chip = self.thermometer.temperature(fit.ratio, fit.ratio_sigma)
        return {
            "chip_temperature_k": chip.temperature_k,
            "chip_temperature_sigma_k": chip.sigma_k,
        }

    def destroy(self) -> None:
        """End the worker thread."""
        self._worker.close()
        super().destroy()


_OF_THE_FIT = (
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

_NUMBERS = (
    "pressure_gpa",
    "pressure_sigma_stat_gpa",
    "pressure_sigma_sys_gpa",
    "r1_asymmetry_sigma_nm",
    "chip_temperature_k",
    "chip_temperature_sigma_k",
    *_OF_THE_FIT,
)

# A stream's descriptor is written once, so arrays in it keep one shape: models with fewer
# parameters are padded with NaN. 16 leaves room beside the doublet's ten.
_PARAMETERS = 16


def _fixed_size(values: np.ndarray, ndim: int) -> np.ndarray:
    padded = np.full((_PARAMETERS,) * ndim, np.nan)
    padded[tuple(slice(0, n) for n in values.shape)] = values
    return padded
