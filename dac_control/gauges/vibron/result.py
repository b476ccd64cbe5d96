"""What a fit of one Raman line says: the line, its covariance, and what speaks against it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.gauges.ruby.lineshape import pseudo_voigt

__all__ = [
    "DISQUALIFYING_LINE",
    "LINE_NAMES",
    "RAMAN_LINE_FLAGS",
    "RamanLineFit",
    "line_and_jacobian",
    "no_line",
]

Vector = NDArray[np.float64]

RAMAN_LINE_FLAGS: Final = {
    "no_line": "nothing stands out of the noise where the line is expected",
    "short_axis": "the axis holds too little of where the line is expected",
    "low_signal": "a line is there, but too weak for its position to be relied on",
    "saturated": "pixels of the line are at full scale",
    "not_converged": "the fit did not come to rest",
    "at_edge": "the line stands at the end of the range or of the allowed widths",
    "misfit": "what is there does not have the shape of one line",
    "poor_fit": "the scatter is larger than photons explain; sigma was widened by it",
    "spike": "pixels were masked as cosmic rays",
    "gain_assumed": "the gain is unknown; sigma comes from the scatter about the fit",
    "dark_assumed": "the electronic offset is unknown; all counts were taken for light",
}
"""Every flag of a fit of one Raman line with its meaning."""

DISQUALIFYING_LINE: Final = frozenset(
    ("no_line", "short_axis", "low_signal", "saturated", "not_converged", "at_edge", "misfit")
)
"""Flags with which a line is not a measurement."""

LINE_NAMES: Final = (
    "line_cm1",
    "fwhm_cm1",
    "eta",
    "height_counts",
    "background_counts",
    "background_slope_counts_per_cm1",
    "background_curvature_counts_per_cm2",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class RamanLineFit:
    """One Raman line; NaN where there is none."""

    line_cm1: float
    line_sigma_cm1: float
    """Statistical standard uncertainty."""
    fwhm_cm1: float
    eta: float
    """Lorentzian share between 0 and 1."""
    height_counts: float
    chi2_reduced: float
    parameter_names: tuple[str, ...]
    parameters: Vector
    """Shape (n,)."""
    covariance: Vector
    """Of the parameters, shape (n, n)."""
    window_cm1: tuple[float, float]
    flags: tuple[str, ...]
    """Names out of `RAMAN_LINE_FLAGS`."""
    signal_to_noise: float = 0.0
    masked_pixels: int = 0

    @property
    def ok(self) -> bool:
        """True where a line was found and nothing disqualifies it."""
        return bool(self.parameters.size) and DISQUALIFYING_LINE.isdisjoint(self.flags)

    def evaluate(self, shift_cm1: ArrayLike) -> Vector:
        """Counts of the model, shape as given; NaN where there is no line."""
        x = np.asarray(shift_cm1, dtype=np.float64)
        if not self.parameters.size:
            return np.full(x.shape, np.nan)
        return line_and_jacobian(self.parameters, x.ravel())[0].reshape(x.shape)


def line_and_jacobian(parameters: Vector, x: Vector) -> tuple[Vector, Vector]:
    """Pseudo-Voigt on a parabola: counts, shape (n,), and derivatives, shape (7, n)."""
    centre, fwhm, eta, height, level, slope, bend = parameters
    d = x - centre
    line, by_u, by_eta = pseudo_voigt(d, float(fwhm), float(eta))
    jacobian = np.empty((7, x.size))
    jacobian[0] = -height / fwhm * by_u - slope - 2.0 * bend * d
    jacobian[1] = -height / fwhm**2 * by_u * d
    jacobian[2] = height * by_eta
    jacobian[3] = line
    jacobian[4] = 1.0
    jacobian[5] = d
    jacobian[6] = d * d
    return height * line + level + d * (slope + bend * d), jacobian


def no_line(
    limits: tuple[float, float], flags: tuple[str, ...], masked_pixels: int
) -> RamanLineFit:
    """The fit of a spectrum without a line between two shifts."""
    nan = float("nan")
    return RamanLineFit(
        line_cm1=nan,
        line_sigma_cm1=nan,
        fwhm_cm1=nan,
        eta=nan,
        height_counts=nan,
        chi2_reduced=nan,
        parameter_names=(),
        parameters=np.empty(0),
        covariance=np.empty((0, 0)),
        window_cm1=limits,
        flags=flags,
        masked_pixels=masked_pixels,
    )
