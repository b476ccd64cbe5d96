"""The line between guardian and worker: JSON objects, one a line, over a loopback socket.

A socket and no pipe, because it is the same on every system and closes with its process; with a
token and a time limit on its first line, because any program of the machine may knock.
"""

import hmac
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

__all__ = ["INVITATION", "Door", "Wire", "knock"]

INVITATION = "DAC_CONTROL_GUARDIAN"
"""Environment variable in which a worker finds where its guardian listens, and the token."""

_HOST = "127.0.0.1"
_KNOCK_TIMEOUT_S = 5.0
_SEND_TIMEOUT_S = 2.0
_LONGEST_LINE = 1 << 20


class Wire:
    """One end of the line; `send` and `messages` may be used from different threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.settimeout(None)
        self._sending = threading.Lock()
        self._broken = False

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message.

        Raises
        ------
        OSError
            If the other end is gone, or does not take it within two seconds; then nothing can be
            sent any more.
        """
        line = json.dumps(message, allow_nan=False).encode() + b"\n"
        with self._sending:
            if self._broken:
                raise OSError("the line is broken")
            try:
                _send_within(self._socket, line, _SEND_TIMEOUT_S)
            except OSError:
                # a part may have left, and the rest would be taken for garbage
                self._broken = True
                raise

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what comes until the other end is gone; a torn or foreign line ends it too."""
        rest = b""
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data or len(rest) > _LONGEST_LINE:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    return
                if isinstance(message, dict):
                    yield message

    def close(self) -> None:
        """Close this end; the other sees it, and so does a thread in `messages`. Idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()


class Door:
    """Where a guardian waits for its own worker."""

    def __init__(self) -> None:
        self._server = socket.create_server((_HOST, 0), backlog=4)
        self._token = secrets.token_hex(32)

    @property
    def invitation(self) -> str:
        """What `knock` needs, for the worker's environment."""
        return f"{self._server.getsockname()[1]} {self._token}"

    def accept(self, timeout_s: float) -> Wire | None:
        """Wait for the worker; strangers are turned away. None if it did not come in time."""
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                self._server.settimeout(left_s)
                connection, _ = self._server.accept()
            except OSError:
                return None
            if _shows(connection, self._token):
                return Wire(connection)
            connection.close()
        return None

    def close(self) -> None:
        """Let nobody in any more; idempotent."""
        self._server.close()


def knock(environment: MutableMapping[str, str] = os.environ) -> Wire | None:
    """Connect to the guardian that started this process; None if none did.

    The invitation is taken out of the environment, so that no child of ours finds it.

    Raises
    ------
    OSError
        If the guardian is gone.
    """
    invitation = environment.pop(INVITATION, None)
    if invitation is None:
        return None
    port, _, token = invitation.partition(" ")
    connection = socket.create_connection((_HOST, int(port)), timeout=_KNOCK_TIMEOUT_S)
    connection.sendall(token.encode() + b"\n")
    return Wire(connection)


def _shows(connection: socket.socket, token: str) -> bool:
    """Whether the first line is the token; read byte by byte, so that nothing behind it is lost."""
    connection.settimeout(_KNOCK_TIMEOUT_S)
    wanted, line = token.encode() + b"\n", b""
    try:
        while len(line) < len(wanted):
            byte = connection.recv(1)
            if not byte:
                return False
            line += byte
    except OSError:
        return False
    return hmac.compare_digest(line, wanted)


def _send_within(connection: socket.socket, data: bytes, timeout_s: float) -> None:
    """Send all of `data`, or raise; the time limit of the socket is that of reading, too."""
    deadline_s, view = time.monotonic() + timeout_s, memoryview(data)
    flag = getattr(socket, "MSG_DONTWAIT", None)
    if flag is None:  # Windows: a blocking send of what the buffer does not take waits for it
        connection.sendall(view)
        return
    while view:
        try:
            view = view[connection.send(view, flag) :]
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                raise TimeoutError("the other end does not read") from None
            time.sleep(0.01)
