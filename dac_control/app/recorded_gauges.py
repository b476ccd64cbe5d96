"""Gauges that read Raman, out of the start document of a run."""

from collections.abc import Mapping
from typing import Any

from dac_control.app.raman_tables import Edge, Vibron
from dac_control.app.stated_gauges import edge_gauge, vibron_gauge
from dac_control.errors import ConfigurationError, RecordError
from dac_control.gauges.diamond_edge import DiamondEdgeGauge
from dac_control.gauges.scales import gauges, scales_of
from dac_control.gauges.vibron import RamanLineGauge

__all__ = ["recorded_edge", "recorded_line", "recorded_settings"]


def recorded_settings(start: Mapping[str, Any], gauge: str) -> Mapping[str, Any] | None:
    """What the pressures of a gauge that reads Raman follow from; None where it is not there."""
    edge = gauge == "diamond_edge"
    found = start.get("edge_settings" if edge else "vibron_settings")
    if not isinstance(found, Mapping) or not (edge or found.get("gauge") == gauge):
        return None
    return found


def recorded_edge(settings: Mapping[str, Any], **instead: Any) -> DiamondEdgeGauge:
    """Make the edge of the anvil as a run used it.

    Parameters
    ----------
    settings : mapping
        As `recorded_settings` returns them.
    **instead
        Arguments of `DiamondEdgeGauge`; None leaves what the run had.

    Raises
    ------
    ConfigurationError, RecordError
        A name or number cannot be, or the record lacks something.
    """
    given = _given(instead)
    scale = str(given.get("scale", settings.get("scale")))
    if scale not in scales_of("diamond_edge"):
        raise _unknown(scale)
    try:
        # a scale of the user's own that is replaced need not be known here
        edge = Edge.model_validate({**settings, "scale": scale})
    except ValueError as error:
        raise _unreadable("edge_settings", error) from error
    return edge_gauge(edge, **given)


def recorded_line(settings: Mapping[str, Any], **instead: Any) -> RamanLineGauge:
    """Make the Raman line of a specimen as a run used it; see `recorded_edge`.

    Raises
    ------
    ConfigurationError, RecordError
        As `recorded_edge`, or the user's scale of the run is not known here.
    """
    try:
        line = Vibron.model_validate(settings)
    except ValueError as error:
        raise _unreadable("vibron_settings", error) from error
    given = _given(instead)
    if "scale" not in given:
        # the file of the scale need not be where it was when the run was made
        known = scales_of(line.gauge) if line.gauge in gauges() else {}
        if line.scale not in known:
            raise _unknown(line.scale)
        given["scale"] = known[line.scale]
    return vibron_gauge(line, **given)


def _given(instead: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in instead.items() if value is not None}


def _unknown(scale: str) -> ConfigurationError:
    return ConfigurationError(
        f"The run is on the scale '{scale}', which is not built in; give its file with "
        "--scales, or another scale with --scale."
    )


def _unreadable(name: str, error: ValueError) -> RecordError:
    return RecordError(
        f"The {name} in the record of the run cannot be read: {' '.join(str(error).split())[:200]}"
    )
