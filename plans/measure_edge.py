"""The Raman edge of one anvil, beside the ruby."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import RampHeld
from plans.beside_ruby import Sighting, gauge_beside_ruby
from plans.gauge_settings import EdgeSettings, RubySettings
from plans.instruments import Instruments

__all__ = ["measure_edge"]


@plan
def measure_edge(
    instruments: Instruments,
    anvil: Literal["near", "far"] = "near",
    *,
    readings: int = 3,
    settings: EdgeSettings | None = None,
    ruby: RubySettings | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[Any]:
    """Measure the Raman edge of one anvil, with the ruby at each reading.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with the gauge ``diamond_edge``.
    anvil : "near" or "far"
        Seen from the optics.
    readings : int
        How often both are taken.
    settings : EdgeSettings, optional
        How the edge is taken.
    ruby : RubySettings, optional
        How the ruby is taken; that it says nothing is recorded and ends nothing.
    md : mapping, optional
        Added to the start document.

    Raises
    ------
    ConfigurationError, LimitError, StaleCalibration
        Before the run opens: no such gauge, or the optics cannot look at that anvil.
    RampHeld
        If the edge gave no pressure in any reading.
    """
    settings = settings or EdgeSettings()
    gauge, spot = "diamond_edge", f"anvil {anvil}"
    about = {"plan_name": "measure_edge", "anvil": anvil}
    conclude = partial(_must_measure, gauge, spot)
    inside = gauge_beside_ruby(
        instruments, gauge, spot, readings, (settings, ruby), about, md, conclude
    )
    return (yield from inside)


@plan
def _must_measure(gauge: str, spot: str, found: Sequence[Sighting]) -> MsgGenerator[None]:
    if not any(each.reading.measured for each in found):
        raise RampHeld(
            f"The gauge {gauge} gave no pressure in {len(found)} readings at {spot}: "
            f"{found[-1].reading.why_not()}. Look at focus, light and exposure."
        )
    yield from ()
