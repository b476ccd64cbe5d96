"""Kinds of cells reach what cells of their kind reach, and are what they are for."""

import time
from dataclasses import replace

import numpy as np
import pytest

from simulators.twin import PRESETS, Twin, TwinSettings
from simulators.twin.settings import UnmodelledSettings


def top_gpa(twin: Twin) -> float:
    while twin.torque_fraction < 0.97:
        twin.turn_to(twin.turns + 0.02)
    return float(twin.state()["equilibrium_gpa"])


@pytest.mark.parametrize(
    ("name", "low", "high"), [("bevelled", 350.0, 460.0), ("toroidal", 700.0, 1000.0)]
)
def test_cells_reach_their_pressure_below_stall(
    clock: object, name: str, low: float, high: float
) -> None:
    tops = []
    for seed in range(8):
        twin = Twin(seed, clock, TwinSettings.preset(name))  # type: ignore[arg-type]
        assert 1.2 < twin.state()["pressure_gpa"] < 2.8
        tops.append(top_gpa(twin))
        assert twin.turns < 4.0
    assert low < np.median(tops) < high


def test_the_default_is_the_quiet_four_pin_cell() -> None:
    assert TwinSettings.preset("four_pin") == TwinSettings()
    assert TwinSettings.preset("four_pin", light_mw=2.0).light_mw == 2.0
    with pytest.raises(ValueError, match="presets four_pin, bevelled"):
        TwinSettings.preset("belt")
    with pytest.raises(ValueError, match="holds hydrogen"):
        TwinSettings(contents="water")
    with pytest.raises(ValueError, match="no errors called moon"):
        TwinSettings(exact=("moon",))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_gives_the_same_twice(clock: object, name: str) -> None:
    spectra = []
    for _ in range(2):
        twin = Twin(5, clock, TwinSettings.preset(name))  # type: ignore[arg-type]
        twin.turn_to(0.1)
        parts = [twin.expose(0.0, 0.2, port) for port in ("ruby", "raman", "vis")]
        spectra.append(np.concatenate([*parts, twin.frame(0.02).ravel()]))
    np.testing.assert_array_equal(*spectra)


def ruby_signal(twin: Twin, exposure_s: float) -> float:
    """Height of R1 over the scatter of what lies beside it, fringes included."""
    counts = twin.expose(0.0, exposure_s).astype(float)
    nm = twin.port("ruby").wavelength_nm
    r1 = twin.state()["r1_axis_nm"]
    beside = (np.abs(nm - r1) > 3.0) & (np.abs(nm - r1) < 10.0)
    straight = np.polynomial.Polynomial.fit(nm[beside], counts[beside], 1)
    height = counts[np.abs(nm - r1) < 0.12].mean() - straight(r1)
    return float(height / (counts[beside] - straight(nm[beside])).std())


def test_luminescence_weakens_ruby_from_100_and_buries_it(clock: object) -> None:
    settings = TwinSettings.preset("bevelled_realistic")
    settings = replace(settings, failure=replace(settings.failure, hazard=False), cosmic_rate=0.0)
    twin = Twin(4, clock, settings)  # type: ignore[arg-type]
    signal = {}
    for aim in (60.0, 125.0, 200.0, 260.0):
        while twin.state()["pressure_gpa"] < aim:
            twin.turn_to(twin.turns + 0.005)
        # as long as the detector bears
        signal[aim] = ruby_signal(twin, 0.5 if aim < 150 else 0.1)
    assert signal[60.0] > 100.0
    assert 3.0 < signal[125.0] < 0.3 * signal[60.0]
    assert max(abs(signal[200.0]), abs(signal[260.0])) < 3.0


def test_pressure_follows_temperature_with_sign_and_hysteresis(clock: object) -> None:
    base = TwinSettings()
    for sign in (1.0, -1.0):
        cell = replace(base.cell, thermal_per_k=sign * 2e-4, thermal_hysteresis_k=20.0)
        twin = Twin(1, clock, replace(base, cell=cell))  # type: ignore[arg-type]
        twin.turn_to(0.3)
        clock.wait(1e6)  # type: ignore[attr-defined]
        trace = []
        for setpoint in (80.0, 85.0, 200.0, 195.0, 80.0):
            twin.set_loop(1, setpoint_k=setpoint)
            clock.wait(40_000.0)  # type: ignore[attr-defined]
            trace.append(twin.state()["pressure_gpa"])
        assert sign * (trace[2] / trace[1] - 1.0) == pytest.approx(0.021, abs=0.003)
        assert trace[1] == pytest.approx(trace[0], rel=2e-4)  # within the play
        assert trace[3] == pytest.approx(trace[2], rel=2e-4)
        assert sign * (trace[4] - trace[0]) > 0.001 * trace[0]


