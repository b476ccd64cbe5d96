"""Turns of the screw to pressure: models, residuals, and extrapolation as a type.

Arrays go in and values come out; nothing here knows a device. What a load curve predicts is
never a measurement: it comes back as `Interpolated` or `Extrapolated`.
"""

from dac_control.load_curve.curve import LoadCurve, fit_load_curve
from dac_control.load_curve.errors import LoadCurveError
from dac_control.load_curve.form_fits import FormFit
from dac_control.load_curve.mixture import Mixture
from dac_control.load_curve.predictions import Extrapolated, Interpolated, TurnsEstimate

__all__ = [
    "Extrapolated",
    "FormFit",
    "Interpolated",
    "LoadCurve",
    "LoadCurveError",
    "Mixture",
    "TurnsEstimate",
    "fit_load_curve",
]
