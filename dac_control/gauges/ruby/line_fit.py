"""A line at a given place: cut its window, fit, judge, and fit again where the window was wrong."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.clipped import unclipped
from dac_control.gauges.ruby.fitted import Fitted
from dac_control.gauges.ruby.fitting import WindowFitter
from dac_control.gauges.ruby.leftovers import USED
from dac_control.gauges.ruby.luminescence import beyond_parabola
from dac_control.gauges.ruby.other_lines import OtherLines
from dac_control.gauges.ruby.placed import Place, Spectra
from dac_control.gauges.ruby.prominence import LEAST_PROMINENCE, has_low_contrast, prominence
from dac_control.gauges.ruby.result import RubyFits
from dac_control.gauges.ruby.verdict import judge, stress_record
from dac_control.gauges.ruby.windows import PIXELS_NEEDED, cut, walked

__all__ = ["LineFitter"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_STEEP_SIGMA: Final = 25.0
"""Curvature over its sigma from which a background counts as an exponential one. The parabola of a
weaker bend moves R1 by at most a quarter of its sigma (e-fold in 11 nm), and a short window would
cost as much."""
_STEEP_WIDTH_NM: Final = 0.8
"""Broader lines need all of the window to be told from their background,"""
_LONG_WIDTH_NM: Final = 1.0
"""and of these even more."""

_WINDOWS: Final = 3
"""How often a window is cut anew before its line is called lost."""
_MUCH_NARROWER: Final = 0.4
"""Share of the width that a window was cut for, below which it shows another line."""

_BEND: Final = [0, 5, 6]
"""Place, slope and curvature of the background, among the parameters."""

_BUMP_SHIFT: Final = 0.5
"""How far a bump moves a line, in full widths times its height over that of the line."""


class LineFitter:
    """Fits lines at given places of spectra on one axis.

    Parameters
    ----------
    x, floor : arrays, shape (pixels,)
        Wavelength in nm, and the variance of a pixel without light.
    offset_counts : float
        Electronic offset in the counts.
    fitter : WindowFitter
    gain_assumed : bool
        The variance is known up to a factor only.
    priors : bool
        Whether `fitter` has the weak priors.
    """

    def __init__(
        self,
        x: Array,
        floor: Array,
        offset_counts: float,
        fitter: WindowFitter,
        *,
        gain_assumed: bool,
        priors: bool,
    ) -> None:
        self._x, self._floor, self._offset, self._fitter = x, floor, offset_counts, fitter
        self._gain_assumed, self._priors = gain_assumed, priors
        self._other_lines = OtherLines(x, self._once)

    @property
    def range_nm(self) -> tuple[float, float]:
        """First and last wavelength."""
        return float(self._x[0]), float(self._x[-1])

    def fit(self, spectra: Spectra, place: Place) -> RubyFits:
        """Fit every spectrum at its place, and again where the first fit says how to do better."""
        if spectra.saturated.any():
            at = unclipped(self._x, spectra.y, spectra.saturated, place.r1_nm, place.fwhm_nm)
            place = Place(*at, place.score)
        fits, fitted = self._once(spectra, place)
        self._other_window(fits, fitted, spectra, place)
        self._short_window(fits, fitted, spectra, place)
        self._other_lines.try_other_reading(fits, fitted, spectra, place)
        self._other_lines.leave_out_partner(fits, spectra, place)
        self._find_buried(fits, spectra)
        return fits

    def _other_window(self, fits: RubyFits, fitted: Fitted, spectra: Spectra, place: Place) -> None:
        """Where the line is broader or elsewhere than thought, cut the window anew."""
        p = fitted.scored.parameters
        again = p[:, 1] > np.maximum(1.0, place.fwhm_nm + 0.5)
        again |= walked(p[:, 0], place.r1_nm, place.fwhm_nm)
        rows = (again & (fits.model > 0)).nonzero()[0]
        for _ in range(_WINDOWS):
            if not rows.size:
                return
            p = fits.parameters[rows]
            at = Place(p[:, 0], p[:, 1], place.score[rows])
            part, refitted = self._once(spectra.take(rows), at)
            elsewhere = _is_elsewhere(refitted, at) & (part.model > 0)
            part.flag("not_converged")[:] |= elsewhere
            fits.put(rows, part)
            rows = rows[elsewhere]

    def _short_window(self, fits: RubyFits, fitted: Fitted, spectra: Spectra, place: Place) -> None:
        """Where the background bends strongly, a parabola holds over a short way only.

        The windows of broad lines are long, and what is poor in them may be their far ends.
        """
        p = fits.parameters
        bent = np.abs(p[:, 6]) > _STEEP_SIGMA * np.sqrt(fits.covariance[:, 6, 6])
        narrow, broad = p[:, 1] < _STEEP_WIDTH_NM, p[:, 1] > _LONG_WIDTH_NM
        poor = fits.flag("poor_fit") | fits.flag("misfit")
        again = (fits.ok & bent & (narrow | broad)) | ((fits.model > 0) & broad & poor)
        rows = again.nonzero()[0]
        if rows.size:
            at = Place(p[rows, 0], p[rows, 1], place.score[rows])
            some = spectra.take(rows)
            part, refitted = self._once(some, at, steep=True)
            self._bent_on(part, refitted, some, at)
            good = part.ok & ~_is_elsewhere(refitted, at)
            fits.put(rows[good], part.take(np.flatnonzero(good)))

    def _bent_on(self, fits: RubyFits, fitted: Fitted, spectra: Spectra, place: Place) -> None:
        """Where the background goes on as an exponential, take off what no parabola follows."""
        bend = fitted.scored.parameters[:, _BEND]
        part, refitted = self._once(spectra, place, steep=True, bend=bend)
        part.bend[:] = bend
        better = np.flatnonzero(part.ok & (refitted.scored.chi2 < fitted.scored.chi2))
        fits.put(better, part.take(better))

    def _find_buried(self, fits: RubyFits, spectra: Spectra) -> None:
        """Where a line is low above its background, ask how that looks elsewhere."""
        p = fits.parameters
        low = has_low_contrast(p[:, 3], p[:, 4] - self._offset)
        for row in (low & fits.looks_like_ruby).nonzero()[0]:
            usable = ~(spectra.saturated[row] | spectra.spikes[row])
            z = prominence(self._x, spectra.y[row], usable, p[row], self._offset)
            moved = _BUMP_SHIFT * p[row, 1] / max(z, 1.0)
            fits.asymmetry_sigma_nm[row] = np.hypot(fits.asymmetry_sigma_nm[row], moved)
            if z < LEAST_PROMINENCE:
                fits.flag("buried")[row] = True
                fits.stress[row] = fits.stress_sigma[row] = np.nan

    def _once(
        self, spectra: Spectra, place: Place, *, steep: bool = False, bend: Array | None = None
    ) -> tuple[RubyFits, Fitted]:
        """Cut, fit and judge; `bend` is that of a background that is exponential."""
        usable = ~(spectra.saturated | spectra.spikes)
        windows, index, inside = cut(
            self._x, spectra.y, usable, self._floor, place.r1_nm, place.fwhm_nm, steep=steep
        )
        if bend is not None:
            windows = replace(windows, y=windows.y - beyond_parabola(windows.x, bend))
        fitted = self._fitter.fit(
            windows, place.r1_nm, place.fwhm_nm, place.score, spectra.temperature_k
        )
        fits, scale = judge(
            fitted,
            saturated=_windowed(spectra.saturated, index, inside),
            known_spikes=_windowed(spectra.spikes, index, inside).sum(axis=1),
            temperature_k=spectra.temperature_k,
            range_nm=self.range_nm,
            gain_assumed=self._gain_assumed,
        )
        few = fitted.scored.leftovers[:, USED] < PIXELS_NEEDED
        if few.any():
            fits.model[few] = 0
            fits.flagged[few] = False
            fits.flag("no_line")[few] = True
        stress_record(fits, fitted, self._fitter, scale, again=self._priors)
        return fits, fitted


def _is_elsewhere(fitted: Fitted, place: Place) -> Mask:
    """True where the window was not cut for the line that was found: another one, or none."""
    p = fitted.scored.parameters
    far = walked(p[:, 0], place.r1_nm, place.fwhm_nm)
    return far | (p[:, 1] < _MUCH_NARROWER * place.fwhm_nm)


def _windowed(mask: Mask, index: Rows, inside: Mask) -> Mask:
    """Pixels of a mask in the windows."""
    if not mask.any():
        return np.zeros(inside.shape, dtype=bool)
    return mask.take(index) & inside
