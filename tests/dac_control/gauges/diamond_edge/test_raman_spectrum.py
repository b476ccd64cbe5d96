"""What a Raman spectrum accepts, and the sentences with which it refuses."""

import datetime

import numpy as np
import pytest

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.diamond_edge import Nu0, RamanSpectrum
from dac_control.gauges.diamond_edge.from_wavelengths import nu0_on_axis

AXIS = np.linspace(1300.0, 2100.0, 200)
COUNTS = np.linspace(500.0, 100.0, 200)


def make(**changes):
    return RamanSpectrum(**{"shift_cm1": AXIS, "counts": COUNTS, "exposure_s": 1.0, **changes})


def test_orders_the_pixels_and_freezes_them():
    dark = np.linspace(1.0, 2.0, 200)
    spectrum = make(
        shift_cm1=AXIS[::-1], counts=COUNTS[::-1], dark_counts=dark[::-1], dark_sigma_counts=dark
    )

    assert np.array_equal(spectrum.shift_cm1, AXIS)
    assert np.array_equal(spectrum.counts, COUNTS)
    assert np.array_equal(spectrum.dark_counts, dark)
    assert np.array_equal(spectrum.dark_sigma_counts, dark[::-1])
    assert not spectrum.shift_cm1.flags.writeable


def test_knows_the_wavelength_of_its_light():
    spectrum = make(laser_nm=532.0)

    assert spectrum.detector.wavelength_nm[0] == pytest.approx(1e7 / (1e7 / 532.0 - 1300.0))


def test_noise_is_that_of_the_detector():
    noise = make(gain_e_per_count=2.0, averages=4, dark_sigma_counts=np.full(200, 3.0)).noise

    assert noise.variance(np.array([80.0])) == pytest.approx(80.0 / 8.0 + 9.0 + 1.0 / 48.0)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"shift_cm1": AXIS[:5], "counts": COUNTS[:5]}, NotMeasured, "5 pixels"),
        ({"shift_cm1": AXIS[:0], "counts": COUNTS[:0]}, NotMeasured, "0 pixels"),
        ({"shift_cm1": AXIS[:1], "counts": COUNTS[:1]}, NotMeasured, "1 pixel;"),
        ({"shift_cm1": AXIS[:5]}, ConfigurationError, "5 shifts and 200 counts"),
        ({"shift_cm1": np.where(AXIS > 2000.0, np.nan, AXIS)}, NotMeasured, "finite"),
        ({"counts": np.where(AXIS > 2000.0, np.nan, COUNTS)}, NotMeasured, "no counts"),
        ({"shift_cm1": np.floor(AXIS / 10.0)}, NotMeasured, "Two pixels"),
        ({"shift_cm1": np.arange(200.0)}, NotMeasured, "pixel numbers"),
        ({"shift_cm1": np.linspace(16000.0, 17000.0, 200)}, NotMeasured, "absolute"),
        ({"shift_cm1": np.ones((2, 100))}, ConfigurationError, "one dimension"),
        ({"exposure_s": 0.0}, ConfigurationError, "exposure"),
        ({"averages": 0}, ConfigurationError, "averages 0"),
        ({"gain_e_per_count": -1.0}, ConfigurationError, "gain"),
        ({"dark_counts": np.ones(3)}, ConfigurationError, "dark"),
        ({"laser_nm": 5320.0}, ConfigurationError, "laser"),
        ({"laser_nm": 1064.0, "shift_cm1": AXIS * 4.6}, NotMeasured, "photon"),
        ({"convention": "water"}, ConfigurationError, "vacuum, air or unknown"),
    ],
)
def test_refuses_in_a_sentence(changes, error, words):
    with pytest.raises(error, match=words) as caught:
        make(**changes)
    assert str(caught.value).endswith(".")


def test_a_lamp_axis_moves_nu0_with_the_edge(axis_calibration) -> None:
    nu0 = Nu0(value_cm1=1332.5, sigma_cm1=0.5, source="table", same_axis=True)
    axis = axis_calibration(0.05, datetime.datetime.now(tz=datetime.UTC))
    moved = nu0_on_axis(nu0, axis, 532.0)
    # 0.05 nm at 572.6 nm are 1e7 * 0.05 / 572.6**2 cm-1
    assert moved.value_cm1 - nu0.value_cm1 == pytest.approx(1.525, abs=0.002)
    assert nu0_on_axis(moved, axis, 532.0) is moved
    assert nu0_on_axis(nu0, None, 532.0) is nu0
