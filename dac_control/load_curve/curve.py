"""A load curve of one branch: fit, choice of the form, prediction with its honest width."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from dac_control.load_curve.errors import LoadCurveError
from dac_control.load_curve.forms import FORMS, evaluate, gradient
from dac_control.load_curve.predictions import Extrapolated, Interpolated, TurnsEstimate
from dac_control.load_curve.scatter import fit_with_scatter, log_likelihood

__all__ = ["FormFit", "LoadCurve", "fit_load_curve"]

Array = NDArray[np.float64]

NO_SUPPORT = 10.0
"""A form whose AIC is this much above the chosen one's has "essentially no support" (Burnham
and Anderson, Model Selection and Multimodel Inference, 2nd ed., 2002, p. 70): it no longer
counts in the spread between the forms. The plain AIC, because the small-sample correction would
throw out every curved form when there are few points, which is when curvature is least known."""

UNSEEN_CURVATURE = 0.5
"""With two points nothing shows curvature; the slope is then taken to change by half of itself
over their distance, either way (k = 1). A convention of this package."""

SAME_PLACE_TURNS = 1e-6
"""Points closer than this are one place: it is far below the step of any drive."""

SEARCH_RANGES = 1.0
"""How far beyond the measured range `turns_for` looks, in measured ranges."""


@dataclass(frozen=True)
class FormFit:
    """One form fitted to the points."""

    form: str
    parameters: Array
    covariance: Array
    scatter_gpa: float
    """Intrinsic scatter in GPa (k = 1); 0 if the gauge's noise explains the residuals."""
    chi2: float
    aic: float
    """Akaike's criterion, with the scatter counted as a parameter."""
    aicc: float
    """The same with the small-sample correction; infinite with too few points to choose."""
    bic: float
    """Schwarz's criterion; infinite with too few points to choose."""

    def predict(self, u: Array) -> tuple[Array, Array]:
        """Pressure and its standard uncertainty from the points, GPa, at scaled turns `u`."""
        slope = gradient(self.form, self.parameters, u)
        variance = np.einsum("...i,ij,...j->...", slope, self.covariance, slope)
        return evaluate(self.form, self.parameters, u), np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True)
