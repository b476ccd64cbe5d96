"""Table of the station file about the queue: ``[queue]``."""

from typing import Annotated

from pydantic import Field

from dac_control.app.tables import Strict

__all__ = ["QueueTable"]


class QueueTable(Strict):
    """``[queue]``."""

    redis: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+:[0-9]+(/[0-9]+)?$")] | None = None
    """``host:port`` of a Redis; by default the queue starts its own, on loopback."""
