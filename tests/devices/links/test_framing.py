"""Lines out of a stream, whatever pieces it comes in."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ProtocolError
from devices.links import LinkSettings
from devices.links.framing import LineBuffer, decode, encode

LINES = st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"").rstrip(b"\r")))


@given(lines=LINES, cuts=st.lists(st.integers(0, 400)), crlf=st.booleans())
def test_lines_survive_any_cutting(lines, cuts, crlf):
    end = b"\r\n" if crlf else b"\n"
    stream = b"".join(line + end for line in lines)
    buffer = LineBuffer(b"\n", 100)
    taken = []
    edges = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    for start, stop in itertools.pairwise(edges):
        buffer.put(stream[start:stop])
        while (line := buffer.take()) is not None:
            taken.append(line)
    assert taken == lines
    assert buffer.pending == b""


def test_pending_is_the_beginning_of_a_line():
    buffer = LineBuffer(b"\n", 100)
    buffer.put(b"one\r\ntw")
    assert buffer.take() == b"one"
    assert buffer.take() is None
    assert buffer.pending == b"tw"
    assert buffer.clear() == b"tw"
    assert buffer.pending == b""


@pytest.mark.parametrize("data", [b"x" * 101, b"x" * 101 + b"\n"])
def test_a_line_beyond_the_limit_is_refused(data):
    buffer = LineBuffer(b"\n", 100)
    buffer.put(data)
    with pytest.raises(ProtocolError, match="more than 100 bytes"):
        buffer.take()


def test_a_line_at_the_limit_is_taken():
    buffer = LineBuffer(b"\n", 100)
    buffer.put(b"x" * 100 + b"\n")
    assert buffer.take() == b"x" * 100


def test_a_message_cannot_carry_a_second_command():
    settings = LinkSettings()
    assert encode("KRDG? A", settings) == b"KRDG? A\n"
    for message in ("KRDG? A\nRANGE 1,3", "a\rb", "5 µm"):
        with pytest.raises(ValueError, match="printable ASCII"):
            encode(message, settings)


@given(st.binary())
def test_decoding_never_raises(line):
    text = decode(line)
    assert text is None or text.encode("ascii") == line
