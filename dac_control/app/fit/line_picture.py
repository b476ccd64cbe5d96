"""What there is to draw of a fit of lines: ruby's two, or samarium's one."""

from dataclasses import replace

import numpy as np

from dac_control.app.fit.plot import Curve, FitPicture, model_axis
from dac_control.gauges import PhotonNoise, RubyFit, Spectrum

__all__ = ["line_picture"]


def line_picture(fit: RubyFit, spectrum: Spectrum, name: str) -> FitPicture | None:
    """Model, its parts, and the noise that the weights had; None where nothing was fitted.

    Parts are the model with a parameter at 0: without a height the background is left, without
    a ratio the first line.
    """
    if fit.model == "none":
        return None
    x = model_axis(fit.window_nm)
    level = _without(fit, "height_counts").evaluate(x)
    parts = [Curve("background", level)]
    if fit.model == "doublet":
        first = _without(fit, "ratio").evaluate(x)
        parts = [Curve(name, first), Curve("R2", fit.evaluate(x) - first + level), *parts]
    expected = fit.evaluate(spectrum.wavelength_nm)
    noise = PhotonNoise.of(spectrum)
    scale = fit.chi2_reduced if noise.gain_assumed else 1.0
    marks = ((fit.r1_nm, name), (fit.r2_nm, "R2"))
    return FitPicture(
        x=spectrum.wavelength_nm,
        counts=spectrum.levelled_counts,
        window=fit.window_nm,
        model_x=x,
        model=Curve("fit", fit.evaluate(x)),
        parts=tuple(parts),
        expected=expected,
        sigma=np.sqrt(noise.variance(expected) * max(scale, 1e-12)),
        marks=tuple(mark for mark in marks if np.isfinite(mark[0])),
    )


def _without(fit: RubyFit, name: str) -> RubyFit:
    values = np.array(fit.parameters)
    values[fit.parameter_names.index(name)] = 0.0
    return replace(fit, parameters=values)
