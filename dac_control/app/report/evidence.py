"""What a check looks at, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dac_control.app.readings import Readings, Steps
from dac_control.app.report.frames import Picture
from dac_control.app.report.recompute import Recomputed
from dac_control.records import Run

__all__ = ["Check", "Evidence"]


@dataclass(frozen=True)
class Check:
    """One clause with its verdict."""

    clause: str
    passed: bool
    text: str
    """One sentence for a reader: what was found."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the checks look at."""

    run: Run
    steps: Steps
    dwell: Readings
    frames: list[Picture]
    recomputed: Recomputed | None

    @property
    def start(self) -> Mapping[str, Any]:
        """The start document."""
        return self.run.start
