"""Lake Shore's replies, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import InstrumentError, ProtocolError
from devices.drivers.lakeshore_ascii import (
    answers,
    format_message,
    input_name,
    parse_answer,
    parse_codes,
    parse_integer,
    parse_number,
    parse_pair,
    sensor_faults,
)

READ = format_message("KRDG? A", "RDGST? A")


def test_every_message_is_acknowledged():
    assert READ == "KRDG? A;RDGST? A;*ESR?"
    assert format_message("SETP 1,12.5") == "SETP 1,12.5;*ESR?"
    assert format_message() == "*ESR?"


def test_answer_is_split_and_its_status_kept():
    answer = parse_answer(READ, "+004.200;000;128")
    assert answer.fields == ("+004.200", "000")
    assert answer.event_status == 128


@pytest.mark.parametrize(
    "line", ["", "+004.200;000", "+004.200;000;000;000", "+004.200", "a;b;c", ";;", "0;0;0000"]
)
def test_wrong_number_of_fields_is_refused(line):
    with pytest.raises(ProtocolError, match="field"):
        answers(READ, line)


@pytest.mark.parametrize(
    ("status", "word"), [("004", "query"), ("016", "execution"), ("032", "command")]
)
def test_error_bits_name_the_message(status, word):
    # An unknown query has no reply of its own, so fields are missing too.
    for line in (f"+004.200;000;{status}", status):
        assert answers(READ, line)
        with pytest.raises(InstrumentError, match=word) as caught:
            parse_answer(READ, line)
        assert READ in str(caught.value)


def test_harmless_bits_pass():
    assert parse_answer(READ, "+004.200;000;129").event_status == 129


@given(st.text())
def test_any_line_is_answered_refused_or_an_error(line):
    try:
        parse_answer(READ, line)
    except (ProtocolError, InstrumentError) as error:
        assert "temperature controller" in str(error)


@pytest.mark.parametrize(
    ("text", "value"), [("+004.200", 4.2), ("-1.5", -1.5), ("300", 300.0), ("+.5", 0.5)]
)
def test_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e5", "4.2K", "--4", "4,2", "+"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ProtocolError, match="number"):
        parse_number(text)


def test_codes():
    assert parse_integer("003") == 3
    assert parse_codes("1,2,0") == (1, 2, 0)
    assert parse_pair("1,+010.5") == (1, 10.5)
    for text in ("", "-1", "1.0", "²"):
        with pytest.raises(ProtocolError):
            parse_integer(text)
    with pytest.raises(ProtocolError, match="two values"):
        parse_pair("1")
    with pytest.raises(ProtocolError, match="codes"):
        parse_codes("1")


def test_input_names():
    assert [input_name(number) for number in (0, 1, 4, 5, 8)] == ["", "A", "D", "D2", "D5"]
    with pytest.raises(ProtocolError, match="input 9"):
        input_name(9)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, ""),
        (1, "invalid reading"),
        (48, "temperature under range, temperature over range"),
        (2, "unknown status 2"),
        (130, "sensor over range, unknown status 2"),
    ],
)
def test_sensor_faults_in_words(status, text):
    assert sensor_faults(status) == text
