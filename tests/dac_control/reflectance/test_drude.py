"""The Drude model, its fit, and what a set of wavelengths can say about it."""

import dataclasses
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.reflectance import (
    AbsoluteReflectance,
    AbsorptionUnknown,
    DrudeParameters,
    drude_reflectance,
    fit_drude,
    identifiability,
)
from dac_control.reflectance.drude import drude_jacobian
from dac_control.reflectance.profile import Problem, profile_interval
from dac_control.reflectance.uncertainty import Term

# The parameters published in 2017 for 495 GPa (Science 355, 715; 357, eaao5843), with the
# scattering time of its preprint.
CLAIMED = DrudeParameters(plasma_ev=32.5, tau_fs=0.67)
INDEX = 2.42


def exact(template: AbsoluteReflectance, values: Any, sigma: float) -> AbsoluteReflectance:
    """The same record with values and noise of our own."""
    term = Term(
        name="noise", kind="statistical", sigma=np.full(len(values), sigma), note="of the test"
    )
    return dataclasses.replace(template, reflectance=np.asarray(values), terms=(term,))


def test_the_claimed_reflectance_is_flat_in_the_visible() -> None:
    visible = drude_reflectance(
        np.linspace(405.0, 850.0, 50), CLAIMED.logarithms, np.full(50, 2.42)
    )
    assert visible == pytest.approx(0.87, abs=0.002)
    vacuum = drude_reflectance(np.array([532.0]), CLAIMED.logarithms, np.ones(1))
    assert vacuum[0] == pytest.approx(0.94, abs=0.005)


def test_a_lossless_solid_reflects_everything_below_its_plasma_energy() -> None:
    logs = np.log([10.0, 1e9, 1.0])
    below = drude_reflectance(np.array([500.0, 5000.0]), logs, np.full(2, INDEX))
    assert below == pytest.approx(1.0, abs=1e-6)
    # far above it, a thin electron gas is vacuum: the face of diamond alone is left
    above = drude_reflectance(np.array([100.0]), np.log([0.1, 1.0, 1.0]), np.array([INDEX]))
    assert above[0] == pytest.approx(((INDEX - 1.0) / (INDEX + 1.0)) ** 2, rel=1e-2)


@given(st.floats(0.1, 300.0), st.floats(1e-3, 1e4), st.floats(1.0, 30.0), st.floats(200, 2e4))
def test_no_solid_reflects_more_than_it_gets(
    plasma: float, tau: float, eps: float, nm: float
) -> None:
    logs = np.log([plasma, tau, eps])
    found = drude_reflectance(np.array([nm]), logs, np.array([INDEX]))[0]
    assert 0.0 <= found <= 1.0 + 1e-12
    assert np.isfinite(drude_jacobian(np.array([nm]), logs, np.array([INDEX]))).all()


@pytest.mark.parametrize(
    ("wavelength_nm", "expected_ev", "tolerance"),
    [
        (np.array([642.6, 1550.0]), 23.0, 1.0),
        (np.linspace(405.0, 850.0, 4), 31.0, 1.0),
        (np.linspace(400.0, 1600.0, 50), 5.5, 0.1),
        (np.linspace(400.0, 5000.0, 100), 2.1, 0.1),
    ],
)
def test_what_wavelengths_can_fix(
    wavelength_nm: np.ndarray, expected_ev: float, tolerance: float
) -> None:
    found = identifiability(wavelength_nm, 0.01, INDEX, CLAIMED)
    assert found.expected_sigma_plasma_ev == pytest.approx(expected_ev, abs=tolerance)
    assert not found.allows(2.0)
    assert found.allows(3.0) == (wavelength_nm.size == 100)


def test_two_lines_cannot_give_two_electronvolts() -> None:
    found = identifiability(np.array([642.6, 1550.0]), 0.01, INDEX, CLAIMED)
    assert found.dof == 0
    text = " ".join(found.statement(2.1))
    assert "no degree of freedom: nothing can be tested" in text
    assert "±2.1 eV is not available" in text
    # a small error bar does not make up for the missing test
    sharp = identifiability(np.array([642.6, 1550.0]), 1e-4, INDEX, CLAIMED)
    assert sharp.expected_sigma_plasma_ev < 0.5
    assert not sharp.allows(2.0)
    assert "±2 eV is not available" in " ".join(sharp.statement())


def test_one_line_fixes_nothing() -> None:
    found = identifiability(np.array([642.6]), 0.01, INDEX, CLAIMED)
    assert found.expected_sigma_plasma_ev == np.inf
    text = " ".join(found.statement())
    assert "fewer data than unknowns" in text
    assert "Nothing in these data fixes the plasma energy." in text
    assert found.to_dict()["expected_sigma_plasma_ev"] is None


