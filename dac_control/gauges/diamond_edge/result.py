"""What an edge fit says: the edge, its covariance, its other definition, what speaks against it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.gauges.diamond_edge.model import evaluate_edge

__all__ = ["DISQUALIFYING_EDGE", "EDGE_FLAGS", "EdgeFit", "no_edge"]

EDGE_FLAGS: Final = {
    "no_edge": "no end of a band stands out of the noise where the anvil's can be",
    "short_axis": "the axis holds too little of 1340 to 2250 cm-1, where the edge can be",
    "low_signal": "an edge is there, but too weak for its position to be relied on",
    "saturated": "pixels of the edge are at full scale",
    "outside_window": "the edge is not where it was expected",
    "several_edges": "a second step stands in the range, and nothing says which is the anvil's "
    "end; the one at the higher shift was fitted: give the range that you expect",
    "not_converged": "the fit did not come to rest",
    "at_edge": "the edge stands at the end of the spectrum or of the allowed widths",
    "misfit": "what is there does not have the shape of an edge",
    "poor_fit": "the scatter is larger than photons explain; sigma was widened by it",
    "spike": "pixels were masked as cosmic rays",
    "gain_assumed": "the gain is unknown; sigma comes from the scatter about the fit",
    "dark_assumed": "the electronic offset is unknown; all counts were taken for light",
}
"""Every flag of an edge fit with its meaning."""

DISQUALIFYING_EDGE: Final = frozenset(
    (
        "no_edge",
        "short_axis",
        "low_signal",
        "saturated",
        "outside_window",
        "several_edges",
        "not_converged",
        "at_edge",
        "misfit",
    )
)
"""Flags with which an edge is not a measurement."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeFit:
    """The high-frequency edge of one spectrum; NaN where there is none."""

    edge_cm1: float
    """Middle of the error-function step."""
    edge_sigma_cm1: float
    """Statistical standard uncertainty."""
    width_cm1: float
    """Standard deviation of the blur of the step."""
    height_counts: float
    """Height of the plateau above the background, at the edge."""
    derivative_minimum_cm1: float
    """Where the fitted model falls most steeply: how the scales define the edge."""
    derivative_minimum_sigma_cm1: float
    smoothed_minimum_cm1: float
    """Where the data fall most steeply after smoothing."""
    smoothed_minimum_sigma_cm1: float
    smoothing_cm1: float
    """Standard deviation of the Gaussian that smoothed them."""
    smoothing_bias_cm1: float
    """What this smoothing moves the minimum of the fitted model by."""
    chi2_reduced: float
    """With an assumed gain its scale means nothing."""
    plateau_order: int
    background_order: int
    parameter_names: tuple[str, ...]
    parameters: NDArray[np.float64]
    """Shape (n,)."""
    covariance: NDArray[np.float64]
    """Of the parameters, shape (n, n)."""
    window_cm1: tuple[float, float]
    """Shifts between which the model was fitted."""
    flags: tuple[str, ...]
    """Names out of `EDGE_FLAGS`."""
    signal_to_noise: float = 0.0
    """Height over its uncertainty, edge and width held."""
    masked_pixels: int = 0
    """Pixels left out as spikes."""
    other_edges_cm1: tuple[float, ...] = ()
    """Further steps that were found and not taken."""

    @property
    def ok(self) -> bool:
        """True where an edge was found and nothing disqualifies it."""
        return bool(self.parameters.size) and DISQUALIFYING_EDGE.isdisjoint(self.flags)

    @property
    def definition_shift_cm1(self) -> float:
        """How far the definitions of the edge differ beyond noise; NaN where one is missing.

        The larger of: steepest point of the model less its edge; steepest point of the smoothed
        data, smoothing bias removed, less the model's edge, with its variance taken off.
        """
        model = abs(self.derivative_minimum_cm1 - self.edge_cm1)
        data = self.smoothed_minimum_cm1 - self.smoothing_bias_cm1 - self.edge_cm1
        beyond = data**2 - self.smoothed_minimum_sigma_cm1**2
        if not np.isfinite(beyond):
            return float(model)
        return float(max(model, np.sqrt(max(beyond, 0.0))))

    def evaluate(self, shift_cm1: ArrayLike) -> NDArray[np.float64]:
        """Counts of the model, shape as given; NaN where there is no edge."""
        if not self.parameters.size:
            return np.full(np.shape(shift_cm1), np.nan)
        return evaluate_edge(self.plateau_order, self.background_order, self.parameters, shift_cm1)


def no_edge(
    window_cm1: tuple[float, float], flags: tuple[str, ...], masked_pixels: int = 0
) -> EdgeFit:
    """The fit of a spectrum without an edge, searched between two shifts."""
    nan = float("nan")
    return EdgeFit(
        edge_cm1=nan,
        edge_sigma_cm1=nan,
        width_cm1=nan,
        height_counts=nan,
        derivative_minimum_cm1=nan,
        derivative_minimum_sigma_cm1=nan,
        smoothed_minimum_cm1=nan,
        smoothed_minimum_sigma_cm1=nan,
        smoothing_cm1=nan,
        smoothing_bias_cm1=nan,
        chi2_reduced=nan,
        plateau_order=0,
        background_order=0,
        parameter_names=(),
        parameters=np.empty(0),
        covariance=np.empty((0, 0)),
        window_cm1=window_cm1,
        flags=flags,
        masked_pixels=masked_pixels,
    )
