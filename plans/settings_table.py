"""What every table of settings has in common."""

import math
from dataclasses import dataclass, fields
from typing import ClassVar

from dac_control.errors import LimitError

__all__ = ["SettingsTable"]


@dataclass(frozen=True, kw_only=True)
class SettingsTable:
    """Settings whose every number is finite: a wait without an end is none that a person meant.

    Raises
    ------
    LimitError
        Naming the number that is not.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    table: ClassVar[str]
    """Table of the run file."""

    def __post_init__(self) -> None:
        for each in fields(self):
            found = getattr(self, each.name)
            for number in found if isinstance(found, tuple) else (found,):
                if isinstance(number, float) and not math.isfinite(number):
                    raise LimitError(
                        f"{self.table}.{each.name} must be a finite number, not {number}."
                    )