def test_an_error_that_all_share_counts_less_than_independent_ones() -> None:
    axis = np.linspace(400.0, 5000.0, 100)
    shared = np.diag(np.full(100, 1e-6)) + 1e-4
    together = identifiability(axis, shared, INDEX, CLAIMED)
    assert together.typical_sigma == pytest.approx(1e-3, rel=0.01)
    assert together.expected_sigma_plasma_ev < 2.1


@pytest.mark.parametrize("sigma", [0.0, -0.1, np.nan, np.ones(3)])
def test_errors_are_positive(sigma: Any) -> None:
    with pytest.raises(ConfigurationError):
        identifiability(np.array([500.0, 600.0]), sigma, INDEX, CLAIMED)


def test_parameters_are_positive() -> None:
    with pytest.raises(ConfigurationError, match="positive"):
        DrudeParameters(plasma_ev=-1.0, tau_fs=1.0)


def test_the_fit_of_two_lines_gives_an_interval_and_no_more(lasers: Any) -> None:
    index = np.full(2, INDEX)
    template = lasers.measure(0.8)
    model = drude_reflectance(lasers.wavelength_nm, CLAIMED.logarithms, index)
    fit = fit_drude(exact(template, model, 0.01), index=index)
    assert fit.parameters.plasma_ev == pytest.approx(32.5, rel=1e-3)
    assert fit.dof == 0
    assert np.isnan(fit.p_value)
    assert not fit.determined
    assert np.isnan(fit.plasma_sigma_stat_ev)
    interval = fit.intervals_95["plasma_ev"]
    assert interval.low < 10.0
    assert interval.high > 80.0
    text = " ".join(fit.statement(2.1))
    assert "nothing can be tested" in text
    assert "±2.1 eV is not available" in text
    assert "degrees of freedom (p" not in text
    assert fit.to_dict()["p_value"] is None


def test_two_lines_can_have_two_solutions_and_both_are_named() -> None:
    axis, index = np.array([450.0, 1500.0]), np.full(2, INDEX)
    truth = DrudeParameters(plasma_ev=60.0, tau_fs=0.1)
    bench = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Bench"](axis)
    model = drude_reflectance(axis, truth.logarithms, index)
    fit = fit_drude(exact(bench.measure(0.5), model, 0.02), index=index)
    assert len(fit.others) == 1
    found = sorted([fit.parameters.plasma_ev, fit.others[0].plasma_ev])
    assert found == pytest.approx([2.71, 60.0], rel=0.01)
    interval = fit.intervals_95["plasma_ev"]
    assert interval.low < 2.71
    assert interval.high > 60.0
    assert "fits as well as" in " ".join(fit.statement())


def test_a_broad_spectrum_determines_both(bench: Any) -> None:
    bench.wavelength_nm = np.linspace(400.0, 1600.0, 300)
    truth = DrudeParameters(plasma_ev=6.0, tau_fs=2.0)
    index = np.full(300, INDEX)
    model = drude_reflectance(bench.wavelength_nm, truth.logarithms, index)
    template = bench.measure(0.5)
    pulls, chi2 = [], []
    fit = fit_drude(exact(template, model, 0.003), index=index)
    for _ in range(5):
        noisy = model + bench.rng.normal(0.0, 0.003, 300)
        fit = fit_drude(exact(template, noisy, 0.003), index=index)
        assert fit.determined
        pulls.append(np.log(fit.parameters.plasma_ev / 6.0) / np.sqrt(fit.covariance_stat[0, 0]))
        chi2.append(fit.chi2)
        assert fit.plasma_sigma_sys_ev == pytest.approx(0.0, abs=1e-9)
        interval = fit.intervals_95["plasma_ev"]
        half = 1.96 * fit.plasma_sigma_stat_ev
        assert interval.high - interval.low == pytest.approx(2.0 * half, rel=0.1)
    assert np.max(np.abs(pulls)) < 3.5
    assert np.mean(chi2) == pytest.approx(fit.dof, rel=0.15)
    assert "is 6" in " ".join(fit.statement()) or "is 5.9" in " ".join(fit.statement())


