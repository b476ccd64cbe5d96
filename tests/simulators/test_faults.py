import pytest

from simulators.faults import Fault, FaultInjector
from simulators.wire.reply import Reply


class Echo:
    """Answers every line but ``silent`` with itself."""

    def __init__(self):
        self.heard = []
        self.buffer = b""

    def feed(self, data):
        replies = []
        self.buffer += data
        while b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            self.heard.append(line)
            if line != b"silent":
                replies.append(Reply(line + b"\r\n"))
        return replies


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def faults(echo):
    return FaultInjector(lambda: echo)


def test_without_faults_nothing_changes(faults):
    assert faults.session().feed(b"one\ntwo\n") == [Reply(b"one\r\n"), Reply(b"two\r\n")]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drop_connection", [Reply(b"", hang_up=True)]),
        ("silence", []),
        ("late", [Reply(b"query\r\n", delay_wall_s=0.5)]),
        ("half_reply", [Reply(b"que")]),
        ("reply_for_another_query", [Reply(b"before\r\n")]),
        ("duplicate", [Reply(b"query\r\n" * 2)]),
    ],
)
def test_each_fault_happens_once_after_the_request_was_carried_out(faults, echo, kind, expected):
    session = faults.session()
    session.feed(b"before\n")
    faults.next(kind)
    assert faults.pending == 1
    assert session.feed(b"query\n") == expected
    assert faults.pending == 0
    assert faults.done == [(Fault(kind), b"query\n")]
    assert session.feed(b"after\n") == [Reply(b"after\r\n")]
    assert echo.heard == [b"before", b"query", b"after"]


def test_garbage_keeps_the_terminator(faults):
    faults.next("garbage")
    (reply,) = faults.session().feed(b"a long query\n")
    assert len(reply.payload) == len(b"a long query\r\n")
    assert reply.payload.endswith(b"\r\n")
    with pytest.raises(UnicodeDecodeError):
        reply.payload.decode()


def test_half_a_reply_may_end_the_connection(faults):
    faults.next(Fault.HALF_REPLY, hang_up=True)
    assert faults.session().feed(b"query\n") == [Reply(b"que", hang_up=True)]


def test_a_lost_request_is_not_carried_out(faults, echo):
    faults.next(Fault.LOST_REQUEST, when=b"write")
    session = faults.session()
    assert session.feed(b"query\r\n")[0].payload == b"query\r\r\n"
    assert session.feed(b"write\n") == [Reply(b"", hang_up=True)]
    assert echo.heard == [b"query\r"]


def test_faults_wait_for_their_request(faults):
    session = faults.session()
    faults.next("silence", when=b"two")
    faults.next("duplicate", when=lambda request: request.startswith(b"three"))
    replies = session.feed(b"one\nsilent\ntwo\nthr") + session.feed(b"ee\n")
    assert [reply.payload for reply in replies] == [b"one\r\n", b"three\r\nthree\r\n"]
    assert faults.pending == 0


def test_count_and_unknown_kinds(faults):
    faults.next("silence", count=2)
    assert [r.payload for r in faults.session().feed(b"a\nb\nc\n")] == [b"c\r\n"]
    with pytest.raises(ValueError, match="explode"):
        faults.next("explode")


def test_a_binary_protocol_has_no_terminators(echo):
    faults = FaultInjector(lambda: echo, terminators=b"")
    faults.next("silence", when=b"\r")
    assert faults.session().feed(b"x\ry\n") == []


def test_one_digit_flips_by_its_number(faults):
    session = faults.session()
    for digit, expected in ((0, b"+29.95\r\n"), (1, b"+10.95\r\n"), (5, b"+10.95\r\n")):
        faults.next("flipped_digit", digit=digit)
        assert [reply.payload for reply in session.feed(b"+19.95\n")] == [expected]
    faults.next("flipped_digit")
    assert [reply.payload for reply in session.feed(b"OK\n")] == [b"OK\r\n"]


def test_a_line_becomes_sound_again(faults):
    faults.next("silence", count=100)
    session = faults.session()
    assert session.feed(b"a\n") == []
    faults.clear()
    assert faults.pending == 0 and len(session.feed(b"b\n")) == 1
