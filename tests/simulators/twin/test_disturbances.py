"""What the optics do by themselves: fringes, a lamp that drifts, a focus that wanders off."""

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from simulators.twin import PRESETS, Twin
from simulators.twin.settings import DisturbanceSettings

MakeTwin = Callable[..., Twin]

FRINGE_PATHS_UM = (48.4, 107.3, 140.2)
"""Twice index times thickness: 22 um of gas (1.1) between the culets, 14.5 um of silicon (3.7) of
the detector, a filter of 48 um (1.46). The same waves at 694 nm are 10.0, 4.5 and 3.4 nm apart."""
FRINGE_SHARES = (0.5, 0.3, 0.2)
"""Of the stated amplitude; where all three agree, the light changes by all of it."""
DEPTH = 0.02


class HandClock(Protocol):
    def now(self) -> float: ...

    def wait(self, lab_s: float) -> None: ...


def smooth_light(make_twin: MakeTwin, port: str, etalon: float) -> tuple[np.ndarray, np.ndarray]:
    """Wavelength and counts off the gasket where no line is, without noise.

    Bright enough that the rounding of counts is below 2e-4 of the light.
    """
    twin = make_twin(noise=False, disturbance=DisturbanceSettings(etalon=etalon))
    twin.spot, twin.light_mw = "gasket", 20.0
    exposure_s = {"ruby": 1.0, "raman": 8.0, "vis": 0.3}[port]
    lit = twin.expose(0.0, exposure_s, port).astype(float)
    twin.light_on = twin.lamp_on = False
    dark = twin.expose(0.0, exposure_s, port).astype(float)
    nm = twin.port(port).wavelength_nm
    # beyond the anvils' own lines; where the lamp shines
    here = {"ruby": nm > 0.0, "raman": nm > 600.0, "vis": (nm > 450.0) & (nm < 900.0)}[port]
    assert lit[here].max() < twin.port(port).full_scale
    return nm[here], (lit - dark)[here]


@pytest.mark.parametrize("port", ["ruby", "raman", "vis"])
def test_fringes_are_as_deep_and_as_far_apart_as_stated(make_twin: MakeTwin, port: str) -> None:
    nm, plain = smooth_light(make_twin, port, 0.0)
    _, waved = smooth_light(make_twin, port, DEPTH)
    ratio, waves_per_um = waved / plain, 1e3 / nm
    # the deepest of the three that are seen together, whatever their phases
    assert 0.5 * DEPTH < 0.5 * np.ptp(ratio) <= 1.01 * DEPTH
    angles = 2.0 * math.pi * np.outer(waves_per_um, FRINGE_PATHS_UM)
    columns = np.column_stack((np.ones(ratio.size), np.cos(angles), np.sin(angles)))
    found, *_ = np.linalg.lstsq(columns, ratio, rcond=None)
    assert found[0] == pytest.approx(1.0, abs=1e-3)
    amplitudes = np.hypot(found[1:4], found[4:7])
    # the true axis of the Raman and visible ports is off by 0.01 and 0.15 nm
    assert amplitudes == pytest.approx(DEPTH * np.array(FRINGE_SHARES), rel=0.03)
    assert np.std(ratio - columns @ found) < 0.03 * DEPTH


@pytest.mark.parametrize("port", ["ruby", "raman", "vis"])
def test_without_fringes_light_off_the_gasket_is_smooth(make_twin: MakeTwin, port: str) -> None:
    nm, plain = smooth_light(make_twin, port, 0.0)
    # a smooth curve takes all of it but the rounding
    smooth = np.polynomial.Chebyshev.fit(nm, plain, 12)
    assert np.std(plain / smooth(nm) - 1.0) < 0.02 * DEPTH


def white_levels(twin: Twin, clock: HandClock, moments: int, step_s: float) -> np.ndarray:
    """Level of the white lamp itself, and of the lit hole in a frame, at each moment."""
    twin.spot = "lamp"
    levels = []
    for _ in range(moments):
        spectrum = twin.expose(clock.now(), 0.1, "vis").astype(float)
        levels.append((np.percentile(spectrum, 90), twin.frame(0.02)[330:350, 300:340].mean()))
        clock.wait(step_s)
    twin.lamp_on = False
    dark = twin.expose(clock.now(), 0.1, "vis").astype(float)
    return np.array(levels) - (np.percentile(dark, 90), twin.frame(0.02)[330:350, 300:340].mean())


