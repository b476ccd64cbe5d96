"""What both engines of the ruby fit agree on: windows in, parameters and information out.

An engine is a function ``score_windows(windows, start, constraints, noise) -> Scored``: Fisher
scoring (Wedderburn, Biometrika 61, 439, 1974) with Levenberg's damping, whose weights come from
the model and not from the noisy data. Weights from the data favour pixels that fluctuated
downwards; for photon counts the fixed point of Fisher scoring is the maximum likelihood.
``score_again(windows, scored, rows, constraints, noise)`` fits some of them once more in place.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.leftovers import LEFTOVERS
from dac_control.gauges.ruby.lineshape import DOUBLET

__all__ = [
    "DAMPING_MAX",
    "DAMPING_START",
    "DECREMENT",
    "DECREMENT_AT_END",
    "DECREMENT_AT_REST",
    "MAX_ITERATIONS",
    "Constraints",
    "Noise",
    "Scored",
    "Windows",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PARAMETERS: Final = len(DOUBLET)

MAX_ITERATIONS: Final = 60
# Square of the distance to the solution in units of sigma at which a fit stays where it is (a
# hundredth of sigma: one part in 1e4 of the variance), at which one step more is the last, and at
# which a fit that ran out of iterations still counts as having come to rest.
DECREMENT_AT_REST: Final = 1e-4
DECREMENT: Final = 1e-3
DECREMENT_AT_END: Final = 1e-2
DAMPING_START: Final = 1e-3
DAMPING_MAX: Final = 1e9


@dataclass(frozen=True)
class Windows:
    """Pixels about the lines of many spectra, each of shape (spectra, pixels)."""

    x: Array
    """Wavelength in nm, rising."""
    y: Array
    """Counts."""
    used: Mask
    """False for pixels that are masked, or only fill the row (the last one, repeated)."""
    floor: Array
    """Variance of a pixel without light in counts squared."""

    @property
    def pitch_nm(self) -> Array:
        """Mean distance of the pixels, without those that fill the row, shape (spectra,)."""
        steps = np.count_nonzero(self.x[:, 1:] > self.x[:, :-1], axis=1)
        return (self.x[:, -1] - self.x[:, 0]) / np.maximum(steps, 1)

    def take(self, which: NDArray[np.intp] | Mask) -> "Windows":
        """Some of the spectra."""
        return Windows(self.x[which], self.y[which], self.used[which], self.floor[which])


@dataclass(frozen=True)
class Noise:
    """How the variance of a pixel grows with its light."""

    offset_counts: float
    counts_variance: float
    """Variance per count above the offset: 1 / (gain * averages)."""


@dataclass(frozen=True)
class Constraints:
    """Limits and weak knowledge of the parameters."""

    lower: Array
    """Shape (spectra, parameters)."""
    upper: Array
    expected: Array
    """Centres of the priors, shape (spectra, parameters)."""
    precision: Array
    """1 / sigma**2 of each prior, 0 where there is none, shape (spectra, parameters)."""
    active: Mask
    """Parameters that may move, shape (spectra, parameters); the others keep their start."""

    def take(self, which: NDArray[np.intp] | Mask) -> "Constraints":
        """Those of some of the spectra."""
        return Constraints(
            self.lower[which],
            self.upper[which],
            self.expected[which],
            self.precision[which],
            self.active[which],
        )


@dataclass(frozen=True)
class Scored:
    """Where the scoring of many windows came to rest."""

    parameters: Array
    """Shape (spectra, parameters)."""
    information: Array
    """Of data and priors, shape (spectra, parameters, parameters); 0 where not active."""
    covariance: Array
    """Its inverse, 0 where not active or not regular."""
    regular: Mask
    """False where the information has no inverse."""
    model: Array
    """Expected counts, shape (spectra, pixels)."""
    variance: Array
    """Variance of the pixels under the model, shape (spectra, pixels)."""
    chi2: Array
    """Sum of squared residuals over variance, priors left out, shape (spectra,)."""
    converged: Mask
    leftovers: Array
    """What is left of the data, shape (spectra, `LEFTOVERS`); see `leftovers`."""

    @classmethod
    def empty(cls, spectra: int, pixels: int) -> "Scored":
        """Room for the results of an engine."""
        return cls(
            parameters=np.empty((spectra, PARAMETERS)),
            information=np.zeros((spectra, PARAMETERS, PARAMETERS)),
            covariance=np.zeros((spectra, PARAMETERS, PARAMETERS)),
            regular=np.zeros(spectra, dtype=bool),
            model=np.empty((spectra, pixels)),
            variance=np.empty((spectra, pixels)),
            chi2=np.empty(spectra),
            converged=np.zeros(spectra, dtype=bool),
            leftovers=np.zeros((spectra, LEFTOVERS)),
        )

    def take(self, which: NDArray[np.intp]) -> "Scored":
        """Results of some of the spectra; the very object where it is all of them."""
        if which.size == self.chi2.size:
            return self
        return Scored(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})

    def put(self, which: NDArray[np.intp], other: "Scored") -> None:
        """Replace the results of some of the spectra."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(other, name)
