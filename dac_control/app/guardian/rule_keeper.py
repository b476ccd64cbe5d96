"""The station's rules over what the worker publishes, and what each alarm is to lead to.

Decides only; the guardian acts. Rules are looked at in laboratory time, as everything in a run.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dac_control.app.guardian.watch import WorkerState
from dac_control.app.notify import Notice
from dac_control.safety.rules import Alarm, Rule, Sample, Watch

__all__ = ["Order", "RuleKeeper"]

_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be done about an alarm: people are told, and the worker is asked for `kind`."""

    alarm: Alarm
    notice: Notice
    kind: str = ""
    """``hold``, ``release``, ``end`` or ``heater_off``; empty to tell people alone."""
    reason: str = ""


class RuleKeeper:
    """Looks at rules as long as the worker has the station.

    Parameters
    ----------
    rules : sequence of Rule
        Of the station file.
    runs : Path
        Where runs are written; the room left there is a reading of its own.
    free_bytes : callable, optional
        Says how much room is left; by default the disk is asked.
    """

    def __init__(
        self, rules: Sequence[Rule], runs: Path, free_bytes: Callable[[], float] | None = None
    ) -> None:
        self._rules = rules
        self._free_bytes = free_bytes or (lambda: shutil.disk_usage(runs).free)
        self._looked_s = float("-inf")
        self.begin()

    def begin(self) -> None:
        """Forget which alarms were raised: what is still wrong holds for the next run, too."""
        self._watch = Watch(self._rules)

    def look(self, state: WorkerState, now_s: float) -> list[Order]:
        """Compare what was published with every rule; a few times a second."""
        lab_s = state.lab_now_s(now_s)
        too_soon = now_s - self._looked_s < _LOOK_EVERY_S
        at_rest = state.phase in ("finishing", "waiting")
        if not self._watch.rules or lab_s is None or too_soon or at_rest:
            return []
        self._looked_s = now_s
        samples = {
            name: Sample(value=reading.value, time_s=reading.lab_time_s)
            for name, reading in state.readings.items()
        }
        try:
            free_gb = self._free_bytes() / 1e9
        except OSError:
            pass  # then the reading grows stale, which is told
        else:
            samples["disk_free_gb"] = Sample(value=free_gb, time_s=lab_s)
        return [_order(alarm) for alarm in self._watch.look(samples, lab_s)]


def _order(alarm: Alarm) -> Order:
    over = alarm.kind == "resolved"
    name = f"{alarm.rule.name}{' (value missing)' if alarm.missing else ''}"
    notice = Notice(
        title=f"{'Resolved: ' if over else ''}{name}",
        body=alarm.message,
        level="info" if over else alarm.rule.level,
        key=f"rule {name}",
        state="over" if over else "begins",
    )
    reason = f"rule {alarm.rule.name!r}: {alarm.message}"
    action = alarm.rule.missing_action if alarm.missing else alarm.rule.action
    if over:
        # what a rule paused goes on when the rule says so; what it ended stays ended
        kind = "release" if action == "pause" else ""
        reason = f"rule {alarm.rule.name!r}"
    else:
        kind = {"pause": "hold", "hold": "end", "heater_off": "heater_off"}.get(alarm.action, "")
    return Order(alarm=alarm, notice=notice, kind=kind, reason=reason)
