"""Servers that answer line by line, on loopback."""

import socket
from collections.abc import Callable, Iterator

import pytest

from simulators.faults import FaultInjector
from simulators.serving.pty import PtyServer
from simulators.serving.rfc2217 import LineSettings, Rfc2217Server
from simulators.serving.tcp import TcpServer
from simulators.wire.reply import Reply

Answer = Callable[[str], bytes | None]


class EchoInstrument:
    """Answers each line by `answer`, and remembers all of them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.sessions = 0
        self.answer: Answer = lambda line: f"re {line}\r\n".encode()

    def session(self) -> "EchoSession":
        self.sessions += 1
        return EchoSession(self)


class EchoSession:
    def __init__(self, instrument: EchoInstrument) -> None:
        self._instrument = instrument
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reply]:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        replies = []
        for line in lines:
            if line.strip():
                text = line.decode("ascii", errors="replace").strip()
                self._instrument.lines.append(text)
                payload = self._instrument.answer(text)
                if payload is not None:
                    replies.append(Reply(payload))
        return replies


class Bench:
    """One instrument, faults in its way, and servers that are stopped at the end."""

    def __init__(self) -> None:
        self.instrument = EchoInstrument()
        self.faults = FaultInjector(self.instrument.session)
        self.servers: list[TcpServer | PtyServer] = []

    def tcp(self, port: int = 0) -> TcpServer:
        server = TcpServer(self.faults.session, port=port)
        return self._start(server)

    def rfc2217(self, line: LineSettings) -> Rfc2217Server:
        return self._start(Rfc2217Server(self.faults.session, line))

    def pty(self) -> PtyServer:
        return self._start(PtyServer(self.faults.session))

    def _start(self, server):
        server.start()
        self.servers.append(server)
        return server


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for server in bench.servers:
        server.stop()


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
