"""What the points leave open: forms, discrepancy from the forms, and scatter, weighed together.

Bayesian model averaging over a grid. A component is one shape of one form, one size `tau` of the
discrepancy and one intrinsic scatter; given these, offset, rise and discrepancy are Gaussian, so
each component is solved exactly and weighs as much as its evidence (Hoeting and others, Stat.
Sci. 14 (1999) 382). The discrepancy (Kennedy and O'Hagan, J. R. Stat. Soc. B 63 (2001) 425) says
that none of the forms is the truth: the slope drifts away from the form's as a random walk along
the turns, ``d slope = tau * slope * dW(u)``, within the points as beyond them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.load_curve.evidence import solve
from dac_control.load_curve.forms import CURVATURE_SIGMA, FORMS, log_slope_change
from dac_control.load_curve.mixture import Mixture
from dac_control.load_curve.points import Points

__all__ = ["Posterior", "posterior_of"]

Array = NDArray[np.float64]

TAU = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
TAU_PRIOR = np.array([0.1, 0.2, 0.3, 0.3, 0.1])
"""Relative drift of the slope (k = 1) over a distance of one measured range, and its prior. The
middle is where a sigmoid cell, fitted by a parabola or an exponential over the lower half of its
curve, ends up over the upper half (a third of its slope); each value is twice the one before."""

UNSEEN_CURVATURE = 0.25
"""How much the curvature (change of ln slope over one range) beyond the points differs from what
a form says there, k = 1, however well the form describes the points: they cannot tell of a gasket
that will yield or anvils that will cup. A quarter of `CURVATURE_SIGMA`, a convention of this
package; most of the spread far outside comes from the forms themselves."""

KNOTS = (np.arange(6) + 0.5) / 6.0
"""Where the random walk of the slope may take its steps between the points."""

BETWEEN_NODES = 0.15
"""Curvature (as the quadratic's `c`) that closes the gaps between the nodes of the shapes."""

SCATTER_OF_RISE = 0.01
"""Scale of the half-Cauchy prior of the scatter (Gelman, Bayesian Anal. 1 (2006) 515) as a part
of the rise: friction of a screw-driven cell moves a pressure by the order of 1 %."""

SLOPE_RANGE = (0.1, 5.0)
"""A local slope is not taken for less or more than these parts of the mean one."""

SCATTERS = 10
KEPT_PROBABILITY = 0.9998
MOST_COMPONENTS = 200
"""Components beyond these are dropped: together they weigh less than a tail that is asked for."""


@dataclass(frozen=True)
class Posterior:
    """Components that the points leave standing, c of them, each Gaussian."""

    points: Points
    zero: float
    slope_gpa: Array
    """Local slopes at first and last point, GPa per range, shape (2,)."""
    weights: Array
    shape_index: NDArray[np.intp]
    """Which column of `shapes` a component has, shape (c,)."""
    tau: Array
    scatter_gpa: Array
    mean: Array
    """Offset, rise and discrepancy of each component, shape (c, p)."""
    covariance: Array
    """Shape (c, p, p)."""
    scale: Array
    """Slopes in GPa per range that the columns of the discrepancy carry."""

    @property
    def form_index(self) -> NDArray[np.intp]:
        """Which of `FORMS` a component is of, shape (c,)."""
        sizes = [form.nodes.shape[0] for form in FORMS.values()]
        return np.repeat(np.arange(len(sizes)), sizes)[self.shape_index]

    def at(self, turns: Array, since: float | None = None, *, scatter: bool = True) -> Mixture:
        """Predict the pressure at each of `turns`, shape (q,), or its change from `since`.

        With `scatter` the intrinsic scatter of one new point and the error of its turn count.
        """
        u = self.points.scaled(turns)
        design = self._design(u)
        begin = 0.0
        if since is not None:
            begin = float(self.points.scaled(since))
            design = design - self._design(np.array([begin]))
        mean = np.einsum("qcp,cp->qc", design, self.mean)
        variance = self._quadratic_form(design)
        variance = variance + self._beyond(u)
        if scatter:
            variance = variance + self.scatter_gpa**2 + self._turn_variance(u)[:, np.newaxis]
        return Mixture(self.weights, mean, np.sqrt(np.maximum(variance, 1e-18)))

    def _quadratic_form(self, design: Array) -> Array:
        half = np.matmul(design.swapaxes(0, 1), self.covariance)  # (c, q, p)
        return np.einsum("cqp,qcp->qc", half, design)

    def _design(self, u: Array) -> Array:
        """Columns of offset, rise and discrepancy, shape (q, c, p)."""
        shapes = _shapes(u, self.zero)[:, self.shape_index]
        drift = _discrepancy(u, self.scale)
        ones = np.ones_like(shapes)
        spread = np.broadcast_to(drift[:, np.newaxis, :], (*shapes.shape, drift.shape[1]))
        return np.concatenate([ones[..., np.newaxis], shapes[..., np.newaxis], spread], axis=-1)

    def _beyond(self, u: Array) -> Array:
        """Variance that unseen changes of slope add outside the points, GPa², shape (q, c)."""
        slope = np.where(u > 0.5, self.slope_gpa[1], self.slope_gpa[0])[:, np.newaxis]
        outside = np.maximum(np.maximum(-u, u - 1.0), 0.0)[:, np.newaxis]
        walk = self.tau**2 * outside**3 / 3.0
        return slope**2 * (walk + UNSEEN_CURVATURE**2 * outside**4 / 4.0)

    def turn_variance_gpa2(self, turns: float) -> float:
        """What the error of one turn makes of a pressure at `turns`, GPa squared."""
        return float(self._turn_variance(self.points.scaled(np.array([turns])))[0])

    def _turn_variance(self, u: Array) -> Array:
        slope = np.where(u > 0.5, self.slope_gpa[1], self.slope_gpa[0])
        return (slope * self.points.sigma_u) ** 2


def posterior_of(points: Points) -> Posterior:
    """Weigh all components against the points and keep those that count."""
    slopes, residual = _preview(points)
    zero = _zero(points, slopes)
    ends = slopes[[0, -1]]
    at_knots = np.interp(KNOTS, points.u, slopes)
    scale = np.concatenate([at_knots, [np.mean(slopes)]]).astype(np.float64)
    variance = points.variance(slopes)
    scatters, scatter_prior = _scatter_grid(points, variance, residual)
    shapes = _shapes(points.u, zero)
    prior_shape = _shape_prior(zero)
    drift = _discrepancy(points.u, scale)
    columns = np.concatenate(
        [np.ones((points.u.size, 1)), shapes, points.pressure_gpa[:, np.newaxis], drift], axis=1
    )
    precision = np.full((TAU.size, scale.size), 1.0 / BETWEEN_NODES**2)
    precision[:, :-1] = KNOTS.size / TAU[:, np.newaxis] ** 2
    solved = solve(columns, shapes.shape[1], variance + scatters[:, np.newaxis] ** 2, precision)
    log_weight = (
        solved.log_evidence
        + np.log(scatter_prior)[:, np.newaxis, np.newaxis]
        + np.log(TAU_PRIOR)[np.newaxis, :, np.newaxis]
        + np.log(prior_shape)
    )
    weight = np.exp(log_weight - log_weight.max())
    kept, weights = _largest(weight)
    s, t, g = np.unravel_index(kept, weight.shape)
    mean, covariance = solved.components(s, t, g)
    return Posterior(
        points=points,
        zero=zero,
        slope_gpa=ends,
        weights=weights,
        shape_index=g,
        tau=TAU[t],
        scatter_gpa=scatters[s],
        mean=mean,
        covariance=covariance,
        scale=scale,
    )


def _preview(points: Points) -> tuple[Array, Array]:
    """Slope at each point, GPa per range, above 0, and residuals in GPa, by a weighted parabola.

    Only scales are taken from it: of the errors in turns, of the discrepancy, of the scatter.
    """
    order = 2 if points.places > 3 else 1
    basis = points.u[:, np.newaxis] ** np.arange(order + 1)
    slopes = np.full(points.u.size, np.ptp(points.pressure_gpa))
    fit = np.zeros(order + 1)
    for _ in range(2 if points.sigma_u else 1):
        root = np.sqrt(points.variance(slopes))
        weighted = basis / root[:, np.newaxis]
        fit = np.linalg.solve(weighted.T @ weighted, weighted.T @ (points.pressure_gpa / root))
        slopes = fit[1] + 2.0 * (fit[2] if order == 2 else 0.0) * points.u
        mean = max(float(np.sum(fit[1:])), _middle(points.sigma_gpa))
        slopes = np.clip(slopes, SLOPE_RANGE[0] * mean, SLOPE_RANGE[1] * mean)
    return slopes, points.pressure_gpa - basis @ fit


def _middle(values: Array) -> float:
    return float(np.sort(values)[values.size // 2])


def _zero(points: Points, slopes: Array) -> float:
    """How far before the first point the pressure would be 0, in ranges, on its slope."""
    return float(np.clip(points.pressure_gpa[0] / slopes[0], 0.02, 3.0))


def _shapes(u: Array, zero: float) -> Array:
    """All shapes of all forms side by side, shape (n, k)."""
    return np.concatenate([form.shape(u, form.nodes, zero) for form in FORMS.values()], axis=1)


def _shape_prior(zero: float) -> Array:
    """Probability of each shape before any point: forms alike, curvature normal; shape (k,)."""
    parts = []
    for form in FORMS.values():
        change = log_slope_change(form, form.nodes, zero)
        part = np.exp(-0.5 * (change / CURVATURE_SIGMA) ** 2) + 1e-12
        parts.append(part / part.sum())
    return np.concatenate(parts) / len(parts)


def _discrepancy(u: Array, scale: Array) -> Array:
    """Columns of the random walk of the slope, and of a small parabola; shape (n, p)."""
    hinges = np.maximum(u[:, np.newaxis] - KNOTS, 0.0)
    return np.concatenate([hinges, (u * (u - 1.0))[:, np.newaxis]], axis=1) * scale


def _scatter_grid(points: Points, variance: Array, residual: Array) -> tuple[Array, Array]:
    """Scatters in GPa, in equal ratios, and the prior of each; shape (k,)."""
    known = float(np.sqrt(_middle(variance)))
    rise = max(float(np.ptp(points.pressure_gpa)), known)
    low = 0.3 * known
    high = max(0.1 * rise, 2.0 * float(np.std(residual)), 3.0 * low)
    scatters = np.geomspace(low, high, SCATTERS)
    scale = SCATTER_OF_RISE * rise
    prior = scatters / (1.0 + (scatters / scale) ** 2)
    # all that is smaller cannot be told from the lowest
    prior[0] = scale * np.arctan(scatters[0] / scale) / np.log(scatters[1] / scatters[0])
    return scatters, prior / prior.sum()


def _largest(weight: Array) -> tuple[NDArray[np.intp], Array]:
    """Flat indices of the heaviest components, and their weights of sum 1."""
    flat = weight.ravel()
    most = min(MOST_COMPONENTS, flat.size)
    order = np.argpartition(-flat, most - 1)[:most]
    order = order[np.argsort(-flat[order])]
    total = np.cumsum(flat[order])
    count = 1 + int(np.searchsorted(total, KEPT_PROBABILITY * flat.sum()))
    order = order[:count]
    return order, flat[order] / flat[order].sum()
