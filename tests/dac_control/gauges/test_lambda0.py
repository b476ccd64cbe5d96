import dataclasses
import datetime
from typing import Any

import pytest

from dac_control.errors import ConfigurationError
from dac_control.gauges import Lambda0, ReferenceLine, ReferenceRuby

SEEN = ReferenceLine(
    line_nm=693.39,
    sigma_nm=0.001,
    temperature_k=80.0,
    chip="R9",
    time=datetime.datetime(2026, 11, 22, 8, 15, tzinfo=datetime.UTC),
)


def test_what_was_not_measured_scatters_from_chip_to_chip() -> None:
    # Vos & Schouten 1991: 0.3 angstrom between samples
    assert SEEN.offset_nm == 0.0
    assert SEEN.offset_sigma_nm == 0.03
    assert "2026-11-22T08:15:00" in SEEN.describe()


def test_a_reference_ruby_hands_its_offset_on() -> None:
    ruby = ReferenceRuby(
        chip="R9", offset_nm=-0.01, offset_sigma_nm=0.002, temperature_difference_sigma_k=0.3
    )
    seen = ruby.seen(693.39, 0.001, 80.0, SEEN.time)
    assert (seen.offset_nm, seen.offset_sigma_nm) == (-0.01, 0.002)
    assert seen.temperature_difference_sigma_k == 0.3
    assert (seen.chip, seen.line_nm) == ("R9", 693.39)


@pytest.mark.parametrize(
    "changes",
    [
        {"line_nm": 800.0},
        {"line_nm": float("nan")},
        {"sigma_nm": -0.1},
        {"temperature_k": 0.0},
        {"chip": ""},
        {"offset_nm": 2.0},
        {"offset_sigma_nm": -1.0},
        {"temperature_difference_sigma_k": float("nan")},
    ],
)
def test_a_reference_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="reference ruby"):
        dataclasses.replace(SEEN, **changes)


def test_lambda0_tells_where_it_comes_from() -> None:
    lambda0 = Lambda0(
        value_nm=694.25,
        sigma_nm=0.004,
        chip="A1",
        date=datetime.date(2026, 11, 20),
        temperature_k=295.4,
    )
    assert lambda0.describe() == "chip 'A1', 2026-11-20, 295.4 K, 694.2500 +- 0.0040 nm"
