"""Serves a simulator on a TCP port of the loopback interface."""

import contextlib
import logging
import select
import socket
import sys
import threading
from collections.abc import Callable

from simulators.serving.pump import Channel, pump
from simulators.wire.reply import Clock, SessionFactory

__all__ = ["SocketChannel", "TcpServer"]

logger = logging.getLogger(__name__)

ACCEPT_POLL_S = 0.05


class SocketChannel:
    """A connected socket as a `Channel`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A client that stops reading must not hold a server thread for ever.
        connection.settimeout(5.0)

    def receive(self, timeout_s: float) -> bytes | None:
        """Return bytes, empty on timeout, None if the peer closed."""
        readable, _, _ = select.select([self._connection], [], [], timeout_s)
        if not readable:
            return b""
        return self._connection.recv(65536) or None

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._connection.sendall(data)

    def close(self) -> None:
        """Close the socket so that the peer sees the end of the stream."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class TcpServer:
    """Serves one instrument to any number of TCP clients, each with its own session.

    Parameters
    ----------
    session_factory : Callable[[], Session]
        Called once per connection.
    host : str
        Interface to listen on.
    port : int
        Port to listen on; 0 takes a free one, see `port` after `start`.
    clock : Clock, optional
        Times replies that carry a due time.
    tick : Callable[[], None], optional
        Called some 20 times a second, connected or not: an instrument's ``update``.
    """

    def __init__(
        self,
        session_factory: SessionFactory,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tick: Callable[[], None] | None = None,
    ) -> None:
        self._session_factory = session_factory
        self._host = host
        self._wanted_port = port
        self._clock = clock
        self._tick = tick
        self._listener: socket.socket | None = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def host(self) -> str:
        """Interface that is listened on."""
        return self._host

    @property
    def port(self) -> int:
        """Port that is listened on; raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError("The simulator server has no port before it is started.")
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Listen and accept clients; idempotent.

        Raises
        ------
        OSError
            If the port is in use or may not be opened; nothing is left open.
        """
        if self._listener is not None:
            return
        self._listener = self._listen()
        self._stopping = threading.Event()
        name = f"simulator-accept-{self.port}"
        thread = threading.Thread(
            target=self._accept, args=(self._listener, self._stopping), name=name, daemon=True
        )
        self._threads = [thread]
        thread.start()

    def stop(self) -> None:
        """Close every connection and the port, and join the threads; idempotent."""
        if self._listener is None:
            return
        self._stopping.set()
        # The accept thread starts the others, so it is joined first.
        for thread in self._threads[:1]:
            thread.join()
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()
        self._listener = None
        self._threads = []

    def make_channel(self, connection: socket.socket) -> Channel:
        """Wrap an accepted connection; what another transport over TCP overrides."""
        return SocketChannel(connection)

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # On Windows SO_REUSEADDR would share a port that is in use.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._wanted_port))
            listener.listen()
            listener.settimeout(ACCEPT_POLL_S)
        except OSError as error:
            listener.close()
            raise OSError(
                error.errno,
                f"The simulator cannot listen on {self._host} port {self._wanted_port}"
                f" ({error.strerror}); choose another port, or 0 for a free one.",
            ) from error
        return listener

    def _accept(self, listener: socket.socket, stopping: threading.Event) -> None:
        while not stopping.is_set():
            if self._tick is not None:
                self._tick()
            try:
                connection, peer = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                logger.debug("accept failed: %s", error)
                continue
            thread = threading.Thread(
                target=self._serve,
                args=(connection, stopping),
                name=f"simulator-client-{peer[1]}",
                daemon=True,
            )
            self._threads = [t for t in self._threads if t.is_alive()] + [thread]
            thread.start()

    def _serve(self, connection: socket.socket, stopping: threading.Event) -> None:
        try:
            channel = self.make_channel(connection)
        except OSError as error:
            logger.debug("client left at once: %s", error)
            connection.close()
            return
        pump(channel, self._session_factory(), self._clock, stopping)
