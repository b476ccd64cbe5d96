"""What is known about reference and anvils, and where that ends."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.reflectance import (
    AbsorptionMeasured,
    AbsorptionUnknown,
    AtPressure,
    absorption_from_transmission,
)
from dac_control.reflectance.reference import ReferenceUnknown, ReferenceValues

AXIS = np.array([500.0, 800.0])


def test_a_table_is_interpolated_between_its_entries(bench: Any) -> None:
    found = bench.table().at(bench.at(50.0), np.array([350.0, 2000.0, 2500.0]))
    assert isinstance(found, ReferenceValues)
    assert found.reflectance[:2] == pytest.approx([0.315, 0.425])
    assert np.isnan(found.reflectance[2])
    assert found.known.tolist() == [True, True, False]
    assert found.per_gpa[:2] == pytest.approx([0.0003, 0.0005])


def test_rhenium_is_unknown_beyond_100_gpa(bench: Any) -> None:
    found = bench.table().at(bench.at(120.0), AXIS)
    assert isinstance(found, ReferenceUnknown)
    assert "0 to 100 GPa and unknown at 120 GPa" in found.reason


@pytest.mark.parametrize("gpa", [100.01, 495.0])
@pytest.mark.parametrize("name", ["rhenium", "Re", "rhenium gasket", "tungsten"])
def test_no_gasket_claims_what_nobody_measured(bench: Any, gpa: float, name: str) -> None:
    further = {"name": name, "pressure_gpa": np.array([0.0, gpa])}
    with pytest.raises(ConfigurationError, match="measured beyond 100 GPa"):
        bench.table(**further)
    bench.table(**further, beyond="our own comparison with gold, 2026")


@given(gpa=st.floats(-50.0, 600.0))
def test_nothing_is_extrapolated(gpa: float) -> None:
    bench = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Bench"](AXIS)
    found = bench.table().at(bench.at(gpa), AXIS)
    assert isinstance(found, ReferenceValues) == (0.0 <= gpa <= 100.0)


def test_a_reference_at_an_unmeasured_pressure_is_unknown(bench: Any) -> None:
    at = AtPressure(pressure_gpa=50.0, sigma_stat_gpa=1.0, measured=False)
    assert isinstance(bench.table().at(at, AXIS), ReferenceUnknown)
    assert isinstance(bench.table().at(bench.at(50.0), np.array([5000.0])), ReferenceUnknown)


@pytest.mark.parametrize(
    "fields",
    [
        {"reflectance": np.array([[30.0, 40.0], [33.0, 45.0]])},
        {"reflectance": np.full((2, 3), 0.3)},
        {"reflectance": np.full((2, 2), np.nan)},
        {"sigma": np.zeros((2, 2))},
        {"within_gpa": -1.0},
        {"pressure_gpa": np.array([50.0, 0.0])},
        {"wavelength_nm": np.array([np.nan, 900.0])},
        {"wavelength_nm": np.array([]), "reflectance": np.zeros((2, 0)), "sigma": np.zeros((2, 0))},
    ],
)
def test_impossible_tables_are_refused(bench: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        bench.table(**fields)


def test_transmission_of_these_anvils_is_measured(bench: Any) -> None:
    found = bench.absorption(80.0)
    pull = (found.transmission - 0.8) / found.sigma_stat
    assert abs(np.mean(pull)) < 0.4
    assert np.std(pull) == pytest.approx(1.0, abs=0.25)
    assert found.through == "beside"


def test_behind_an_opaque_sample_it_cannot_be_measured(bench: Any) -> None:
    found = absorption_from_transmission(
        bench.read("sample", 0.0), bench.read("sample", 0.3), pressure=bench.at(80.0)
    )
    assert isinstance(found, AbsorptionUnknown)
    assert found.state == "cannot be measured"


def test_what_is_not_known_about_faces_and_shares_is_large(bench: Any) -> None:
    found = absorption_from_transmission(
        bench.read("beside", 0.2), bench.read("beside", 0.3), pressure=bench.at(80.0)
    )
    assert isinstance(found, AbsorptionMeasured)
    assert found.interface_u == pytest.approx(0.16, abs=0.02)
    assert found.near_share_u == pytest.approx(12**-0.5)


@pytest.mark.parametrize("fields", [{"near_share": 1.5}, {"interface_u": -1.0}])
def test_impossible_shares_are_refused(bench: Any, fields: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        bench.absorption(80.0, **fields)


def test_transmissions_share_one_axis(bench: Any) -> None:
    with pytest.raises(ConfigurationError, match="same axis"):
        absorption_from_transmission(
            bench.read("beside", 0.2),
            bench.read("beside", 0.3, wavelength_nm=bench.wavelength_nm + 1.0),
            pressure=bench.at(80.0),
        )
