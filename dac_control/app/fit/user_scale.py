"""The scale that ``fit`` uses of a gauge that a file of the user's names, and where its line is."""

from typing import Final

import numpy as np

from dac_control.app.fit.options import FitOptions
from dac_control.errors import ConfigurationError
from dac_control.gauges import Scale, get_scale, scales_of

__all__ = ["user_scale", "window_of"]

_AROUND: Final = 0.25
"""Share of what the scale spans in which the line may also stand, on either side: outside it
is seen there and flagged, not missed."""
_LEAST_AROUND: Final = {"cm-1": 25.0, "nm": 1.0}


def user_scale(options: FitOptions) -> Scale:
    """The scale that was asked for, or the first of the gauge.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    if options.scale is not None:
        return get_scale(options.scale, options.gauge)
    return next(iter(scales_of(options.gauge).values()))


def window_of(scale: Scale, reference: float | None) -> tuple[float, float]:
    """Where the line can be on a scale: what it spans, and something around.

    Parameters
    ----------
    scale : Scale
    reference : float, optional
        lambda0 or nu0; without, that of the scale.

    Raises
    ------
    ConfigurationError
        The scale needs a reference and there is none, or does not say where its line is.
    """
    arguments = np.asarray(scale.inverse(np.asarray(scale.range_gpa, dtype=np.float64)))
    places = np.asarray(
        scale.observable(arguments, scale.reference if reference is None else reference)
    )
    if not np.isfinite(places).all():
        raise ConfigurationError(
            f"The scale '{scale.name}' does not say where its line is; give --between."
        )
    low, high = float(places.min()), float(places.max())
    around = max(_LEAST_AROUND[scale.unit], _AROUND * (high - low))
    return low - around, high + around
