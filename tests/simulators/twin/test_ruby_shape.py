"""Lines of a real kind: asymmetric, on wings and sidebands, with lines of others beside them."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import voigt_profile

from simulators.twin import Twin, TwinSettings
from simulators.twin.port_settings import RubyShapeSettings
from simulators.twin.ruby import RubyLines
from simulators.twin.ruby_shape import RubyShape

NM = 680.0 + 0.03 * np.arange(2000, dtype=np.float64)
PITCH = np.full(2000, 0.03)
BARE = RubyShapeSettings(
    real=True, gradient_part=0.0, chip_part=0.0, slit_part=0.0, wing_part=0.0,
    tail_nm=math.inf, sideband_part=0.0, n_line_part=0.0, stray_neon_e_per_s=0.0,
)  # fmt: skip


def lines(
    pressure_gpa: float = 0.0, temperature_k: float = 80.0, r1_nm: float = 700.0
) -> RubyLines:
    return RubyLines(
        r1_nm=r1_nm, r2_nm=r1_nm - 1.43, r1_share=0.7, fwhm_nm=0.1, brightness=1.0,
        strain_fwhm_nm=0.0, pressure_gpa=pressure_gpa, temperature_k=temperature_k,
    )  # fmt: skip


def drawn(settings: RubyShapeSettings, which: RubyLines) -> np.ndarray:
    return RubyShape(settings, NM, PITCH, 0.25).electrons(which, 0.0, 1.0) / PITCH


def test_with_everything_off_it_is_the_voigt_line() -> None:
    sigma = 0.25 / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    expected = np.zeros(NM.size)
    for at, share in ((700.0, 0.7), (698.57, 0.3)):
        expected += share * voigt_profile(NM - at, sigma, 0.05)
    assert np.abs(drawn(BARE, lines()) - expected).max() < 0.01 * expected.max()


def test_a_gradient_skews_the_line_and_keeps_its_mean() -> None:
    settings = replace(BARE, gradient_part=0.01, chip_part=0.005)
    narrow = replace(lines(40.0), fwhm_nm=0.0)
    light = drawn(settings, replace(narrow, r1_share=1.0))
    near = np.abs(NM - 700.0) < 4.0
    mean = (NM * light)[near].sum() / light[near].sum()
    assert mean == pytest.approx(700.0, abs=0.002)
    assert NM[light.argmax()] > 700.02
    third = (((NM - mean) ** 3) * light)[near].sum() / light[near].sum()
    assert third < 0.0


def test_sidebands_and_wing_are_those_of_published_spectra() -> None:
    """Levels against R1 that a published spectrum at room temperature shows, within a half."""
    warm = replace(lines(temperature_k=296.0, r1_nm=694.8), fwhm_nm=0.53, r1_share=0.61)
    light = drawn(RubyShapeSettings(real=True, n_line_part=0.0), warm)
    peak = light.max()
    for offset, level in ((1.5, 0.054), (2.0, 0.034), (3.0, 0.019), (13.4, 0.045), (20.6, 0.071)):
        assert np.interp(694.8 + offset, NM, light) / peak == pytest.approx(level, rel=0.5)
    assert np.interp(686.8, NM, light) / peak < 0.01


def test_n_lines_are_strong_in_the_cold() -> None:
    at = NM > 700.0 + 6.0
    heights = {}
    for kelvin in (20.0, 296.0):
        with_pairs = drawn(replace(BARE, n_line_part=0.02), lines(temperature_k=kelvin))
        heights[kelvin] = float((with_pairs - drawn(BARE, lines(temperature_k=kelvin)))[at].max())
    assert heights[20.0] > 5.0 * heights[296.0] > 0.0


def test_the_realistic_cell_has_neon_fringes_and_flicker(
    clock: object, make_twin: Callable[..., Twin]
) -> None:
    base = TwinSettings.preset("four_pin_realistic", noise=False, cosmic_rate=0.0)
    twin = Twin(1, clock, base)  # type: ignore[arg-type]
    twin.spot = "gasket"
    counts = np.array([twin.expose(0.0, 1.0).astype(float) for _ in range(60)]) - 1500.0
    levels = np.median(counts, axis=1)
    assert 0.005 < levels.std() / levels.mean() < 0.02
    nm = twin.port("ruby").wavelength_nm
    neon = counts.mean(axis=0)[np.abs(nm - 703.24) < 0.05].max()
    assert neon > np.median(counts.mean(axis=0)[np.abs(nm - 703.24) < 2.0]) + 8.0
    # the same cell, seed and flicker without what makes fringes
    flat = Twin(
        1,
        clock,  # type: ignore[arg-type]
        replace(base, disturbance=replace(base.disturbance, etalon=0.0)),
    )
    flat.spot = "gasket"
    plain = np.array([flat.expose(0.0, 1.0).astype(float) for _ in range(60)]) - 1500.0
    waves = (counts / plain).mean(axis=0)
    assert 0.5 * base.disturbance.etalon < 0.5 * np.ptp(waves) < 1.1 * base.disturbance.etalon
    quiet = make_twin(noise=False)
    quiet.spot = "gasket"
    assert (quiet.expose(0.0, 1.0) == quiet.expose(0.0, 1.0)).all()
