"""The gasket remembers the load."""

import numpy as np
import pytest

from simulators.twin.cell import LoadCurve
from simulators.twin.gasket import GasketedLoad, gasket_um, hole_um
from simulators.twin.settings import MicroscopeSettings
from simulators.twin.specimen_settings import GasketSettings

CURVE = LoadCurve(pmax_gpa=420.0, f0_kn=4.0, exponent=1.25)
REAL = GasketSettings(hole_memory=0.9, unloading_gain=0.12, yield_kn=0.4, yield_kink=0.15)


def test_a_quiet_gasket_is_the_load_curve_both_ways() -> None:
    load = GasketedLoad(CURVE, GasketSettings(), 0.1)
    for force in (0.5, 2.0, 1.0, 0.2):
        assert load.pressure_gpa(force) == CURVE.pressure_gpa(force)


def test_unloading_stays_above_loading_and_joins_it_at_the_top() -> None:
    load = GasketedLoad(CURVE, REAL, 0.1)
    up = [load.pressure_gpa(f) for f in np.linspace(0.2, 3.0, 15)]
    down = [load.pressure_gpa(f) for f in np.linspace(3.0, 0.2, 15)][::-1]
    assert down[-1] == pytest.approx(up[-1])
    assert np.all(np.array(down[:-1]) > np.array(up[:-1]))
    assert np.all(np.diff(down) > 0.0)


def test_the_slope_kinks_where_the_gasket_yields() -> None:
    load = GasketedLoad(CURVE, REAL, 0.0)
    force = np.arange(0.30, 0.50, 0.002)
    slope = np.gradient([load.pressure_gpa(f) for f in force], force)
    before, after = slope[(force < 0.39)][-1], slope[(force > 0.41)][0]
    assert after / before == pytest.approx(1.0 / 0.85, rel=0.03)
    for pressure in (2.0, 12.0, 40.0):
        fresh = GasketedLoad(CURVE, REAL, 0.0)
        force_kn = REAL.force_kn(CURVE.force_kn(pressure))
        assert fresh.pressure_gpa(force_kn) == pytest.approx(pressure)


def test_second_cupping_softens_the_curve_and_inverts() -> None:
    cupped = LoadCurve(
        pmax_gpa=640.0, f0_kn=4.0, exponent=1.2, cupping_gpa=280.0, cupping_part=0.55
    )
    plain = LoadCurve(pmax_gpa=640.0, f0_kn=4.0, exponent=1.2)
    for pressure in (2.0, 279.0, 281.0, 350.0, 400.0):
        assert cupped.pressure_gpa(cupped.force_kn(pressure)) == pytest.approx(pressure)
    assert cupped.pressure_gpa(3.0) == plain.pressure_gpa(3.0)
    assert cupped.pressure_gpa(10.0) < plain.pressure_gpa(10.0) - 40.0


def test_thickness_follows_the_highest_pressure() -> None:
    thick = [gasket_um(GasketSettings(), p) for p in (0.0, 20.0, 100.0, 300.0)]
    assert thick[0] == 28.0
    assert thick == sorted(thick, reverse=True)
    assert 2.0 < thick[-1] < 5.0


def test_a_hole_with_memory_does_not_open_again() -> None:
    microscope = MicroscopeSettings()
    loaded = hole_um(microscope, REAL, 120.0, 40.0, 40.0)
    assert hole_um(microscope, REAL, 120.0, 10.0, 40.0) < 1.05 * loaded
    assert hole_um(microscope, GasketSettings(), 120.0, 10.0, 40.0) > 1.2 * loaded
