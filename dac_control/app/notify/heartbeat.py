"""A sign of life to a dead-man service outside: what is dead sends no alarm.

The service (Healthchecks.io, Dead Man's Snitch, an own one) alarms by itself when no GET came for
longer than it was told.
"""

import http.client
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from dac_control.errors import NotifyFailed

__all__ = ["Heartbeat", "beat"]

logger = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
# One lost packet is no outage.
_FAILURES_TOLD = 3


def beat(url: str) -> None:
    """Send one sign of life.

    Raises
    ------
    NotifyFailed
        In a sentence without the URL, which is a secret.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotifyFailed("heartbeat: its URL must begin with http:// or https://.")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotifyFailed(f"heartbeat: the service answers {error.code}; is the URL right?") from (
            None
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        raise NotifyFailed(f"heartbeat: the service is not reachable: {why}.") from None


class Heartbeat:
    """Sends signs of life on a thread of its own, as long as there is life.

    Parameters
    ----------
    url : str
        What to GET.
    every_s : float
        How often.
    alive : callable
        True while all is well; where it is not, no sign is sent, and the service alarms.
    on_failure : callable, optional
        Told in a sentence when the service cannot be reached, and when it can again.
    """

    def __init__(
        self,
        url: str,
        every_s: float,
        *,
        alive: Callable[[], bool] = lambda: True,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        self._url, self._every_s, self._alive = url, every_s, alive
        self._on_failure = on_failure
        self._failures = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; the service will alarm unless it is told to pause."""
        self._over.set()
        self._thread.join(1.0)

    def _work(self) -> None:
        while True:
            if self._alive():
                self._beat()
            if self._over.wait(self._every_s):
                return

    def _beat(self) -> None:
        try:
            beat(self._url)
        except NotifyFailed as error:
            self._failures += 1
            if self._failures == _FAILURES_TOLD:
                self._tell(logging.WARNING, str(error))
            return
        if self._failures >= _FAILURES_TOLD:
            self._tell(logging.INFO, "heartbeat: the service is reachable again.")
        self._failures = 0

    def _tell(self, level: int, text: str) -> None:
        logger.log(level, "%s", text)
        if self._on_failure is not None:
            self._on_failure(text)
