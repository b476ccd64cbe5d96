import datetime
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from dac_control.errors import ConfigurationError, DacError, NotMeasured, StaleReading
from dac_control.gauges.axis_calibration import (
    LAMPS,
    AxisCalibration,
    calibrate_axis,
    find_lamp_peaks,
    lamp_lines,
)
from dac_control.gauges.spectrum import Spectrum

WHEN = datetime.datetime(2026, 11, 22, 8, tzinfo=datetime.UTC)
LOW, HIGH, PIXELS = 580.0, 780.0, 2048
BRIGHT = {3: 20_000.0, 2: 5_000.0, 1: 800.0}


def drawn(
    lamp: str = "neon",
    seed: int = 0,
    *,
    shift: float = 0.0,
    scale: float = 0.0,
    bend: float = 0.0,
    fwhm: float = 0.35,
    gain: float = 2.0,
    strength: float = 1.0,
    span: tuple[float, float] = (LOW, HIGH),
    saturation: float = 65_535.0,
    spikes: int = 0,
    stated: bool = True,
) -> Spectrum:
    """A lamp on an axis whose reported wavelengths are wrong by a known amount."""
    rng = np.random.default_rng(seed)
    reported = np.linspace(*span, PIXELS)
    true = reported + error_nm(reported, span, shift, scale, bend)
    edges = np.concatenate([[2 * true[0] - true[1]], true]) + np.diff(true).mean() / 2
    light = np.zeros(PIXELS)
    sigma = fwhm / 2.3548
    for line in lamp_lines(lamp):
        # lamps differ from each other by more than a factor of 2
        height = BRIGHT[line.strength] * strength * rng.uniform(0.4, 1.6)
        area = np.diff(ndtr((edges - line.wavelength_nm) / sigma)) / np.diff(edges)
        light += height * area * sigma * 2.5066
    electrons = rng.poisson((light + 50.0) * gain) + 8.0 * rng.standard_normal(PIXELS)
    counts = np.rint(electrons / gain + 1000.0)
    counts[rng.integers(0, PIXELS, spikes)] += 9000.0
    return Spectrum(
        wavelength_nm=reported,
        counts=np.minimum(counts, saturation),
        exposure_s=0.1,
        averages=1,
        gain_e_per_count=gain if stated else None,
        read_noise_e=8.0 if stated else None,
        dark_counts=1000.0,
        saturation_counts=saturation,
    )


def error_nm(reported, span, shift: float, scale: float, bend: float):
    middle = 0.5 * (span[0] + span[1])
    place = (reported - middle) / (0.5 * (span[1] - span[0]))
    return shift + scale * (reported - middle) + bend * (place**2 - 0.3)


def calibrate(spectrum: Any, lamp: str = "neon", **changed: Any) -> AxisCalibration:
    return calibrate_axis(spectrum, lamp, instrument="test 1", time=WHEN, **changed)


def test_the_corrected_axis_is_right_and_its_pulls_are_standard_normal() -> None:
    at = np.array([594.0, 650.0, 694.3, 740.0])
    pulls = []
    for seed in range(16):
        found = calibrate(drawn(seed=seed, shift=0.4, scale=5e-4, bend=0.05))
        off = found.apply(at) - at - error_nm(at, (LOW, HIGH), 0.4, 5e-4, 0.05)
        pulls.append(off / [found.axis_sigma_nm(one) for one in at])
        assert found.axis_sigma_nm(694.3) < 0.003
        assert len(found.used) >= 20
    assert abs(np.mean(pulls)) < 0.5
    # the scatter of the lines counts in full, so the errors are rather too large
    assert 0.2 < np.std(pulls) < 1.3


@pytest.mark.parametrize("shift", [-1.0, -0.6, 0.0, 0.7, 1.0])
@pytest.mark.parametrize("scale", [-1e-3, 0.0, 1e-3])
def test_lines_are_named_on_a_wrong_axis(shift: float, scale: float) -> None:
    found = calibrate(drawn(seed=3, shift=shift, scale=scale))
    wanted = error_nm(694.3, (LOW, HIGH), shift, scale, 0.0)
    assert found.apply(694.3) - 694.3 == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize(
    ("lamp", "span"),
    [
        ("argon", (690.0, 870.0)),
        ("mercury-argon", (400.0, 860.0)),
        ("mercury", (400.0, 600.0)),
        ("neon", (580.0, 960.0)),
        ("neon", (670.0, 730.0)),
        ("mercury-neon", (500.0, 760.0)),
    ],
)
def test_every_lamp_is_known(lamp: str, span: tuple[float, float]) -> None:
    found = calibrate(drawn(lamp, seed=1, shift=-0.5, scale=3e-4, span=span), lamp)
    middle = 0.5 * (found.used[0].measured_nm + found.used[-1].measured_nm)
    off = found.apply(middle) - middle - error_nm(middle, span, -0.5, 3e-4, 0.0)
    assert abs(off) < max(4 * found.axis_sigma_nm(middle), 0.002)


def test_cosmic_rays_and_an_unknown_gain_do_no_harm() -> None:
    found = calibrate(drawn(seed=2, shift=0.3, spikes=12, stated=False))
    assert found.apply(694.3) - 694.3 == pytest.approx(0.3, abs=0.005)