class LoadCurve:
    """Pressure against turns on one branch of one cell, fitted to measured points."""

    branch: str
    turns: Array
    """Measured turns in rising order, shape (n,)."""
    pressure_gpa: Array
    """Measured pressures, shape (n,)."""
    sigma_gpa: Array
    """Their statistical uncertainty, shape (n,)."""
    chosen: FormFit
    rivals: tuple[FormFit, ...]
    """Other forms that the points determine and do not exclude."""

    @property
    def form(self) -> str:
        """Name of the chosen form."""
        return self.chosen.form

    @property
    def scatter_gpa(self) -> float:
        """Intrinsic scatter of the points about the chosen form, GPa (k = 1)."""
        return self.chosen.scatter_gpa

    @property
    def residuals_gpa(self) -> Array:
        """Measured minus fitted pressure at each point, GPa, shape (n,)."""
        return self.pressure_gpa - self.values_gpa(self.turns)

    def values_gpa(self, turns: ArrayLike) -> Array:
        """Value of the chosen form, GPa, for drawing; `predict` says how far to trust it."""
        u = self._scaled(np.asarray(turns, dtype=float))
        return evaluate(self.chosen.form, self.chosen.parameters, u)

    def predict(self, turns: float) -> Interpolated | Extrapolated:
        """Predict the pressure at `turns`; the type says whether points enclose it."""
        u = self._scaled(np.array([turns], dtype=float))
        value, sigma = (float(a[0]) for a in self.chosen.predict(u))
        spread = self._form_spread(u, value, sigma)
        total = float(np.sqrt(sigma**2 + self.scatter_gpa**2 + spread**2))
        fraction = self.fraction(turns)
        if fraction == 0.0:
            return Interpolated(
                turns=float(turns), pressure_gpa=value, sigma_gpa=total, form_spread_gpa=spread
            )
        return Extrapolated(
            turns=float(turns),
            pressure_gpa=value,
            sigma_gpa=total,
            form_spread_gpa=spread,
            fraction=fraction,
        )

    def fraction(self, turns: float) -> float:
        """How far `turns` lies beyond the measured points, as a fraction of their range."""
        u = float(self._scaled(np.array([turns], dtype=float))[0])
        return max(-u, u - 1.0, 0.0)

    def turns_for(self, pressure_gpa: float) -> TurnsEstimate:
        """Turns at which the curve expects `pressure_gpa`, at most one range beyond the points.

        Raises
        ------
        LoadCurveError
            If the curve does not rise through this pressure within that reach.
        """
        u = self._crossing(pressure_gpa)
        turns = float(self.turns[0] + u * (self.turns[-1] - self.turns[0]))
        step = 1e-4 * float(np.ptp(self.turns))
        low, high = self.values_gpa([turns - step, turns + step])
        slope = float(high - low) / (2 * step)
        return TurnsEstimate(
            pressure_gpa=float(pressure_gpa),
            turns=turns,
            sigma_turns=self.predict(turns).sigma_gpa / slope,
            fraction=self.fraction(turns),
        )

    def _scaled(self, turns: Array) -> Array:
        return (turns - self.turns[0]) / (self.turns[-1] - self.turns[0])

    def _form_spread(self, u: Array, value_gpa: float, sigma_gpa: float) -> float:
        """Second moment, about the chosen form, of the widest form that still stands.

        Distance and width of a rival both count: points that cannot exclude a curvature leave
        its uncertainty in the prediction although the chosen form is a line.
        """
        if _places(self.turns) == 2:
            # Parabola through both points whose slope changes by half over their distance.
            rise = abs(float(self.pressure_gpa[-1] - self.pressure_gpa[0]))
            return UNSEEN_CURVATURE * rise * abs(float(u[0] * (u[0] - 1.0)))
        moments = [sigma_gpa**2]
        for rival in self.rivals:
            other, width = (float(a[0]) for a in rival.predict(u))
            moments.append((other - value_gpa) ** 2 + width**2)
        return float(np.sqrt(max(moments) - sigma_gpa**2))

    def _crossing(self, pressure_gpa: float) -> float:
        """Scaled turns of the first rising crossing, sought outwards from the points."""
        grid = np.linspace(-SEARCH_RANGES, 1.0 + SEARCH_RANGES, 601)
        excess = evaluate(self.chosen.form, self.chosen.parameters, grid) - pressure_gpa
        rising = np.flatnonzero((excess[:-1] <= 0) & (excess[1:] > 0))
        if rising.size == 0:
            reach = evaluate(self.chosen.form, self.chosen.parameters, np.array([0.0, 1.0]))
            raise LoadCurveError(
                f"The {self.branch} curve ({self.form}) does not rise through {pressure_gpa:g} GPa "
                f"within one measured range of its points; they cover {reach[0]:.3g} to "
                f"{reach[1]:.3g} GPa. Take smaller steps and fit again."
            )
        at = rising[np.argmin(np.abs(grid[rising] - 0.5))]

        def difference(u: float) -> float:
            here = evaluate(self.chosen.form, self.chosen.parameters, np.array([u]))
            return float(here[0]) - pressure_gpa

        return cast("float", brentq(difference, float(grid[at]), float(grid[at + 1])))


