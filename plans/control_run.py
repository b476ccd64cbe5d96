"""The same ramp without the specimen: what gasket, diamonds and coatings show by themselves."""

from collections.abc import Mapping
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import ConfigurationError
from plans.instruments import Instruments
from plans.pressure_ramp import ramp_run
from plans.resumption import Resumption
from plans.settings import RampSettings, Targets

__all__ = ["control_run"]


@plan
def control_run(
    instruments: Instruments,
    targets: Targets,
    *,
    controls: str,
    contents: str,
    settings: RampSettings | None = None,
    md: Mapping[str, Any] | None = None,
    resumption: Resumption | None = None,
) -> MsgGenerator[Any]:
    """Carry out a ramp on an empty or coated cell, linked to the run that it controls.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    targets : Targets
        Those of the run that is controlled.
    controls : str
        Uid of that run.
    contents : str
        What is in the cell instead of the specimen: ``empty``, ``alumina`` ...
    settings : RampSettings, optional
        Those of the run that is controlled.
    md : mapping, optional
        Added to the start document.
    resumption : Resumption, optional
        As for `pressure_ramp`.

    Raises
    ------
    ConfigurationError
        Before the run opens, if it does not say what it controls, or what is in the cell.
    LimitError, RampHeld
        As for `pressure_ramp`.
    """
    if not controls.strip() or not contents.strip():
        raise ConfigurationError(
            "A control run needs the uid of the run that it controls and what is in the cell "
            "instead of the specimen; give `controls` and `contents`."
        )
    link = {"controls": controls, "contents": contents, **dict(md or {})}
    return (yield from ramp_run("control_run", instruments, targets, settings, link, resumption))