def test_blends_and_saturated_lines_are_listed_and_not_used() -> None:
    found = calibrate(drawn(seed=4, saturation=22_000.0, strength=1.2, fwhm=0.5))
    reasons = {line.reason for line in found.lines if not line.used}
    assert reasons == {"saturated", "blended"}
    assert all(line.reason == "" for line in found.used)
    assert found.apply(694.3) - 694.3 == pytest.approx(0.0, abs=0.01)


def test_two_exposures_use_strong_and_weak_lines() -> None:
    short = drawn(seed=5, strength=0.5)
    long = drawn(seed=5, strength=8.0, saturation=60_000.0)
    long = Spectrum(
        wavelength_nm=short.wavelength_nm,
        counts=long.counts,
        exposure_s=1.6,
        averages=1,
        gain_e_per_count=2.0,
        read_noise_e=8.0,
        dark_counts=1000.0,
        saturation_counts=60_000.0,
    )
    assert len(calibrate([short, long]).used) > len(calibrate(long).used)


def test_what_makes_a_calibration_impossible_is_said() -> None:
    with pytest.raises(NotMeasured, match="do not show the lines of neon"):
        calibrate(drawn("argon", seed=1, span=(600.0, 860.0)))
    with pytest.raises(NotMeasured, match="do not show the lines of argon"):
        calibrate(drawn("neon", seed=1, span=(600.0, 860.0)), "argon")
    with pytest.raises(NotMeasured, match="lamp of neon is on"):
        calibrate(drawn(strength=0.0))
    with pytest.raises(NotMeasured, match="shorter time"):
        calibrate(drawn(strength=30.0, saturation=5_000.0))
    with pytest.raises(NotMeasured, match="another lamp"):
        calibrate(drawn("mercury", span=(600.0, 800.0)), "mercury")
    with pytest.raises(ConfigurationError, match="no lamp 'xenon'"):
        calibrate(drawn(), "xenon")
    with pytest.raises(ConfigurationError, match="no spectrum"):
        calibrate([])
    with pytest.raises(ConfigurationError, match="different axes"):
        calibrate([drawn(), drawn(span=(581.0, 780.0))])
    with pytest.raises(ConfigurationError, match="search window"):
        calibrate(drawn(), window_nm=0.0)


def test_the_result_survives_json_and_can_be_built_into_a_budget() -> None:
    found = calibrate(drawn(shift=0.2))
    again = AxisCalibration.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert "neon" in again.describe()
    assert 0.0 < found.dispersion_sigma(694.3, 720.0) < 1e-3
    assert found.dispersion_sigma(694.3, 700.0) >= found.dispersion_sigma(620.0, 720.0)
    assert found.covers(600.0, 740.0)
    assert not found.covers(600.0, 800.0)
    assert found.axis_sigma_nm(780.0) > found.axis_sigma_nm(694.0)
    for damaged in ({}, found.to_dict() | {"covariance": [[1.0]]}, found.to_dict() | {"lines": 3}):
        with pytest.raises(ConfigurationError):
            AxisCalibration.from_dict(damaged)
    with pytest.raises(ConfigurationError, match="two different"):
        found.dispersion_sigma(694.0, 694.0)


def test_the_drift_between_two_calibrations_is_found() -> None:
    before, after = calibrate(drawn(seed=1, shift=0.1)), calibrate(drawn(seed=2, shift=0.13))
    drift, sigma = after.drift_nm(before, 694.3)
    assert drift == pytest.approx(0.03, abs=4 * sigma)
    assert sigma < 0.005


def test_an_old_calibration_is_refused_with_a_sentence() -> None:
    found = calibrate(drawn())
    found.check_age(WHEN + datetime.timedelta(hours=23), 24.0)
    with pytest.raises(StaleReading, match="run calibrate_axis"):
        found.check_age(WHEN + datetime.timedelta(hours=25), 24.0)
    with pytest.raises(StaleReading, match="clock"):
        found.check_age(WHEN - datetime.timedelta(hours=1), 24.0)


def test_tables_are_in_order_and_in_range() -> None:
    for lamp in LAMPS:
        wavelengths = [line.wavelength_nm for line in lamp_lines(lamp)]
        assert wavelengths == sorted(set(wavelengths))
        assert wavelengths[0] > 400.0
        assert wavelengths[-1] < 1000.0


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["noise", "steps", "constant", "lamp", "saturated", "negative"]),
    st.sampled_from(sorted(LAMPS)),
)
def test_any_spectrum_gives_a_calibration_or_a_sentence(seed: int, kind: str, lamp: str) -> None:
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(400, 1000, 2))
    counts = {
        "noise": rng.normal(1000, 30, 600),
        "steps": np.repeat(rng.integers(0, 60_000, 60), 10).astype(float),
        "constant": np.full(600, 7.0),
        "lamp": rng.lognormal(5, 3, 600),
        "saturated": np.full(600, 65_535.0),
        "negative": -rng.lognormal(3, 1, 600),
    }[kind]
    spectrum = Spectrum(
        wavelength_nm=np.linspace(low, high + 20, 600),
        counts=counts,
        exposure_s=1.0,
        averages=1,
        saturation_counts=65_535.0,
    )
    for peak in find_lamp_peaks(spectrum):
        assert np.isfinite([peak.position_nm, peak.sigma_nm, peak.fwhm_nm]).all()
    try:
        found = calibrate(spectrum, lamp)
    except DacError as error:
        assert str(error).endswith(".")
    else:
        assert np.isfinite(found.apply(spectrum.wavelength_nm)).all()
