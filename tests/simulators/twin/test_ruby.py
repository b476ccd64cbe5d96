"""Line positions, widths and strengths of the chip."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.twin.draws import Drawn, draw
from simulators.twin.ruby import Ruby, datchi_shift_nm, ragan_shift_nm
from simulators.twin.settings import RubySettings, TwinSettings

NOMINAL = replace(
    draw(TwinSettings(systematics=False), np.random.default_rng(0)),
    lambda0_nm=694.25,
    strength_ratio=0.7,
)


def ruby(**changes: float) -> Ruby:
    return Ruby(RubySettings(), replace(NOMINAL, **changes))  # type: ignore[arg-type]


def scale_gpa(drawn: Drawn, r1_nm: float, lambda0_nm: float) -> float:
    delta = r1_nm / lambda0_nm - 1.0
    return drawn.ruby_a_gpa * delta * (1.0 + drawn.ruby_c * delta)


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(pressure=st.floats(0.0, 200.0), temperature=st.floats(296.0, 900.0))
def test_r1_is_the_inverse_of_the_scale(pressure: float, temperature: float) -> None:
    chip = ruby()
    r1_nm = chip.r1_nm(pressure, temperature)
    assert scale_gpa(NOMINAL, r1_nm, chip.lambda0_nm(temperature)) == pytest.approx(
        pressure, abs=1e-8
    )


def test_published_points() -> None:
    chip = ruby()
    # Ruby2020 with lambda0 694.25 nm
    assert chip.r1_nm(16.210130685, 296.0) == pytest.approx(700.0, abs=1e-6)
    assert chip.r1_nm(100.0, 296.0) == pytest.approx(724.1336, abs=1e-4)
    # Datchi 2007 from 694.25 nm at 296 K
    assert chip.lambda0_nm(77.0) == pytest.approx(693.3648, abs=1e-4)
    assert chip.lambda0_nm(400.0) == pytest.approx(695.003138, abs=1e-6)
    assert chip.lambda0_nm(5.0) == pytest.approx(693.3630, abs=1e-3)


def test_the_temperature_shift_is_continuous_and_rises() -> None:
    temperatures = np.arange(2.0, 600.0, 0.05)
    shifts = np.array([datchi_shift_nm(float(t)) for t in temperatures])
    steps = np.diff(shifts)
    assert np.all(steps >= -1e-9)
    assert steps.max() < 0.001


@settings(deadline=None)  # a loaded machine is no fault of the physics
@given(pressure=st.floats(0.1, 100.0), change=st.floats(-0.06, 0.06))
def test_the_cold_changes_the_coefficient_in_full_at_4_5_k_and_not_at_296_k(
    pressure: float, change: float
) -> None:
    plain, cold = ruby(), ruby(cold_coefficient=change)
    assert cold.r1_nm(pressure, 296.0) == plain.r1_nm(pressure, 296.0)
    changed = replace(NOMINAL, ruby_a_gpa=NOMINAL.ruby_a_gpa * (1.0 + change))
    r1_nm = cold.r1_nm(pressure, 4.5)
    assert scale_gpa(changed, r1_nm, cold.lambda0_nm(4.5)) == pytest.approx(pressure, abs=1e-8)


def test_the_error_of_the_shift_is_full_in_the_cold_and_gone_at_296_k() -> None:
    plain, wrong = ruby(), ruby(shift_error_nm=0.006)
    for temperature_k, part in ((5.0, 1.0), (100.0, 1.0), (198.0, 0.5), (296.0, 0.0), (400.0, 0.0)):
        error = wrong.lambda0_nm(temperature_k) - plain.lambda0_nm(temperature_k)
        assert error == pytest.approx(0.006 * part, abs=1e-9)


def test_the_other_published_shift() -> None:
    # Ragan et al. 1992 relative to 296 K
    for temperature_k, shift_nm in ((5.0, -0.9359), (77.0, -0.9630), (200.0, -0.5750)):
        assert ragan_shift_nm(temperature_k) == pytest.approx(shift_nm, abs=5.1e-5)


def test_the_true_shift_lies_up_to_the_other_published_one_on_either_side() -> None:
    for part in (-1.0, 0.5, 1.0):
        moved = ruby(shift_other_part=part).lambda0_nm(77.0) - ruby().lambda0_nm(77.0)
        assert moved == pytest.approx(part * (-0.9630 + 0.8852), abs=1.1e-4)
        assert ruby(shift_other_part=part).lambda0_nm(296.0) == ruby().lambda0_nm(296.0)


def test_pressure_keeps_the_ratio_or_the_shift() -> None:
    ratio, shift = ruby(shift_kept_part=0.0), ruby(shift_kept_part=1.0)
    warm = shift.r1_nm(40.0, 296.0) - 694.25
    assert ratio.r1_nm(40.0, 296.0) == shift.r1_nm(40.0, 296.0)
    # the line moves by the same in nm at any temperature, or by the same part of lambda0
    assert shift.r1_nm(40.0, 80.0) - shift.lambda0_nm(80.0) == pytest.approx(warm, abs=1e-9)
    part = ratio.r1_nm(40.0, 80.0) / ratio.lambda0_nm(80.0) - 1.0
    assert part == pytest.approx(warm / 694.25, abs=1e-12)


def test_r2_lies_a_constant_wavenumber_away_at_the_shorter_wavelength() -> None:
    for pressure, split_nm in ((0.0, 1.43), (150.0, 1.61)):
        lines = ruby().lines(pressure, 296.0)
        assert lines.r1_nm - lines.r2_nm == pytest.approx(split_nm, abs=0.01)
        assert 1e7 / lines.r2_nm - 1e7 / lines.r1_nm == pytest.approx(29.7, abs=1e-9)


@pytest.mark.parametrize(
    ("temperature_k", "factor"),
    [(300.0, 0.87), (150.0, 0.756), (80.0, 0.591), (20.0, 0.122), (10.0, 0.015), (5.0, 2.24e-4)],
)
def test_r2_dies_with_the_boltzmann_factor(temperature_k: float, factor: float) -> None:
    chip = ruby()
    assert chip.line_ratio(temperature_k) == pytest.approx(0.7 * factor, rel=0.02)
    lines = chip.lines(10.0, temperature_k)
    assert (1.0 - lines.r1_share) / lines.r1_share == pytest.approx(chip.line_ratio(temperature_k))


def test_width_at_300_k_in_the_cold_and_under_pressure() -> None:
    chip = ruby()
    strain = RubySettings().strain_fwhm_nm
    assert chip.lines(0.0, 300.0).fwhm_nm == pytest.approx(0.53 + strain, abs=0.02)
    assert chip.lines(0.0, 80.0).fwhm_nm < 0.05
    assert chip.lines(0.0, 5.0).fwhm_nm == pytest.approx(strain, abs=1e-4)
    assert chip.lines(40.0, 80.0).fwhm_nm > chip.lines(0.0, 80.0).fwhm_nm + 0.1


def test_light_fades_with_pressure_and_heats_more_in_the_cold() -> None:
    chip = ruby()
    assert chip.lines(60.0, 80.0).brightness == pytest.approx(math.exp(-1.0))
    rise = {t: chip.temperature_k(t, 1.0) - t for t in (5.0, 80.0, 300.0)}
    assert rise[80.0] == pytest.approx(0.3)
    assert rise[5.0] > 2.0 * rise[80.0]
    assert rise[300.0] <= rise[80.0] + 1e-12
    assert chip.temperature_k(80.0, 0.0) == 80.0
