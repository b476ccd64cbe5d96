"""Fisher scoring of ruby windows with NumPy alone: all spectra of a chunk step together.

For machines without numba. Same interface and same steps as `scoring_numba`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, LN2_4
from dac_control.gauges.ruby.scoring import (
    DAMPING_MAX,
    DAMPING_START,
    DECREMENT,
    DECREMENT_AT_END,
    MAX_ITERATIONS,
    PARAMETERS,
    Constraints,
    Noise,
    Scored,
    Windows,
)
from dac_control.gauges.ruby.voigt_difference import ETA_STEPS, U_MAX, U_STEPS, difference_table

__all__ = ["score_windows"]

Array = NDArray[np.float64]

_VOIGT: Final = 7
# Spectra that step together: their arrays stay in the processor's cache.
_CHUNK: Final = 64


def score_windows(windows: Windows, start: Array, constraints: Constraints, noise: Noise) -> Scored:
    """Fit every window; see `scoring`."""
    count, width = windows.x.shape
    scored = Scored.empty(count, width)
    for first in range(0, count, _CHUNK):
        which = np.arange(first, min(first + _CHUNK, count))
        with np.errstate(all="ignore"):
            part = _Chunk(windows.take(which), start[which], constraints.take(which), noise)
            scored.put(which, part.run())
    return scored


class _Chunk:
    """Spectra that are fitted together; those at rest drop out of the work."""

    def __init__(
        self, windows: Windows, start: Array, constraints: Constraints, noise: Noise
    ) -> None:
        self.w, self.c, self.noise = windows, constraints, noise
        self.p = np.clip(start, constraints.lower, constraints.upper)
        count = start.shape[0]
        self.damping = np.full(count, DAMPING_START)
        self.decrement = np.full(count, np.inf)
        self.model, self.jacobian = evaluate(self.p, windows.x, constraints.active)

    def run(self) -> Scored:
        going = np.arange(self.p.shape[0])
        for _ in range(MAX_ITERATIONS):
            if not going.size:
                break
            going = self._iterate(going)
        variance = self._variance(self.model, self.w)
        weight = np.where(self.w.used, 1.0 / variance, 0.0)
        information = _information(self.jacobian, weight, self.c.active)
        _add_diagonal(information, np.where(self.c.active, self.c.precision, 0.0))
        return Scored(
            parameters=self.p,
            information=information,
            model=self.model,
            variance=variance,
            chi2=np.sum(weight * (self.w.y - self.model) ** 2, axis=1),
            converged=self.decrement < DECREMENT_AT_END,
        )

    def _variance(self, model: Array, windows: Windows) -> Array:
        light = np.maximum(model - self.noise.offset_counts, 0.0)
        return light * self.noise.counts_variance + windows.floor

    def _iterate(self, going: NDArray[np.intp]) -> NDArray[np.intp]:
        """One step of the spectra that are not at rest; returns those that go on."""
        w, c, p = self.w.take(going), self.c.take(going), self.p[going]
        model, jacobian = self.model[going], self.jacobian[going]
        weight = np.where(w.used, 1.0 / self._variance(model, w), 0.0)
        precision = np.where(c.active, c.precision, 0.0)
        information = _information(jacobian, weight, c.active)
        _add_diagonal(information, precision)
        away = p - c.expected
        gradient = np.einsum("bpk,bk->bp", jacobian, weight * (w.y - model)) - precision * away
        gradient[~c.active] = 0.0
        here = _merit(w.y, model, weight, precision, away)
        free = c.active & ~_blocked(p, gradient, c)
        step = _newton(information, gradient, free, np.zeros(going.size))
        decrement = np.sum(step * gradient, axis=1)
        decrement /= np.maximum(1.0, here / np.maximum(w.used.sum(axis=1), 1))
        broken = ~(np.isfinite(here) & np.isfinite(decrement))
        decrement[broken] = np.inf
        last = decrement < DECREMENT
        step[last | broken] = np.where(last[:, None], step, 0.0)[last | broken]
        moved = self._move(going, w, c, information, gradient, free, weight, here, step, last)
        self.decrement[going] = decrement
        return going[moved & ~last & ~broken]

    def _move(
        self,
        going: NDArray[np.intp],
        w: Windows,
        c: Constraints,
        information: Array,
        gradient: Array,
        free: NDArray[np.bool_],
        weight: Array,
        here: Array,
        step: Array,
        last: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Take the step, the more damped the worse it is; True where one was taken."""
        moved = np.zeros(going.size, dtype=bool)
        todo = np.flatnonzero(np.isfinite(here))
        while todo.size:
            damped = todo[~last[todo]]
            at = self.damping[going[damped]]
            step[damped] = _newton(information[damped], gradient[damped], free[damped], at)
            part = c.take(todo)
            trial = np.clip(self.p[going[todo]] + step[todo], part.lower, part.upper)
            model, jacobian = evaluate(trial, w.x[todo], part.active)
            precision = np.where(part.active, part.precision, 0.0)
            merit = _merit(w.y[todo], model, weight[todo], precision, trial - c.expected)
            good = last[todo] | (merit < here[todo])
            rows = going[todo[good]]
            self.p[rows], self.model[rows] = trial[good], model[good]
            self.jacobian[rows] = jacobian[good]
            self.damping[rows] /= 10.0
            moved[todo[good]] = True
            worse = going[todo[~good]]
            self.damping[worse] *= 6.0
            todo = todo[~good][self.damping[worse] < DAMPING_MAX]
        return moved


