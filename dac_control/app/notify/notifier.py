"""Tells people, on threads of its own: `post` returns at once, whatever the network does."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from dac_control.app.notify.acknowledgement import acknowledged_at
from dac_control.app.notify.channels import Channel
from dac_control.app.notify.desk import Addressee, Delivery, Desk, Policy
from dac_control.app.notify.notice import LEVELS, Notice
from dac_control.errors import NotifyFailed

__all__ = ["Notifier"]

logger = logging.getLogger(__name__)

_MOST_WAITING = 100
_TICK_S = 0.5
# After a failure: soon again, then ever more seldom.
_RETRY_S = (5.0, 30.0, 120.0, 300.0)
_OUT_OF_DATE_S = 6 * 3600.0


class _Outbox:
    """A bounded queue that gives up the least urgent and oldest."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[tuple[float, Notice]] = deque()
        self.dropped = 0
        self.busy = False

    def put(self, notice: Notice, now_s: float) -> None:
        with self._changed:
            self._waiting.append((now_s, notice))
            if len(self._waiting) > _MOST_WAITING:
                least = min(self._waiting, key=lambda item: LEVELS.index(item[1].level))
                self._waiting.remove(least)
                self.dropped += 1
            self._changed.notify()

    def take(self, timeout_s: float) -> tuple[float, Notice] | None:
        """Take the oldest out; `busy` from then on until `done`."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return None
            self.busy = True
            return self._waiting.popleft()

    def put_back(self, item: tuple[float, Notice]) -> None:
        with self._changed:
            self._waiting.appendleft(item)
            self.busy = False

    def done(self) -> None:
        with self._changed:
            self.busy = False

    @property
    def empty(self) -> bool:
        with self._changed:
            return not self._waiting and not self.busy


class _Sender:
    """The thread of one channel, so that one that hangs holds up no other."""

    def __init__(
        self, channel: Channel, report: Callable[[str, NotifyFailed | None], None]
    ) -> None:
        self.channel = channel
        self.outbox = _Outbox()
        self._report = report
        self._failures = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"to-{channel.name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()

    def _work(self) -> None:
        while not self._over.is_set():
            item = self.outbox.take(_TICK_S)
            if item is not None:
                self._send(item)

    def _send(self, item: tuple[float, Notice]) -> None:
        posted_s, notice = item
        try:
            self.channel.send(notice)
        except NotifyFailed as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a plugin's bug must not end the thread
            self._failed(NotifyFailed(f"{self.channel.name}: {type(error).__name__}"))
        else:
            if self._failures:
                self._report(self.channel.name, None)
            self._failures = 0
            self.outbox.done()
            return
        if time.monotonic() - posted_s > _OUT_OF_DATE_S:
            self.outbox.done()
        else:
            self.outbox.put_back(item)
        self._over.wait(_RETRY_S[min(self._failures, len(_RETRY_S)) - 1])

    def _failed(self, error: NotifyFailed) -> None:
        self._failures += 1
        if self._failures == 1:
            self._report(self.channel.name, error)


class Notifier:
    """Posts notices to channels.

    Parameters
    ----------
    channels : sequence of Channel
        Where to.
    addressees : sequence of Addressee
        The same, in the same order, as the desk sees them.
    policy : Policy, optional
        How often people are told.
    on_failure : callable, optional
        Told in a sentence when a channel begins to fail, and when it works again; called from a
        thread of the notifier.
    acknowledgements : Path, optional
        The file that `acknowledge` touches.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        addressees: Sequence[Addressee],
        *,
        policy: Policy | None = None,
        on_failure: Callable[[str], None] | None = None,
        acknowledgements: Path | None = None,
    ) -> None:
        self._desk = Desk(addressees, policy)
        self._inbox = _Outbox()
        self._on_failure = on_failure
        self._acknowledgements = acknowledgements
        self._acknowledged = acknowledged_at(acknowledgements)
        self._over = threading.Event()
        self._senders = {each.name: _Sender(each, self._report) for each in channels}
        self._thread = threading.Thread(target=self._work, name="notices", daemon=True)
        self._thread.start()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Where notices go."""
        return tuple(sender.channel for sender in self._senders.values())

    @property
    def dropped(self) -> int:
        """Notices given up because too many were waiting."""
        return self._inbox.dropped + sum(s.outbox.dropped for s in self._senders.values())

    def post(self, notice: Notice) -> None:
        """Have a notice sent; returns at once and raises nothing."""
        self._inbox.put(notice, time.monotonic())

    def close(self, timeout_s: float = 10.0) -> None:
        """Wait a while until what was posted is sent, and end the threads."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and not self._all_sent():
            self._over.wait(0.02)
        self._over.set()
        for sender in self._senders.values():
            sender.end()
        self._thread.join(2 * _TICK_S)

    def _all_sent(self) -> bool:
        return self._inbox.empty and all(s.outbox.empty for s in self._senders.values())

    def _work(self) -> None:
        while not self._over.is_set():
            item = self._inbox.take(_TICK_S)
            now_s = time.monotonic()
            self._look_for_acknowledgement()
            if item is not None:
                self._hand_on(self._desk.take(item[1], now_s), now_s)
                self._inbox.done()
            self._hand_on(self._desk.tick(now_s), now_s)

    def _hand_on(self, deliveries: Sequence[Delivery], now_s: float) -> None:
        for delivery in deliveries:
            self._senders[delivery.channel].outbox.put(delivery.notice, now_s)

    def _look_for_acknowledgement(self) -> None:
        at = acknowledged_at(self._acknowledgements)
        if at != self._acknowledged:
            self._acknowledged = at
            titles = self._desk.acknowledge()
            logger.info("acknowledged: %s", "; ".join(titles) or "nothing was open")

    def _report(self, name: str, error: NotifyFailed | None) -> None:
        """Tell log, journal and the other channels of one that fails, or works again."""
        works = error is None
        text = f"The notifier {name} works again." if works else f"A notifier fails: {error}"
        logger.log(logging.INFO if works else logging.WARNING, "%s", text)
        if self._on_failure is not None:
            self._on_failure(text)
        self.post(
            Notice(
                title=f"Notifier {name} {'works again' if works else 'fails'}",
                body=text,
                level="warning",
                key=f"notifier {name}",
                state="over" if works else "begins",
                not_to=name,
            )
        )
