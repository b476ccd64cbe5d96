"""What a ruby fit says: the line, its covariance, and what speaks against it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.gauges.lineshape import LineModel, evaluate_ruby

__all__ = ["DISQUALIFYING", "RUBY_FLAGS", "RubyFit", "no_line"]

RUBY_FLAGS: Final = {
    "no_line": "nothing stands out of the noise where ruby shines",
    "low_signal": "the line is there, but too weak for its position to be relied on",
    "saturated": "pixels of the line are at full scale",
    "outside_window": "the line is not where it was expected",
    "not_converged": "the fit did not come to rest",
    "at_edge": "the line stands at the edge of the spectrum or of the allowed widths",
    "no_r2": "R2 is missing at a temperature at which ruby shows it: another line, not ruby",
    "misfit": "what is there does not have the shape of ruby lines",
    "poor_fit": "the scatter is larger than photons explain; sigma was widened by it",
    "spike": "pixels were masked as cosmic rays",
    "merged": "R1 and R2 overlap, so the position leans on splitting and shapes",
    "r2_above_thermal": "R2 is stronger than the temperature allows: the chip is warmer",
    "gain_assumed": "the gain is unknown; sigma comes from the scatter about the fit",
    "dark_assumed": "the electronic offset is unknown; all counts were taken for light",
}
"""Every flag of a ruby fit with its meaning."""

DISQUALIFYING: Final = frozenset(
    (
        "no_line",
        "low_signal",
        "saturated",
        "outside_window",
        "not_converged",
        "at_edge",
        "no_r2",
        "misfit",
    )
)
"""Flags with which a line is not a measurement."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RubyFit:
    """The ruby lines of one spectrum; NaN where there is no line."""

    model: LineModel
    """"single" where R2 is thermally gone, "none" where no line was found."""
    r1_nm: float
    r1_sigma_nm: float
    """Statistical standard uncertainty of R1 on the spectrum's own axis."""
    r2_nm: float
    """NaN unless the model is the doublet."""
    r1_fwhm_nm: float
    splitting_cm1: float
    ratio: float
    """Area of R2 over area of R1."""
    chi2_reduced: float
    """With an assumed gain its scale means nothing."""
    parameter_names: tuple[str, ...]
    parameters: NDArray[np.float64]
    """Shape (n,)."""
    covariance: NDArray[np.float64]
    """Of the parameters, weak priors included, shape (n, n)."""
    window_nm: tuple[float, float]
    """Wavelengths between which the model was fitted."""
    flags: tuple[str, ...]
    """Names out of `RUBY_FLAGS`."""
    signal_to_noise: float = 0.0
    """Height of R1 over its uncertainty at fixed shape."""
    masked_pixels: int = 0
    """Pixels left out as spikes."""

    @property
    def ok(self) -> bool:
        """True where a line was found and nothing disqualifies it."""
        return self.model != "none" and DISQUALIFYING.isdisjoint(self.flags)

    def evaluate(self, wavelength_nm: ArrayLike) -> NDArray[np.float64]:
        """Counts of the model, shape as given; NaN where there is no line."""
        return evaluate_ruby(self.model, self.parameters, wavelength_nm)


def no_line(window_nm: tuple[float, float], flags: tuple[str, ...]) -> RubyFit:
    """The fit of a spectrum without a line, searched between two wavelengths."""
    nan = float("nan")
    return RubyFit(
        model="none",
        r1_nm=nan,
        r1_sigma_nm=nan,
        r2_nm=nan,
        r1_fwhm_nm=nan,
        splitting_cm1=nan,
        ratio=nan,
        chi2_reduced=nan,
        parameter_names=(),
        parameters=np.empty(0),
        covariance=np.empty((0, 0)),
        window_nm=window_nm,
        flags=flags,
    )
