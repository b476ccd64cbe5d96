"""What a ruby fit says: the line, its covariance, and what speaks against it."""

from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.gauges.ruby.lineshape import (
    DOUBLET,
    SINGLE,
    LineModel,
    evaluate_ruby,
    parameter_names,
    partner_nm,
)
from dac_control.gauges.ruby.luminescence import beyond_parabola

__all__ = ["DISQUALIFYING", "RUBY_FLAGS", "RubyFit", "RubyFits"]

RUBY_FLAGS: Final = {
    "no_line": "nothing stands out of the noise where ruby shines",
    "bad_counts": "the counts are not finite numbers",
    "low_signal": "the line is there, but too weak for its position to be relied on",
    "saturated": "pixels of the line are at full scale",
    "outside_window": "the line is not where it was expected",
    "not_converged": "the fit did not come to rest",
    "at_edge": "the line stands at the edge of the spectrum or of the allowed widths",
    "no_r2": "R2 is missing at a temperature at which ruby shows it: another line, not ruby",
    "ambiguous": "several lines could be R1 and nothing tells which; give the expected pressure",
    "misfit": "what is there does not have the shape of ruby lines",
    "buried": "the line does not stand out of the bumps that its background has elsewhere",
    "poor_fit": "the scatter is larger than photons explain; sigma was widened by it",
    "spike": "pixels were masked as cosmic rays",
    "foreign_line": "a line beside R1 and R2 was masked: neon, a pair line, light of the room",
    "merged": "R1 and R2 overlap, so the position leans on splitting and shapes",
    "asymmetric": "the line is skewed: its mean lies elsewhere than its fit, by more than sigma",
    "r2_above_thermal": "R2 is stronger than the temperature allows: the chip is warmer",
    "gain_assumed": "the gain is unknown; sigma comes from the scatter about the fit",
    "dark_assumed": "the electronic offset is unknown; all counts were taken for light",
}
"""Every flag of a ruby fit with its meaning."""

DISQUALIFYING: Final = frozenset(
    (
        "no_line",
        "bad_counts",
        "low_signal",
        "saturated",
        "outside_window",
        "not_converged",
        "at_edge",
        "no_r2",
        "ambiguous",
        "misfit",
        "buried",
    )
)
"""Flags with which a line is not a measurement."""

FLAG_NAMES: Final = tuple(RUBY_FLAGS)
"""In the order of the columns of `RubyFits.flagged`."""
_COLUMN: Final = {name: column for column, name in enumerate(FLAG_NAMES)}
_FATAL: Final = np.array([name in DISQUALIFYING for name in FLAG_NAMES])
# With these the line may be something else; with the other fatal ones it is ruby, badly seen.
_NOT_RUBY: Final = ("no_line", "not_converged", "at_edge", "no_r2", "misfit", "buried")
_FOREIGN: Final = np.array([name in _NOT_RUBY for name in FLAG_NAMES])
_NAN: Final = float("nan")
_PARAMETERS: Final = len(DOUBLET)
_NOTHING: Final[dict[str, NDArray[Any]]] = {
    "model": np.zeros(1, dtype=np.int8),
    "r1_nm": np.full(1, np.nan),
    "r1_sigma_nm": np.full(1, np.nan),
    "chi2_reduced": np.full(1, np.nan),
    "parameters": np.full((1, _PARAMETERS), np.nan),
    "covariance": np.full((1, _PARAMETERS, _PARAMETERS), np.nan),
    "bend": np.zeros((1, 3)),
    "window_nm": np.full((1, 2), np.nan),
    "flagged": np.zeros((1, len(FLAG_NAMES)), dtype=bool),
    "signal_to_noise": np.zeros(1),
    "masked_pixels": np.zeros(1, dtype=np.intp),
    "asymmetry_sigma_nm": np.zeros(1),
    "stress": np.full((1, 3), np.nan),
    "stress_sigma": np.full((1, 3), np.nan),
}
"""One row of `RubyFits` where no line was found."""


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
    chi2_reduced: float
    """With an assumed gain its scale means nothing."""
    parameter_names: tuple[str, ...]
    parameters: NDArray[np.float64]
    """Shape (n,)."""
    covariance: NDArray[np.float64]
    """Of the parameters, weak priors included, shape (n, n); 0 for those that were not fitted."""
    bend: NDArray[np.float64]
    """Place, slope and curvature of a background that goes on as an exponential, as
    `luminescence.beyond_parabola` takes them, shape (3,); 0 where it is the parabola alone."""
    window_nm: tuple[float, float]
    """Wavelengths between which the model was fitted."""
    flags: tuple[str, ...]
    """Names out of `RUBY_FLAGS`."""
    signal_to_noise: float
    """Height of R1 over its uncertainty at fixed shape."""
    masked_pixels: int
    """Pixels left out as spikes."""
    asymmetry_sigma_nm: float
    """How far the mean line may lie from R1: skewness, be it seen or not, other misfit, and bumps
    of a background that outshines the line."""
    ratio: float
    """Area of R2 over area of R1, without a prior; NaN unless the model is the doublet."""
    ratio_sigma: float
    splitting_cm1: float
    """R2 above R1, from a fit without a prior on it: a record of uniaxial stress."""
    splitting_sigma_cm1: float
    width_ratio: float
    """FWHM of R2 over that of R1, from a fit without a prior on it."""
    width_ratio_sigma: float

    @property
    def ok(self) -> bool:
        """True where a line was found and nothing disqualifies it."""
        return self.model != "none" and DISQUALIFYING.isdisjoint(self.flags)

    def evaluate(self, wavelength_nm: ArrayLike) -> NDArray[np.float64]:
        """Counts of the model, shape as given; NaN where there is no line."""
        x = np.asarray(wavelength_nm, dtype=np.float64)
        beyond = beyond_parabola(x.reshape(1, -1), self.bend[None, :]).reshape(x.shape)
        return evaluate_ruby(self.model, self.parameters, x) + beyond


