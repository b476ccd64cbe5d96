"""What every pressure gauge of the laboratory shares as an Ophyd device.

A gauge asks no instrument: it turns what the spectrometer and the cryostat last read into a
pressure, on a worker thread of its own, since a fit has no place on the RunEngine's.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ophyd import Component as Cpt
from ophyd import Device
from ophyd.status import Status

from dac_control.errors import StaleReading
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.axis_calibration import AxisCalibration
from devices.cryostat import Cryostat
from devices.signals import CachedSignal, ParameterSignal
from devices.spectrometer import Spectrometer
from devices.statuses import finish_with
from devices.timing import REAL_TIME, Timing

__all__ = ["WARM_UP_TIMEOUT_S", "GaugeDevice"]

logger = logging.getLogger(__name__)

WARM_UP_TIMEOUT_S = 180.0
"""For compiling on a slow and busy laboratory PC."""


class GaugeDevice(Device):
    """Pressure from the last spectrum and the last cell temperature.

    Trigger the spectrometer and the cryostat first; triggering this fits what they hold.
    A spectrum that gives no pressure reads NaN with `measured` False and flags that say why.

    Parameters
    ----------
    spectrometer, cryostat
        Devices whose last readings are used.
    timing : Timing
        Worker and Status of the fit.
    fit_timeout_s : float
        Wall-clock time in which a fit must be done.
    """

    method: str
    """Name of the gauge, as records have it: "ruby", "diamond_edge", ..."""
    _is_warm = True
    """False where a fit is to be compiled before the first spectrum."""

    pressure_gpa = Cpt(CachedSignal, units="GPa", precision=3, kind="hinted")
    pressure_sigma_stat_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    pressure_sigma_sys_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    pressure_half_width_95_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    temperature_k = Cpt(CachedSignal, units="K", precision=3)
    measured = Cpt(CachedSignal, dtype="boolean")
    flags = Cpt(CachedSignal, dtype="string")
    range_note = Cpt(CachedSignal, dtype="string")
    reference = Cpt(CachedSignal, dtype="string")
    expected_gpa = Cpt(ParameterSignal, value=None, units="GPa", kind="omitted")

    def __init__(
        self,
        *,
        spectrometer: Spectrometer,
        cryostat: Cryostat,
        name: str,
        timing: Timing = REAL_TIME,
        fit_timeout_s: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self._spectrometer = spectrometer
        self._cryostat = cryostat
        self._statuses = timing.statuses
        self._fit_timeout_s = fit_timeout_s
        self._worker = timing.make_worker(f"{name}-worker", None, timing.poll_period_s)
        self.last: PressureMeasurement | None = None
        self.next_exposure_s: float | None = None
        """What the last reading says that the next one needs; None before there is one."""
        self.failure = ""
        """Why the last spectrum could not even be fitted; empty if it could."""

    @property
    def address(self) -> str:
        """Where its light comes from."""
        return self._spectrometer.address

    def quality(self) -> float:
        """Signal over noise of the last reading; NaN where it showed nothing."""
        raise NotImplementedError

    def use_axis(self, axis: AxisCalibration | None) -> None:
        """Let the gauge's own zero stand on the axis that its spectra are put on.

        None is the axis that the instrument reports.
        """

    def trigger(self) -> Status:
        """Fit the last spectrum."""
        status = self._statuses(self, self._timeout_s())
        finish_with(status, self._worker.submit(self._measure))
        return status

    def warm_up(self) -> Future[None]:
        """Compile the fit, or load what was compiled before, ahead of the first spectrum.

        The first time on a machine this takes some ten seconds.
        """
        return self._worker.submit(self._get_warm)

    def _get_warm(self) -> None:
        if not self._is_warm:
            self._compile()
            self._is_warm = True

    def _compile(self) -> None:
        """Do what `warm_up` promises; on the worker thread."""

    def _timeout_s(self) -> float:
        return self._fit_timeout_s + (0.0 if self._is_warm else WARM_UP_TIMEOUT_S)

    def _measured_now(self, temperature_k: float) -> PressureMeasurement:
        """Ask the gauge; on the worker thread."""
        raise NotImplementedError

    def _of_the_fit(self, measurement: PressureMeasurement | None) -> Mapping[str, Any]:
        """What this gauge records beside the pressure; of nothing where nothing was measured."""
        raise NotImplementedError

    def _measure(self) -> None:
        reading = self._cryostat.last
        if reading is None or self._spectrometer.last is None:
            raise StaleReading(f"{self.name} needs a spectrum and a temperature first.")
        temperature_k, time = reading.cell_temperature_k, self._spectrometer.last.time
        try:
            self._get_warm()
            measurement = self._measured_now(temperature_k)
            fit = self._of_the_fit(measurement)
        except Exception as error:
            logger.exception("the fit failed")
            self.last = None
            self.failure = f"the fit failed: {error}"
            self._store({**_NOTHING, "temperature_k": temperature_k}, time)
            self._store(self._of_the_fit(None), time)
        else:
            self.last = measurement
            self.failure = ""
            self._store(_pressure(measurement), time)
            self._store(fit, time)

    def _store(self, values: Mapping[str, Any], time: float) -> None:
        for attribute, value in values.items():
            getattr(self, attribute).update(value, time)

    def destroy(self) -> None:
        """End the worker thread."""
        self._worker.close()
        super().destroy()


_NOTHING = {
    "pressure_gpa": float("nan"),
    "pressure_sigma_stat_gpa": float("nan"),
    "pressure_sigma_sys_gpa": float("nan"),
    "pressure_half_width_95_gpa": float("nan"),
    "measured": False,
    "flags": "fit_failed",
    "range_note": "",
    "reference": "",
}


def _pressure(measurement: PressureMeasurement) -> dict[str, Any]:
    return {
        "pressure_gpa": float(measurement.pressure_gpa),
        "pressure_sigma_stat_gpa": float(measurement.sigma_stat_gpa),
        "pressure_sigma_sys_gpa": float(measurement.sigma_sys_gpa),
        "pressure_half_width_95_gpa": float(measurement.half_width_95_gpa),
        "temperature_k": float(measurement.temperature_k),
        "measured": bool(measurement.measured),
        "flags": " ".join(measurement.flags),
        "range_note": measurement.range_note,
        "reference": measurement.reference,
    }
