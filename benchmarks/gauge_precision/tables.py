"""The precision tables: run their cells, hold each figure against its target, print."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gauge_precision import campaigns, hard
from gauge_precision.cells import Cell, Limits
from gauge_precision.figures import CellFigures, judge
from gauge_precision.fitting import Answers, fit_batch
from gauge_precision.printing import Verdict, at_least, at_most, between
from gauge_precision.shapes import Array
from gauge_precision.skewness_power import largest_power, skewness_signal

__all__ = ["TABLES", "Table", "gross_campaign", "run_cell"]

_FALSE_ALARMS: Final = 0.01
"""Share of clean spectra that may be flagged."""

Judgement = Callable[[Cell, CellFigures], list[Verdict]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A set of cells with its targets."""

    title: str
    cells: Callable[[], Iterable[Cell]]
    judgement: Judgement


def run_cell(cell: Cell, spectra: int, seed: int) -> tuple[CellFigures, float]:
    """Draw, fit and judge one cell; also the seconds that the fit took."""
    answers, truth_nm, fitting_s = _answers(cell, spectra, seed)
    return judge(cell, seed, cell.limits(seed), truth_nm, answers), fitting_s


def gross_campaign(cells: Iterable[Cell], spectra: int, seed: int) -> Iterator[CellFigures]:
    """Cells at any pressure, `spectra` in all: figures of each kind of spectrum."""
    kinds = [hard.anywhere(cell) for cell in cells]
    each = -(-spectra // len(kinds))
    nothing = Limits(bound=float("nan"), constant=float("nan"), single_scenes=float("nan"))
    for cell in kinds:
        answers, truth_nm, _seconds = _answers(cell, each, seed)
        yield judge(cell, seed, nothing, truth_nm, answers)


def _answers(cell: Cell, spectra: int, seed: int) -> tuple[Answers, Array, float]:
    parts: list[Answers] = []
    truth: list[Array] = []
    fitting_s = 0.0
    for batch in cell.batches(seed, spectra):
        began = time.perf_counter()
        parts.append(fit_batch(cell, batch))
        fitting_s += time.perf_counter() - began
        truth.append(batch.r1_nm)
    return Answers.joined(parts), np.concatenate(truth), fitting_s


def _efficient(share: float) -> Judgement:
    def judgement(_cell: Cell, f: CellFigures) -> list[Verdict]:
        return [
            at_least("efficiency", f.efficiency, share, f.efficiency_95),
            at_most("bias^2/bound", f.bias2_share, 0.1),
            between("pull sd", f.pull_sd, 0.95, 1.05),
            at_most("silent gross", f.gross_silent, 0),
            at_most("false flags", f.false_flags, 0.01),
        ]

    return judgement


def _hard(cell: Cell, f: CellFigures) -> list[Verdict]:
    verdicts = {verdict.name: verdict for verdict in _efficient(0.90)(cell, f)}
    chosen = [verdicts[name] for name in ("efficiency", "silent gross", "false flags")]
    return [*chosen, at_least("read", f.read, 0.99)]


def _asymmetric(cell: Cell, f: CellFigures) -> list[Verdict]:
    fwhm_pm = 1e3 * cell.fixed["fwhm_nm"]
    matters = abs(f.bias_pm) > f.sigma_pm
    flagged = f.flags.get("asymmetric", 0.0)
    verdicts = [
        at_most("bias/FWHM", abs(f.bias_pm) / fwhm_pm, 0.02),
        at_most("bias/sigma_sys", _ratio(abs(f.bias_pm), f.systematic_pm), 1.0),
        at_most("silent gross", f.gross_silent, 0),
    ]
    if not matters:
        return verdicts
    possible = largest_power(skewness_signal(cell), _FALSE_ALARMS)
    return [
        *verdicts,
        at_least("flagged", flagged, 0.95),
        at_least(
            f"flagged over what any test can at {_FALSE_ALARMS:.0%}", flagged / possible, 0.95
        ),
    ]


def _ratio(value: float, by: float) -> float:
    return value / by if by > 0.0 else float("inf")


def _bias_told(_cell: Cell, f: CellFigures) -> list[Verdict]:
    return [at_most("silent gross", f.gross_silent, 0)]


TABLES: Final = {
    "free": Table(
        title="Without priors, against the Cramér-Rao bound of the generating model",
        cells=campaigns.without_priors,
        judgement=_efficient(0.97),
    ),
    "priors": Table(
        title="With priors, nuisances drawn from them, against van Trees",
        cells=campaigns.with_priors,
        judgement=_efficient(0.97),
    ),
    "away": Table(
        title="With priors, one nuisance two prior sigma away",
        cells=campaigns.two_sigma_away,
        judgement=_bias_told,
    ),
    "asymmetric": Table(
        title="Asymmetric lines; the estimand is the mean line",
        cells=campaigns.asymmetric,
        judgement=_asymmetric,
    ),
    "hard": Table(
        title="Hard set, nuisances drawn from the priors",
        cells=hard.hard_set,
        judgement=_hard,
    ),
}
