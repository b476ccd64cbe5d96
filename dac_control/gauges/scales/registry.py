"""Scales by gauge and name: what is built in, and what a user adds."""

from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.scales.diamond_edge import EDGE_SCALES
from dac_control.gauges.scales.ruby import RUBY_SCALES
from dac_control.gauges.scales.scale import Scale
from dac_control.gauges.scales.srb4o7 import SRB4O7_SCALES

__all__ = ["BUILT_IN", "SCALES", "gauges", "get_scale", "register", "scales_of"]

BUILT_IN: Final = frozenset(scale.name for scale in (*RUBY_SCALES, *EDGE_SCALES, *SRB4O7_SCALES))
"""Names that no user's scale may take, whatever its gauge."""

_BY_GAUGE: Final[dict[str, dict[str, Scale]]] = {
    "ruby": {scale.name: scale for scale in RUBY_SCALES},
    "diamond_edge": {scale.name: scale for scale in EDGE_SCALES},
    "srb4o7": {scale.name: scale for scale in SRB4O7_SCALES},
}

SCALES: Final[dict[str, Scale]] = _BY_GAUGE["ruby"]
"""Ruby scales by name."""


def gauges() -> tuple[str, ...]:
    """Name the gauges that have a scale."""
    return tuple(_BY_GAUGE)


def scales_of(gauge: str) -> dict[str, Scale]:
    """Look up all scales of a gauge by name, the one to use without other reasons first.

    Raises
    ------
    ConfigurationError
        There is no such gauge.
    """
    try:
        return dict(_BY_GAUGE[gauge])
    except KeyError:
        raise ConfigurationError(
            f"There is no gauge '{gauge}' with a scale; the gauges are {', '.join(_BY_GAUGE)}."
        ) from None


def get_scale(name: str, gauge: str = "ruby") -> Scale:
    """Look up a scale.

    Raises
    ------
    ConfigurationError
        There is none of that name for that gauge.
    """
    known = scales_of(gauge)
    if name in known:
        return known[name]
    elsewhere = [other for other, scales in _BY_GAUGE.items() if name in scales]
    if elsewhere:
        problem = f"'{name}' is a scale of the gauge {elsewhere[0]}, not of {gauge}"
    else:
        problem = f"There is no {gauge} scale '{name}'"
    raise ConfigurationError(f"{problem}; the {gauge} scales are {', '.join(known)}.")


def register(scale: Scale) -> None:
    """Add a user's scale; one of that name that was added before is replaced.

    Raises
    ------
    ConfigurationError
        The name is that of a built-in scale.
    """
    if scale.name in BUILT_IN:
        raise ConfigurationError(
            f"The name '{scale.name}' belongs to a built-in scale; give yours another."
        )
    _BY_GAUGE.setdefault(scale.gauge, {})[scale.name] = scale
