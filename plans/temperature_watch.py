"""What the temperature has to say in every run: before the screw turns, and after every event."""

from typing import Any

from bluesky.utils import Msg, MsgGenerator

from dac_control.errors import LimitError, RampHeld
from plans.instruments import Instruments
from plans.specimen import check_specimen_temperature

__all__ = ["while_temperature_allows"]


def while_temperature_allows(
    plan: MsgGenerator[Any], instruments: Instruments
) -> MsgGenerator[Any]:
    """Carry out a plan; it is told where the specimen is too warm, or the cell no longer steady.

    Both are thrown into the plan, so that what it does on every exit is done: that the specimen is
    too warm after the event that shows it, that the cell has changed before the screw would turn,
    and at the end, where the screw was turned. The first event, the baseline, says how the cell
    was.

    Raises
    ------
    RampHeld
        Unless the plan makes something else of it.
    """
    watch = _Watch(instruments)
    error: BaseException | None = None
    answer: Any = None
    while True:
        try:
            message = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as over:
            watch.end()
            return over.value
        error = answer = None
        try:
            watch.before(message)
            answer = yield message
            watch.after(message)
        except GeneratorExit:
            plan.close()
            raise
        except BaseException as raised:  # noqa: BLE001 - it is the plan's, which gets it here
            error = raised


class _Watch:
    """Looks at the messages of one run."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._began_k: float | None = None
        self._turned = False

    def before(self, message: Msg) -> None:
        if message.command == "set" and message.obj is self._instruments.drive:
            self._check_steady("before it turns the screw")
            self._turned = True

    def after(self, message: Msg) -> None:
        if message.command == "save":
            check_specimen_temperature(self._instruments)
            if self._began_k is None:
                self._began_k = self._now_k()

    def end(self) -> None:
        if self._turned:
            self._check_steady("at its end")

    def _now_k(self) -> float | None:
        reading = self._instruments.cryostat.last
        return None if reading is None else float(reading.cell_temperature_k)

    def _check_steady(self, when: str) -> None:
        now_k = self._now_k()
        if self._began_k is None or now_k is None:
            return
        try:
            self._instruments.limits.check_temperature(self._began_k, now_k)
        except LimitError as error:
            raise RampHeld(f"The ramp holds {when}: {error}") from error
