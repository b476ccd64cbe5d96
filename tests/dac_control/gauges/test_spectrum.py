from typing import Any

import numpy as np
import pytest

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges import Spectrum


def spectrum(**changes: Any) -> Spectrum:
    values: dict[str, Any] = {
        "wavelength_nm": np.linspace(690.0, 700.0, 64),
        "counts": np.full(64, 100.0),
        "exposure_s": 1.0,
        "averages": 1,
    }
    return Spectrum(**{**values, **changes})


def with_value(value: float) -> np.ndarray:
    array = np.full(64, 100.0)
    array[7] = value
    return array


def test_a_descending_axis_is_turned_round_with_its_counts() -> None:
    made = spectrum(wavelength_nm=np.linspace(700.0, 690.0, 64), counts=np.arange(64.0))
    assert made.wavelength_nm[0] == 690.0
    assert made.counts[0] == 63.0


def test_arrays_are_copied_and_read_only() -> None:
    counts = np.full(64, 100.0)
    made = spectrum(counts=counts)
    counts[0] = 5.0
    assert made.counts[0] == 100.0
    with pytest.raises(ValueError, match="read-only"):
        made.counts[0] = 1.0


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"counts": with_value(np.nan)}, NotMeasured, "pixel 7 with nan"),
        ({"counts": with_value(np.inf)}, NotMeasured, "1 pixel that"),
        ({"counts": with_value(1e300)}, NotMeasured, "no count"),
        ({"counts": np.zeros(63)}, ConfigurationError, "64 wavelengths and 63 counts"),
        ({"counts": np.zeros((8, 8))}, ConfigurationError, "one dimension"),
        ({"wavelength_nm": np.full(64, 694.0)}, NotMeasured, "694.0 nm"),
        ({"wavelength_nm": with_value(np.nan)}, NotMeasured, "axis"),
        ({"wavelength_nm": np.arange(64.0)}, NotMeasured, "between 50 and 50000 nm"),
        (
            {"wavelength_nm": np.arange(600.0, 610.0), "counts": np.zeros(10)},
            NotMeasured,
            "10 pixels",
        ),
        ({"exposure_s": 0.0}, ConfigurationError, "exposure"),
        ({"averages": 0}, ConfigurationError, "averages 0"),
        ({"gain_e_per_count": -1.0}, ConfigurationError, "gain"),
        ({"gain_e_per_count": float("nan")}, ConfigurationError, "gain"),
        ({"read_noise_e": -1.0}, ConfigurationError, "read noise"),
        ({"saturation_counts": 0.0}, ConfigurationError, "saturation"),
        ({"dark_counts": float("nan")}, NotMeasured, "dark"),
        ({"dark_counts": np.zeros(3)}, ConfigurationError, "shape"),
        ({"counts": ["a"] * 64}, ConfigurationError, "numbers.*could not convert .*'a'"),
        ({"dark_counts": [[0.0], [0.0, 1.0]]}, ConfigurationError, "dark counts.*numbers"),
    ],
)
def test_what_is_no_spectrum(changes: dict[str, Any], error: type[DacError], words: str) -> None:
    with pytest.raises(error, match=words):
        spectrum(**changes)


def test_the_pattern_of_the_offset_is_removed_and_its_level_kept() -> None:
    dark = np.full(64, 40.0)
    dark[9] = 70.0
    made = spectrum(counts=dark + 100.0, dark_counts=dark)
    assert made.offset_counts == 40.0
    assert np.all(made.levelled_counts == 140.0)
