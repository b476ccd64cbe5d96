"""Loopback services that take what is sent to them."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Taken:
    """A service: what came, and how it answers."""

    port: int = 0
    status: int = 200
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, path: str, body: bytes) -> None:
        with self.came:
            self.requests.append((path, body))
            self.came.notify_all()

    def wait(self, count: int, timeout_s: float = 20.0) -> list[tuple[str, bytes]]:
        """Wait until `count` requests came."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= count, timeout_s)
            return list(self.requests)


@pytest.fixture
def web() -> Iterator[Taken]:
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            taken.take(self.path, b"")
            self.send_response(taken.status)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.take(self.path, body)
            self.send_response(taken.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield taken
        server.shutdown()


@pytest.fixture
def smtp() -> Iterator[Taken]:
    """A mail server that takes everything, as far as RFC 5321 is needed here."""
    taken = Taken()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                command = line[:4].upper()
                if command == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                if command != b"DATA":
                    self.wfile.write(b"250 ok\r\n")
                    continue
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                taken.take("mail", b"".join(lines))
                self.wfile.write(b"250 ok\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield taken
        server.shutdown()
