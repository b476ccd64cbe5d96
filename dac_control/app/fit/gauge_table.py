"""Gauges of ``fit`` by name."""

from typing import Final

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.edge_adapter import EdgeAdapter
from dac_control.app.fit.ruby_adapter import RubyAdapter
from dac_control.app.fit.srb4o7_adapter import SrB4O7Adapter
from dac_control.errors import ConfigurationError

__all__ = ["GAUGES", "adapter_of"]

GAUGES: Final[dict[str, type[GaugeAdapter]]] = {
    "ruby": RubyAdapter,
    "diamond_edge": EdgeAdapter,
    "srb4o7": SrB4O7Adapter,
}
"""A gauge is added by a line here."""


def adapter_of(name: str) -> type[GaugeAdapter]:
    """Look up a gauge.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    try:
        return GAUGES[name]
    except KeyError:
        raise ConfigurationError(
            f"There is no gauge '{name}' for spectra; --gauge is {', '.join(GAUGES)}."
        ) from None
