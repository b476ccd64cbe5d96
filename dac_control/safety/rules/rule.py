"""One rule over readings, and the alarms that come of it. Pure."""

import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dac_control.errors import RuleError
from dac_control.safety.rules.expression import Condition, Not, leaves, parse_condition
from dac_control.safety.rules.feasible import can_be_true, ranges_of
from dac_control.safety.rules.readings import READINGS, Reading

__all__ = ["Action", "Alarm", "AlarmKind", "Level", "Rule", "check_condition", "check_message"]

Action: TypeAlias = Literal["notify", "pause", "hold", "heater_off"]
"""Tell somebody; let the step in progress end and begin no other; end the run in hold (motion
stopped, light shut, temperature kept); the same, and switch the heater off."""
Level: TypeAlias = Literal["info", "warning", "critical"]
AlarmKind: TypeAlias = Literal["raised", "resolved", "missing", "repeated"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must not be, for how long, and what to do about it.

    Semantics follow the watchdog of NICOS (Networked Instrument Control System, MLZ): grace time,
    precondition with a time of its own, an alarm on each edge, and values that are missing are
    an alarm themselves. Rates, changes and repetition are ours.

    Raises
    ------
    RuleError
        When made with an expression that cannot be parsed, that can never be true, or that
        always is.
    """

    name: str
    condition: str
    """True while something is wrong."""
    grace_s: float = 5.0
    """How long it must be true without a break."""
    precondition: str = ""
    """Must have been true before: ``cell_temperature_k < 60`` for "was cold, then warm"."""
    precondition_s: float = 60.0
    """For how long without a break."""
    precondition_memory_s: float = 600.0
    """For how long after it was last true the condition may begin."""
    message: str = ""
    """For a person; ``{cell_temperature_k:.1f}`` stands for the reading of that name."""
    action: Action = "notify"
    missing_action: Action = "notify"
    """What to do where a value is missing, so that the rule cannot be checked."""
    stale_s: float | None = None
    """Age at which a value is missing; by default what the reading itself allows."""
    ok_message: str = ""
    level: Level = "warning"
    repeat_s: float = 1800.0
    """How often an alarm is repeated while it lasts."""
    readings: Mapping[str, Reading] = field(
        default_factory=lambda: READINGS, repr=False, compare=False
    )
    """What may be named."""
    parsed: Condition = field(init=False, repr=False, compare=False)
    parsed_precondition: Condition | None = field(init=False, repr=False, compare=False)
    needs: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Names of the readings without which it cannot be checked, in order."""

    def __post_init__(self) -> None:
        for key in ("grace_s", "precondition_s", "precondition_memory_s"):
            if not (math.isfinite(getattr(self, key)) and getattr(self, key) >= 0):
                raise RuleError(f"{key} of rule {self.name!r} must be 0 or more, and finite")
        if not self.repeat_s > 0:
            raise RuleError(f"repeat_s of rule {self.name!r} must be above 0")
        for key in ("message", "ok_message"):
            check_message(getattr(self, key), self.readings)
        parsed = check_condition(self.condition, self.readings)
        before = check_condition(self.precondition, self.readings) if self.precondition else None
        object.__setattr__(self, "parsed", parsed)
        object.__setattr__(self, "parsed_precondition", before)
        found = [*leaves(parsed), *(leaves(before) if before is not None else ())]
        # an age is known of what is missing, too
        needs = dict.fromkeys(leaf.reading for leaf in found if leaf.kind != "age")
        object.__setattr__(self, "needs", tuple(needs))


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something to tell, and to do something about."""

    rule: Rule
    kind: AlarmKind
    message: str
    time_s: float
    missing: bool = False
    """True if it is about a value that is missing, also when that is repeated or resolved."""

    @property
    def action(self) -> Action:
        """What to do now; nothing but to tell where something is over."""
        if self.kind == "resolved":
            return "notify"
        return self.rule.missing_action if self.missing else self.rule.action


def check_condition(text: str, readings: Mapping[str, Reading] = READINGS) -> Condition:
    """Parse a condition and see that it can be true, and false.

    Raises
    ------
    RuleError
        Saying which of these it is not.
    """
    condition = parse_condition(text, readings)
    ranges = ranges_of(condition, readings)
    named = ", ".join(
        f"{name} in {readings[name].low:g} to {readings[name].high:g} {readings[name].unit}"
        for name in dict.fromkeys(leaf.reading for leaf in ranges)
    )
    if not can_be_true(condition, ranges):
        raise RuleError(f"{text!r} can never be true, with {named or 'no reading in it'}")
    if not can_be_true(Not(condition), ranges):
        raise RuleError(f"{text!r} is always true, with {named or 'no reading in it'}")
    return condition


def check_message(text: str, readings: Mapping[str, Reading] = READINGS) -> str:
    """See that a message can be filled in: names of readings in braces, and nothing else.

    Raises
    ------
    RuleError
        For anything else in braces.
    """
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise RuleError(f"{text!r} cannot be filled in: {error}") from None
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in readings or conversion:
            raise RuleError(f"{{{name}}} is no reading; write one, as in {{turns:.3f}}")
        try:
            format(1.0, form or "")
        except ValueError as error:
            raise RuleError(f"{{{name}:{form}}} cannot be filled in: {error}") from None
    return text
