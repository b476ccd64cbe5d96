"""From lamp spectra to the correction of the axis."""

import datetime
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.polynomial import legendre

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.axis_calibration.calibration import AxisCalibration, CalibrationLine
from dac_control.gauges.axis_calibration.identify import FEWEST_LINES, Match, identify
from dac_control.gauges.axis_calibration.lamp_lines import lamp_lines
from dac_control.gauges.axis_calibration.peaks import find_lamp_peaks
from dac_control.gauges.axis_calibration.series import (
    SeriesFit,
    dwarfs_the_others,
    fit_series,
    sigma_nm,
)
from dac_control.gauges.spectrum import Spectrum

__all__ = ["calibrate_axis"]

# Leave-one-out residuals beyond this many standard deviations are wrong names or hidden blends.
_OUTLIER_SIGMA: Final = 4.5
_MOST_OUTLIERS: Final = 0.2


def calibrate_axis(
    spectra: Spectrum | Sequence[Spectrum],
    lamp: str,
    *,
    instrument: str,
    time: datetime.datetime,
    window_nm: float = 1.0,
    scale_window: float = 1e-3,
) -> AxisCalibration:
    """Find, name and fit the lines of a lamp.

    Parameters
    ----------
    spectra : Spectrum or sequence of Spectrum
        Of the lamp on the instrument's own axis; several exposures let weak lines be seen beside
        strong ones, each line is taken from the spectrum that shows it best.
    lamp : str
        One of `LAMPS`.
    instrument : str
        Model and serial number, for the record.
    time : datetime.datetime
        When the lamp was measured, with its time zone.
    window_nm, scale_window : float
        How wrong the axis may be: as a whole, and relative in scale.

    Returns
    -------
    AxisCalibration

    Raises
    ------
    NotMeasured
        Too few lines, another lamp, saturated lines; the text says what to do.
    ConfigurationError
        No such lamp, no spectrum, or spectra of different axes.
    """
    several = [spectra] if isinstance(spectra, Spectrum) else list(spectra)
    _check(several, window_nm, scale_window)
    lines = lamp_lines(lamp)
    axis = several[0].wavelength_nm
    found: list[tuple[Match, ...]] = []
    problem: NotMeasured | None = None
    for spectrum in several:
        try:
            found.append(
                identify(
                    find_lamp_peaks(spectrum),
                    lines,
                    lamp,
                    window_nm=window_nm,
                    scale_window=scale_window,
                    covered_nm=(float(axis[0]), float(axis[-1])),
                )
            )
        except NotMeasured as error:
            problem = error
    if problem is not None and not found:
        raise problem
    matches = _best(found)
    usable = [match for match in matches if not match.blended and not match.peak.saturated]
    _check_number(usable, matches, lamp)
    return _calibration(usable, matches, lamp, instrument, time)


def _check(several: Sequence[Spectrum], window_nm: float, scale_window: float) -> None:
    if not several:
        raise ConfigurationError("There is no spectrum of the lamp; take one first.")
    if any(not np.array_equal(s.wavelength_nm, several[0].wavelength_nm) for s in several):
        raise ConfigurationError("The lamp spectra have different axes; calibrate one at a time.")
    if not (0.0 < window_nm <= 5.0 and 0.0 <= scale_window <= 0.01):
        raise ConfigurationError(
            f"A search window of {window_nm} nm and {scale_window} in scale is of no use; give up "
            "to 5 nm and up to 0.01."
        )


def _best(found: Sequence[Sequence[Match]]) -> list[Match]:
    """Each line from the spectrum that shows it with the least uncertainty, unsaturated."""
    chosen: dict[float, Match] = {}
    for match in (match for matches in found for match in matches):
        other = chosen.get(match.line.wavelength_nm)
        key = (match.blended, match.peak.saturated, match.peak.sigma_nm)
        if other is None or key < (other.blended, other.peak.saturated, other.peak.sigma_nm):
            chosen[match.line.wavelength_nm] = match
    return sorted(chosen.values(), key=lambda match: match.line.wavelength_nm)


