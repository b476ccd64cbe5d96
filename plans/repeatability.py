"""The same pressure again, from both sides: what friction and hysteresis make of it."""

from collections.abc import Mapping
from typing import Any

from bluesky.utils import MsgGenerator, plan

from plans.instruments import Instruments
from plans.pressure_ramp import ramp_run
from plans.resumption import Resumption
from plans.route import Repeat, check_swing
from plans.settings import RampSettings

__all__ = ["repeatability"]


@plan
def repeatability(
    instruments: Instruments,
    repeat: Repeat,
    *,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
    resumption: Resumption | None = None,
) -> MsgGenerator[Any]:
    """Reach one pressure several times, loading and unloading in turn.

    Every leg goes beyond the pressure before it turns, so that each approach is on a branch and
    not in the dead band of the reversal before it.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    repeat : Repeat
        Pressure, swing and number of cycles.
    settings : RampSettings, optional
        As for `pressure_ramp`.
    md : mapping, optional
        Added to the start document.
    resumption : Resumption, optional
        As for `pressure_ramp`.

    Raises
    ------
    LimitError, RampHeld
        As for `pressure_ramp`; `LimitError` also for a swing that the tolerance swallows.
    """
    settings = settings or RampSettings()
    check_swing(repeat, settings.step.tolerance_gpa)
    return (yield from ramp_run("repeatability", instruments, repeat, settings, md, resumption))
