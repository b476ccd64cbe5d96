"""From drawn truths and a fit's answers to the figures of a cell."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gauge_precision.cells import Cell, Limits
from gauge_precision.fitting import Answers
from gauge_precision.shapes import Array

__all__ = ["GROSS_NM", "GROSS_SIGMA", "CellFigures", "gross_errors", "judge"]

GROSS_NM: Final = 0.1
GROSS_SIGMA: Final = 5.0
_PM: Final = 1e3
_TWO_SIDED_95: Final = 1.96


@dataclass(frozen=True, kw_only=True)
class CellFigures:
    """What a cell shows; errors in pm."""

    name: str
    spectra: int
    seed: int
    bound_pm: float
    """Root of `Limits.bound`."""
    sigma_pm: float
    """Median of the statistical uncertainty that the fit states."""
    rms_pm: float
    """Root of the mean squared error, gross errors with a disqualifying flag left out."""
    efficiency: float
    """Bound over mean squared error."""
    efficiency_95: tuple[float, float]
    efficiency_constant: float
    """The same for `Limits.constant`."""
    efficiency_single: float
    """The same for `Limits.single_scenes`."""
    bias_pm: float
    bias_sigma_pm: float
    """Standard error of the bias."""
    bias2_share: float
    """Squared bias over bound, the standard error's part removed."""
    pull_sd: float
    read: float
    """Share that counts in the mean squared error."""
    lost: float
    """Share without a line."""
    disqualified: float
    """Share with a line and a disqualifying flag."""
    gross: int
    """Gross errors, those with a disqualifying flag included."""
    gross_silent: int
    """Gross errors that nothing disqualifies."""
    gross_flagless: int
    """Gross errors without any flag, disqualifying or not."""
    silent_at: tuple[int, ...]
    """Numbers of the first of them, to draw them again."""
    false_flags: float
    """Share of spectra with a flag that is not true of them."""
    flags: dict[str, float] = field(default_factory=dict)
    """Share of spectra with each flag."""
    systematic_pm: float = float("nan")
    """Median of the systematic uncertainty that the fit states."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.__dict__}


def gross_errors(error_nm: Array, sigma_nm: Array) -> NDArray[np.bool_]:
    """Errors beyond the larger of 0.1 nm and 5 sigma, and lines without a finite sigma."""
    with np.errstate(invalid="ignore"):
        far = np.abs(error_nm) > np.maximum(GROSS_NM, GROSS_SIGMA * sigma_nm)
    return np.isfinite(error_nm) & (far | ~np.isfinite(sigma_nm))


def judge(cell: Cell, seed: int, limits: Limits, truth_nm: Array, answers: Answers) -> CellFigures:
    """Figures of one cell."""
    error = answers.r1_nm - truth_nm
    found = np.isfinite(error)
    gross = gross_errors(error, answers.sigma_nm)
    used = found & ~(gross & ~answers.ok)
    used = used if used.any() else found
    e, sigma = error[used], answers.sigma_nm[used]
    mse, spread = _mean_and_error(e**2)
    bias, bias_error = _mean_and_error(e)
    ratio = limits.bound / mse
    wide = _TWO_SIDED_95 * spread / mse
    silent = np.flatnonzero(gross & answers.ok)
    counts = Counter(name for row in answers.flags for name in row)
    return CellFigures(
        name=cell.name,
        spectra=truth_nm.size,
        seed=seed,
        bound_pm=_PM * float(np.sqrt(limits.bound)),
        sigma_pm=_PM * float(np.median(sigma)) if sigma.size else float("nan"),
        rms_pm=_PM * float(np.sqrt(mse)),
        efficiency=ratio,
        efficiency_95=(ratio / (1.0 + wide), ratio / max(1.0 - wide, 1e-3)),
        efficiency_constant=limits.constant / mse,
        efficiency_single=limits.single_scenes / mse,
        bias_pm=_PM * bias,
        bias_sigma_pm=_PM * bias_error,
        bias2_share=max(bias**2 - bias_error**2, 0.0) / limits.bound,
        pull_sd=float(np.std(e / sigma)),
        read=float((found & ~(gross & ~answers.ok)).mean()),
        lost=1.0 - float(found.mean()),
        disqualified=float((found & ~answers.ok).mean()),
        gross=int(gross.sum()),
        gross_silent=silent.size,
        gross_flagless=sum(not answers.flags[row] for row in silent),
        silent_at=tuple(int(number) for number in silent[:5]),
        false_flags=float(np.mean([_false(row, cell) for row in answers.flags])),
        flags={name: count / truth_nm.size for name, count in counts.most_common()},
        systematic_pm=_PM * float(np.median(answers.systematic_nm)),
    )


def _false(flags: tuple[str, ...], cell: Cell) -> bool:
    return cell.clean and any(name not in cell.allowed for name in flags)


def _mean_and_error(values: Array) -> tuple[float, float]:
    if values.size < 2:
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))
