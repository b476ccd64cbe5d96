"""What lies behind a failed Status, in the project's own words."""

from typing import Any

from bluesky.utils import FailedStatus
from ophyd.utils.errors import StatusTimeoutError

from dac_control.errors import DacError, ReplyTimeout

__all__ = ["cause_of"]


def cause_of(error: FailedStatus) -> DacError:
    """The `DacError` that made a Status fail, or one that names what did."""
    status: Any = error.args[0] if error.args else None
    cause = error.__cause__
    # where a second failure followed, as of the light that had to be shut, that is the cause here
    if not isinstance(cause, DacError) and getattr(status, "done", False):
        cause = status.exception(0)
    if isinstance(cause, DacError):
        return cause
    name = getattr(getattr(status, "obj", None), "name", "an instrument")
    if isinstance(cause, StatusTimeoutError):
        return ReplyTimeout(f"{name} did not finish in time.")
    return DacError(f"{name} failed: {cause or error}")
