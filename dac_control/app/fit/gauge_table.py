"""Gauges of ``fit`` by name."""

from collections.abc import Callable
from typing import Final

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.user_scale import user_scale
from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import gauges

__all__ = ["GAUGES", "adapter_of"]


def _ruby() -> type[GaugeAdapter]:
    from dac_control.app.fit.ruby_adapter import RubyAdapter

    return RubyAdapter


def _edge() -> type[GaugeAdapter]:
    from dac_control.app.fit.edge_adapter import EdgeAdapter

    return EdgeAdapter


def _srb4o7() -> type[GaugeAdapter]:
    from dac_control.app.fit.srb4o7_adapter import SrB4O7Adapter

    return SrB4O7Adapter


def _fluorescence_line() -> type[GaugeAdapter]:
    from dac_control.app.fit.fluorescence_adapter import FluorescenceLineAdapter

    return FluorescenceLineAdapter


def _raman_line() -> type[GaugeAdapter]:
    from dac_control.app.fit.raman_adapter import RamanLineAdapter

    return RamanLineAdapter


GAUGES: Final[dict[str, Callable[[], type[GaugeAdapter]]]] = {
    "ruby": _ruby,
    "diamond_edge": _edge,
    "srb4o7": _srb4o7,
}
"""A gauge is added by a line here; those of the user's own files have one for each unit. Each is
imported when it is asked for: a fit of ruby starts half a second earlier without the rest."""


def adapter_of(options: FitOptions) -> type[GaugeAdapter]:
    """Look up a gauge; of one that only a user's scale names, the unit of the scale decides.

    Raises
    ------
    ConfigurationError
        There is none of that name, or it has no such scale.
    """
    name = options.gauge
    if name in GAUGES:
        return GAUGES[name]()
    if name in gauges():
        in_nm = user_scale(options).unit == "nm"
        return _fluorescence_line() if in_nm else _raman_line()
    known = ", ".join(dict.fromkeys((*GAUGES, *gauges())))
    raise ConfigurationError(
        f"There is no gauge '{name}' for spectra; --gauge is one of {known}, or one that a scale "
        "of yours names, with its file in --scales."
    )
