"""The ruby lines in one window of one spectrum: bounds, priors, masks and the choice of model."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.fisher import Bounds, Estimate, fisher_scoring
from dac_control.gauges.line_search import SPLITTING_CM1, LineStart
from dac_control.gauges.lineshape import (
    DOUBLET,
    SINGLE,
    LineModel,
    model_and_jacobian,
    partner_nm,
    pseudo_voigt,
)
from dac_control.gauges.r2_population import (
    R2_GONE_K,
    STRENGTH_MAX,
    WARM_RATIO,
    boltzmann,
    largest_ratio,
)
from dac_control.gauges.spectrum import PhotonNoise
from dac_control.gauges.spikes import lone_spikes

__all__ = ["WindowFit", "fit_window"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Window about R1: R2 and the feet of both lines, short of the pair lines (N2 at +6.7 nm).
_BELOW_NM: Final = 4.5
_ABOVE_NM: Final = 3.5
_WIDEST_NM: Final = 5.0

# Weak priors, mean and sigma. A splitting of 4 cm-1 is 0.2 nm; both lines broaden together.
_SPLITTING_SIGMA_CM1: Final = 4.0
# Our choice, two and a half sigma of the prior: beyond, a fit splits one line to mend its shape.
_SPLITTING_LIMITS_CM1: Final = (20.0, 40.0)
_WIDTH_RATIO_SIGMA: Final = 0.3
_ETA: Final = (0.5, 0.5)

_SPIKE_ROUNDS: Final = 6
_SPIKE_LIKE_PX: Final = 6.0
_R2_SIGMA: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class WindowFit:
    """A model and what it was fitted to."""

    model: LineModel
    estimate: Estimate
    wavelength_nm: Vector
    counts: Vector
    used: Mask
    """Pixels that took part, shape (pixels of the window,)."""
    spikes: int
    """Pixels masked because they stood out of the model alone."""
    r2_unthermal: bool
    """R2 is stronger than the temperature allows."""

    @property
    def scatter(self) -> float:
        """Chi squared per degree of freedom."""
        freedom = int(self.used.sum()) - self.estimate.parameters.size
        return self.estimate.chi2 / max(freedom, 1)

    def beats(self, other: "WindowFit") -> bool:
        """True where this doublet is so much better that its additional freedom is needed.

        A splitting that ruby never has is bought with a wrong place: it convinces nobody.
        """
        low, high = _SPLITTING_LIMITS_CM1
        if not low < self.estimate.parameters[7] < high:
            return False
        gain = other.estimate.chi2 - self.estimate.chi2
        return gain > _R2_SIGMA**2 * max(1.0, self.scatter)


def fit_window(
    wavelength_nm: Vector,
    counts: Vector,
    usable: Mask,
    noise: PhotonNoise,
    start: LineStart,
    temperature_k: float,
    *,
    warm: bool = False,
) -> WindowFit:
    """Fit the lines about a first estimate.

    Parameters
    ----------
    wavelength_nm, counts : arrays, shape (pixels,)
    usable : array of bool, shape (pixels,)
        False for saturated pixels and known spikes.
    noise : PhotonNoise
    start : LineStart
    temperature_k : float
    warm : bool
        Fit the doublet as a warm chip shows it, whatever the temperature.

    Raises
    ------
    numpy.linalg.LinAlgError
        Too few pixels are usable, or the fit became singular.
    """
    x, y, ok = _cut(wavelength_nm, counts, usable, start)
    task = _Task(x, y, ok, noise)
    if warm:
        first = _with_heights(task, start, WARM_RATIO)
        return _warm_doublet(task, first, temperature_k)
    if temperature_k >= R2_GONE_K:
        return _thermal_doublet(task, start, temperature_k)
    single = task.fit("single", _with_heights(task, start, 0.0)[:6], STRENGTH_MAX)
    if not task.sees_partner(single):
        return single
    partner = (0.1, SPLITTING_CM1, 1.0)
    return _warm_doublet(task, np.append(single.estimate.parameters, partner), temperature_k)


def _thermal_doublet(task: "_Task", start: LineStart, temperature_k: float) -> WindowFit:
    bound = largest_ratio(temperature_k)
    first = _with_heights(task, start, min(0.75 * boltzmann(temperature_k), bound))
    fit = task.fit("doublet", first, bound)
    if fit.estimate.parameters[6] < bound * (1.0 - 1e-9):
        return fit
    return _warm_doublet(task, fit.estimate.parameters, temperature_k, against=fit)


def _warm_doublet(
    task: "_Task", first: Vector, temperature_k: float, against: WindowFit | None = None
) -> WindowFit:
    """Fit with R2 as strong as at any temperature; keep it where the data insist."""
    fit = task.fit("doublet", first, STRENGTH_MAX)
    if against is not None:
        if not fit.beats(against):
            return against
    ratio = float(fit.estimate.parameters[6])
    unthermal = ratio > largest_ratio(temperature_k)
    return WindowFit(**{**fit.__dict__, "r2_unthermal": unthermal})


class _Task:
    """The pixels of a window and the ways to fit them."""

    def __init__(self, x: Vector, y: Vector, usable: Mask, noise: PhotonNoise) -> None:
        self.x, self.y, self.usable, self.noise = x, y, usable, noise
        self.pitch = float(np.median(np.diff(x)))

    def fit(self, model: LineModel, start: Vector, largest: float) -> WindowFit:
        """Fit, mask what stands out alone, and fit again until nothing does."""
        bounds = self._bounds(model, largest)
        used, spikes = self.usable.copy(), 0
        estimate = self._score(model, start, used, bounds)
        for _ in range(_SPIKE_ROUNDS):
            found = self._spikes(model, estimate, used)
            if not found.any():
                break
            used &= ~found
            spikes += int(found.sum())
            estimate = self._score(model, estimate.parameters, used, bounds)
        return WindowFit(
            model=model,
            estimate=estimate,
            wavelength_nm=self.x,
            counts=self.y,
            used=used,
            spikes=spikes,
            r2_unthermal=False,
        )

    def sees_partner(self, single: WindowFit) -> bool:
        """True where the residual of one line shows a second one at the place of R2."""
        r1, fwhm, eta = single.estimate.parameters[:3]
        x = self.x[single.used]
        template = pseudo_voigt(x - partner_nm(r1, SPLITTING_CM1), fwhm, eta)[0]
        _mu, jacobian = model_and_jacobian("single", single.estimate.parameters, x)
        weight = 1.0 / single.estimate.variance
        residual = self.y[single.used] - single.estimate.expected
        design = np.vstack((jacobian[4:6], template))
        information = (design * weight) @ design.T
        amplitude = np.linalg.solve(information, (design * weight) @ residual)[2]
        variance = np.linalg.inv(information)[2, 2] * max(1.0, single.scatter)
        return bool(amplitude > _R2_SIGMA * np.sqrt(variance))

    def _score(self, model: LineModel, start: Vector, used: Mask, bounds: Bounds) -> Estimate:
        if int(used.sum()) < start.size + 3:
            raise np.linalg.LinAlgError("too few usable pixels in the window")
        x = self.x[used]
        return fisher_scoring(
            lambda parameters: model_and_jacobian(model, parameters, x),
            self.y[used],
            self.noise.variance,
            start,
            bounds,
        )

    def _spikes(self, model: LineModel, estimate: Estimate, used: Mask) -> Mask:
        expected = model_and_jacobian(model, estimate.parameters, self.x)[0]
        r1, fwhm, _eta, _height, level, slope = estimate.parameters[:6]
        line = expected - level - slope * (self.x - r1)
        found = lone_spikes(self.y - expected, line, self.noise.variance(expected), used)
        if model == "single" and fwhm < _SPIKE_LIKE_PX * self.pitch:
            # What stands where R2 would be, as narrow as this, is `sees_partner`'s to judge.
            found &= np.abs(self.x - partner_nm(r1, SPLITTING_CM1)) > 1.5 * fwhm
        return found

    def _bounds(self, model: LineModel, largest: float) -> Bounds:
        names = DOUBLET if model == "doublet" else SINGLE
        inf = np.inf
        # name: lower, upper, prior mean, prior sigma
        table = {
            "r1_nm": (self.x[0], self.x[-1], 0.0, inf),
            "fwhm_nm": (0.8 * self.pitch, max(_WIDEST_NM, 3.0 * self.pitch), 0.0, inf),
            "eta": (0.0, 1.0, *_ETA),
            # Above 0, for a line without height has neither place nor width.
            "height_counts": (1e-4 * float(np.ptp(self.y)) + 1e-9, inf, 0.0, inf),
            "background_counts": (-inf, inf, 0.0, inf),
            "background_slope_counts_per_nm": (-inf, inf, 0.0, inf),
            "ratio": (0.0, largest, 0.0, inf),
            "splitting_cm1": (*_SPLITTING_LIMITS_CM1, SPLITTING_CM1, _SPLITTING_SIGMA_CM1),
            "width_ratio": (0.4, 2.5, 1.0, _WIDTH_RATIO_SIGMA),
        }
        lower, upper, mean, sigma = np.array([table[name] for name in names]).T
        return Bounds(lower=lower, upper=upper, expected=mean, precision=sigma**-2.0)


def _cut(x: Vector, y: Vector, usable: Mask, start: LineStart) -> tuple[Vector, Vector, Mask]:
    wider = 2.0 * max(0.0, start.fwhm_nm - 1.0)
    low, high = start.r1_nm - _BELOW_NM - wider, start.r1_nm + _ABOVE_NM + wider
    first, last = np.searchsorted(x, (low, high))
    if last - first < len(DOUBLET) + 3:
        raise np.linalg.LinAlgError("too few pixels in the window")
    inside = slice(int(first), int(last))
    return x[inside], y[inside], usable[inside]


def _with_heights(task: _Task, start: LineStart, ratio: float) -> Vector:
    """Parameters to start from: background from the darkest pixels, height by least squares."""
    x, y = task.x[task.usable], task.y[task.usable]
    if x.size < len(DOUBLET) + 3:
        raise np.linalg.LinAlgError("too few usable pixels in the window")
    shape = partial(pseudo_voigt, fwhm_nm=start.fwhm_nm, eta=0.5)
    line = shape(x - start.r1_nm)[0]
    line = line + ratio * shape(x - partner_nm(start.r1_nm, SPLITTING_CM1))[0]
    level = float(np.percentile(y, 20.0))
    height = float(line @ (y - level) / max(float(line @ line), 1e-12))
    tail = (ratio, SPLITTING_CM1, 1.0)
    return np.array((start.r1_nm, start.fwhm_nm, 0.5, height, level, 0.0, *tail))