def test_the_lamp_drifts_by_its_amplitude_once_a_period(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    period_s = 20_000.0
    settings = DisturbanceSettings(lamp_drift=0.03, lamp_drift_period_s=period_s)
    levels = white_levels(make_twin(noise=False, disturbance=settings), clock, 80, period_s / 40.0)
    # white light itself to the rounding of 1e4 counts, the frame to that of 160
    for level, near in zip(levels.T, (1e-3, 5e-3), strict=True):
        turns = np.fft.rfft(level) / 80.0
        mean, once = turns[0].real, 2.0 * np.abs(turns[2])  # two periods were looked at
        assert once / mean == pytest.approx(0.03, abs=near)
        others = np.abs(np.delete(turns, (0, 2)))
        assert others.max() < 0.1 * once
        assert np.abs(level[40:] / level[:40] - 1.0).max() < near


def test_a_lamp_without_drift_is_steady(make_twin: MakeTwin, clock: HandClock) -> None:
    levels = white_levels(make_twin(noise=False), clock, 20, 1000.0)
    assert np.all(levels == levels[0]) and np.all(levels[0] > 100.0)


def edge_um(twin: Twin) -> float:
    """Way from 10 to 90 % of the light across the hole's upper edge, in the middle column.

    The gasket's grain and the sample, 40 um inside of the edge, stay out of it.
    """
    frame = twin.frame(0.02)[:, 318:322].astype(float).mean(axis=1)
    scale_um = twin.certificates()["um_per_pixel"]
    half = 0.5 * twin.state()["hole_um"] / scale_um
    top = 239.5 - half
    outside = np.median(frame[round(top - 60.0) : round(top - 25.0)])
    inside = np.median(frame[round(top + 25.0) : round(top + 40.0)])
    rows = np.arange(round(top) - 25, round(top) + 26)
    light = np.maximum.accumulate((frame[rows] - outside) / (inside - outside))
    low, high = np.interp((0.1, 0.9), light, rows)
    return float(high - low) * scale_um


def test_a_focus_that_drifts_for_days_blurs_the_edge(make_twin: MakeTwin, clock: HandClock) -> None:
    settings = DisturbanceSettings(focus_um_per_day=3.0, depth_of_focus_um=12.0)
    twin = make_twin(noise=False, disturbance=settings)
    sharp_um = edge_um(twin)
    widths_um = []
    for _ in range(3):
        clock.wait(2.0 * 86_400.0)
        widths_um.append(edge_um(twin))
    assert twin.state()["defocus_um"] == pytest.approx(18.0)
    # the setting: at a depth of focus (12 um, four days) an edge is twice as broad
    assert widths_um[1] == pytest.approx(2.0 * sharp_um, rel=0.1)
    assert sharp_um < widths_um[0] < widths_um[1] < widths_um[2]


def test_a_cell_that_warms_leaves_the_focus(make_twin: MakeTwin, clock: HandClock) -> None:
    settings = DisturbanceSettings(focus_um_per_k=0.15, depth_of_focus_um=12.0)
    twin = make_twin(noise=False, disturbance=settings)
    sharp_um = edge_um(twin)
    twin.set_loop(1, setpoint_k=160.0)
    clock.wait(40_000.0)
    assert twin.state()["cell_k"] == pytest.approx(160.0, abs=1.0)
    # 80 K times 0.15 um/K is the depth of focus
    assert edge_um(twin) == pytest.approx(2.0 * sharp_um, rel=0.1)


def test_a_focus_without_drift_stays(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    sharp_um = edge_um(twin)
    clock.wait(6.0 * 86_400.0)
    assert edge_um(twin) == pytest.approx(sharp_um, rel=0.05)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_realistic_cells_have_all_of_it_and_quiet_ones_nothing(name: str) -> None:
    found = PRESETS[name]().disturbance
    on = [found.flicker > 0.0, found.lamp_drift > 0.0, found.etalon > 0.0]
    on += [found.focus_um_per_k > 0.0, found.focus_um_per_day > 0.0]
    assert on == [name.endswith("_realistic")] * 5
