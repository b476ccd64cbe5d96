"""A load curve of one branch: fit, choice of the form, prediction with its honest width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.load_curve.errors import LoadCurveError
from dac_control.load_curve.form_fits import FormFit, fit_forms
from dac_control.load_curve.forms import FORMS
from dac_control.load_curve.mixture import Mixture
from dac_control.load_curve.points import Points, points_of
from dac_control.load_curve.posterior import Posterior, posterior_of
from dac_control.load_curve.predictions import Extrapolated, Interpolated, TurnsEstimate

__all__ = ["LoadCurve", "fit_load_curve"]

Array = NDArray[np.float64]

NO_SUPPORT = 10.0
"""A form whose AIC is this much above the chosen one's has "essentially no support" (Burnham
and Anderson, Model Selection and Multimodel Inference, 2nd ed., 2002, p. 70). The plain AIC,
because the small-sample correction would throw out every curved form when there are few points,
which is when curvature is least known."""

SEARCH_RANGES = 1.0
"""How far beyond the measured range `turns_for` looks, in measured ranges."""


@dataclass(frozen=True)
class LoadCurve:
    """Pressure against turns on one branch of one cell, fitted to measured points."""

    branch: str
    points: Points
    posterior: Posterior
    criterion: str

    @property
    def turns(self) -> Array:
        """Measured turns in rising order, shape (n,)."""
        return self.points.turns

    @property
    def pressure_gpa(self) -> Array:
        """Measured pressures, shape (n,)."""
        return self.points.pressure_gpa

    @property
    def sigma_gpa(self) -> Array:
        """Their statistical uncertainty, shape (n,)."""
        return self.points.sigma_gpa

    @cached_property
    def fits(self) -> tuple[FormFit, ...]:
        """Every form that the points determine, by itself: a row each of a report's table."""
        return fit_forms(self.points, self.posterior.zero)

    @property
    def chosen(self) -> FormFit:
        """The form that the criterion prefers; the line while there are too few points."""
        return min(self.fits, key=lambda fit: getattr(fit, self.criterion))

    @property
    def rivals(self) -> tuple[FormFit, ...]:
        """Other forms that the points determine and do not exclude."""
        chosen = self.chosen
        others = (fit for fit in self.fits if fit is not chosen)
        return tuple(fit for fit in others if fit.aic - chosen.aic < NO_SUPPORT)

    @property
    def form(self) -> str:
        """Name of the chosen form."""
        return self.chosen.form

    @property
    def form_weights(self) -> dict[str, float]:
        """Posterior probability of each form, discrepancy included, by name."""
        weights = np.bincount(self.posterior.form_index, self.posterior.weights, len(FORMS))
        return dict(zip(FORMS, weights.tolist(), strict=True))

    @property
    def scatter_gpa(self) -> float:
        """Intrinsic scatter of the points about the chosen form, GPa (k = 1)."""
        return self.chosen.scatter_gpa

    @property
    def residuals_gpa(self) -> Array:
        """Measured pressure minus that of the chosen form at each point, GPa, shape (n,)."""
        return self.pressure_gpa - self.values_gpa(self.turns)

    def values_gpa(self, turns: ArrayLike) -> Array:
        """Value of the chosen form, GPa, for drawing; `predict` says how far to trust it."""
        return self.chosen.value_gpa(self.points.scaled(turns))

    def predict(self, turns: float) -> Interpolated | Extrapolated:
        """Predict the pressure at `turns`; the type says whether points enclose it.

        Raises
        ------
        LoadCurveError
            If `turns` is no finite number.
        """
        if not math.isfinite(turns):
            raise LoadCurveError(f"No pressure can be predicted at {turns} turns; give a number.")
        mixture = self.mixture([turns])
        low, middle, high = self._quantiles(turns, (0.025, 0.5, 0.975))
        fraction = self.fraction(turns)
        inside = Interpolated(
            turns=float(turns),
            predicted_gpa=middle,
            sigma_gpa=float(mixture.sigma()[0]),
            low_gpa=low,
            high_gpa=high,
            form_spread_gpa=float(mixture.between(self.posterior.form_index)[0]),
        )
        return inside if fraction == 0.0 else Extrapolated(**vars(inside), fraction=fraction)

    def interval(self, turns: float, level: float = 0.95) -> tuple[float, float]:
        """Central interval in which the pressure at `turns` lies with probability `level`, GPa.

        Of the model-averaged predictive distribution: points, scatter, error in turns, spread
        between the forms, and slopes that none of the forms has. Outside the points it also
        uses that pressure does not fall when the screw goes in, as long as the cell holds.

        Raises
        ------
        LoadCurveError
            If `level` does not lie between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise LoadCurveError(f"The level of an interval lies between 0 and 1, not at {level}.")
        tail = 0.5 * (1.0 - level)
        low, high = self._quantiles(turns, (tail, 1.0 - tail))
        return low, high

    def _quantiles(self, turns: float, levels: Sequence[float]) -> list[float]:
        """Quantiles at `turns`; outside the points none lies on the wrong side of the end's own."""
        beyond = turns > self.turns[-1]
        mixture = self.mixture([turns, self.turns[-1 if beyond else 0]])
        pairs = np.array([mixture.quantile(level) for level in levels])
        if self.turns[0] <= turns <= self.turns[-1] or self._falls_at(beyond=beyond):
            return [float(value) for value in pairs[:, 0]]
        return [float(value) for value in (pairs.max(axis=1) if beyond else pairs.min(axis=1))]

    def _falls_at(self, *, beyond: bool) -> bool:
        """True where the last (else the first) two points fall, as in no cell that holds."""
        last, before = (self.turns[-1], self.turns[-2]) if beyond else self.turns[[1, 0]]
        change = self.mixture([last], since=float(before))
        return bool(change.quantile(0.975)[0] < 0.0)

    def mixture(self, turns: ArrayLike, since: float | None = None) -> Mixture:
        """Predictive distributions at each of `turns`, shape (q,); of the change from `since`.

        A change is that of the curve alone, without the scatter of single points.
        """
        at = np.asarray(turns, dtype=float)
        return self.posterior.at(at, since, scatter=since is None)

    def fraction(self, turns: float) -> float:
        """How far `turns` lies beyond the measured points, as a fraction of their range."""
        u = float(self.points.scaled(turns))
        return max(-u, u - 1.0, 0.0)

    def turns_for(self, pressure_gpa: float) -> TurnsEstimate:
        """Turns at which the curve expects `pressure_gpa`, at most one range beyond the points.

        Raises
        ------
        LoadCurveError
            If the curve does not rise through this pressure within that reach.
        """
        reach = self.turns[-1] - self.turns[0]
        grid = np.linspace(
            self.turns[0] - SEARCH_RANGES * reach, self.turns[-1] + SEARCH_RANGES * reach, 49
        )
        low, high = self._crossing(grid, pressure_gpa)
        for _ in range(3):  # each narrows the bracket 16 times
            low, high = self._crossing(np.linspace(low, high, 17), pressure_gpa)
        low_gpa, high_gpa = self.mixture([low, high]).mean()
        slope = float(high_gpa - low_gpa) / (high - low)
        turns = low + (pressure_gpa - float(low_gpa)) / slope
        return TurnsEstimate(
            aim_gpa=float(pressure_gpa),
            turns=turns,
            sigma_turns=float(self.mixture([turns]).sigma()[0]) / slope,
            fraction=self.fraction(turns),
        )

    def _crossing(self, grid: Array, pressure_gpa: float) -> tuple[float, float]:
        """Neighbours on the grid between which the mean curve rises through the pressure."""
        excess = self.mixture(grid).mean() - pressure_gpa
        rising = np.flatnonzero((excess[:-1] <= 0) & (excess[1:] > 0))
        if rising.size == 0:
            reach = self.values_gpa(self.turns[[0, -1]])
            raise LoadCurveError(
                f"The {self.branch} curve ({self.form}) does not rise through {pressure_gpa:g} GPa "
                f"within one measured range of its points; they cover {reach[0]:.3g} to "
                f"{reach[1]:.3g} GPa. Take smaller steps and fit again."
            )
        middle = 0.5 * (self.turns[0] + self.turns[-1])
        at = rising[np.argmin(np.abs(grid[rising] - middle))]
        return float(grid[at]), float(grid[at + 1])


