"""The Raman edge of the anvil behind ``fit``."""

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dac_control.app.fit.adapter import fit_one_by_one, flag_message, or_nan, refuse_options
from dac_control.app.fit.axes import UsableAxis
from dac_control.app.fit.detector import Detector
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.recorded import RecordedGauges
from dac_control.app.fit.results import Reading
from dac_control.app.given_nu0 import nu0_given
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.diamond_edge import (
    DISQUALIFYING_EDGE,
    EDGE_FLAGS,
    DiamondEdgeGauge,
    EdgeFit,
    RamanSpectrum,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.spectrum_files.model import AxisUnit

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture

__all__ = ["EdgeAdapter"]


class EdgeAdapter:
    """High-frequency edge of the anvil's Raman band."""

    unit: AxisUnit = "cm-1"
    key: str = "edge_cm1"
    symbol: str = "edge"
    window: tuple[float, float] = (1335.0, 2250.0)
    meanings: Mapping[str, str] = EDGE_FLAGS | MEASUREMENT_FLAGS

    def __init__(self, options: FitOptions) -> None:
        refuse_options(
            options,
            ("lambda0_nm", "lambda0_date", "correction"),
            "the gauge diamond_edge, which counts from --nu0-cm1",
        )
        self._options = options
        self._recorded = RecordedGauges(options, "diamond_edge", self._as_recorded)
        self.window = options.between or self.window
        self._between = options.between
        self._gauge = _gauge(options)

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
        measure = functools.partial(self._gauge.measure, expected_cm1=self._between)
        return fit_one_by_one(measure, spectra, temperatures_k)

    def read(
        self,
        fit: PressureMeasurement,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Sort a measurement into a reading."""
        edge = fit.fit
        recorded = self._recorded.of(said)
        if recorded is not None and isinstance(edge, EdgeFit):
            fit = recorded.pressure_from_fit(edge, or_nan(temperature_k), convention="vacuum")
        details = _details(edge) if isinstance(edge, EdgeFit) else {}
        good = isinstance(edge, EdgeFit) and edge.ok
        message = "" if good else flag_message(fit.flags, EDGE_FLAGS, DISQUALIFYING_EDGE)
        return Reading(
            ok=good,
            observable=fit.observable,
            sigma=fit.observable_sigma,
            flags=fit.flags,
            measurement=fit if good else None,
            message=message,
            details=details,
            fit=edge,
        )

    def _as_recorded(self, settings: Mapping[str, Any]) -> DiamondEdgeGauge:
        from dac_control.app.recorded_gauges import recorded_edge  # for runs only

        options = self._options
        return recorded_edge(
            settings,
            scale=options.scale,
            laser_nm=None if options.laser_nm is None else options.vacuum_laser_nm,
            laser_sigma_nm=options.laser_sigma_nm,
            nu0=nu0_given(options.nu0_cm1),
        )

    def picture(self, fit: EdgeFit, spectrum: RamanSpectrum) -> "FitPicture | None":
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
            marks=((fit.edge_cm1, "edge"),),
        )


def _gauge(options: FitOptions) -> DiamondEdgeGauge:
    nu0 = nu0_given(options.nu0_cm1, options.convention)
    laser: dict[str, Any] = {
        "laser_sigma_nm": options.laser_sigma,
        "laser_nm": options.vacuum_laser_nm,
    }
    table = None if options.stated is None else options.stated.edge
    if table is None:
        return DiamondEdgeGauge(scale=options.scale or "akahama2006", nu0=nu0, **laser)
    from dac_control.app.stated_gauges import edge_gauge

    given = laser if nu0 is None else {**laser, "nu0": nu0}
    return edge_gauge(table, scale=options.scale or table.scale, **given)


def _details(fit: EdgeFit) -> dict[str, Any]:
    return {
        "derivative_minimum_cm1": fit.derivative_minimum_cm1,
        "derivative_minimum_sigma_cm1": fit.derivative_minimum_sigma_cm1,
        "smoothed_minimum_cm1": fit.smoothed_minimum_cm1,
        "smoothed_minimum_sigma_cm1": fit.smoothed_minimum_sigma_cm1,
        "width_cm1": fit.width_cm1,
        "height_counts": fit.height_counts,
        "chi2_reduced": fit.chi2_reduced,
        "signal_to_noise": fit.signal_to_noise,
        "masked_pixels": fit.masked_pixels,
        "window_cm1": list(fit.window_cm1),
        "other_edges_cm1": list(fit.other_edges_cm1),
    }
