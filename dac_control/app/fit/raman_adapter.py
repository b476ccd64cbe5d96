"""One Raman line on a scale of the user's own behind ``fit``: the H2 vibron, or any other mode."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dac_control.app.fit.adapter import fit_one_by_one, flag_message, or_nan, refuse_options
from dac_control.app.fit.axes import UsableAxis
from dac_control.app.fit.detector import Detector
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.recorded import RecordedGauges
from dac_control.app.fit.results import Reading
from dac_control.app.fit.user_scale import user_scale, window_of
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.diamond_edge import RamanSpectrum
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.gauges.vibron import (
    DISQUALIFYING_LINE,
    RAMAN_LINE_FLAGS,
    RamanLineFit,
    RamanLineGauge,
)
from dac_control.spectrum_files.model import AxisUnit

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture
    from dac_control.app.raman_tables import Vibron

__all__ = ["RamanLineAdapter"]


class RamanLineAdapter:
    """A gauge in cm-1 that a file of the user's names."""

    unit: AxisUnit = "cm-1"
    key: str = "line_cm1"
    meanings: Mapping[str, str] = RAMAN_LINE_FLAGS | MEASUREMENT_FLAGS

    def __init__(self, options: FitOptions) -> None:
        refuse_options(
            options,
            ("lambda0_nm", "lambda0_date", "correction"),
            f"the gauge {options.gauge}, whose scale is in cm-1",
        )
        scale = user_scale(options)
        self.symbol = options.gauge
        self._options, self._scale = options, scale
        self._recorded = RecordedGauges(options, options.gauge, self._as_recorded)
        table = None if options.stated is None else options.stated.vibron
        expected = None if table is None else table.expected_cm1
        self.window: tuple[float, float] = (
            options.between or expected or window_of(scale, options.nu0_cm1)
        )
        given: dict[str, Any] = {
            "scale": scale,
            "expected_cm1": self.window,
            "laser_sigma_nm": options.laser_sigma,
            "laser_nm": options.vacuum_laser_nm,
            "reference_cm1": options.nu0_cm1,
        }
        self._gauge = RamanLineGauge(**given) if table is None else _stated(table, given)

    def spectrum(self, axis: UsableAxis, detector: Detector) -> RamanSpectrum:
        """Put a spectrum together; raises `NotMeasured` where the data cannot be one."""
        return RamanSpectrum(
            shift_cm1=axis.values,
            convention=axis.convention,
            laser_nm=axis.laser_nm,
            **detector.arguments(),
        )

    def fit(
        self, spectra: Sequence[RamanSpectrum], temperatures_k: Sequence[float | None]
    ) -> list[PressureMeasurement | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        return fit_one_by_one(self._gauge.measure, spectra, temperatures_k)

    def read(
        self,
        fit: PressureMeasurement,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Sort a measurement into a reading; a line beyond the scale is a line all the same."""
        line = fit.fit
        recorded = self._recorded.of(said)
        if recorded is not None and isinstance(line, RamanLineFit):
            fit = recorded.pressure_from_fit(line, or_nan(temperature_k), convention="vacuum")
        good = isinstance(line, RamanLineFit) and line.ok
        message = fit.range_note if not fit.measured else ""
        if not good:
            message = flag_message(fit.flags, RAMAN_LINE_FLAGS, DISQUALIFYING_LINE)
        return Reading(
            ok=good,
            observable=fit.observable,
            sigma=fit.observable_sigma,
            flags=fit.flags,
            measurement=fit if good and fit.measured else None,
            message=message,
            details=_details(line) if isinstance(line, RamanLineFit) else {},
            fit=line,
        )

    def _as_recorded(self, settings: Mapping[str, Any]) -> RamanLineGauge:
        from dac_control.app.recorded_gauges import recorded_line  # for runs only

        options = self._options
        return recorded_line(
            settings,
            scale=self._scale,
            reference_cm1=options.nu0_cm1,
            laser_nm=None if options.laser_nm is None else options.vacuum_laser_nm,
            laser_sigma_nm=options.laser_sigma_nm,
        )

    def picture(self, fit: RamanLineFit, spectrum: RamanSpectrum) -> "FitPicture | None":
        """Say what there is to draw; None where nothing was fitted."""
        from dac_control.app.fit.plot import Curve, FitPicture, model_axis

        if not fit.parameters.size:
            return None
        x = model_axis(fit.window_cm1)
        expected = fit.evaluate(spectrum.shift_cm1)
        noise = spectrum.noise
        scale = fit.chi2_reduced if noise.gain_assumed else 1.0
        return FitPicture(
            x=spectrum.shift_cm1,
            counts=spectrum.levelled_counts,
            window=fit.window_cm1,
            model_x=x,
            model=Curve("fit", fit.evaluate(x)),
            parts=(),
            expected=expected,
            sigma=np.sqrt(noise.variance(expected) * max(scale, 1e-12)),
            marks=((fit.line_cm1, self.symbol),),
        )


def _stated(table: "Vibron", given: Mapping[str, Any]) -> RamanLineGauge:
    from dac_control.app.stated_gauges import vibron_gauge

    return vibron_gauge(table, **given)


def _details(fit: RamanLineFit) -> dict[str, Any]:
    return {
        "fwhm_cm1": fit.fwhm_cm1,
        "height_counts": fit.height_counts,
        "chi2_reduced": fit.chi2_reduced,
        "signal_to_noise": fit.signal_to_noise,
        "masked_pixels": fit.masked_pixels,
        "window_cm1": list(fit.window_cm1),
    }
