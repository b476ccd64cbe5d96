"""One Raman line on a user's table: the fit, cosmic rays, the gauge, bad input."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import voigt_profile

from dac_control.errors import ConfigurationError, DacError
from dac_control.gauges.diamond_edge import RamanSpectrum
from dac_control.gauges.scales import get_scale, load_scales
from dac_control.gauges.vibron import (
    DISQUALIFYING_LINE,
    RAMAN_LINE_FLAGS,
    RamanLineGauge,
    fit_raman_line,
)

X = np.arange(4000.0, 4400.0, 1.2)
KNOWN = {"exposure_s": 1.0, "gain_e_per_count": 1.0, "read_noise_e": 0.0, "dark_counts": 0.0}
TABLE = """
[[scale]]
gauge = "h2_vibron"
name = "vibron2026"
form = "table"
observable_cm1 = [4170.0, 4190.0, 4210.0, 4225.0, 4240.0]
pressure_gpa = [2.0, 6.0, 12.0, 18.0, 30.0]
sigma_gpa = 0.4
citation = "our beam time of March 2026"
"""


def draw(seed=1, line=4205.4, height=2e3, level=500.0, sigma=3.0, gamma=3.0, **changes):
    profile = voigt_profile(X - line, sigma, gamma) / voigt_profile(0.0, sigma, gamma)
    mean = level + 0.1 * (X - 4200.0) + height * profile
    counts = np.random.default_rng(seed).poisson(mean).astype(float)
    for at, light in changes.pop("spikes", {}).items():
        counts[at] += light
    return RamanSpectrum(shift_cm1=X, counts=counts, **{**KNOWN, **changes})


@pytest.fixture
def scale(tmp_path):
    path = tmp_path / "scales.toml"
    path.write_text(TABLE, encoding="utf-8")
    return load_scales(path)[0]


def test_line_within_its_uncertainty():
    fits = [fit_raman_line(draw(seed), (4100.0, 4300.0)) for seed in range(12)]
    pulls = np.array([(fit.line_cm1 - 4205.4) / fit.line_sigma_cm1 for fit in fits])

    assert all(fit.ok and not fit.flags for fit in fits)
    assert np.abs(pulls).max() < 4.0
    assert 0.4 < pulls.std() < 1.7
    assert fits[0].fwhm_cm1 == pytest.approx(10.6, abs=0.8)
    assert fits[0].height_counts == pytest.approx(2e3, rel=0.05)


@pytest.mark.parametrize("spikes", [{20: 5e4}, {170: 3e4}, {171: 9e3, 300: 6e4}])
def test_cosmic_rays_are_masked_and_counted(spikes):
    fit = fit_raman_line(draw(spikes=spikes), (4000.0, 4400.0))

    assert fit.ok
    assert abs(fit.line_cm1 - 4205.4) < 5.0 * fit.line_sigma_cm1
    inside = [at for at in spikes if fit.window_cm1[0] <= X[at] <= fit.window_cm1[1]]
    assert fit.masked_pixels >= len(inside)
    assert ("spike" in fit.flags) == bool(inside)


def test_line_three_pixels_wide_is_no_spike():
    fit = fit_raman_line(draw(sigma=1.2, gamma=0.5, height=3e3), (4100.0, 4300.0))

    assert fit.ok and "spike" not in fit.flags
    assert abs(fit.line_cm1 - 4205.4) < 5.0 * fit.line_sigma_cm1


def test_unknown_gain_takes_sigma_from_the_scatter():
    known = fit_raman_line(draw(), (4100.0, 4300.0))
    spectrum = draw()
    blind = fit_raman_line(
        RamanSpectrum(shift_cm1=X, counts=spectrum.counts * 0.02, exposure_s=1.0), (4100.0, 4300.0)
    )

    assert {"gain_assumed", "dark_assumed"} <= set(blind.flags) and blind.ok
    assert blind.line_sigma_cm1 == pytest.approx(known.line_sigma_cm1, rel=0.3)


def test_what_is_wrong_is_flagged():
    full = draw(saturation_counts=2e3)

    assert "saturated" in fit_raman_line(full, (4100.0, 4300.0)).flags
    assert "no_line" in fit_raman_line(draw(height=0.0), (4100.0, 4300.0)).flags
    assert "short_axis" in fit_raman_line(draw(), (5000.0, 5200.0)).flags
    assert not fit_raman_line(draw(), (4000.0, 4206.0), widest_cm1=4.0).ok
    with pytest.raises(ConfigurationError, match="lower shift first"):
        fit_raman_line(draw(), (4300.0, 4100.0))


def test_pressure_on_a_users_table(scale):
    gauge = RamanLineGauge(scale=scale, expected_cm1=(4150.0, 4260.0), laser_sigma_nm=0.02)

    measured = gauge.measure(draw(convention="vacuum"), 295.0)
    again = gauge.pressure_from_line(measured.observable, measured.observable_sigma, 295.0)

    assert measured.measured and measured.in_range
    assert (measured.gauge, measured.scale) == ("h2_vibron", "vibron2026")
    assert 8.0 < measured.pressure_gpa < 12.0
    assert measured.observable_unit == "cm-1"
    assert measured.sigma_sys_gpa > 0.4
    assert again.pressure_gpa == measured.pressure_gpa
    assert {part.name for part in measured.budget} >= {
        "photon statistics",
        "laser wavelength",
        "air or vacuum",
    }


def test_beyond_the_table_nothing_is_measured(scale):
    gauge = RamanLineGauge(scale=scale, expected_cm1=(4100.0, 4400.0), laser_sigma_nm=0.02)

    beyond = gauge.pressure_from_line(4300.0, 0.1)
    cold = gauge.pressure_from_line(4200.0, 0.1, 20.0)
    nothing = gauge.measure(draw(height=0.0))

    assert not beyond.measured or not beyond.in_range
    assert beyond.range_note
    assert cold.measured and not cold.in_range and "20 K" in cold.range_note
    assert not nothing.measured and "no_line" in nothing.flags and np.isnan(nothing.pressure_gpa)


def test_refuses_what_is_no_raman_scale(scale):
    with pytest.raises(ConfigurationError, match="cannot read a Raman line"):
        RamanLineGauge(scale=get_scale("mao1986"), expected_cm1=(1.0, 2.0), laser_sigma_nm=0.0)
    with pytest.raises(ConfigurationError, match="lower shift first"):
        RamanLineGauge(scale=scale, expected_cm1=(2.0, 1.0), laser_sigma_nm=0.0)
    with pytest.raises(ConfigurationError, match="laser wavelength"):
        RamanLineGauge(scale=scale, expected_cm1=(1.0, 2.0), laser_sigma_nm=-1.0)


def test_measured_hydrogen():
    for parent in Path(__file__).resolve().parents:
        path = parent.parent / "shared" / "data" / "spectra" / "hydrogen_vibron.txt"
        if path.exists():
            break
    else:
        pytest.skip("the measured spectra are not on this machine")
    shift, counts = np.loadtxt(path).T
    spectrum = RamanSpectrum(shift_cm1=shift, counts=counts, exposure_s=1.0)

    fit = fit_raman_line(spectrum, (3900.0, 4400.0))
    wide = fit_raman_line(spectrum, (2400.0, 5600.0))

    assert fit.ok and wide.ok
    assert fit.line_cm1 == pytest.approx(4206.0, abs=0.3)
    assert wide.line_cm1 == pytest.approx(fit.line_cm1, abs=0.05)
    assert fit.fwhm_cm1 == pytest.approx(14.5, abs=1.0)
    assert fit.line_sigma_cm1 < 0.1


numbers = st.floats(-1e13, 1e13) | st.sampled_from([0.0, np.nan, np.inf, 1e300, 65535.0])


@settings(max_examples=60, deadline=None)
@given(
    pixels=st.sampled_from([0, 1, 31, 60, 300]),
    counts=st.lists(numbers, min_size=1, max_size=8),
    scale=st.sampled_from([0.0, 1.0, 1e4]),
    full=st.sampled_from([None, 1.0, 65535.0]),
    reverse=st.booleans(),
)
def test_any_input_is_flagged_or_refused_in_a_sentence(pixels, counts, scale, full, reverse):
    x = np.linspace(4000.0, 4400.0, pixels)[:: -1 if reverse else 1]
    y = np.resize(np.array(counts), pixels) + scale * np.random.default_rng(0).random(pixels)
    try:
        spectrum = RamanSpectrum(shift_cm1=x, counts=y, exposure_s=1.0, saturation_counts=full)
        fit = fit_raman_line(spectrum, (4100.0, 4300.0))
    except DacError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert set(fit.flags) <= set(RAMAN_LINE_FLAGS)
        assert fit.ok == (bool(fit.parameters.size) and not set(fit.flags) & DISQUALIFYING_LINE)
        assert not fit.ok or np.isfinite([fit.line_cm1, fit.line_sigma_cm1]).all()
