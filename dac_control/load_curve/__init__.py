"""Turns of the screw to pressure: models, residuals, and extrapolation as a type.

Arrays go in and values come out; nothing here knows a device. What a load curve predicts is
never a measurement: it comes back as `Interpolated` or `Extrapolated`.
"""

from dac_control.load_curve.curve import FormFit, LoadCurve, fit_load_curve
from dac_control.load_curve.errors import LoadCurveError
from dac_control.load_curve.predictions import Extrapolated, Interpolated, TurnsEstimate
from dac_control.load_curve.slope import LocalSlope, local_slope_gpa_per_turn

__all__ = [
    "Extrapolated",
    "FormFit",
    "Interpolated",
    "LoadCurve",
    "LoadCurveError",
    "LocalSlope",
    "TurnsEstimate",
    "fit_load_curve",
    "local_slope_gpa_per_turn",
]
