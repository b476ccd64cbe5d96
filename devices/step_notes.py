"""What a plan itself knows of a step, recorded beside the readings."""

import time
from typing import Any

from ophyd import Component as Cpt
from ophyd import Device

from devices.signals import CachedSignal

__all__ = ["StepNotes"]


class StepNotes(Device):
    """Number, target and outcome of a step; written by the plan, in memory only."""

    number = Cpt(CachedSignal, dtype="integer")
    branch = Cpt(CachedSignal, dtype="string")
    target = Cpt(CachedSignal, units="GPa or turns", precision=4)
    target_turns = Cpt(CachedSignal, units="turns", precision=5)
    outcome = Cpt(CachedSignal, dtype="string")
    drift_gpa_per_h = Cpt(CachedSignal, units="GPa/h", precision=4)
    drift_bound_gpa_per_h = Cpt(CachedSignal, units="GPa/h", precision=4)
    dwell_s = Cpt(CachedSignal, units="s", precision=0)
    readings = Cpt(CachedSignal, dtype="integer")
    attempts = Cpt(CachedSignal, dtype="integer")

    def __init__(self, *, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        nothing = float("nan")
        self.note(
            number=0,
            branch="",
            target=nothing,
            target_turns=nothing,
            outcome="",
            drift_gpa_per_h=nothing,
            drift_bound_gpa_per_h=nothing,
            dwell_s=0.0,
            readings=0,
            attempts=0,
        )

    def note(self, **values: Any) -> None:
        """Store values under their attribute names."""
        now = time.time()
        for attribute, value in values.items():
            getattr(self, attribute).update(value, now)
