"""From a run file to its plan."""

from collections.abc import Mapping
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.app.run_file import RunFile
from plans.instruments import Instruments

__all__ = ["plan_of"]


def plan_of(
    run: RunFile, instruments: Instruments, md: Mapping[str, Any] | None = None
) -> MsgGenerator[Any]:
    """The plan that a run file describes, not yet begun."""
    return run.make(instruments, {"purpose": run.purpose, **dict(md or {})})
