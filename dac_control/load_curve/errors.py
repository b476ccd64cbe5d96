"""The error of this package."""

from dac_control.errors import DacError

__all__ = ["LoadCurveError"]


class LoadCurveError(DacError, ValueError):
    """The points do not determine a load curve, or the curve does not reach what was asked."""
