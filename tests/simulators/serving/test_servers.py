import os
import socket
import struct
import sys
import threading
import time

import pytest

from simulators.serving import PtyServer, Rfc2217Server, TcpServer
from simulators.wire.reply import Reply

ON_WINDOWS = sys.platform == "win32"


class Echo:
    """Answers each line with what a test has prepared, else with itself."""

    def __init__(self, prepared=None):
        self.buffer = b""
        self.prepared = prepared or {}

    def feed(self, data):
        replies = []
        self.buffer += data
        while b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            replies += self.prepared.get(line, [Reply(line + b"\n")])
        return replies


class Chatty(Echo):
    def __init__(self):
        super().__init__()
        self.said = False

    def poll(self):
        said, self.said = self.said, True
        return [] if said else [Reply(b"hello\n")]


class FastClock:
    def __init__(self):
        self.start = time.monotonic()

    def now(self):
        return 100.0 * (time.monotonic() - self.start)

    def wall_s(self, lab_s):
        return lab_s / 100.0


@pytest.fixture
def serve():
    servers = []

    def start(factory, kind=TcpServer, **options):
        server = kind(factory, **options)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
        server.stop()
    assert [t for t in threading.enumerate() if t.name.startswith("simulator-")] == []


@pytest.fixture
def connect():
    sockets = []

    def open_one(server):
        client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        sockets.append(client)
        return client

    yield open_one
    for client in sockets:
        client.close()


def read_line(client):
    line = b""
    while not line.endswith(b"\n"):
        piece = client.recv(1)
        if not piece:
            return line
        line += piece
    return line


def test_tcp_serves_several_clients_with_their_own_sessions(serve, connect):
    server = serve(Echo)
    clients = [connect(server) for _ in range(5)]
    for number, client in enumerate(clients):
        client.sendall(b"half")
        client.sendall(b"%d\n" % number)
    assert [read_line(client) for client in clients] == [b"half%d\n" % n for n in range(5)]


def test_tcp_start_is_idempotent_and_restarts(serve, connect):
    server = serve(Echo)
    port = server.port
    server.start()
    assert server.port == port
    server.stop()
    with pytest.raises(RuntimeError, match="no port"):
        _ = server.port
    server.start()
    client = connect(server)
    client.sendall(b"again\n")
    assert read_line(client) == b"again\n"


def test_stop_ends_connections(serve, connect):
    server = serve(Echo)
    client = connect(server)
    client.sendall(b"x\n")
    assert read_line(client) == b"x\n"
    server.stop()
    assert client.recv(1) == b""


def test_a_port_in_use_is_refused_in_words(serve):
    server = serve(Echo)
    other = TcpServer(Echo, port=server.port)
    with pytest.raises(OSError, match=f"port {server.port}.*choose another port"):
        other.start()
    other.stop()


def test_a_port_is_free_again_at_once(serve, connect):
    first = serve(Echo)
    port = first.port
    client = connect(first)
    client.sendall(b"x\n")
    read_line(client)
    first.stop()
    second = serve(Echo, port=port)
    assert second.port == port


def test_replies_wait_for_the_laboratory_clock_and_keep_their_order(serve, connect):
    clock = FastClock()
    due_s = clock.now() + 30.0
    prepared = {b"slow": [Reply(b"first\n", due_lab_s=due_s), Reply(b"second\n")]}
    client = connect(serve(lambda: Echo(prepared), clock=clock))
    client.sendall(b"slow\n")
    assert read_line(client) == b"first\n"
    assert clock.now() >= due_s
    assert read_line(client) == b"second\n"


def test_without_a_clock_replies_leave_at_once(serve, connect):
    client = connect(serve(lambda: Echo({b"slow": [Reply(b"now\n", due_lab_s=1e9)]})))
    client.sendall(b"slow\n")
    assert read_line(client) == b"now\n"


def test_late_replies_are_late(serve, connect):
    client = connect(serve(lambda: Echo({b"q": [Reply(b"late\n", delay_wall_s=0.2)]})))
    began_s = time.monotonic()
    client.sendall(b"q\n")
    assert read_line(client) == b"late\n"
    assert time.monotonic() - began_s >= 0.19


def test_hanging_up_sends_the_rest_first(serve, connect):
    client = connect(serve(lambda: Echo({b"q": [Reply(b"half", hang_up=True)]})))
    client.sendall(b"q\n")
    assert read_line(client) == b"half"
    assert client.recv(1) == b""


def test_sessions_may_speak_unasked(serve, connect):
    assert read_line(connect(serve(Chatty))) == b"hello\n"


def test_the_tick_comes_without_clients(serve):
    ticked = threading.Event()
    serve(Echo, tick=ticked.set)
    assert ticked.wait(5.0)


def test_a_client_that_resets_does_no_harm(serve, connect):
    server = serve(Echo)
    rude = connect(server)
    rude.sendall(b"x\n")
    # Closing with unread data and no linger sends a reset.
    linger = struct.pack("hh" if ON_WINDOWS else "ii", 1, 0)
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    rude.close()
    polite = connect(server)
    polite.sendall(b"y\n")
    assert read_line(polite) == b"y\n"


def test_telnet_rubbish_ends_only_its_own_connection(serve, connect):
    server = serve(Echo, kind=Rfc2217Server)
    rude = connect(server)
    # A COM port suboption without its value.
    rude.sendall(b"\xff\xfa\x2c\x01\xff\xf0")
    deadline_s = time.monotonic() + 5.0
    while rude.recv(1000) != b"":
        assert time.monotonic() < deadline_s
    assert connect(server).recv(1) == b"\xff"


@pytest.mark.skipif(ON_WINDOWS, reason="Windows has no pseudo-terminals")
def test_pty_survives_its_clients(serve):
    server = serve(Echo, kind=PtyServer)
    for _ in range(3):
        descriptor = os.open(server.path, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, b"ping\r\xff\n")
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(descriptor, 100)
        os.close(descriptor)
        assert line == b"ping\r\xff\n"


@pytest.mark.skipif(ON_WINDOWS, reason="Windows has no pseudo-terminals")
def test_pty_loses_what_nobody_reads(serve):
    server = serve(lambda: Echo({b"q": [Reply(b"x" * 100_000 + b"\n")]}), kind=PtyServer)
    descriptor = os.open(server.path, os.O_RDWR | os.O_NOCTTY)
    os.write(descriptor, b"q\n")
    os.close(descriptor)
    server.stop()


@pytest.mark.skipif(not ON_WINDOWS, reason="only where there are no pseudo-terminals")
def test_pty_refuses_in_words_where_there_is_none():
    with pytest.raises(OSError, match="no pseudo-terminals"):
        PtyServer(Echo).start()
