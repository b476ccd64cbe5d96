"""The guardian of a rehearsal: the station's rules over a session in virtual time.

What looks at the rules, what they are told of, and what is done at their request are those of a
run (`app.guardian.rule_keeper`, `app.worker.reports`); only the line between two processes and
their clocks are left out. Everything happens on the RunEngine's loop, at virtual times that the
seed alone decides.
"""

import contextlib
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dac_control.app.guardian.rule_keeper import Order, RuleKeeper
from dac_control.app.guardian.watch import WorkerState
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.worker.reports import Reports, carry_out

__all__ = ["FiredRule", "VirtualGuardian"]

LOOK_EVERY_S = 2.0
"""A moving drive is read as often."""
LOOK_ANYWAY_S = 6.0
"""Between looks where nothing new was read: then it is ages and grace times that may be over."""
NOBODY_COMES_S = 1800.0
"""How long a rule may pause a rehearsal: nobody comes to it who could let the run go on."""


@dataclass(frozen=True, kw_only=True)
class FiredRule:
    """A rule that was met, or that could not be checked."""

    rule: str
    kind: str
    """``raised``, or ``missing`` where a reading was."""
    action: str
    condition: str
    message: str
    lab_time_s: float
    step: int
    """The last step on record then; 0 before the first."""
    values: dict[str, float | None]
    """What the readings were that the rule asks for; None for one that there never was."""


class VirtualGuardian:
    """Looks at a station's rules while a rehearsal runs.

    Parameters
    ----------
    laboratory : VirtualLaboratory
        Whose session is watched.
    free_bytes : callable
        Room on the disk of the runs; NaN where nobody knows.
    fired : list of FiredRule
        Gets each rule when it fires.
    """

    def __init__(
        self,
        laboratory: VirtualLaboratory,
        free_bytes: Callable[[], float],
        fired: list[FiredRule],
    ) -> None:
        self._session, self._clock = laboratory.session, laboratory.clock
        station = self._session.station
        self._keeper = RuleKeeper(
            [rule.as_rule() for rule in station.rules], station.storage.runs, free_bytes
        )
        self._state = WorkerState(now_s=self._clock.now())
        self._reports = Reports(self._session, self._clock.wall_time)
        self._fired = fired
        self._end_asked = ""
        self._ended = self._over = False
        self._looked_s = -math.inf
        self._paused_s = math.inf

    @contextlib.contextmanager
    def attend(self) -> Iterator[None]:
        """Look at the rules as long as this context is open, whenever time passes."""
        engine = self._session.engine
        token = engine.subscribe(self._report)
        engine.loop.call_soon_threadsafe(self._look)
        try:
            yield
        finally:
            self._over = True
            engine.unsubscribe(token)

    def _report(self, name: str, doc: Mapping[str, Any]) -> None:
        message = self._reports.of_document(name, doc)
        if message is not None:
            self._state.take(message, self._clock.now())

    def _look(self) -> None:
        """On the loop: compare what was read with the rules, and do what they want."""
        if self._over:
            return
        # first, so that whatever goes wrong below does so at every look
        self._session.engine.loop.call_later(LOOK_EVERY_S, self._look)
        now_s = self._clock.now()
        said = self._reports.of_devices()
        self._state.take(said, now_s)
        news = said["readings"].keys() - {"time_left_s"}
        if news or now_s - self._looked_s >= LOOK_ANYWAY_S:
            self._looked_s = now_s
            self._look_at_rules(now_s)
        self._end_lonely_pause(now_s)
        self._end_if_asked()

    def _look_at_rules(self, now_s: float) -> None:
        for order in self._keeper.look(self._state, now_s):
            self._note(order)
            if order.kind == "hold":
                self._paused_s = min(self._paused_s, now_s)
            carry_out(self._session, order.kind, order.reason, end=self._end, tell=_to_nobody)
        # an instrument that was asked something took its time, and nobody waits for it
        self._clock.take_ahead()

    def _note(self, order: Order) -> None:
        alarm, readings = order.alarm, self._state.readings
        if alarm.kind not in ("raised", "missing"):
            return
        needed: Sequence[str] = alarm.rule.needs
        self._fired.append(
            FiredRule(
                rule=alarm.rule.name,
                kind=alarm.kind,
                action=alarm.action,
                condition=alarm.rule.condition,
                message=alarm.message,
                lab_time_s=alarm.time_s,
                step=self._state.step,
                values={name: readings[name].value if name in readings else None
                        for name in needed},
            )
        )  # fmt: skip

    def _end_lonely_pause(self, now_s: float) -> None:
        reason = self._session.hold.reason
        if reason is None:
            self._paused_s = math.inf
        elif now_s - self._paused_s > NOBODY_COMES_S:
            self._end(
                f"{reason.rstrip('.')}. It has paused the run for {NOBODY_COMES_S / 60:.0f} min, "
                "and nobody comes to a rehearsal who could let it go on."
            )

    def _end(self, reason: str) -> None:
        self._end_asked = self._end_asked or reason

    def _end_if_asked(self) -> None:
        """End the run in hold; once, as soon as there is one that can be ended."""
        engine = self._session.engine
        if self._end_asked and not self._ended and engine.state == "running":
            self._ended = True
            self._session.hold.note_interruption(self._end_asked)
            engine.loop.create_task(_pause(engine))


async def _pause(engine: Any) -> None:
    """Pause at once; `request_pause` waits for the loop, and so may not be called on it."""
    with contextlib.redirect_stdout(io.StringIO()):
        await engine._request_pause_coro()  # noqa: SLF001 - see above


def _to_nobody(message: Mapping[str, Any]) -> None:
    """Let it go: whoever rehearses looks at the rules, not at a guardian's log."""
