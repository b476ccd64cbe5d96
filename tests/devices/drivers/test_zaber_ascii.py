"""Zaber's messages, put together and taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ProtocolError
from devices.drivers.zaber_ascii import (
    checksum,
    fault_text,
    flags_text,
    format_request,
    parse_flags,
    parse_reply,
)


def test_checksum_of_the_manual():
    # Zaber ASCII Protocol Manual, appendix on checksum calculation.
    assert checksum("01 tools echo") == "8F"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_message_and_checksum_add_up_to_nothing(text):
    assert (sum(text.encode()) + int(checksum(text), 16)) & 0xFF == 0


def test_requests():
    assert format_request(1, 1, 21, "move abs 20000") == "/1 1 21 move abs 20000:" + checksum(
        "1 1 21 move abs 20000"
    )
    assert format_request(1, 0, 0, "").startswith("/1 0 0:")


def test_reply_with_and_without_checksum():
    body = "01 1 23 OK IDLE -- 20000"
    for line, checked in ((f"@{body}", False), (f"@{body}:{checksum(body)}", True)):
        reply = parse_reply(line)
        assert (reply.device, reply.axis, reply.message_id) == (1, 1, 23)
        assert (reply.accepted, reply.busy, reply.flag, reply.data) == (True, False, "", "20000")
        assert reply.checked is checked


def test_rejection_flag_and_no_id():
    reply = parse_reply("@01 1 RJ BUSY FS BADDATA")
    assert (reply.accepted, reply.busy, reply.flag) == (False, True, "FS")
    assert (reply.message_id, reply.data) == (None, "BADDATA")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "!01 1 IDLE --",
        "#01 0 hello",
        "@01 1 23 OK IDLE -- 20000:00",
        "@01 1 23 OK IDLE",
        "@01 1 OK OK IDLE -- 0",
        "LSCI,MODEL336,1,2",
        "@01 1 2@01 1 23 OK IDLE -- 20000",
    ],
)
def test_what_is_no_reply_is_refused(line):
    with pytest.raises(ProtocolError, match="drive"):
        parse_reply(line)


@given(st.text())
def test_any_line_is_a_reply_or_refused(line):
    try:
        parse_reply(line)
    except ProtocolError:
        pass


@given(st.integers(0, 200), st.characters(min_codepoint=0x20, max_codepoint=0x7E))
def test_one_wrong_character_is_found(position, character):
    body = "01 1 23 OK IDLE -- 20000"
    good = f"@{body}:{checksum(body)}"
    position %= len(good)
    bad = good[:position] + character + good[position + 1 :]
    try:
        reply = parse_reply(bad)
    except ProtocolError:
        return
    # Only case of a hexadecimal digit, or a broken colon, can pass; then it is not `checked`.
    assert bad.upper() == good.upper() or not reply.checked


def test_flags():
    assert parse_flags("00") == ()
    assert parse_flags("02 FS WR") == ("FS", "WR")
    for data in ("", "01", "02 FS", "FS"):
        with pytest.raises(ProtocolError, match="flags"):
            parse_flags(data)


def test_flags_in_words():
    assert flags_text(("FS", "ZZ")) == (
        "FS (the motor stalled and stopped, so steps were lost), ZZ (unknown flag)"
    )
    assert fault_text(("NI", "WR", "WH", "NC")) == ""
    assert fault_text(("NI", "WL", "FD")).startswith("WL (a limit sensor stopped")
