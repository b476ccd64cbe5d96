"""One exchange at a time over real sockets, with the wire's faults in the way."""

import itertools
import logging
import sys
import threading
import time

import pytest

from dac_control.errors import LinkDown, ProtocolError, ReplyTimeout, UncertainWrite
from devices.links import LinkSettings, Token, open_link
from simulators.faults import Fault

QUICK = LinkSettings(reply_timeout_s=0.4)
PATIENT = LinkSettings(reply_timeout_s=5.0)
KINDS = ["visa", "socket", "pty"]
SOCKETS = ["visa", "socket"]


def token_source():
    """Numbered tokens: the answer to the one before is not the answer to this one."""
    numbers = itertools.count()

    def make() -> Token:
        message = f"token {next(numbers)}"
        return Token(message, lambda line: line == f"re {message}")

    return make


@pytest.fixture
def make_link(bench):
    links = []

    def make(kind: str, settings: LinkSettings = QUICK):
        if kind == "pty":
            if sys.platform == "win32":
                pytest.skip("Windows has no pseudo-terminals")
            address = bench.pty().path
        else:
            port = bench.tcp().port
            address = {
                "visa": f"TCPIP0::127.0.0.1::{port}::SOCKET",
                "socket": f"socket://127.0.0.1:{port}",
                "asrl": f"ASRLsocket://127.0.0.1:{port}::INSTR",
            }[kind]
        link = open_link(address, settings=settings)
        link.use_token(token_source())
        links.append(link)
        link.open()
        return link

    yield make
    for link in links:
        link.close()


@pytest.mark.parametrize("kind", [*KINDS, "asrl"])
def test_exchange_returns_the_line_without_terminators(make_link, kind):
    link = make_link(kind)
    assert link.exchange("KRDG? A") == "re KRDG? A"
    link.close()
    assert not link.is_open
    with pytest.raises(LinkDown, match="is closed; connect"):
        link.exchange("KRDG? A")
    link.open()
    assert link.exchange("KRDG? B") == "re KRDG? B"


@pytest.mark.parametrize("kind", [*KINDS, "asrl"])
def test_late_reply_never_answers_another_query(make_link, bench, kind):
    link = make_link(kind)
    bench.faults.next(Fault.LATE, when=b"one", delay_s=0.5)
    with pytest.raises(UncertainWrite, match=r"not known whether .* carried out 'one'"):
        link.exchange("one")
    for number in range(5):
        assert link.exchange(f"query {number}", retry=True) == f"re query {number}"
        time.sleep(0.04)  # the late reply arrives somewhere in here


@pytest.mark.parametrize("kind", KINDS)
def test_query_is_asked_again_after_each_fault_and_write_is_not(make_link, bench, kind):
    faults = [(Fault.GARBAGE, False), (Fault.HALF_REPLY, False)]
    if kind != "pty":
        faults += [(Fault.DROP_CONNECTION, False), (Fault.HALF_REPLY, True)]
    link = make_link(kind)
    for fault, hang_up in faults:
        bench.faults.next(fault, when=b"query", hang_up=hang_up)
        assert link.exchange("query", retry=True) == "re query", fault
    for number, (fault, hang_up) in enumerate(faults):
        bench.faults.next(fault, when=b"write", hang_up=hang_up)
        with pytest.raises(UncertainWrite):
            link.exchange(f"write {number}")
    writes = [line for line in bench.instrument.lines if line.startswith("write")]
    assert writes == [f"write {number}" for number in range(len(faults))]


@pytest.mark.parametrize("kind", KINDS)
def test_doubled_reply_is_dropped(make_link, bench, kind):
    link = make_link(kind)
    bench.faults.next(Fault.DUPLICATE, when=b"one")
    assert link.exchange("one") == "re one"
    time.sleep(0.05)
    assert link.exchange("two") == "re two"


@pytest.mark.parametrize("kind", SOCKETS)
def test_dead_peer_is_noticed_at_once(make_link, bench, kind):
    link = make_link(kind, PATIENT)
    bench.faults.next(Fault.HALF_REPLY, when=b"write", hang_up=True)
    start = time.monotonic()
    with pytest.raises(UncertainWrite, match="is lost"):
        link.exchange("write")
    assert time.monotonic() - start < 3.0
    assert not link.is_open


@pytest.mark.parametrize("kind", SOCKETS)
def test_peer_that_left_between_exchanges_costs_nothing(make_link, bench, kind):
    link = make_link(kind)
    assert link.exchange("one") == "re one"
    port = bench.servers[0].port
    bench.servers[0].stop()
    bench.tcp(port)
    # Noticed before anything is sent, so even a write goes through, once.
    assert link.exchange("write") == "re write"
    assert bench.instrument.lines.count("write") == 1


@pytest.mark.parametrize("kind", SOCKETS)
def test_reconnects_with_back_off_and_at_once_for_a_stop(make_link, bench, kind):
    link = make_link(kind, LinkSettings(reply_timeout_s=0.4, first_back_off_s=30))
    port = bench.servers[0].port
    bench.servers[0].stop()
    with pytest.raises(LinkDown):
        link.exchange("query", retry=True)
    server = bench.tcp(port)
    with pytest.raises(LinkDown, match=r"next attempt to connect is due in \d"):
        link.exchange("query", retry=True)
    assert link.exchange("stop", priority=True) == "re stop"
    assert link.exchange("query") == "re query"
    server.stop()