def _merit(y: Array, model: Array, weight: Array, precision: Array, away: Array) -> Array:
    return np.sum(weight * (y - model) ** 2, axis=1) + np.sum(precision * away**2, axis=1)


def _information(jacobian: Array, weight: Array, active: NDArray[np.bool_]) -> Array:
    information = np.matmul(jacobian * weight[:, None, :], jacobian.transpose(0, 2, 1))
    return information * (active[:, :, None] & active[:, None, :])


def _add_diagonal(information: Array, values: Array) -> None:
    index = np.arange(PARAMETERS)
    information[:, index, index] += values


def _blocked(p: Array, gradient: Array, c: Constraints) -> NDArray[np.bool_]:
    return ((p <= c.lower) & (gradient < 0.0)) | ((p >= c.upper) & (gradient > 0.0))


def _newton(information: Array, gradient: Array, free: NDArray[np.bool_], damping: Array) -> Array:
    """Steps of the free parameters, scaled to a unit diagonal; NaN where it is singular."""
    index = np.arange(PARAMETERS)
    diagonal = information[:, index, index]
    free = free & (diagonal > 0.0)
    scale = np.where(free, 1.0 / np.sqrt(np.where(free, diagonal, 1.0)), 0.0)
    unit = information * scale[:, :, None] * scale[:, None, :]
    unit[:, index, index] = np.where(free, 1.0 + damping[:, None], 1.0)
    try:
        solution = np.linalg.solve(unit, (scale * gradient)[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        solution = np.full_like(gradient, np.nan)
        for row in range(unit.shape[0]):
            try:
                solution[row] = np.linalg.solve(unit[row], scale[row] * gradient[row])
            except np.linalg.LinAlgError:
                continue
    return scale * solution


def evaluate(p: Array, x: Array, active: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Models, shape (spectra, pixels), and their derivatives, (spectra, parameters, pixels)."""
    r1, fwhm, _eta, height, level, slope, curvature = (p[:, j, None] for j in range(7))
    jacobian = np.zeros((p.shape[0], PARAMETERS, x.shape[1]))
    d = x - r1
    bent = bool((active[:, _VOIGT] | (p[:, _VOIGT] != 0.0)).any())
    line, per_u, per_eta, difference = _shape(d / fwhm, p, bent)
    per_nm = -height / fwhm * per_u
    model = height * line + level + d * (slope + d * curvature)
    jacobian[:, 0] = per_nm - slope - 2.0 * curvature * d
    jacobian[:, 1] = per_nm * (d / fwhm)
    jacobian[:, 2] = height * per_eta
    jacobian[:, 3] = line
    jacobian[:, 4] = 1.0
    jacobian[:, 5] = d
    jacobian[:, 6] = d * d
    jacobian[:, _VOIGT] = height * difference
    two = np.flatnonzero(active[:, 8] | (p[:, 8] != 0.0))
    if two.size:
        model[two] += _add_partner(jacobian, two, p[two], x[two], bent)
    return model, jacobian


def _add_partner(jacobian: Array, rows: NDArray[np.intp], p: Array, x: Array, bent: bool) -> Array:
    r1, fwhm, height = (p[:, j, None] for j in (0, 1, 3))
    ratio, splitting, width_ratio = (p[:, j, None] for j in (8, 9, 10))
    r2, fwhm2 = CM1_NM / (CM1_NM / r1 + splitting), fwhm * width_ratio
    per_ratio = height / width_ratio
    height2 = ratio * per_ratio
    u = (x - r2) / fwhm2
    line, per_u, per_eta, difference = _shape(u, p, bent)
    per_nm = -height2 / fwhm2 * per_u
    jacobian[rows, 0] += per_nm * (r2 / r1) ** 2
    jacobian[rows, 1] += per_nm * u * width_ratio
    jacobian[rows, 2] += height2 * per_eta
    jacobian[rows, 3] += ratio / width_ratio * line
    jacobian[rows, _VOIGT] += height2 * difference
    jacobian[rows, 8] = per_ratio * line
    jacobian[rows, 9] = -per_nm * r2 * r2 / CM1_NM
    jacobian[rows, 10] = per_nm * u * fwhm - height2 / width_ratio * line
    return height2 * line


def _shape(u: Array, p: Array, bent: bool) -> tuple[Array, Array, Array, Array | float]:
    """Lines of height 1, their slopes by u and by eta, and what the parameter voigt scales."""
    eta, voigt = p[:, 2, None], p[:, _VOIGT, None]
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * square)
    gauss = np.exp(-LN2_4 * square)
    line = gauss + eta * (lorentz - gauss)
    slope = -2.0 * u * (4.0 * eta * lorentz * lorentz + (1.0 - eta) * LN2_4 * gauss)
    if not bent:
        return line, slope, lorentz - gauss, 0.0
    difference, per_u, per_eta = _difference(u, eta[:, 0])
    return (
        line + voigt * difference,
        slope + voigt * per_u,
        lorentz - gauss + voigt * per_eta,
        difference,
    )


def _difference(u: Array, eta: Array) -> tuple[Array, Array, Array]:
    """As `voigt_difference`, for many spectra at once, with its slopes by u and by eta."""
    table = difference_table()
    row = np.clip(np.where(np.isfinite(eta), eta, 0.0), 0.0, 1.0) * ETA_STEPS
    low = np.minimum(row.astype(np.intp), ETA_STEPS - 1)
    per_row = table[low + 1] - table[low]
    here = table[low] + (row - low)[:, None] * per_row
    far = np.abs(u)
    beyond = far > U_MAX
    column = np.minimum(np.where(np.isfinite(far), far, U_MAX) * (U_STEPS / U_MAX), U_STEPS)
    left = column.astype(np.intp)
    part = column - left
    value = np.take_along_axis(here, left, 1)
    step = np.take_along_axis(here, left + 1, 1) - value
    value += part * step
    per_eta = np.take_along_axis(per_row, left, 1)
    per_eta += part * (np.take_along_axis(per_row, left + 1, 1) - per_eta)
    fade = np.where(beyond, (U_MAX / np.maximum(far, U_MAX)) ** 2, 1.0)
    inside = step * (U_STEPS / U_MAX) * np.sign(u)
    per_u = np.where(beyond, -2.0 * value * fade / np.where(beyond, u, 1.0), inside)
    return value * fade, per_u, per_eta * fade * ETA_STEPS
