"""Load curves as ``show --json`` prints them. Nothing in it is a measurement."""

from typing import Any

import numpy as np

from dac_control.app.findings.curves import Curves, LegCurve, left_out, parameter_count
from dac_control.load_curve import Extrapolated, FormFit, LoadCurve
from dac_control.records.summary import plain

__all__ = ["describe_curves"]

PLACES = 27
"""Turns at which a curve says what it predicts, from its first to where drawing ends."""


def describe_curves(curves: Curves) -> dict[str, Any]:
    """All curves of a run, under ``load_curve``."""
    hysteresis = curves.hysteresis
    return {
        "note": "fits to measured steps; none of these values is a measured pressure",
        "sigma_turns": curves.sigma_turns,
        "sigma_turns_note": curves.turns_words,
        "branches": [_leg(leg) for leg in curves.legs],
        "dead_bands": [plain(vars(band)) for band in curves.dead_bands],
        "hysteresis": None if hysteresis is None else plain(vars(hysteresis)),
    }


def _leg(leg: LegCurve) -> dict[str, Any]:
    curve = leg.curve
    return plain(
        {
            "branch": leg.branch,
            "gauge": leg.gauge,
            "leg": leg.leg,
            "points": curve.turns.size,
            "turns": curve.turns,
            "pressure_gpa": curve.pressure_gpa,
            "criterion": curve.criterion,
            "chosen": curve.form,
            "rivals": [fit.form for fit in curve.rivals],
            "scatter_gpa": curve.scatter_gpa,
            "residuals_gpa": curve.residuals_gpa,
            "prediction_level": 0.95,
            "predictions": _predictions(leg),
            "forms": [_form(fit, curve) for fit in curve.fits],
            "forms_without_a_fit": [
                {"form": form, "reason": reason, "weight": curve.form_weights.get(form)}
                for form, reason in left_out(curve)
            ],
        }
    )


def _predictions(leg: LegCurve) -> list[dict[str, Any]]:
    """Median and central interval along the curve; all of the model, error in turns included."""
    found = [leg.curve.predict(float(turns)) for turns in np.linspace(*leg.reach_turns, PLACES)]
    return [
        {"fraction": 0.0, **vars(each), "extrapolated": isinstance(each, Extrapolated)}
        for each in found
    ]


def _form(fit: FormFit, curve: LoadCurve) -> dict[str, Any]:
    return {
        "form": fit.form,
        "chosen": fit is curve.chosen,
        "parameters": parameter_count(fit),
        "values": fit.parameters,
        "chi2": fit.chi2,
        "aic": fit.aic,
        "aicc": fit.aicc,
        "bic": fit.bic,
        "scatter_gpa": fit.scatter_gpa,
        "residual_rms_gpa": fit.residual_rms_gpa,
        "weight": curve.form_weights.get(fit.form),
    }
