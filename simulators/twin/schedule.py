"""Faults that were ordered beforehand: at a time, or as soon as a pressure is reached."""

import math
from dataclasses import dataclass

from simulators.twin.condition import FAULTS

__all__ = ["Fault", "Schedule"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault and when it comes; the earlier of both, where both are given."""

    kind: str
    at_lab_s: float = math.inf
    at_gpa: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot happen."""
        if self.kind not in FAULTS:
            raise ValueError(f"The twin knows the faults {', '.join(FAULTS)}, not {self.kind!r}.")
        if math.isnan(self.at_lab_s) or math.isnan(self.at_gpa):
            raise ValueError(f"The fault {self.kind} needs a time or a pressure that is a number.")


class Schedule:
    """Faults that have not come yet."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        self._faults.append(fault)

    @property
    def next_s(self) -> float:
        """Laboratory time of the next fault that has one; inf where none has."""
        return min((fault.at_lab_s for fault in self._faults), default=math.inf)

    def due(self, lab_s: float, pressure_gpa: float) -> list[Fault]:
        """Take out and return what has come."""
        if not self._faults:
            return []
        now = [f for f in self._faults if f.at_lab_s <= lab_s or f.at_gpa <= pressure_gpa]
        if now:
            self._faults = [f for f in self._faults if f not in now]
        return now
