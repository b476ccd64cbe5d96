"""Where nobody told the ruby's temperature, its own lines may rule out the one to be assumed."""

import math
from typing import Final

import numpy as np

from dac_control.gauges import RubyFit
from dac_control.gauges.ruby.lineshape import DOUBLET
from dac_control.gauges.ruby.r2_population import boltzmann, largest_ratio

__all__ = ["REFUTED", "refutation"]

REFUTED: Final = "temperature_refuted"

_RATIO: Final = DOUBLET.index("ratio")
_SIGMAS: Final = 3.0
_WEAKEST_STRENGTH: Final = 0.3
"""Of R2 relative to R1 at equal population; 0.53 to 0.9 are in use. At 296 K a chip of 0.7 is told
below about 40 K: at 80 K its R2 is as strong as that of a poor chip at room temperature."""


def refutation(fit: RubyFit, assumed_k: float) -> str:
    """Say why a ruby fitted at an unknown temperature is not at `assumed_k`; empty if it may.

    The ratio is that of the fit itself. Without a temperature it has no prior there, and where
    there is no R2 at all its fit without priors has none to tell.
    """
    if fit.model != "doublet":
        return ""
    ratio = float(fit.parameters[_RATIO])
    sigma = math.sqrt(max(float(fit.covariance[_RATIO, _RATIO]), 0.0))
    reach = _SIGMAS * sigma
    if ratio + reach < _WEAKEST_STRENGTH * boltzmann(assumed_k):
        looks, than = "cold", "weaker"
    elif ratio - reach > float(largest_ratio(np.array(assumed_k))):
        looks, than = "warm", "stronger"
    else:
        return ""
    return (
        f"The line looks {looks}: R2 is {ratio:.3f} +- {sigma:.3f} of R1, {than} than "
        f"ruby's at the {assumed_k:g} K of lambda0, so no pressure is told; give --temperature-k."
    )
