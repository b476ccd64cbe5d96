"""From a spectrum to the R1 line: search, fit, and search again where a cosmic ray was found."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.line_search import LineStart, find_line
from dac_control.gauges.r2_population import WARM_RATIO, boltzmann
from dac_control.gauges.ruby_result import RubyFit, no_line
from dac_control.gauges.ruby_verdict import Pixels, judge
from dac_control.gauges.ruby_window import WindowFit, fit_window
from dac_control.gauges.spectrum import PhotonNoise, Spectrum

__all__ = ["fit_ruby"]

_SATURATED_SHARE: Final = 0.95
"""Share of full scale from which the mean of several exposures may hide a clipped one."""
_NARROWEST_PX: Final = 1.8
"""An optical line is at least two pixels wide; what is narrower fell on the detector."""
_ATTEMPTS: Final = 4
_SINGLE_WIDTH_NM: Final = 1.0
"""A single line broader than that may be two: the sensor is cold, the chip is not."""


def fit_ruby(
    spectrum: Spectrum,
    *,
    temperature_k: float,
    expected_nm: tuple[float, float] | None = None,
) -> RubyFit:
    """Find and fit the ruby lines.

    Fisher scoring of one or two pseudo-Voigt lines on a straight background, with the weights
    of photon and read noise. A poor spectrum is no error: its fit says so in `flags`.

    Parameters
    ----------
    spectrum : Spectrum
    temperature_k : float
        Of the ruby; decides whether R2 can be there, and how strong.
    expected_nm : tuple of float, optional
        A line outside these wavelengths is fitted and flagged ``outside_window``.

    Raises
    ------
    NotMeasured
        The temperature is no temperature.
    ConfigurationError
        The expected window is empty.
    """
    if not 0.0 < temperature_k < 5000.0:
        raise NotMeasured(
            f"The ruby temperature is {temperature_k} K, which is no temperature; without it R2 "
            "cannot be predicted, so check the sensor at the cell."
        )
    if expected_nm is not None and not expected_nm[0] < expected_nm[1]:
        raise ConfigurationError(
            f"The ruby line is expected between {expected_nm[0]} and {expected_nm[1]} nm; "
            "give the shorter wavelength first."
        )
    pixels = _pixels(spectrum)
    with np.errstate(all="ignore"):
        fit = _fit(pixels, temperature_k)
        flags = _assumptions(spectrum)
        if fit is None:
            return no_line(pixels.range_nm, ("no_line", *flags))
        result, problems = judge(fit, pixels, temperature_k)
    if result is None:
        return no_line(pixels.range_nm, (*problems, *flags))
    if expected_nm is not None and not expected_nm[0] <= result.r1_nm <= expected_nm[1]:
        problems = (*problems, "outside_window")
    return RubyFit(**{**result.__dict__, "flags": (*problems, *flags)})


def _pixels(spectrum: Spectrum) -> Pixels:
    full = spectrum.saturation_counts
    saturated = np.zeros(spectrum.counts.shape, dtype=bool)
    if full is not None:
        saturated = spectrum.counts >= _SATURATED_SHARE * full
    return Pixels(
        x=spectrum.wavelength_nm,
        y=spectrum.levelled_counts,
        noise=PhotonNoise.of(spectrum),
        saturated=saturated,
    )


def _fit(pixels: Pixels, temperature_k: float) -> WindowFit | None:
    """Search and fit; what is narrower than any optical line is masked, and searched again."""
    for _ in range(_ATTEMPTS):
        counts = pixels.without_spikes()
        ratio = 0.7 * boltzmann(temperature_k)
        start = find_line(pixels.x, counts, pixels.noise, ratio)
        if start is None:
            return None
        fit = _try_window(pixels, start, temperature_k)
        if fit is None:
            return None
        r1, fwhm = fit.estimate.parameters[:2]
        at = int(np.argmin(np.abs(pixels.x - r1)))
        if fwhm >= _NARROWEST_PX * _pitch(pixels.x, at):
            return fit
        pixels.spike[max(0, at - 2) : at + 3] = True
    return None


def _try_window(pixels: Pixels, start: LineStart, temperature_k: float) -> WindowFit | None:
    usable = ~(pixels.saturated | pixels.spike)
    window = partial(fit_window, pixels.x, pixels.y, usable, pixels.noise)
    try:
        fit = window(start, temperature_k)
        if _width(fit) > max(1.0, start.fwhm_nm + 0.5):
            fit = window(_from_fit(fit), temperature_k)
        if fit.model == "single" and _width(fit) > _SINGLE_WIDTH_NM:
            fit = _split(pixels, fit, partial(window, temperature_k=temperature_k, warm=True))
    except np.linalg.LinAlgError:
        return None
    return fit


def _split(pixels: Pixels, single: WindowFit, window: Callable[..., WindowFit]) -> WindowFit:
    """Replace one line that is too broad to be one by two, where the data insist."""
    start = find_line(pixels.x, pixels.without_spikes(), pixels.noise, WARM_RATIO)
    if start is None:
        return single
    doublet = window(start)
    return doublet if doublet.beats(single) else single


def _width(fit: WindowFit) -> float:
    return float(fit.estimate.parameters[1])


def _from_fit(fit: WindowFit) -> LineStart:
    r1, fwhm = (float(value) for value in fit.estimate.parameters[:2])
    return LineStart(r1_nm=r1, fwhm_nm=fwhm, signal_to_noise=0.0)


def _assumptions(spectrum: Spectrum) -> tuple[str, ...]:
    gain = () if spectrum.gain_e_per_count is not None else ("gain_assumed",)
    dark = () if spectrum.dark_counts is not None else ("dark_assumed",)
    return (*gain, *dark)


def _pitch(x: NDArray[np.float64], at: int) -> float:
    at = min(max(at, 1), x.size - 2)
    return float(x[at + 1] - x[at - 1]) / 2.0
