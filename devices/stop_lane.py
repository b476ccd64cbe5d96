"""The lane on which a stop overtakes everything: a thread that only waits to send it."""

import logging
import threading
import time
from collections.abc import Callable

__all__ = ["StopLane"]

logger = logging.getLogger(__name__)

# Between attempts: soon at first, since a drive that slows down is asked again; later less often.
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0


class StopLane:
    """Brings an instrument to hold when asked, and confirms it by reading back.

    Requests are numbered, so that the confirmation of one stop can never pass for that of a
    later one, and an action that began before a request can tell that it was stopped.

    Parameters
    ----------
    name : str
        Name of the thread.
    attempt : callable
        Sends the driver's priority stop and reads back; True once the instrument is in hold.
        It is repeated until then, whatever it raises: stopping twice does no harm, and a link
        that comes back may find the drive still moving.
    complain_after_s : float
        Wall-clock time after which an unconfirmed stop is logged as an error.
    """

    def __init__(
        self, name: str, attempt: Callable[[], bool], complain_after_s: float = 5.0
    ) -> None:
        self._attempt = attempt
        self._complain_after_s = complain_after_s
        self._state = threading.Condition()
        self._asked = 0
        self._confirmed = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def asked(self) -> int:
        """Number of the last request."""
        return self._asked

    @property
    def confirmed(self) -> bool:
        """True if every request was confirmed."""
        with self._state:
            return self._confirmed == self._asked

    def request(self) -> None:
        """Ask for a stop; returns at once."""
        with self._state:
            self._asked += 1
            self._state.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Wait until every request is confirmed; False if that takes longer."""
        with self._state:
            return self._state.wait_for(lambda: self._confirmed == self._asked, timeout_s)

    def close(self, timeout_s: float = 3.0) -> None:
        """Give a stop that is under way some time, then end the thread."""
        self.wait(timeout_s)
        with self._state:
            self._closed = True
            self._state.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._closed or self._confirmed != self._asked)
                if self._closed:
                    return
                number = self._asked
            if self._stop_until_confirmed():
                with self._state:
                    self._confirmed = number
                    self._state.notify_all()

    def _stop_until_confirmed(self) -> bool:
        began, pause_s, complained = time.monotonic(), _FIRST_PAUSE_S, False
        while not self._closed:
            try:
                if self._attempt():
                    return True
            except Exception as error:  # noqa: BLE001 - nothing may end the lane
                logger.error("stop not yet confirmed: %s", error)
            if not complained and time.monotonic() - began > self._complain_after_s:
                complained = True
                logger.error("a stop is not confirmed after %s s", self._complain_after_s)
            with self._state:
                self._state.wait_for(lambda: self._closed, pause_s)
            pause_s = min(_LONGEST_PAUSE_S, 1.5 * pause_s)
        return False
