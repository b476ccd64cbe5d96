"""Whether the guardian still speaks: without it the run pauses, and then ends in hold."""

import threading
import time
from collections.abc import Callable

__all__ = ["GuardianWatch"]

DOUBT_S = 5.0
"""Five of the guardian's beats: a slow disk or terminal does not take it so long."""
GIVE_UP_S = 15.0
_LOOK_EVERY_S = 0.25
_LATE_S = 1.0
"""A gap between two looks beyond which this process itself was kept from looking."""


class GuardianWatch:
    """Calls back from a thread of its own; begins when the guardian is first heard.

    Parameters
    ----------
    doubt, trust : callable
        The guardian has been silent for `doubt_s`; it is heard again.
    give_up : callable
        It has been silent for `give_up_s`; called once.
    doubt_s, give_up_s : float
        On the wall.
    """

    def __init__(
        self,
        doubt: Callable[[], None],
        trust: Callable[[], None],
        give_up: Callable[[], None],
        *,
        doubt_s: float = DOUBT_S,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._doubt, self._trust, self._give_up = doubt, trust, give_up
        self._doubt_s, self._give_up_s = doubt_s, give_up_s
        self._heard_s: float | None = None
        self._over = threading.Event()
        threading.Thread(target=self._look, name="guardian-watch", daemon=True).start()

    def heard(self) -> None:
        """Note that the guardian spoke."""
        self._heard_s = time.monotonic()

    def close(self) -> None:
        """Look no more; idempotent."""
        self._over.set()

    def _look(self) -> None:
        doubted, forgiven_s, looked_s = False, 0.0, time.monotonic()
        seen_s = self._heard_s
        while not self._over.wait(_LOOK_EVERY_S):
            now_s, heard_s = time.monotonic(), self._heard_s
            if heard_s != seen_s:
                seen_s, forgiven_s = heard_s, 0.0
            # whoever slept with a whole computer must not blame the other
            if now_s - looked_s > _LATE_S:
                forgiven_s += now_s - looked_s
            looked_s = now_s
            if heard_s is None:
                continue
            silent_s = now_s - heard_s - forgiven_s
            if silent_s > self._give_up_s:
                self._give_up()
                return
            if (silent_s > self._doubt_s) != doubted:
                doubted = not doubted
                (self._doubt if doubted else self._trust)()
