"""One thing to tell people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from dac_control.safety.rules import Level

__all__ = ["LEVELS", "Level", "Notice", "State"]

State: TypeAlias = Literal["once", "begins", "over"]
"""Something that happened; something that lasts from now on; that this is over."""

LEVELS: tuple[Level, ...] = ("info", "warning", "critical")
"""From the least to the most urgent."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a person is told.

    What `begins` is repeated until a notice of the same key says that it is `over`.
    """

    title: str
    body: str = ""
    level: Level = "info"
    picture: Path | None = None
    """An image to attach, such as the newest frame of the microscope."""
    key: str = ""
    """What it is about; by default the title."""
    state: State = "once"
    not_to: str = ""
    """Name of a channel that is not told: the one that the notice is about."""

    @property
    def about(self) -> str:
        """Notices about the same are never sent close together."""
        return self.key or self.title

    def at_least(self, level: Level) -> bool:
        """True if it is as urgent as `level`."""
        return LEVELS.index(self.level) >= LEVELS.index(level)
