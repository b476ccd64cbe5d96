"""From a run file to its plan."""

from collections.abc import Mapping
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.app.run_file import RunFile
from plans.instruments import Instruments
from plans.resumption import Resumption

__all__ = ["plan_of"]


def plan_of(
    run: RunFile,
    instruments: Instruments,
    md: Mapping[str, Any] | None = None,
    resumption: Resumption | None = None,
) -> MsgGenerator[Any]:
    """The plan that a run file describes, or what is left of it, not yet begun."""
    document = {"purpose": run.purpose, **dict(md or {})}
    if resumption is not None:
        plan = run.resume(instruments, document, resumption)
    else:
        plan = run.make(instruments, document)
    return run.as_written(instruments, plan)
