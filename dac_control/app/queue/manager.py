"""Talking to queueserver's manager: one call, one answer, errors as sentences."""

import time
from collections.abc import Callable
from typing import Any

from dac_control.app.queue.place import QueueAddresses
from dac_control.errors import ConfigurationError, QueueRefused, QueueUnreachable

__all__ = ["Manager"]

_USER = {"user": "dac-control", "user_group": "primary"}
_PATIENCE_S = 60.0


class Manager:
    """A client of the manager; close it when done.

    Raises
    ------
    ConfigurationError
        If queueserver is not installed.
    """

    def __init__(self, addresses: QueueAddresses) -> None:
        try:
            from bluesky_queueserver import ZMQCommSendThreads
        except ImportError:
            raise ConfigurationError(
                "bluesky-queueserver is not installed; `pip install 'dac-control[queue]'`."
            ) from None
        self._zmq = ZMQCommSendThreads(
            zmq_server_address=addresses.control,
            server_public_key=addresses.public_key,
            raise_exceptions=False,
            timeout_recv=5000,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._zmq.close()
        # it leaves its own context open
        self._zmq._ctx.destroy(linger=0)  # noqa: SLF001

    def __enter__(self) -> "Manager":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one request.

        Raises
        ------
        QueueUnreachable
            If nobody answers in time.
        QueueRefused
            With the manager's own words.
        """
        answer: Any = self._zmq.send_message(method=method, params=params)
        if not isinstance(answer, dict) or "ZMQ communication error" in str(answer.get("msg")):
            raise QueueUnreachable(
                "The queue's manager does not answer; look at `dac-control queue start`, where it "
                "runs."
            )
        if answer.get("success") is False:
            raise QueueRefused(f"The queue refused {method}: {answer.get('msg')}")
        return answer

    def status(self) -> dict[str, Any]:
        """What the manager does now."""
        return self.ask("status")

    def waiting(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Items in the queue, in order, and the one that is being carried out (or nothing)."""
        answer = self.ask("queue_get")
        return list(answer["items"]), dict(answer["running_item"])

    def add(self, ticket: str, title: str) -> None:
        """Put a ticket at the end of the queue."""
        item = {
            "item_type": "plan",
            "name": "run_file",
            "kwargs": {"ticket": ticket, "title": title},
        }
        self.ask("queue_item_add", item=item, **_USER)

    def remove(self, item: dict[str, Any]) -> None:
        """Take an item out of the queue."""
        self.ask("queue_item_remove", uid=item["item_uid"])

    def wait(
        self, done: Callable[[dict[str, Any]], bool], timeout_s: float = _PATIENCE_S
    ) -> dict[str, Any] | None:
        """Wait for a state; returns the status in which it was reached, or None in time."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            status = self.status()
            if done(status):
                return status
            time.sleep(0.1)
        return None
