"""nu0 as people give it to an option."""

from typing import Final

from dac_control.gauges.diamond_edge import AxisConvention, Nu0

__all__ = ["nu0_given"]

_SIGMA_CM1: Final = 0.5
"""Where nobody states one: what is read off a spectrum of the unstressed anvil."""


def nu0_given(value_cm1: float | None, convention: AxisConvention = "unknown") -> Nu0 | None:
    """The line of unstressed diamond as given with ``--nu0-cm1``; None where it was not.

    Raises
    ------
    ConfigurationError
        It is none that unstressed diamond can have.
    """
    if value_cm1 is None:
        return None
    return Nu0(
        value_cm1=value_cm1,
        sigma_cm1=_SIGMA_CM1,
        convention=convention,
        source="as given with --nu0-cm1, uncertainty assumed",
    )