def fit_load_curve(
    turns: ArrayLike,
    pressure_gpa: ArrayLike,
    sigma_gpa: ArrayLike,
    *,
    branch: str,
    sigma_turns: float = 0.0,
    criterion: str = "aicc",
) -> LoadCurve:
    """Fit a load curve to the measured points of one branch.

    Linear, quadratic, saturating and sigmoid forms are weighed against each other, with weights
    of the points from the statistical uncertainty, the error in turns and a fitted intrinsic
    scatter, and with a discrepancy by which each form may be wrong. Predictions average over all
    of it. Apart from that each form is fitted by itself (`LoadCurve.fits`), and an information
    criterion chooses the one that is drawn; a curved one needs at least six points for that.

    Parameters
    ----------
    turns, pressure_gpa, sigma_gpa : array_like, shape (n,)
        Measured points of one branch and their statistical uncertainty (k = 1, above 0), in any
        order. A systematic error common to all points does not belong in it: it would be fitted
        away. Steps without a measured pressure do not belong here at all.
    branch : str
        ``"load"`` or ``"unload"``; named in messages.
    sigma_turns : float
        Error of each turn (k = 1), of the points and of the turns that are asked for.
    criterion : str
        ``"aic"``, ``"aicc"`` (Akaike, corrected) or ``"bic"`` (Schwarz).

    Raises
    ------
    LoadCurveError
        With fewer than two points at different turns, values that are not finite numbers, or an
        uncertainty that is not above 0.
    """
    points = points_of(turns, pressure_gpa, sigma_gpa, sigma_turns, branch)
    if criterion not in ("aic", "aicc", "bic"):
        raise LoadCurveError(f"The criterion must be 'aic', 'aicc' or 'bic', not {criterion!r}.")
    return LoadCurve(branch, points, posterior_of(points), criterion)
