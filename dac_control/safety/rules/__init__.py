"""Rules over readings: what must not be, for how long, and what to do about it. Pure."""

from dac_control.safety.rules.readings import READINGS, Reading, Sample
from dac_control.safety.rules.ready import READY, ready_rule
from dac_control.safety.rules.rule import Action, Alarm, AlarmKind, Level, Rule
from dac_control.safety.rules.watch import Watch

__all__ = [
    "READINGS",
    "READY",
    "Action",
    "Alarm",
    "AlarmKind",
    "Level",
    "Reading",
    "Rule",
    "Sample",
    "Watch",
    "ready_rule",
]
