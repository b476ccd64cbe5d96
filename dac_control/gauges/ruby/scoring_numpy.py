"""Fisher scoring of ruby windows with NumPy alone: many spectra step together.

For machines without numba. Same interface and same steps as `scoring_numba`; a test holds them
together.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.asymmetry import projected, third_of_lines
from dac_control.gauges.ruby.inverse import covariances
from dac_control.gauges.ruby.leftovers import FREEDOM, leftovers
from dac_control.gauges.ruby.newton_numpy import newton_steps
from dac_control.gauges.ruby.scoring import (
    DAMPING_MAX,
    DAMPING_START,
    DECREMENT,
    DECREMENT_AT_END,
    DECREMENT_AT_REST,
    MAX_ITERATIONS,
    Constraints,
    Noise,
    Scored,
    Windows,
)
from dac_control.gauges.ruby.window_numpy import LineSums, evaluate, kinds

__all__ = ["evaluate", "score_again", "score_windows"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

# Pixels that step together: many, for threads hand the interpreter to each other at every
# operation, and that must be rare; not more, for their arrays should stay in the cache.
_PIXELS: Final = 50_000
_LEVEL: Final = 4


def score_windows(windows: Windows, start: Array, constraints: Constraints, noise: Noise) -> Scored:
    """Fit every window; see `scoring`."""
    count, width = windows.x.shape
    scored = Scored.empty(count, width)
    scored.parameters[:] = np.clip(start, constraints.lower, constraints.upper)
    if width == 0:
        scored.chi2[:], scored.leftovers[:, FREEDOM] = 0.0, 1.0
        return scored
    skew = np.zeros((count, 2 + scored.parameters.shape[1]))
    with np.errstate(all="ignore"):
        for sums, rows in kinds(scored.parameters, constraints.active):
            _Bench(sums, windows, constraints, noise, scored, skew, rows).run()
        light = np.maximum(scored.model - noise.offset_counts, 0.0)
        np.add(light * noise.counts_variance, windows.floor, out=scored.variance)
        scored.covariance[:], scored.regular[:] = covariances(
            scored.information, constraints.active
        )
        scored.leftovers[:] = leftovers(
            windows,
            scored.parameters,
            constraints.active,
            scored.model,
            scored.variance,
            scored.chi2,
            projected(skew, scored.covariance),
        )
    return scored


def score_again(
    windows: Windows, scored: Scored, rows: Rows, constraints: Constraints, noise: Noise
) -> None:
    """Fit some of the windows again from where they came to rest; see `scoring`."""
    start, limits = scored.parameters[rows], constraints.take(rows)
    scored.put(rows, score_windows(windows.take(rows), start, limits, noise))


class _Bench:
    """Places for a few spectra; as soon as one is at rest, the next takes its place.

    Each place is at its own step, so that every sweep over all of them is of use to all.
    """

    _PER_PLACE: Final = (
        "row", "x", "y", "floor", "weight", "pixels", "p", "trial", "lower", "upper", "expected",
        "precision", "active", "information", "gradient", "chi2", "here", "damping", "decrement",
        "turns", "taken", "last",
    )  # fmt: skip

    def __init__(
        self,
        sums: LineSums,
        windows: Windows,
        constraints: Constraints,
        noise: Noise,
        scored: Scored,
        skew: Array,
        rows: Rows,
    ) -> None:
        self.sums, self.w, self.c, self.noise, self.scored, self.skew = (
            sums, windows, constraints, noise, scored, skew,
        )  # fmt: skip
        self.waiting = rows
        width, size = windows.x.shape[1], sums.parameters.size
        places = min(max(16, _PIXELS // width), rows.size)
        self.room = sums.room(places, width)
        self.row = np.zeros(places, dtype=np.intp)
        self.x, self.y, self.floor, self.weight = np.empty((4, places, width))
        self.p, self.trial = np.empty((2, places, scored.parameters.shape[1]))
        self.lower, self.upper, self.expected, self.precision, self.gradient = np.empty(
            (5, places, size)
        )
        self.active = np.empty((places, size), dtype=bool)
        self.information = np.empty((places, size, size))
        self.pixels, self.chi2, self.here, self.damping, self.decrement = np.empty((5, places))
        self.turns = np.empty(places, dtype=np.intp)
        self.taken, self.last = np.empty((2, places), dtype=bool)
        self._seat(np.arange(places))

    def run(self) -> None:
        """Fit until nobody waits and all places are empty."""
        while self.row.size:
            gone = self._turn()
            if gone.size:
                seats = min(gone.size, self.waiting.size)
                self._seat(gone[:seats])
                if seats < gone.size:
                    self._remove(gone[seats:])

    def _seat(self, places: Rows) -> None:
        """Give places to those who wait."""
        rows, self.waiting = self.waiting[: places.size], self.waiting[places.size :]
        chosen = np.ix_(rows, self.sums.parameters)
        used = self.w.used[rows]
        self.row[places] = rows
        self.x[places] = self.w.x[rows]
        # unused pixels get an infinite variance, hence no weight
        self.y[places] = np.where(used, self.w.y[rows], 0.0)
        self.floor[places] = np.where(used, self.w.floor[rows], np.inf)
        self.weight[places] = 0.0
        self.pixels[places] = np.maximum(used.sum(axis=1), 1)
        self.p[places] = self.trial[places] = self.scored.parameters[rows]
        self.lower[places], self.upper[places] = self.c.lower[chosen], self.c.upper[chosen]
        self.active[places] = self.c.active[chosen]
        known = self.active[places] & (self.c.precision[chosen] > 0.0)
        self.expected[places] = self.c.expected[chosen]
        self.precision[places] = np.where(known, self.c.precision[chosen], 0.0)
        self.here[places] = self.decrement[places] = np.inf
        # the first of the turns divides the damping by ten
        self.damping[places], self.turns[places] = 10.0 * DAMPING_START, 0
        self.taken[places], self.last[places] = True, False

    def _remove(self, places: Rows) -> None:
        keep = np.ones(self.row.size, dtype=bool)
        keep[places] = False
        for name in self._PER_PLACE:
            setattr(self, name, getattr(self, name)[keep])
        self.room = self.sums.room(self.row.size, self.x.shape[1])

    def _turn(self) -> Rows:
        """Judge the steps that were tried, and try the next; returns places that are done."""
        model, weight, products, of_data = self._sweep()
        tried = self.trial[:, self.sums.parameters]
        away = self._away(tried)
        good = self.taken | (of_data + np.sum(self.precision * away * away, axis=1) < self.here)
        self._accept(good, products, weight, away)
        done = good & (self.last | (self.turns == MAX_ITERATIONS))
        judged = good & ~done
        self.damping = np.where(good, self.damping / 10.0, self.damping * 6.0)
        p = self.p[:, self.sums.parameters]
        free = self.active & ~_blocked(p, self.gradient, self.lower, self.upper)
        decrements, undamped, damped = newton_steps(
            self.information, self.gradient, free, self.damping
        )
        # Where the model misses the data by more than noise, noise is no measure of rest.
        decrements /= np.maximum(1.0, self.here / self.pixels)
        # damping shortens the step: only where it is short, the way may be short without
        decrement = np.where(decrements[1] >= DECREMENT_AT_END, decrements[1], decrements[0])
        broken = judged & ~(np.isfinite(self.here) & np.isfinite(decrement))
        self.decrement = np.where(judged, decrement, self.decrement)
        done |= judged & (self.decrement < DECREMENT_AT_REST)
        self.turns += judged
        near = judged & (self.decrement < DECREMENT)
        self.last = near | (~good & (self.damping >= DAMPING_MAX))
        self.taken = self.last
        step = np.where(near[:, None], undamped, damped)
        step[self.last & ~near] = 0.0
        self.trial[:, self.sums.parameters] = np.clip(p + step, self.lower, self.upper)
        gone = np.flatnonzero(done | broken)
        self._note(gone, model, (~broken & np.isfinite(self.here))[gone])
        return gone

    def _sweep(self) -> tuple[Array, Array, Array, Array]:
        """Models and weights at the trial, products of weighted derivatives, and the merit.

        The products are those of the derivatives and, last, of the residuals; the merit has the
        weights of the place from which the step was tried.
        """
        jacobian = self.room
        model = self.sums.evaluate(self.trial, self.x, jacobian)
        variance = model - self.noise.offset_counts
        np.maximum(variance, 0.0, out=variance)
        variance *= self.noise.counts_variance
        variance += self.floor
        weight = np.reciprocal(variance, out=variance)
        residual = np.subtract(self.y, model, out=jacobian[-1])
        of_data = np.einsum("ij,ij,ij->i", self.weight, residual, residual)
        jacobian *= np.sqrt(weight)
        by_place = jacobian.transpose(1, 0, 2)
        return model, weight, np.matmul(by_place, by_place.transpose(0, 2, 1)), of_data

    def _away(self, p: Array) -> Array:
        """Distances to the centres of the priors, 0 where there is none."""
        return np.where(self.precision > 0.0, p - self.expected, 0.0)

    def _accept(self, good: Mask, products: Array, weight: Array, away: Array) -> None:
        np.copyto(self.p, self.trial, where=good[:, None])
        np.copyto(self.weight, weight, where=good[:, None])
        both = self.active[:, :, None] & self.active[:, None, :]
        information = np.where(both, products[:, :-1, :-1], 0.0)
        index = np.arange(self.precision.shape[1])
        information[:, index, index] += self.precision
        gradient = np.where(self.active, products[:, -1, :-1], 0.0) - self.precision * away
        np.copyto(self.information, information, where=good[:, None, None])
        np.copyto(self.gradient, gradient, where=good[:, None])
        np.copyto(self.chi2, products[:, -1, -1], where=good)
        of_priors = np.sum(self.precision * away * away, axis=1)
        np.copyto(self.here, self.chi2 + of_priors, where=good)

    def _note(self, places: Rows, model: Array, sound: Mask) -> None:
        """Write down the results of those who leave."""
        rows, chosen = self.row[places], self.sums.parameters
        self.scored.parameters[rows] = self.p[places]
        self.scored.information[np.ix_(rows, chosen, chosen)] = self.information[places]
        self.scored.model[rows] = model[places]
        self.scored.chi2[rows] = self.chi2[places]
        self.scored.converged[rows] = sound & (self.decrement[places] < DECREMENT_AT_END)
        self._note_skewness(places)

    def _note_skewness(self, places: Rows) -> None:
        """Products of the third derivatives with what the last sweep left; see `asymmetry`."""
        if not places.size:
            return
        rows, weighted = self.row[places], self.room[:, places]
        odd = third_of_lines(self.p[places], self.x[places])
        # the derivative by the background's level is 1
        odd *= weighted[_LEVEL]
        products = np.matmul(weighted.transpose(1, 0, 2), odd[:, :, None])[:, :, 0]
        self.skew[rows, 0] = products[:, -1]
        self.skew[rows, 1] = np.einsum("bk,bk->b", odd, odd)
        self.skew[np.ix_(rows, 2 + self.sums.parameters)] = products[:, :-1]


def _blocked(p: Array, gradient: Array, lower: Array, upper: Array) -> Mask:
    return ((p <= lower) & (gradient < 0.0)) | ((p >= upper) & (gradient > 0.0))
