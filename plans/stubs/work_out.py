"""Work something out off the RunEngine's thread, and record what came of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import FailedStatus, MsgGenerator, plan

from dac_control.errors import ConfigurationError
from plans.failures import cause_of
from plans.instruments import Instruments

__all__ = ["work_out"]


@plan
def work_out(
    instruments: Instruments, subject: str, job: Callable[[], Mapping[str, Any]], *, stream: str
) -> MsgGenerator[dict[str, Any]]:
    """Carry out `job` on the workbench's thread and record its result as an event of `stream`.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a workbench.
    subject : str
        What it is about, for the record.
    job : callable
        Returns a mapping that JSON takes; what it raises ends the run.
    stream : str
        Where the event goes.

    Returns
    -------
    dict
        What the job returned.

    Raises
    ------
    ConfigurationError
        If this session has no workbench.
    """
    bench: Any = instruments.workbench
    if bench is None:
        raise ConfigurationError(
            f"This session has nothing that could work out '{subject}'; build it from a station "
            "file."
        )
    try:
        yield from bps.abs_set(bench, (subject, job), wait=True)
    except FailedStatus as error:
        raise cause_of(error) from error
    yield from bps.create(name=stream)
    yield from bps.read(bench)
    yield from bps.save()
    return json.loads(str(bench.result.get()))