@pytest.mark.parametrize("template", ["TCPIP0::127.0.0.1::{}::SOCKET", "socket://127.0.0.1:{}"])
def test_refused_connection_is_told_at_once(free_port, template):
    address = template.format(free_port)
    link = open_link(address)
    start = time.monotonic()
    for _ in range(2):  # `open` does not heed the back-off
        with pytest.raises(LinkDown, match="switched on") as caught:
            link.open()
        assert address in str(caught.value)
    # Windows reports a refusal to `select` in a way that pyvisa-py does not see.
    if sys.platform != "win32":
        assert time.monotonic() - start < 3.0
    link.close()


@pytest.mark.parametrize("template", ["TCPIP0::{}::5::SOCKET", "socket://{}:5"])
def test_unknown_host_is_told(template):
    with pytest.raises(LinkDown, match="could not be opened"):
        open_link(template.format("no-such-host.invalid")).open()


@pytest.mark.parametrize("kind", SOCKETS)
def test_endless_reply_closes_the_link(make_link, bench, kind):
    link = make_link(kind, PATIENT)
    bench.instrument.answer = lambda line: b"x" * 10_000 + b"\r\n"
    with pytest.raises(UncertainWrite, match="more than 4096 bytes"):
        link.exchange("write")
    assert not link.is_open


@pytest.mark.parametrize("kind", KINDS)
def test_verify_skips_lines_and_refuses_broken_ones(make_link, bench, kind):
    link = make_link(kind)
    bench.instrument.answer = lambda line: f"!alert\r\n\r\n#info\r\nre {line}\r\n".encode()

    def verify(line: str) -> bool:
        if line == "re broken":
            raise ProtocolError("The reply is broken.")
        return line.startswith("re")

    assert link.exchange("query", verify=verify) == "re query"
    with pytest.raises(ProtocolError, match="broken"):
        link.exchange("broken", verify=verify, retry=True)
    assert bench.instrument.lines.count("broken") == 2
    with pytest.raises(ProtocolError, match="3 line"):
        link.exchange("query", verify=lambda line: False, retry=True)
    assert link.exchange("query", verify=verify) == "re query"


@pytest.mark.parametrize("kind", KINDS)
def test_silent_instrument_is_a_timeout(make_link, bench, kind):
    link = make_link(kind)
    bench.instrument.answer = lambda line: None
    with pytest.raises(ReplyTimeout, match="did not answer in time"):
        link.exchange("query", retry=True)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_get_their_own_replies(make_link, kind):
    link = make_link(kind, LinkSettings(reply_timeout_s=2.0))
    wrong: list[str] = []

    def ask(name: int) -> None:
        for number in range(60):
            message = f"{name} {number}"
            if (reply := link.exchange(message, retry=True, priority=name == 0)) != f"re {message}":
                wrong.append(reply)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_stop_waits_for_the_exchange_in_progress_alone(make_link, bench):
    link = make_link("visa", LinkSettings(reply_timeout_s=2.0))
    bench.faults.next(Fault.LATE, when=b"poll", delay_s=0.3)
    threads = [threading.Thread(target=link.exchange, args=(f"poll {n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2.0
    while len(link._lock._normal) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert link.exchange("stop", priority=True) == "re stop"
    for thread in threads:
        thread.join()
    assert bench.instrument.lines[1] == "stop"


def test_guard_has_the_last_word(make_link, bench):
    link = make_link("socket")

    def guard() -> None:
        raise ValueError("a stop came in between")

    with pytest.raises(ValueError, match="stop came"):
        link.exchange("move", guard=guard)
    assert bench.instrument.lines == []
    assert link.exchange("query") == "re query"


def test_line_is_silent_after_each_exchange(make_link, bench):
    times: list[float] = []

    def answer(line: str) -> bytes:
        times.append(time.monotonic())
        return b"ok\n"

    bench.instrument.answer = answer
    link = make_link("visa", LinkSettings(silence_s=0.05))
    for _ in range(4):
        link.exchange("query")
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.05


def test_every_exchange_is_logged(make_link, caplog):
    link = make_link("socket")
    with caplog.at_level(logging.DEBUG, logger="devices.links"):
        link.exchange("KRDG? A")
    assert "> b'KRDG? A\\n'" in caplog.text
    assert "< b're KRDG? A'" in caplog.text


def test_identified_replies_keep_the_connection_after_one_late_reply(make_link, bench):
    link = make_link("socket", LinkSettings(reply_timeout_s=0.3, replies_identified=True))
    bench.faults.next(Fault.LATE, when=b"one", delay_s=0.4)
    with pytest.raises(UncertainWrite):
        link.exchange("one", verify=lambda line: line == "re one")
    assert link.is_open
    assert link.exchange("two", verify=lambda line: line == "re two", retry=True) == "re two"
    assert bench.instrument.sessions == 1
    bench.faults.next(Fault.SILENCE, count=3)
    with pytest.raises(UncertainWrite):
        link.exchange("three")
    with pytest.raises(ReplyTimeout):
        link.exchange("four", retry=True)
    assert not link.is_open


def test_close_during_an_exchange_waits_for_it(make_link, bench):
    link = make_link("socket", LinkSettings(reply_timeout_s=2.0))
    bench.faults.next(Fault.LATE, delay_s=0.2)
    replies: list[str] = []
    thread = threading.Thread(target=lambda: replies.append(link.exchange("slow")))
    thread.start()
    deadline = time.monotonic() + 2.0
    while not bench.instrument.lines:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    link.close()
    thread.join()
    assert replies == ["re slow"]
    assert not link.is_open
