"""Serves a simulator on a pseudo-terminal, which a client opens like a serial port (POSIX)."""

import contextlib
import os
import select
import sys
import threading

from simulators.serving.pump import pump
from simulators.wire.reply import Clock, SessionFactory

__all__ = ["PtyServer"]


class _PtyChannel:
    """The controlling side of a pseudo-terminal as a `Channel`."""

    def __init__(self, controller: int, terminal: int) -> None:
        self._controller = controller
        # Held open: without it the controller reads EIO as soon as the first client leaves.
        self._terminal = terminal

    def receive(self, timeout_s: float) -> bytes | None:
        """Return bytes, empty on timeout."""
        readable, _, _ = select.select([self._controller], [], [], timeout_s)
        return os.read(self._controller, 65536) if readable else b""

    def send(self, data: bytes) -> None:
        """Send what fits; a line on which nobody listens loses the rest, as a serial line does."""
        with contextlib.suppress(BlockingIOError):
            while data:
                data = data[os.write(self._controller, data) :]

    def close(self) -> None:
        """Close both ends."""
        for descriptor in (self._controller, self._terminal):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class PtyServer:
    """Serves one instrument on one pseudo-terminal with one session.

    A pseudo-terminal has no baud rate and cannot do 7 data bits with parity; an instrument that
    needs those is served by `simulators.serving.rfc2217`.

    Parameters
    ----------
    session_factory : Callable[[], Session]
        Called once, at `start`.
    clock : Clock, optional
        Times replies that carry a due time.
    """

    def __init__(self, session_factory: SessionFactory, clock: Clock | None = None) -> None:
        self._session_factory = session_factory
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._path = ""

    @property
    def path(self) -> str:
        """Device path for the client, e.g. ``/dev/pts/3``; raises RuntimeError before `start`."""
        if not self._path:
            raise RuntimeError("The simulator's pseudo-terminal has no path before it is started.")
        return self._path

    def start(self) -> None:
        """Open the pseudo-terminal and serve it; idempotent.

        Raises
        ------
        OSError
            If the system has no pseudo-terminals (Windows) or none is free.
        """
        if self._thread is not None:
            return
        if sys.platform == "win32":
            raise OSError("Windows has no pseudo-terminals; serve the simulator over TCP instead.")
        import tty

        controller, terminal = os.openpty()
        # Raw, or echo and CR/LF translation corrupt the traffic.
        tty.setraw(terminal)
        os.set_blocking(controller, False)
        self._path = os.ttyname(terminal)
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=pump,
            args=(
                _PtyChannel(controller, terminal),
                self._session_factory(),
                self._clock,
                self._stopping,
            ),
            name=f"simulator-pty-{self._path}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the pseudo-terminal and join the thread; idempotent."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None
        self._path = ""
