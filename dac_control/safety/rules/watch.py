"""Rules, looked at again and again. Pure: readings and time in, alarms out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dac_control.errors import RuleError
from dac_control.safety.rules.evaluate import holds
from dac_control.safety.rules.expression import Leaf, leaves
from dac_control.safety.rules.history import History
from dac_control.safety.rules.readings import Sample
from dac_control.safety.rules.rule import Alarm, Rule

__all__ = ["Watch"]


class _Edge:
    """True or not, since when, and when that was last told."""

    def __init__(self) -> None:
        self.since_s: float | None = None
        self.told_s: float | None = None

    @property
    def raised(self) -> bool:
        return self.told_s is not None

    def rises(self, now_s: float, grace_s: float) -> bool:
        """Note that it is true; return True at the moment at which that is to be told."""
        if self.since_s is None:
            self.since_s = now_s
        if self.raised or now_s - self.since_s < grace_s:
            return False
        self.told_s = now_s
        return True

    def falls(self) -> bool:
        """Note that it is not true; return True if that is to be told."""
        was, self.since_s, self.told_s = self.raised, None, None
        return was

    def repeats(self, now_s: float, repeat_s: float) -> bool:
        """Return True if it has been quiet about it for long enough."""
        if self.told_s is None or now_s - self.told_s < repeat_s:
            return False
        self.told_s = now_s
        return True


class _Watched:
    """One rule and where it stands."""

    def __init__(self, rule: Rule, began_s: float) -> None:
        self.rule = rule
        self.wrong = _Edge()
        self.missing = _Edge()
        self._began_s = began_s
        self._before = _Edge()
        self._armed_until_s = -math.inf

    def look(self, history: History, now_s: float) -> list[Alarm]:
        found = self._look_for_missing(history, now_s)

        def value(leaf: Leaf) -> float:
            if leaf.kind != "age" and self._fault(history, leaf.reading, now_s):
                return math.nan
            return history.look(leaf, now_s)

        armed = self._is_armed(value, now_s)
        met = holds(self.rule.parsed, value)
        if met is False or (met is None and not self.wrong.raised):
            # what was raised stays raised while nobody can tell
            if self.wrong.falls():
                ok = self.rule.ok_message or f"Over: {self.rule.message or self.rule.name}"
                found.append(self._alarm("resolved", ok, history, now_s))
        elif met and (armed or self.wrong.since_s is not None):
            if self.wrong.rises(now_s, self.rule.grace_s):
                found.append(self._alarm("raised", self._text, history, now_s))
        if self.wrong.repeats(now_s, self.rule.repeat_s):
            found.append(self._alarm("repeated", self._text, history, now_s))
        return found

    @property
    def _text(self) -> str:
        return self.rule.message or f"{self.rule.name}: {self.rule.condition}"

    def _is_armed(self, value: Any, now_s: float) -> bool:
        before = self.rule.parsed_precondition
        if before is None:
            return True
        if holds(before, value):
            self._before.rises(now_s, self.rule.precondition_s)
            if self._before.raised:
                self._armed_until_s = now_s + self.rule.precondition_memory_s
        else:
            self._before.falls()
        return now_s <= self._armed_until_s

    def _fault(self, history: History, name: str, now_s: float) -> str:
        return history.fault(name, now_s, self._stale_s(name))

    def _stale_s(self, name: str) -> float:
        stale_s = self.rule.stale_s
        return self.rule.readings[name].stale_s if stale_s is None else stale_s

    def _look_for_missing(self, history: History, now_s: float) -> list[Alarm]:
        faults = {
            name: fault
            for name in self.rule.needs
            if self._must_be_there(name)
            if (fault := self._fault(history, name, now_s))
            # nothing was read yet: give it the time that a value may be old
            if (history.was_read(name) or now_s - self._began_s >= self._stale_s(name))
        }
        if not faults:
            if not self.missing.falls():
                return []
            text = f"The rule {self.rule.name!r} can be checked again."
            return [self._alarm("resolved", text, history, now_s, missing=True)]
        what = "; ".join(f"{name} {fault}" for name, fault in faults.items())
        text = f"The rule {self.rule.name!r} cannot be checked: {what}."
        if self.missing.rises(now_s, 0.0):
            return [self._alarm("missing", text, history, now_s, missing=True)]
        if self.missing.repeats(now_s, self.rule.repeat_s):
            return [self._alarm("repeated", text, history, now_s, missing=True)]
        return []

    def _must_be_there(self, name: str) -> bool:
        return self.rule.stale_s is not None or not self.rule.readings[name].optional

    def _alarm(
        self, kind: Any, text: str, history: History, now_s: float, *, missing: bool = False
    ) -> Alarm:
        if not missing:
            text = text.format_map(_Filling(history))
        return Alarm(rule=self.rule, kind=kind, message=text, time_s=now_s, missing=missing)


class _Filling(dict[str, float]):
    """Values of readings by name, for a message."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def __missing__(self, name: str) -> float:
        return self._history.last_value(name)


class Watch:
    """Rules over readings, with what they remember.

    Parameters
    ----------
    rules : sequence of Rule
        Names must differ.

    Raises
    ------
    RuleError
        If two rules have one name.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise RuleError(f"two rules are called {name!r}; give each a name of its own")
        self._watched: list[_Watched] | None = None
        needed = [
            leaf
            for rule in rules
            for condition in (rule.parsed, rule.parsed_precondition)
            if condition is not None
            for leaf in leaves(condition)
        ]
        known = {name: each for rule in rules for name, each in rule.readings.items()}
        self._history = History(needed, known)
        self._now_s = -math.inf

    def look(self, readings: Mapping[str, Sample], now_s: float) -> list[Alarm]:
        """Compare readings with every rule.

        Parameters
        ----------
        readings : mapping of str to Sample
            The newest sample of each; others than the rules need are ignored.
        now_s : float
            On the clock of the samples. A clock that goes back stands still here.

        Returns
        -------
        list of Alarm
            What is to be told now: edges, and what lasts and was not told for `repeat_s`.
        """
        self._now_s = max(self._now_s, now_s)
        if self._watched is None:
            self._watched = [_Watched(rule, self._now_s) for rule in self.rules]
        self._history.take(readings)
        return [alarm for each in self._watched for alarm in each.look(self._history, self._now_s)]

    @property
    def raised(self) -> tuple[Rule, ...]:
        """Rules whose condition is met now, or was when it could last be told."""
        return tuple(each.rule for each in self._watched or () if each.wrong.raised)
