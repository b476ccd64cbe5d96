"""The edge fit: precision, cosmic rays, what is no edge, bad input."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import erf

from dac_control.errors import ConfigurationError, DacError
from dac_control.gauges.diamond_edge import (
    DISQUALIFYING_EDGE,
    EDGE_FLAGS,
    RamanSpectrum,
    evaluate_edge,
    fit_edge,
)

KNOWN = {"gain_e_per_count": 1.0, "read_noise_e": 0.0, "dark_counts": 0.0}


@pytest.mark.parametrize(("width", "height"), [(5.0, 1e3), (12.0, 1e4), (25.0, 1e4)])
def test_finds_the_edge_within_its_uncertainty(draw, width, height):
    fits = [
        fit_edge(draw(seed=seed, width=width, height=height, level=2e3, plateau_slope=-5e-4))
        for seed in range(12)
    ]

    errors = np.array([fit.edge_cm1 - 1700.3 for fit in fits])
    sigmas = np.array([fit.edge_sigma_cm1 for fit in fits])
    assert all(fit.ok and not fit.flags for fit in fits)
    assert np.abs(errors / sigmas).max() < 4.0
    assert 0.4 < np.std(errors / sigmas) < 1.7
    assert abs(errors.mean()) < 4.0 * sigmas.mean() / np.sqrt(12.0)


def test_states_width_height_and_covariance(draw):
    fit = fit_edge(draw(plateau_slope=-5e-4, level_slope=0.2))

    assert fit.width_cm1 == pytest.approx(8.0, abs=0.5)
    assert fit.height_counts == pytest.approx(3e3, rel=0.02)
    assert fit.parameter_names[:3] == ("edge_cm1", "width_cm1", "height_counts")
    assert "plateau_slope_counts_per_cm1" in fit.parameter_names
    assert fit.covariance.shape == (fit.parameters.size,) * 2
    assert fit.edge_sigma_cm1 == pytest.approx(float(np.sqrt(fit.covariance[0, 0])))
    assert fit.chi2_reduced == pytest.approx(1.0, abs=0.2)


def test_model_can_be_evaluated_from_what_is_stored(draw):
    fit = fit_edge(draw())
    x = np.linspace(1650.0, 1750.0, 7)

    again = evaluate_edge(fit.plateau_order, fit.background_order, fit.parameters.tolist(), x)

    assert again == pytest.approx(fit.evaluate(x))
    with pytest.raises(ConfigurationError, match="parameters, not an array"):
        evaluate_edge(0, 1, [1.0, 2.0], x)


@pytest.mark.parametrize(
    "spikes", [{500: 5e4}, {498: 3e3, 499: 9e3, 700: 4e4}, {250: 6e4, 503: 2e4}]
)
def test_cosmic_rays_are_masked_and_counted(draw, spikes):
    fit = fit_edge(draw(spikes=spikes))

    assert fit.ok and "spike" in fit.flags
    assert fit.masked_pixels >= len(spikes)
    assert abs(fit.edge_cm1 - 1700.3) < 5.0 * fit.edge_sigma_cm1


def test_saturated_plateau_far_away_does_no_harm(draw):
    clean = draw(plateau_slope=-2e-3, seed=3)
    full = float(np.percentile(clean.counts, 92.0))
    fit = fit_edge(draw(plateau_slope=-2e-3, seed=3, saturation_counts=full / 0.95))

    assert fit.ok
    assert abs(fit.edge_cm1 - 1700.3) < 5.0 * fit.edge_sigma_cm1


def test_saturated_edge_is_flagged(draw):
    spectrum = draw(saturation_counts=2e3)

    assert not fit_edge(spectrum).ok
    assert "saturated" in fit_edge(spectrum).flags


def test_unknown_gain_takes_sigma_from_the_scatter(draw):
    known = fit_edge(draw())
    blind = fit_edge(
        RamanSpectrum(
            shift_cm1=draw().shift_cm1, counts=draw().counts * 0.01, exposure_s=1.0, averages=1
        )
    )

    assert {"gain_assumed", "dark_assumed"} <= set(blind.flags)
    assert blind.ok
    assert blind.edge_sigma_cm1 == pytest.approx(known.edge_sigma_cm1, rel=0.25)


def test_line_of_unstressed_diamond_is_no_edge():
    rng = np.random.default_rng(4)
    x = np.arange(1200.0, 2101.0)
    line = 5e4 / (1.0 + ((x - 1332.4) / 1.5) ** 2)
    spectrum = RamanSpectrum(
        shift_cm1=x, counts=rng.poisson(2e3 + line).astype(float), exposure_s=1.0, **KNOWN
    )

    assert not fit_edge(spectrum).ok
    assert "no_edge" in fit_edge(spectrum).flags


def test_line_of_unstressed_diamond_does_not_hide_the_edge(draw):
    spectrum = draw()
    line = 5e4 / (1.0 + ((spectrum.shift_cm1 - 1332.4) / 1.5) ** 2)
    both = RamanSpectrum(
        shift_cm1=spectrum.shift_cm1, counts=spectrum.counts + line, exposure_s=1.0, **KNOWN
    )

    fit = fit_edge(both)

    assert fit.ok
    assert abs(fit.edge_cm1 - 1700.3) < 6.0 * fit.edge_sigma_cm1


@pytest.mark.parametrize("slope", [0.0, 10.0, -10.0])
@pytest.mark.parametrize("fwhm", [6.0, 20.0, 60.0])
def test_a_raman_line_is_no_edge(fwhm, slope):
    rng = np.random.default_rng(5)
    x = np.arange(1200.0, 2101.0)
    line = 4e3 * np.exp(-4.0 * np.log(2.0) * ((x - 1600.0) / fwhm) ** 2)
    mean = 1e4 + slope * (x - 1600.0) + line
    spectrum = RamanSpectrum(
        shift_cm1=x, counts=rng.poisson(mean).astype(float), exposure_s=1.0, **KNOWN
    )

    assert not fit_edge(spectrum).ok


def test_a_broad_line_on_luminescence_that_falls_off_is_no_edge():
    x = np.arange(1200.0, 2600.0)
    line = 400.0 / (1.0 + ((x - 1544.0) / 30.0) ** 2)
    mean = 500.0 + 2e3 * np.exp(-(x - 1200.0) / 500.0) + line
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(mean).astype(float)
        fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=counts, exposure_s=1.0, **KNOWN))

        assert not fit.ok


@pytest.mark.parametrize(("below", "above"), [(-3.0, 10.0), (40.0, 40.0)])
def test_luminescence_that_rises_above_the_edge_does_not_hide_it(below, above):
    x = np.arange(1340.0, 2400.0, 1.34)
    d = x - 2050.0
    band = 5e3 * np.exp(d / 60.0) * (0.5 - 0.5 * erf(d / (np.sqrt(2.0) * 12.0)))
    mean = 3e4 + np.where(d < 0.0, below, above) * d + band
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(mean).astype(float)
        fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=counts, exposure_s=1.0, **KNOWN))

        assert abs(fit.edge_cm1 - 2050.0) < 3.0


def test_noise_alone_is_no_edge():
    x = np.arange(1200.0, 2101.0)
    for seed in range(20):
        counts = np.random.default_rng(seed).poisson(300.0 + 0.2 * (2100.0 - x)).astype(float)
        fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=counts, exposure_s=1.0, **KNOWN))
        assert not fit.ok and "no_edge" in fit.flags


def test_second_step_is_told_and_the_expected_range_decides():
    rng = np.random.default_rng(6)
    x = np.arange(1340.0, 2201.0)
    steps = [0.5 - 0.5 * erf((x - at) / (np.sqrt(2.0) * 6.0)) for at in (1600.0, 1900.0)]
    counts = rng.poisson(1e3 + 3e3 * steps[0] + 3e3 * steps[1]).astype(float)
    spectrum = RamanSpectrum(shift_cm1=x, counts=counts, exposure_s=1.0, **KNOWN)

    fit = fit_edge(spectrum)
    low = fit_edge(spectrum, expected_cm1=(1550.0, 1650.0))

    assert fit.edge_cm1 == pytest.approx(1900.0, abs=1.0)
    assert "several_edges" in fit.flags and not fit.ok
    assert fit.other_edges_cm1 == pytest.approx((1600.0,), abs=1.0)
    assert low.ok
    assert low.edge_cm1 == pytest.approx(1600.0, abs=1.0)


def test_edge_outside_the_expected_range_is_flagged(draw):
    fit = fit_edge(draw(), expected_cm1=(1800.0, 1900.0))

    assert fit.edge_cm1 == pytest.approx(1700.3, abs=1.0)
    assert "outside_window" in fit.flags and not fit.ok
    with pytest.raises(ConfigurationError, match="lower shift first"):
        fit_edge(draw(), expected_cm1=(1900.0, 1800.0))


def test_derivative_minima_stand_beside_the_edge(draw):
    """On a falling plateau the steepest point lies below the middle, smoothing moves it on."""
    slope, width = -1e-3, 12.0
    fit = fit_edge(draw(width=width, height=1e5, plateau_slope=slope, seed=8))
    x = np.linspace(1650.0, 1750.0, 200_001)
    d = x - 1700.3
    counts = 1e5 * (1.0 + slope * d) * (0.5 - 0.5 * erf(d / (np.sqrt(2.0) * width)))
    true = x[np.argmin(np.gradient(counts, x))]

    assert fit.edge_cm1 == pytest.approx(1700.3, abs=5.0 * fit.edge_sigma_cm1)
    assert fit.derivative_minimum_cm1 == pytest.approx(
        true, abs=5.0 * fit.derivative_minimum_sigma_cm1
    )
    assert fit.derivative_minimum_cm1 < fit.edge_cm1 - 0.1
    assert fit.smoothing_bias_cm1 < -0.05
    assert fit.smoothed_minimum_cm1 - fit.smoothing_bias_cm1 == pytest.approx(
        true, abs=5.0 * fit.smoothed_minimum_sigma_cm1
    )
    assert fit.definition_shift_cm1 >= abs(fit.derivative_minimum_cm1 - fit.edge_cm1)


def test_symmetric_edge_has_one_definition(draw):
    fit = fit_edge(draw(rise=False))

    assert fit.derivative_minimum_cm1 == pytest.approx(fit.edge_cm1, abs=1e-6)
    assert abs(fit.smoothing_bias_cm1) < 1e-2


def test_measured_anvil_without_hand_holding(real_edge):
    fit = fit_edge(real_edge)

    assert fit.ok
    assert fit.edge_cm1 == pytest.approx(1794.3, abs=1.5)
    assert 0.2 < fit.edge_sigma_cm1 < 1.0
    assert 4.0 < fit.width_cm1 < 9.0
    assert fit.smoothed_minimum_cm1 == pytest.approx(fit.edge_cm1, abs=2.5)
    assert set(fit.flags) == {"gain_assumed", "dark_assumed"}


def test_descending_axis_gives_the_same(draw):
    up = draw()
    down = RamanSpectrum(
        shift_cm1=up.shift_cm1[::-1], counts=up.counts[::-1], exposure_s=1.0, **KNOWN
    )

    assert fit_edge(down).edge_cm1 == fit_edge(up).edge_cm1


def test_axis_that_cannot_hold_an_edge_is_flagged():
    x = np.linspace(3900.0, 4400.0, 500)
    fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=np.full(500, 10.0), exposure_s=1.0))

    assert {"no_edge", "short_axis"} <= set(fit.flags)


@pytest.mark.parametrize("value", [0.0, 7.0, -3.0, 65535.0])
def test_constant_counts_have_no_edge(value):
    x = np.arange(1200.0, 2101.0)
    fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=np.full(x.size, value), exposure_s=1.0))

    assert not fit.ok and "no_edge" in fit.flags


def test_all_saturated_is_flagged():
    x = np.arange(1200.0, 2101.0)
    spectrum = RamanSpectrum(
        shift_cm1=x, counts=np.full(x.size, 65535.0), exposure_s=1.0, saturation_counts=65535.0
    )

    assert {"no_edge", "saturated"} <= set(fit_edge(spectrum).flags)


def test_every_flag_has_a_meaning(draw):
    assert set(EDGE_FLAGS) >= DISQUALIFYING_EDGE
    assert set(fit_edge(draw(spikes={500: 5e4})).flags) <= set(EDGE_FLAGS)


numbers = st.floats(-1e13, 1e13) | st.sampled_from([0.0, np.nan, np.inf, 1e300, 65535.0])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    axis=st.sampled_from(["good", "reversed", "double", "nm", "pixels", "shuffled", "absolute"]),
    pixels=st.sampled_from([0, 1, 2, 31, 60, 300]),
    counts=st.lists(numbers, min_size=1, max_size=8),
    scale=st.sampled_from([0.0, 1.0, 1e4]),
    full=st.sampled_from([None, 1.0, 65535.0]),
    seed=st.integers(0, 5),
)
def test_any_input_is_flagged_or_refused_in_a_sentence(axis, pixels, counts, scale, full, seed):
    rng = np.random.default_rng(seed)
    x = {
        "good": np.linspace(1300.0, 2200.0, pixels),
        "reversed": np.linspace(2200.0, 1300.0, pixels),
        "double": np.repeat(np.linspace(1300.0, 2200.0, (pixels + 1) // 2), 2)[:pixels],
        "nm": np.linspace(560.0, 600.0, pixels),
        "pixels": np.arange(float(pixels)),
        "shuffled": rng.permutation(np.linspace(1300.0, 2200.0, pixels)),
        "absolute": np.linspace(16000.0, 17500.0, pixels),
    }[axis]
    y = np.resize(np.array(counts), pixels) + scale * rng.random(pixels)
    try:
        fit = fit_edge(RamanSpectrum(shift_cm1=x, counts=y, exposure_s=1.0, saturation_counts=full))
    except DacError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert set(fit.flags) <= set(EDGE_FLAGS)
        assert fit.ok == (bool(fit.parameters.size) and not set(fit.flags) & DISQUALIFYING_EDGE)
        assert not fit.ok or np.isfinite([fit.edge_cm1, fit.edge_sigma_cm1]).all()
