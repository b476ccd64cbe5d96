"""Detector statistics and where lines fall on the axis."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.special import voigt_profile

from simulators.twin import Twin
from simulators.twin.ruby import RubyLines
from simulators.twin.settings import SpectrometerSettings
from simulators.twin.spectrometer import LitMoment

MakeTwin = Callable[..., Twin]


def axis(twin: Twin) -> np.ndarray:
    return np.polynomial.Polynomial(twin.wavelength_coefficients)(np.arange(twin.pixels))


def moment(r1_nm: float = 700.0, axis_error_nm: float = 0.0, light_mw: float = 1.0) -> LitMoment:
    lines = RubyLines(r1_nm=r1_nm, r2_nm=r1_nm - 1.43, r1_share=0.7, fwhm_nm=0.05, brightness=1.0)
    return LitMoment(
        weight=1.0, lines=lines, axis_error_nm=axis_error_nm, light_mw=light_mw, pressure_gpa=0.0
    )


def test_the_axis_covers_r1_from_0_to_beyond_70_gpa_at_0_03_nm(make_twin: MakeTwin) -> None:
    nm = axis(make_twin())
    assert nm.shape == (2068,)
    assert nm[0] == pytest.approx(680.0)
    assert 741.0 < nm[-1] < 744.0
    assert np.all((np.diff(nm) > 0.029) & (np.diff(nm) < 0.0311))


def test_coefficients_survive_single_precision(make_twin: MakeTwin) -> None:
    for coefficient in make_twin().wavelength_coefficients:
        assert float(np.float32(coefficient)) == coefficient


def test_all_light_of_a_line_arrives_once(make_twin: MakeTwin) -> None:
    spectrometer = make_twin()._optics.spectrometer
    dark = spectrometer.mean_electrons([moment(light_mw=0.0)], 1.0)
    lit = spectrometer.mean_electrons([moment()], 1.0)
    background = spectrometer.mean_electrons([moment(r1_nm=400.0)], 1.0)
    assert np.all(dark == SpectrometerSettings().dark_current_e_per_s)
    # wings beyond the axis are lost: 1e-3
    assert (lit - background).sum() == pytest.approx(1.3e6, rel=3e-3)


def test_two_moments_share_an_exposure(make_twin: MakeTwin) -> None:
    spectrometer = make_twin()._optics.spectrometer
    halves = [
        LitMoment(weight=0.5, lines=m.lines, axis_error_nm=0.0, light_mw=1.0, pressure_gpa=0.0)
        for m in (moment(700.0), moment(710.0))
    ]
    both = spectrometer.mean_electrons(halves, 2.0)
    each = [spectrometer.mean_electrons([m], 2.0) for m in (moment(700.0), moment(710.0))]
    np.testing.assert_allclose(both, 0.5 * (each[0] + each[1]))


def test_a_perfect_fit_returns_r1_on_the_reported_axis(make_twin: MakeTwin) -> None:
    twin = make_twin(seed=3, noise=False)
    counts = twin.expose(0.0, 0.5).astype(float)
    truth = twin.last_exposure()
    assert truth is not None
    nm = axis(twin)

    def model(x: np.ndarray, *p: float) -> np.ndarray:
        r1, r2, i1, i2, gamma, b0, b1, b2 = p
        t = x - 694.0
        pixels = np.stack((x - 0.0089, x + 0.0089))
        v1 = voigt_profile(pixels - r1, 0.25 / 2.3548, gamma).mean(axis=0)
        v2 = voigt_profile(pixels - r2, 0.25 / 2.3548, gamma).mean(axis=0)
        return i1 * v1 + i2 * v2 + b0 + b1 * t + b2 * t * t

    near = np.abs(nm - 694.0) < 6.0
    start = [nm[counts.argmax()], nm[counts.argmax()] - 1.43, 5e3, 2e3, 0.01, 2e3, 0.0, 0.0]
    found, _ = curve_fit(model, nm[near], counts[near], p0=start)
    assert found[0] == pytest.approx(truth["r1_axis_nm"], abs=2e-5)
    assert found[1] == pytest.approx(truth["r2_axis_nm"], abs=5e-5)
    assert 2.0 * found[4] == pytest.approx(truth["fwhm_nm"], abs=1e-3)


def test_photon_transfer_gives_the_gain_and_the_read_noise_back(make_twin: MakeTwin) -> None:
    twin = make_twin(seed=5)
    means, variances = [], []
    for exposure_s in (0.01, 0.1, 0.3, 0.6):
        pairs = [
            (twin.expose(0.0, exposure_s).astype(float), twin.expose(0.0, exposure_s).astype(float))
            for _ in range(40)
        ]
        means.append(np.mean([0.5 * (a + b) for a, b in pairs], axis=0))
        variances.append(np.mean([0.5 * (a - b) ** 2 for a, b in pairs], axis=0))
    mean, variance = np.concatenate(means), np.concatenate(variances)
    mean -= twin.truth()["dark_counts"]
    slope, intercept = np.polyfit(mean, variance, 1, w=1.0 / (mean / 2.4 + 70.0))
    assert 1.0 / slope == pytest.approx(twin.truth()["gain_e_per_count"], rel=0.02)
    read_noise_e = np.sqrt(intercept - 1.0 / 12.0) / slope
    assert read_noise_e == pytest.approx(twin.truth()["read_noise_e"], rel=0.05)


def test_noise_is_white_and_as_large_as_photons_and_amplifier_make_it(make_twin: MakeTwin) -> None:
    twin = make_twin(seed=6)
    frames = np.array([twin.expose(0.0, 0.5) for _ in range(200)], dtype=float)
    truth = twin.truth()
    gain = truth["gain_e_per_count"]
    mean = frames.mean(axis=0)
    electrons = (mean - twin._optics.spectrometer._dark_counts) * gain
    expected = (electrons + truth["read_noise_e"] ** 2) / gain**2 + 1.0 / 12.0
    z = (frames - mean) / np.sqrt(expected * (1.0 - 1.0 / 200))
    assert z.var() == pytest.approx(1.0, abs=0.01)
    assert np.mean(z[:, 1:] * z[:, :-1]) == pytest.approx(0.0, abs=0.01)
    assert np.mean(z[1:] * z[:-1]) == pytest.approx(-1.0 / 200, abs=0.01)


def test_counts_clip_at_full_scale(make_twin: MakeTwin) -> None:
    twin = make_twin()
    counts = twin.expose(0.0, 20.0)
    assert counts.dtype == np.uint16
    assert counts.max() == twin.full_scale == 65535
    assert (counts == 65535).sum() > 5


def test_cosmic_rays_come_at_their_rate(make_twin: MakeTwin) -> None:
    twin = make_twin(cosmic_rate=20.0)
    twin.light_on = False
    hit = sum(int((twin.expose(0.0, 1.0) > 2200).sum()) for _ in range(20))
    assert 300 < hit < 800


def test_the_axis_wanders_slowly_and_little(make_twin: MakeTwin) -> None:
    twin = make_twin()
    errors = [twin._optics.spectrometer.axis_error_nm(t) for t in np.arange(0.0, 20_000.0, 50.0)]
    truth = twin.truth()
    assert errors[0] == pytest.approx(truth["axis_offset_nm"] + truth["axis_drift_nm"])
    assert 0.0 < np.ptp(errors) <= 0.0006