def test_realistic_cells_jump_and_remember(clock: object) -> None:
    settings = TwinSettings.preset("four_pin_realistic")
    settings = replace(settings, failure=replace(settings.failure, hazard=False))
    twin = Twin(3, clock, settings)  # type: ignore[arg-type]
    twin.turn_to(0.3)
    at_once = twin.state()
    clock.wait(20_000.0)  # type: ignore[attr-defined]
    later = twin.state()
    assert at_once["jumps"] > 5
    assert later["jumps"] >= at_once["jumps"]
    assert later["force_kn"] >= at_once["force_kn"]
    twin.turn_to(0.0)
    assert twin.state()["hole_um"] < 1.1 * later["hole_um"]
    assert twin.state()["gasket_um"] == later["gasket_um"]
    assert later["defocus_um"] != 0.0


def test_creep_is_slower_in_the_cold_and_of_the_known_size(clock: object) -> None:
    late = {}
    for kelvin in (300.0, 80.0):
        settings = TwinSettings(start_temperature_k=kelvin)
        twin = Twin(1, clock, settings)  # type: ignore[arg-type]
        before = twin.state()["equilibrium_gpa"]
        twin.turn_to(0.2)
        step = twin.state()["equilibrium_gpa"] - before
        start = twin.state()["pressure_gpa"]
        clock.wait(36_000.0)  # type: ignore[attr-defined]
        late[kelvin] = (twin.state()["pressure_gpa"] - start) / step
    assert 0.02 < late[300.0] < 0.10
    assert late[80.0] / late[300.0] == pytest.approx((80.0 / 300.0) ** 0.5, rel=0.05)


def test_errors_that_no_budget_knows_are_drawn_only_when_asked_for(clock: object) -> None:
    names = [f.name for f in UnmodelledSettings.__dataclass_fields__.values()]
    quiet = Twin(1, clock).truth()  # type: ignore[arg-type]
    assert all(quiet[name] == 0.0 for name in names)
    on = UnmodelledSettings(
        gradient_part=0.01, heating_k_per_mw=5.0, uniaxial_part=0.05, axis_bend_nm=0.05,
        axis_drift_nm_per_h=0.001, scale_bend=0.01, sensor_offset_k=2.0, edge_stress_part=0.02,
    )  # fmt: skip
    loud = Twin(1, clock, TwinSettings(unmodelled=on))  # type: ignore[arg-type]
    assert all(loud.truth()[name] != 0.0 for name in names)
    plain = Twin(1, clock)  # type: ignore[arg-type]
    for twin in (plain, loud):
        twin.turn_to(0.3)
    assert loud.state()["pressure_gpa"] == pytest.approx(plain.state()["pressure_gpa"], rel=0.01)
    assert abs(loud.state()["r1_nm"] - plain.state()["r1_nm"]) > 0.005
    assert loud.state()["ruby_k"] > plain.state()["ruby_k"]
    assert loud.state()["edge_cm1"] != plain.state()["edge_cm1"]
    assert loud.certificates() == plain.certificates()


def test_families_of_errors_switch_off_one_by_one(clock: object) -> None:
    truth = Twin(1, clock, TwinSettings(exact=("scale", "edge_scale"))).truth()  # type: ignore[arg-type]
    assert (truth["ruby_a_gpa"], truth["ruby_c"]) == (1870.0, 5.63)
    assert (truth["edge_k0_gpa"], truth["edge_k0_prime"]) == (547.0, 3.75)
    other = Twin(1, clock).truth()  # type: ignore[arg-type]
    assert truth["axis_offset_nm"] == other["axis_offset_nm"] != 0.0
    assert other["ruby_a_gpa"] != 1870.0


def test_a_rehearsal_of_800_exposures_costs_less_than_a_second(clock: object) -> None:
    for name in ("four_pin", "bevelled_realistic"):
        twin = Twin(1, clock, TwinSettings.preset(name))  # type: ignore[arg-type]
        twin.expose(0.0, 0.5)
        begin = time.thread_time()
        for index in range(200):
            twin.turn_to(0.0002 * index)
            clock.wait(30.0)  # type: ignore[attr-defined]
            twin.expose(clock.now(), 0.5)  # type: ignore[attr-defined]
        # four times what is aimed at, for machines and loads of all kinds
        assert time.thread_time() - begin < 1.0
