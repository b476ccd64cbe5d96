"""What a plan itself knows of a step, recorded beside the readings."""

from typing import Any

from ophyd import Component as Cpt
from ophyd import Device

from devices.signals import CachedSignal
from devices.timing import REAL_TIME, Timing

__all__ = ["StepNotes"]

_NOTHING = float("nan")
_PRESSURES = (
    "pressure_gpa",
    "pressure_sigma_stat_gpa",
    "pressure_sigma_sys_gpa",
    "pressure_half_width_95_gpa",
    "predicted_gpa",
    "predicted_low_gpa",
    "predicted_high_gpa",
    "bound_gpa",
)


class StepNotes(Device):
    """Number, target and outcome of a step; written by the plan, in memory only.

    `gauge` is the one whose pressure the plan acts on, and the pressure that it measured stands
    here; `predicted_gpa`, its 95 % window and `bound_gpa` (99.9 %) are what the load curve said
    before the screw was turned; `failure` is why a reading was not taken; `surprise` tells
    what came of a reading outside the window; `signs` names what the picture shows of a failing
    cell.
    """

    number = Cpt(CachedSignal, dtype="integer")
    branch = Cpt(CachedSignal, dtype="string")
    target = Cpt(CachedSignal, units="GPa or turns", precision=4)
    target_turns = Cpt(CachedSignal, units="turns", precision=5)
    outcome = Cpt(CachedSignal, dtype="string")
    failure = Cpt(CachedSignal, dtype="string")
    drift_gpa_per_h = Cpt(CachedSignal, units="GPa/h", precision=4)
    drift_bound_gpa_per_h = Cpt(CachedSignal, units="GPa/h", precision=4)
    dwell_s = Cpt(CachedSignal, units="s", precision=0)
    readings = Cpt(CachedSignal, dtype="integer")
    attempts = Cpt(CachedSignal, dtype="integer")
    gauge = Cpt(CachedSignal, dtype="string")
    pressure_gpa = Cpt(CachedSignal, units="GPa", precision=3)
    pressure_sigma_stat_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    pressure_sigma_sys_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    pressure_half_width_95_gpa = Cpt(CachedSignal, units="GPa", precision=4)
    predicted_gpa = Cpt(CachedSignal, units="GPa", precision=3)
    predicted_low_gpa = Cpt(CachedSignal, units="GPa", precision=3)
    predicted_high_gpa = Cpt(CachedSignal, units="GPa", precision=3)
    bound_gpa = Cpt(CachedSignal, units="GPa", precision=3)
    surprise = Cpt(CachedSignal, dtype="string")
    signs = Cpt(CachedSignal, dtype="string")

    def __init__(self, *, name: str, timing: Timing = REAL_TIME, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self._wall_time = timing.wall_time
        self.begin(0, outcome="")

    def begin(
        self,
        number: int,
        *,
        branch: str = "",
        target: float = _NOTHING,
        target_turns: float = _NOTHING,
        outcome: str = "under_way",
    ) -> None:
        """Note a new step; what is not known of it yet reads NaN or nothing."""
        self.note(
            number=number,
            branch=branch,
            target=target,
            target_turns=target_turns,
            outcome=outcome,
            failure="",
            drift_gpa_per_h=_NOTHING,
            drift_bound_gpa_per_h=_NOTHING,
            dwell_s=0.0,
            readings=0,
            attempts=0,
            gauge="",
            surprise="",
            signs="",
            **dict.fromkeys(_PRESSURES, _NOTHING),
        )

    def note(self, **values: Any) -> None:
        """Store values under their attribute names."""
        now = self._wall_time()
        for attribute, value in values.items():
            getattr(self, attribute).update(value, now)