@dataclass(frozen=True, kw_only=True, eq=False)
class RubyFits:
    """The ruby lines of many spectra, column by column; one row a spectrum.

    ``fits[i]`` is the `RubyFit` of one of them.
    """

    model: NDArray[np.int8]
    """Lines in the model: 2 doublet, 1 single, 0 none; shape (spectra,)."""
    r1_nm: NDArray[np.float64]
    r1_sigma_nm: NDArray[np.float64]
    chi2_reduced: NDArray[np.float64]
    parameters: NDArray[np.float64]
    """Shape (spectra, 11), in the order of `DOUBLET`."""
    covariance: NDArray[np.float64]
    """Shape (spectra, 11, 11)."""
    bend: NDArray[np.float64]
    """Shape (spectra, 3)."""
    window_nm: NDArray[np.float64]
    """Shape (spectra, 2)."""
    flagged: NDArray[np.bool_]
    """Shape (spectra, flags), in the order of `RUBY_FLAGS`."""
    signal_to_noise: NDArray[np.float64]
    masked_pixels: NDArray[np.intp]
    asymmetry_sigma_nm: NDArray[np.float64]
    stress: NDArray[np.float64]
    """Ratio, splitting in cm-1 and width ratio from the fit without priors, shape (spectra, 3)."""
    stress_sigma: NDArray[np.float64]

    @classmethod
    def empty(cls, spectra: int, range_nm: tuple[float, float]) -> "RubyFits":
        """Nothing found yet in spectra that run between two wavelengths."""
        fits = cls(**{name: row.repeat(spectra, axis=0) for name, row in _NOTHING.items()})
        fits.window_nm[:] = range_nm
        return fits

    def __len__(self) -> int:
        return self.r1_nm.size

    @property
    def ok(self) -> NDArray[np.bool_]:
        """True where a line was found and nothing disqualifies it, shape (spectra,)."""
        return (self.model > 0) & ~(self.flagged @ _FATAL)

    @property
    def looks_like_ruby(self) -> NDArray[np.bool_]:
        """True where a line was found that can be ruby, be it measured well or not."""
        return (self.model > 0) & ~(self.flagged @ _FOREIGN)

    def flag(self, name: str) -> NDArray[np.bool_]:
        """Column of one flag, shape (spectra,); writable."""
        return self.flagged[:, _COLUMN[name]]

    def flags(self, index: int) -> tuple[str, ...]:
        """Names of the flags of one spectrum."""
        return tuple(compress(FLAG_NAMES, self.flagged[index].tolist()))

    def put(self, rows: NDArray[np.intp], other: "RubyFits") -> None:
        """Replace some of the rows."""
        where = slice(None) if rows.size == len(self) else rows
        for name in self.__dataclass_fields__:
            getattr(self, name)[where] = getattr(other, name)

    def take(self, rows: NDArray[np.intp]) -> "RubyFits":
        """Some of the rows; the very object where it is all of them."""
        if rows.size == len(self):
            return self
        return RubyFits(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    def __getitem__(self, index: int) -> RubyFit:
        lines = int(self.model[index])
        model: LineModel = ("none", "single", "doublet")[lines]
        size = (0, len(SINGLE), len(DOUBLET))[lines]
        values = _frozen(self.parameters[index, :size])
        r1 = float(self.r1_nm[index])
        ratio, splitting, width_ratio = (float(value) for value in self.stress[index])
        sigmas = [float(value) for value in self.stress_sigma[index]]
        return RubyFit(
            model=model,
            r1_nm=r1,
            r1_sigma_nm=float(self.r1_sigma_nm[index]),
            r2_nm=partner_nm(r1, float(values[9])) if model == "doublet" else _NAN,
            r1_fwhm_nm=float(values[1]) if lines else _NAN,
            chi2_reduced=float(self.chi2_reduced[index]),
            parameter_names=parameter_names(model),
            parameters=values,
            covariance=_frozen(self.covariance[index, :size, :size]),
            bend=_frozen(self.bend[index]),
            window_nm=(float(self.window_nm[index, 0]), float(self.window_nm[index, 1])),
            flags=self.flags(index),
            signal_to_noise=float(self.signal_to_noise[index]),
            masked_pixels=int(self.masked_pixels[index]),
            asymmetry_sigma_nm=float(self.asymmetry_sigma_nm[index]),
            ratio=ratio,
            ratio_sigma=sigmas[0],
            splitting_cm1=splitting,
            splitting_sigma_cm1=sigmas[1],
            width_ratio=width_ratio,
            width_ratio_sigma=sigmas[2],
        )


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
