import datetime
import json
from typing import Any

import pytest

from dac_control.gauges import Lambda0, RubyGauge
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from, ruby_settings

LAMBDA0: dict[str, Any] = {
    "value_nm": 694.25,
    "sigma_nm": 0.004,
    "chip": "A1",
    "date": "2026-11-20",
    "temperature_k": 296.0,
}
OLD: dict[str, Any] = {
    "scale": "ruby2020",
    "temperature_correction": "datchi2007",
    "axis_sigma_nm": 0.01,
    "temperature_sigma_k": 0.1,
    "lambda0": LAMBDA0,
}


def test_what_a_start_document_holds_gives_the_same_budget() -> None:
    gauge = RubyGauge(
        scale="dewaele2008",
        correction="ragan1992",
        lambda0=[
            Lambda0(**{**LAMBDA0, "date": datetime.date(2026, 11, 20)}),
            Lambda0(
                value_nm=693.37,
                sigma_nm=0.003,
                chip="A1",
                date=None,
                temperature_k=80.0,
            ),
        ],
        axis_sigma_nm=0.01,
        temperature_sigma_k=0.1,
        axis_offset_sigma_nm=0.02,
        axis_offset_correlation=0.9,
        axis_dispersion_sigma=1e-4,
        uniaxial_stress_gpa=0.5,
        gradient_gpa=0.3,
    )
    stored = json.loads(json.dumps(ruby_settings(gauge), allow_nan=False))
    again = ruby_gauge_from(stored)
    for temperature_k in (80.0, 200.0):
        one, other = (
            each.pressure_from_line(705.0, 0.002, temperature_k).to_dict()
            for each in (gauge, again)
        )
        assert one == other


def test_settings_of_earlier_versions_are_enough() -> None:
    gauge = ruby_gauge_from(OLD)
    assert gauge.lambda0.date == datetime.date(2026, 11, 20)
    assert gauge.uncertainties.axis_offset_sigma_nm is None
    assert ruby_gauge_from(OLD, "mao1986").scale.name == "mao1986"
    del OLD["axis_sigma_nm"]
    assert ruby_gauge_from(OLD).uncertainties.axis_sigma_nm == 0.0


@pytest.mark.parametrize("key", ["scale", "lambda0", "temperature_correction"])
def test_what_is_missing_is_a_key_error(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        ruby_gauge_from({name: value for name, value in OLD.items() if name != key})
