"""Every fault of ordinary lab life can be ordered, and shows where it shows in a laboratory."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from simulators.twin import FAULTS, Twin

MakeTwin = Callable[..., Twin]


class HandClock(Protocol):
    def now(self) -> float: ...

    def wait(self, lab_s: float) -> None: ...


def peak(twin: Twin, clock: HandClock) -> float:
    counts = twin.expose(clock.now(), 0.5).astype(float)
    return float(counts.max() - np.median(counts))


def test_a_blow_out_loses_pressure_and_opens_the_hole(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin(noise=False)
    twin.turn_to(0.3)
    clock.wait(100.0)
    before = twin.state()
    twin.inject("blow_out")
    clock.wait(30.0)
    after = twin.state()
    assert after["failure"] == "blow_out"
    assert after["failed_gpa"] == pytest.approx(before["pressure_gpa"])
    assert 0.03 < after["pressure_gpa"] / before["pressure_gpa"] < 0.4
    assert after["hole_um"] > 1.4 * before["hole_um"]
    long_um, short_um = after["hole_axes_um"]
    assert long_um > 1.5 * short_um
    assert after["vibron_cm1"] is None
    assert peak(twin, clock) > 5000.0


def test_a_fracture_ends_everything(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    twin.light_mw = 5.0
    twin.turn_to(0.4)
    clock.wait(10.0)
    twin.spot = "anvil near"
    nm = twin.port("raman").wavelength_nm
    band = (nm > 573.5) & (nm < 575.0)
    light, picture = (
        twin.expose(clock.now(), 5.0, "raman").astype(float)[band].mean(),
        twin.frame(0.02).mean(),
    )
    twin.inject("fracture")
    clock.wait(5.0)
    state = twin.state()
    assert state["failure"] == "fracture"
    assert state["pressure_gpa"] < 1.0
    assert state["edge_cm1"] is None
    assert twin.expose(clock.now(), 5.0, "raman").astype(float)[band].mean() < 0.5 * light
    assert twin.frame(0.02).mean() < 0.6 * picture
    twin.inject("blow_out")
    assert twin.state()["failure"] == "fracture"


def test_an_exposure_before_a_failure_saw_the_sound_cell(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin()
    twin.turn_to(0.2)
    twin.inject("fracture", at_lab_s=50.0)
    clock.wait(100.0)
    twin.expose(20.0, 1.0)
    then = twin.last_exposure()
    assert then is not None
    assert then["pressure_gpa"] > 10.0
    twin.expose(60.0, 1.0)
    now = twin.last_exposure()
    assert now is not None
    assert now["pressure_gpa"] < 1.0
    assert twin.state()["failed_lab_s"] == 50.0


def test_a_fault_waits_for_its_pressure(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin()
    twin.inject("blow_out", at_gpa=20.0)
    twin.turn_to(0.1)
    clock.wait(1000.0)
    assert twin.state()["failure"] is None
    while twin.state()["failure"] is None:
        twin.turn_to(twin.turns + 0.005)
    assert 20.0 <= twin.state()["failed_gpa"] < 21.5


def test_without_helium_the_cell_warms_up(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin()
    twin.inject("helium_out", at_lab_s=600.0)
    clock.wait(599.0)
    assert twin.state()["cell_k"] == pytest.approx(80.6, abs=1.0)
    clock.wait(40_000.0)
    assert twin.state()["helium_out"]
    assert twin.state()["stage_k"] > 90.0
    assert twin.heater_percent(1) == 0.0


def test_ice_takes_counts_and_contrast_together(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    counts, clear = peak(twin, clock), twin.frame(0.02).astype(float)
    twin.inject("ice")
    clock.wait(7200.0)
    frame = twin.frame(0.02).astype(float)
    contrast = [np.ptp(np.percentile(f, (5, 95))) for f in (clear, frame)]
    assert contrast[1] < 0.6 * contrast[0]
    assert peak(twin, clock) < 0.6 * counts
    assert 0.5 < twin.state()["ice"] < 1.0


def test_a_dead_lamp_darkens_camera_and_vis_but_not_ruby(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin(noise=False)
    counts = peak(twin, clock)
    twin.inject("lamp_dies")
    clock.wait(1.0)
    assert twin.frame(0.02).max() < 10
    twin.spot = "sample"
    assert np.ptp(twin.expose(clock.now(), 0.5, "vis").astype(float)) < 40.0
    twin.spot = "chip"
    assert peak(twin, clock) == pytest.approx(counts, rel=0.01)


def test_a_lost_chip_leaves_the_second_one(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    twin.inject("chip_lost", at_lab_s=10.0)
    assert peak(twin, clock) > 5000.0
    clock.wait(20.0)
    assert peak(twin, clock) < 600.0
    twin.spot = "chip 2"
    assert peak(twin, clock) > 5000.0


def test_impossible_faults_are_refused(make_twin: MakeTwin) -> None:
    twin = make_twin()
    with pytest.raises(ValueError, match="blow_out"):
        twin.inject("earthquake")
    with pytest.raises(ValueError, match="is a number"):
        twin.inject("ice", at_lab_s=float("nan"))
    assert FAULTS == ("blow_out", "fracture", "helium_out", "ice", "lamp_dies", "chip_lost")
