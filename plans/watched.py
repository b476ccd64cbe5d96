"""What looks on while a plan is carried out, and may end it."""

from collections.abc import Sequence
from typing import Any

from bluesky.utils import Msg, MsgGenerator

__all__ = ["Watch", "watched"]


class Watch:
    """Sees every message of one run, and lets pass what it does not look at.

    What it raises is thrown into the plan.
    """

    def before(self, message: Msg) -> None:
        """A message is about to be carried out; it is not where this raises."""

    def after(self, message: Msg) -> None:
        """A message was carried out."""

    def end(self) -> None:
        """The plan is over, and has not failed."""


def watched(plan: MsgGenerator[Any], watches: Sequence[Watch]) -> MsgGenerator[Any]:
    """Carry out a plan that is told what its watches raise.

    It is thrown into the plan, so that what the plan does on every exit is done.

    Raises
    ------
    RampHeld
        As a watch raised it, unless the plan makes something else of it.
    """
    error: BaseException | None = None
    answer: Any = None
    while True:
        try:
            message = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as over:
            for watch in watches:
                watch.end()
            return over.value
        error = answer = None
        try:
            for watch in watches:
                watch.before(message)
            answer = yield message
            for watch in watches:
                watch.after(message)
        except GeneratorExit:
            plan.close()
            raise
        except BaseException as raised:  # noqa: BLE001 - it is the plan's, which gets it here
            error = raised