def fit_load_curve(
    turns: ArrayLike,
    pressure_gpa: ArrayLike,
    sigma_gpa: ArrayLike,
    *,
    branch: str,
    criterion: str = "aicc",
) -> LoadCurve:
    """Fit a load curve to the measured points of one branch.

    Linear, quadratic and saturating forms are fitted with weights from the statistical
    uncertainty and a fitted intrinsic scatter; the information criterion chooses. A curved form
    needs at least six points to be chosen; with fewer, the line is taken and the curved forms
    that the points determine widen its prediction.

    Parameters
    ----------
    turns, pressure_gpa, sigma_gpa : array_like, shape (n,)
        Measured points of one branch and their statistical uncertainty (k = 1, above 0), in any
        order. Steps without a measured pressure do not belong here.
    branch : str
        ``"load"`` or ``"unload"``; named in messages.
    criterion : str
        ``"aicc"`` (Akaike, corrected) or ``"bic"`` (Schwarz).

    Raises
    ------
    LoadCurveError
        With fewer than two points at different turns, values that are not finite, or an
        uncertainty that is not above 0.
    """
    x, y, sigma = (np.asarray(a, dtype=float) for a in (turns, pressure_gpa, sigma_gpa))
    _require(x, y, sigma, branch)
    if criterion not in ("aicc", "bic"):
        raise LoadCurveError(f"The criterion must be 'aicc' or 'bic', not {criterion!r}.")
    order = np.argsort(x, kind="stable")
    x, y, sigma = x[order], y[order], sigma[order]
    u = (x - x[0]) / (x[-1] - x[0])
    fits = [_fit_form(form, u, y, sigma) for form, p in FORMS.items() if _places(x) >= p]
    determined = [fit for fit in fits if fit is not None]
    chosen = min(determined, key=lambda fit: getattr(fit, criterion))
    others = (fit for fit in determined if fit is not chosen)
    rivals = tuple(fit for fit in others if fit.aic - chosen.aic < NO_SUPPORT)
    return LoadCurve(branch, x, y, sigma, chosen, rivals)


def _places(turns: Array) -> int:
    """Number of different positions among sorted turns."""
    return 1 + int(np.count_nonzero(np.diff(turns) > SAME_PLACE_TURNS))


def _fit_form(form: str, u: Array, pressure_gpa: Array, sigma_gpa: Array) -> FormFit | None:
    solution, scatter_gpa = fit_with_scatter(form, u, pressure_gpa, sigma_gpa)
    if solution.at_bound:
        return None
    n, k = u.size, FORMS[form] + 1  # the scatter is a parameter too
    twice = -2.0 * log_likelihood(form, u, pressure_gpa, sigma_gpa)
    choosable = n > k + 1
    return FormFit(
        form=form,
        parameters=solution.parameters,
        covariance=solution.covariance,
        scatter_gpa=scatter_gpa,
        chi2=solution.chi2,
        aic=twice + 2 * k,
        aicc=twice + 2 * k + 2 * k * (k + 1) / (n - k - 1) if choosable else np.inf,
        bic=twice + k * float(np.log(n)) if choosable else np.inf,
    )


def _require(turns: Array, pressure_gpa: Array, sigma_gpa: Array, branch: str) -> None:
    if turns.ndim != 1 or not turns.shape == pressure_gpa.shape == sigma_gpa.shape:
        raise LoadCurveError(
            f"The {branch} curve needs turns, pressures and uncertainties as lists of one length; "
            f"got shapes {turns.shape}, {pressure_gpa.shape} and {sigma_gpa.shape}."
        )
    if not all(np.all(np.isfinite(a)) for a in (turns, pressure_gpa, sigma_gpa)):
        raise LoadCurveError(
            f"The {branch} curve takes measured points only, but one of the values is not finite; "
            "leave out the steps at which no pressure was measured."
        )
    if np.any(sigma_gpa <= 0):
        raise LoadCurveError(
            f"The {branch} curve needs a statistical uncertainty above 0 GPa at every point; the "
            f"smallest is {float(np.min(sigma_gpa)):g} GPa."
        )
    if turns.size < 2 or float(np.ptp(turns)) <= SAME_PLACE_TURNS:
        raise LoadCurveError(
            f"The {branch} curve needs two measured points at different turns; got {turns.size} "
            "point(s) at one position. Measure another step first."
        )