def test_the_whole_chain_fits_without_bias(bench: Any) -> None:
    """A covariance made of noisy values would draw the fit low (Peelle's puzzle)."""
    truth = DrudeParameters(plasma_ev=12.0, tau_fs=0.5)
    index = 2.41 * np.ones(bench.size)
    model = drude_reflectance(bench.wavelength_nm, truth.logarithms, index)
    pulls, chi2 = [], []
    fit = fit_drude(bench.measure(model), index=index)
    for _ in range(6):
        fit = fit_drude(bench.measure(model), index=index)
        pulls.append(np.log(fit.parameters.plasma_ev / 12.0) / np.sqrt(fit.covariance_stat[0, 0]))
        chi2.append(fit.chi2 / fit.dof)
    # the true table error is zero here, so what scatters is the noise alone
    assert abs(np.mean(pulls)) < 1.2
    assert np.mean(chi2) == pytest.approx(1.0, abs=0.15)
    assert np.sqrt(fit.covariance_sys[0, 0]) > 0.0


def test_what_is_no_drude_solid_is_said_to_misfit(bench: Any) -> None:
    template = bench.measure(0.5)
    steps = np.where(bench.wavelength_nm > 600.0, 0.3, 0.9)
    fit = fit_drude(exact(template, steps, 0.003), index=INDEX)
    assert fit.p_value < 1e-3
    assert not fit.determined
    assert "does not describe these data" in " ".join(fit.statement())


def test_eps_inf_as_a_third_unknown_widens_the_interval(bench: Any) -> None:
    bench.wavelength_nm = np.linspace(400.0, 1600.0, 60)
    index = np.full(60, INDEX)
    truth = DrudeParameters(plasma_ev=8.0, tau_fs=1.0, eps_inf=2.0)
    model = drude_reflectance(bench.wavelength_nm, truth.logarithms, index)
    record = exact(bench.measure(0.5), model, 0.005)
    held, free = (fit_drude(record, eps_inf=eps, index=index) for eps in (2.0, None))
    widths = [
        np.log(fit.intervals_95["plasma_ev"].high / fit.intervals_95["plasma_ev"].low)
        for fit in (held, free)
    ]
    assert widths[1] > widths[0]
    assert free.free == ("plasma_ev", "tau_fs", "eps_inf")
    assert free.dof == 57


def test_the_unknown_index_of_the_culet_is_charged(bench: Any) -> None:
    index = reflected = None
    bench.wavelength_nm = np.linspace(400.0, 1600.0, 60)
    index = np.full(60, INDEX)
    reflected = drude_reflectance(
        bench.wavelength_nm, DrudeParameters(plasma_ev=8.0, tau_fs=1.0).logarithms, index
    )
    record = exact(bench.measure(0.5), reflected, 0.003)
    exactly, honestly = fit_drude(record, index=index), fit_drude(record)
    assert exactly.covariance_sys[0, 0] == 0.0
    assert honestly.covariance_sys[0, 0] > 0.0


def test_a_relative_reflectance_has_no_drude_fit(bench: Any) -> None:
    relative = bench.measure(0.6, absorption=AbsorptionUnknown.behind_opaque_sample())
    with pytest.raises(NotMeasured, match="needs an absolute one"):
        fit_drude(relative)


def test_fewer_lines_than_unknowns_are_refused(lasers: Any) -> None:
    with pytest.raises(NotMeasured, match="2 usable wavelengths for 3 unknowns"):
        fit_drude(lasers.measure(0.6), eps_inf=None)


def test_an_interval_that_nothing_ends_has_no_end() -> None:
    axis = np.array([500.0, 510.0])
    index = np.full(2, INDEX)
    problem = Problem(
        wavelength_nm=axis,
        reflectance=drude_reflectance(axis, CLAIMED.logarithms, index),
        index=index,
        whitener=2.0 * np.eye(2),
        fixed_log_eps=0.0,
        count=2,
    )
    interval = profile_interval(problem, [CLAIMED.logarithms[:2]], 0)
    assert (interval.low, interval.high) == (0.0, np.inf)
    assert interval.to_list() == [None, None]
    assert "exclude no value" in interval.text("eV")


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(
    plasma=st.floats(1.0, 60.0),
    tau=st.floats(0.1, 20.0),
    size=st.integers(2, 30),
    sigma=st.floats(0.001, 0.1),
)
def test_any_record_gives_an_interval_around_its_best_value(
    bench: Any, plasma: float, tau: float, size: int, sigma: float
) -> None:
    bench.wavelength_nm = np.linspace(450.0, 1500.0, size)
    index = np.full(size, INDEX)
    truth = DrudeParameters(plasma_ev=plasma, tau_fs=tau)
    model = drude_reflectance(bench.wavelength_nm, truth.logarithms, index)
    fit = fit_drude(exact(bench.measure(0.5), model, sigma), index=index)
    assert fit.chi2 < 1e-2
    for name, interval in fit.intervals_95.items():
        best = getattr(fit.parameters, name)
        assert interval.low <= best * 1.001
        assert interval.high >= best * 0.999
    assert fit.parameters.tau_fs > 0.0
    fit.to_dict()
