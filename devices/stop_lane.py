"""The lane on which a stop overtakes everything: a thread that only waits to send it."""

import logging
import threading
import time
from collections.abc import Callable

from dac_control.errors import DacError

__all__ = ["StopLane"]

logger = logging.getLogger(__name__)

# Between attempts; a drive that is slowing down is asked again this often.
_PAUSE_S = 0.02


class StopLane:
    """Brings an instrument to hold when asked, and confirms it by reading back.

    Parameters
    ----------
    name : str
        Name of the thread.
    attempt : callable
        Sends the driver's priority stop and reads back; True once the instrument is in hold.
        It is repeated until then, since stopping twice does no harm.
    confirm_s : float
        Wall-clock time after which an unconfirmed stop is reported as an error.
    """

    def __init__(self, name: str, attempt: Callable[[], bool], confirm_s: float = 5.0) -> None:
        self._attempt = attempt
        self._confirm_s = confirm_s
        self._asked = threading.Event()
        self._wake = threading.Event()
        self._closed = False
        self.confirmed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def requested(self) -> bool:
        """True from a request until `rearm`."""
        return self._asked.is_set()

    def rearm(self) -> None:
        """Forget an earlier request, because a new action begins."""
        self._asked.clear()
        self.confirmed.clear()

    def request(self) -> None:
        """Ask for a stop; returns at once."""
        self._asked.set()
        self._wake.set()

    def close(self) -> None:
        """Let a stop that is still asked for end, then end the thread."""
        self._closed = True
        self._wake.set()
        self._thread.join(self._confirm_s + 1.0)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._asked.is_set() and not self.confirmed.is_set():
                self._stop_until_confirmed()
            if self._closed:
                return

    def _stop_until_confirmed(self) -> None:
        deadline = time.monotonic() + self._confirm_s
        while time.monotonic() < deadline:
            try:
                if self._attempt():
                    self.confirmed.set()
                    return
            except DacError as error:
                logger.error("stop not yet confirmed: %s", error)
            time.sleep(_PAUSE_S)
        logger.error("a stop was not confirmed within %s s", self._confirm_s)
