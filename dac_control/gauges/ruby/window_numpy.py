"""Windows of many spectra with NumPy: models, derivatives and their weighted products."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.lineshape import CM1_NM, DOUBLET, LN2_4
from dac_control.gauges.ruby.voigt_difference import ETA_STEPS, U_MAX, U_STEPS, difference_table

__all__ = ["LineSums", "evaluate", "kinds"]

Array = NDArray[np.float64]
Line = tuple[Array, Array, Array, Array | None]

PARAMETERS: Final = len(DOUBLET)
VOIGT: Final = 7
_PARTNER: Final = (8, 9, 10)


class LineSums:
    """Models of one kind, that have the same parameters.

    Parameters
    ----------
    partner, voigt : bool
        Whether R2 takes part, and whether lines may be true Voigt lines.
    """

    def __init__(self, *, partner: bool, voigt: bool) -> None:
        self.partner, self.voigt = partner, voigt
        left_out = (() if voigt else (VOIGT,)) + (() if partner else _PARTNER)
        self.parameters = np.array([j for j in range(PARAMETERS) if j not in left_out])
        """Those that matter, in order."""
        self._row = {int(j): row for row, j in enumerate(self.parameters)}

    def room(self, spectra: int, pixels: int) -> Array:
        """Room for derivatives and residuals: rows outside, so that each is one piece."""
        return np.empty((self.parameters.size + 1, spectra, pixels))

    def evaluate(self, p: Array, x: Array, jacobian: Array) -> Array:
        """Models, shape (spectra, pixels).

        Parameters
        ----------
        p : array, shape (spectra, 11)
        x : array, shape (spectra, pixels)
        jacobian : array, shape (parameters + 1, spectra, pixels)
            Takes the derivatives; the last row is left for the residuals.
        """
        r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
        level, slope, curvature, voigt = (p[:, j, None] for j in range(4, 8))
        d = np.subtract(x, r1, out=jacobian[5])
        square = np.multiply(d, d, out=jacobian[6])
        jacobian[4] = 1.0
        u = d / fwhm
        line, fall, per_eta, difference = self._line(u, eta, voigt)
        model = d * slope
        model += level
        model += curvature * square
        model += height * line
        fall *= height / fwhm
        np.multiply(fall, u, out=jacobian[1])
        np.multiply(height, per_eta, out=jacobian[2])
        jacobian[3] = line
        fall -= slope
        np.multiply(d, -2.0 * curvature, out=jacobian[0])
        jacobian[0] += fall
        if difference is not None:
            np.multiply(height, difference, out=jacobian[VOIGT])
        if self.partner:
            self._add_partner(p, x, model, jacobian)
        return model

    def _add_partner(self, p: Array, x: Array, model: Array, jacobian: Array) -> None:
        r1, fwhm, eta, height = (p[:, j, None] for j in range(4))
        voigt, ratio, splitting, width_ratio = (p[:, j, None] for j in range(7, 11))
        r2 = CM1_NM / (CM1_NM / r1 + splitting)
        fwhm2 = fwhm * width_ratio
        share = ratio / width_ratio
        height2 = height * share
        u = x - r2
        u /= fwhm2
        line, fall, per_eta, difference = self._line(u, eta, voigt)
        fall *= height2 / fwhm2
        fall_u = fall * u
        jacobian[0] += fall * (r2 / r1) ** 2
        jacobian[1] += fall_u * width_ratio
        per_eta *= height2
        jacobian[2] += per_eta
        jacobian[3] += share * line
        if difference is not None:
            jacobian[VOIGT] += height2 * difference
        ratio_row, splitting_row, width_row = (jacobian[self._row[j]] for j in _PARTNER)
        np.multiply(line, height / width_ratio, out=ratio_row)
        np.multiply(fall, -r2 * r2 / CM1_NM, out=splitting_row)
        np.multiply(fall_u, fwhm, out=width_row)
        line *= height2
        model += line
        line /= width_ratio
        width_row -= line

    def _line(self, u: Array, eta: Array, voigt: Array) -> Line:
        """Lines of height 1, minus their slopes by u, their slopes by eta, and the difference."""
        square = u * u
        lorentz = 4.0 * square
        lorentz += 1.0
        np.reciprocal(lorentz, out=lorentz)
        square *= -LN2_4
        gauss = np.exp(square, out=square)
        per_eta = lorentz - gauss
        line = eta * per_eta
        line += gauss
        fall = lorentz
        fall *= lorentz
        fall *= 8.0 * eta
        gauss *= 2.0 * (1.0 - eta) * LN2_4
        fall += gauss
        fall *= u
        if not self.voigt:
            return line, fall, per_eta, None
        difference, its_fall, its_per_eta = _difference(u, eta[:, 0])
        line += voigt * difference
        fall += voigt * its_fall
        per_eta += voigt * its_per_eta
        return line, fall, per_eta, difference


def kinds(p: Array, active: NDArray[np.bool_]) -> list[tuple[LineSums, NDArray[np.intp]]]:
    """Sort spectra by what their models need: each kind of model, and the rows it is for."""
    partner = active[:, 8] | (p[:, 8] != 0.0)
    voigt = active[:, VOIGT] | (p[:, VOIGT] != 0.0)
    found = []
    for kind in range(4):
        rows = np.flatnonzero(partner + 2 * voigt == kind)
        if rows.size:
            found.append((LineSums(partner=kind % 2 == 1, voigt=kind >= 2), rows))
    return found


def evaluate(p: Array, x: Array, active: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Models, shape (spectra, pixels), and their derivatives, (spectra, parameters, pixels).

    Parameters
    ----------
    p, active : arrays, shape (spectra, 11)
    x : array, shape (spectra, pixels)
    """
    model, jacobian = np.empty(x.shape), np.zeros((x.shape[0], PARAMETERS, x.shape[1]))
    with np.errstate(all="ignore"):
        for sums, rows in kinds(p, active):
            room = sums.room(rows.size, x.shape[1])
            model[rows] = sums.evaluate(p[rows], x[rows], room)
            jacobian[rows[:, None], sums.parameters] = room[:-1].transpose(1, 0, 2)
    return model, jacobian


def _difference(u: Array, eta: Array) -> tuple[Array, Array, Array]:
    """As `voigt_difference`, for many spectra at once, with minus its slope by u, and by eta."""
    table = difference_table()
    row = np.clip(np.where(np.isfinite(eta), eta, 0.0), 0.0, 1.0) * ETA_STEPS
    low = np.minimum(row.astype(np.intp), ETA_STEPS - 1)
    per_row = table[low + 1] - table[low]
    here = table[low] + (row - low)[:, None] * per_row
    far = np.abs(u)
    column = np.fmin(far * (U_STEPS / U_MAX), U_STEPS)
    left = column.astype(np.intp)
    part = column - left
    left += (np.arange(u.shape[0]) * table.shape[1])[:, None]
    beside = left + 1
    value = here.take(left)
    step = here.take(beside)
    step -= value
    value += part * step
    per_eta = per_row.take(left)
    per_eta += part * (per_row.take(beside) - per_eta)
    per_eta *= ETA_STEPS
    fall = step
    fall *= -U_STEPS / U_MAX
    np.copysign(fall, fall * u, out=fall)
    beyond = ~(far < U_MAX)
    if beyond.any():
        outside = u[beyond]
        fade = (U_MAX / outside) ** 2
        value[beyond] *= fade
        per_eta[beyond] *= fade
        fall[beyond] = 2.0 * value[beyond] / outside
    return value, fall, per_eta