def _check_number(usable: Sequence[Match], matches: Sequence[Match], lamp: str) -> None:
    if len(usable) >= FEWEST_LINES:
        return
    saturated = sum(match.peak.saturated for match in matches)
    blended = sum(match.blended for match in matches)
    if saturated > blended:
        advice = f"{saturated} are saturated: expose for a shorter time"
    elif blended:
        advice = f"{blended} are not resolved: use a narrower slit, a finer grating or another lamp"
    else:
        advice = "expose longer, or use a lamp with more lines here"
    raise NotMeasured(
        f"{len(usable)} lines of {lamp} can be used and an axis needs {FEWEST_LINES}; {advice}."
    )


def _calibration(
    usable: Sequence[Match],
    matches: Sequence[Match],
    lamp: str,
    instrument: str,
    time: datetime.datetime,
) -> AxisCalibration:
    kept, outliers = list(usable), list[Match]()
    while True:
        measured = [match.peak.position_nm for match in kept]
        centre, half = 0.5 * (max(measured) + min(measured)), 0.5 * (max(measured) - min(measured))
        fit = fit_series(kept, centre, half)
        worst = _contradicting(fit)
        if worst is None:
            break
        if len(kept) <= FEWEST_LINES or len(outliers) >= _MOST_OUTLIERS * len(usable):
            raise NotMeasured(
                f"More than {len(outliers)} of {len(usable)} lines of {lamp} contradict the "
                f"others, the next at {kept[worst].line.wavelength_nm:.3f} nm by "
                f"{fit.left_out[worst]:+.3f} nm; check the lamp, the focus and the slit, and look "
                "at the spectrum."
            )
        outliers.append(kept.pop(worst))
    return AxisCalibration(
        instrument=instrument,
        lamp=lamp,
        time=time,
        centre_nm=centre,
        half_span_nm=half,
        coefficients=tuple(float(value) for value in fit.coefficients),
        covariance=tuple(tuple(float(value) for value in row) for row in fit.covariance),
        scatter_nm=fit.scatter_nm,
        left_out_rms_nm=fit.rms_nm,
        chi2_reduced=fit.chi2_reduced,
        fwhm_nm=float(np.median([match.peak.fwhm_nm for match in kept])),
        lines=_listed(matches, kept, outliers, fit, centre, half),
    )


def _contradicting(fit: SeriesFit) -> int | None:
    """Index of the worst line, if it contradicts the others."""
    score = np.abs(fit.left_out) / fit.left_out_sigma
    worst = int(np.argmax(score))
    # a fitted scatter would swallow a single one that is far off
    far = dwarfs_the_others(fit.left_out, worst)
    return worst if score[worst] > _OUTLIER_SIGMA or far else None


def _listed(
    matches: Sequence[Match],
    kept: Sequence[Match],
    outliers: Sequence[Match],
    fit: SeriesFit,
    centre: float,
    half: float,
) -> tuple[CalibrationLine, ...]:
    listed: list[CalibrationLine] = []
    degree = fit.coefficients.size - 1
    for match in matches:
        peak, line = match.peak, match.line
        place = min(max((peak.position_nm - centre) / half, -1.5), 1.5)
        correction = float(legendre.legvander(np.array([place]), degree)[0] @ fit.coefficients)
        residual = line.wavelength_nm - peak.position_nm - correction
        used = match in kept
        index = kept.index(match) if used else -1
        reason = "saturated" if peak.saturated else "blended"
        listed.append(
            CalibrationLine(
                species=line.species,
                wavelength_nm=line.wavelength_nm,
                measured_nm=peak.position_nm,
                sigma_nm=sigma_nm(match),
                residual_nm=residual,
                left_out_nm=float(fit.left_out[index]) if used else residual,
                used=used,
                reason="" if used else "outlier" if match in outliers else reason,
            )
        )
    return tuple(listed)
