"""Three ports, several spots: what is seen where."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from simulators.twin import PORTS, SPOTS, Twin, TwinSettings

MakeTwin = Callable[..., Twin]


class HandClock(Protocol):
    def now(self) -> float: ...

    def wait(self, lab_s: float) -> None: ...


def peak_nm(twin: Twin, clock: HandClock, exposure_s: float = 0.5) -> float:
    counts = twin.expose(clock.now(), exposure_s).astype(float)
    nm = twin.port("ruby").wavelength_nm
    near = slice(max(int(counts.argmax()) - 6, 0), int(counts.argmax()) + 7)
    weight = counts[near] - np.median(counts)
    return float((nm[near] * weight).sum() / weight.sum())


def test_the_ruby_port_is_what_the_twin_has_always_been(make_twin: MakeTwin) -> None:
    twin = make_twin()
    port = twin.port("ruby")
    assert (port.pixels, port.full_scale) == (twin.pixels, twin.full_scale)
    assert port.coefficients == twin.wavelength_coefficients
    assert twin.spot == "chip"
    with pytest.raises(ValueError, match="ports ruby, raman, vis"):
        twin.port("infrared")
    with pytest.raises(ValueError, match="anvil near"):
        twin.spot = "moon"
    with pytest.raises(ValueError, match="reflected or transmitted"):
        twin.illumination = "none"


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("spot", SPOTS)
def test_every_port_shows_something_at_every_spot(
    make_twin: MakeTwin, clock: HandClock, port: str, spot: str
) -> None:
    twin = make_twin()
    twin.spot = spot
    counts = twin.expose(clock.now(), 0.5, port)
    assert counts.shape == (twin.port(port).pixels,)
    last = twin.last_exposure()
    assert last is not None
    assert (last["port"], last["spot"]) == (port, spot)


def test_the_reference_ruby_stays_at_0_gpa(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin()
    twin.turn_to(0.3)
    twin.spot = "reference"
    reference = peak_nm(twin, clock)
    state = twin.state()
    assert reference == pytest.approx(state["lambda0_nm"], abs=0.06)
    twin.spot = "chip"
    assert peak_nm(twin, clock) == pytest.approx(state["r1_axis_nm"], abs=0.06)


def test_the_second_chip_feels_another_pressure(clock: HandClock) -> None:
    parts = []
    for seed in range(60):
        twin = Twin(seed, clock, TwinSettings(noise=False))
        truth = twin.truth()
        parts.append(truth["second_part"])
    assert np.abs(parts).max() <= 0.02
    twin.turn_to(0.4)
    first = peak_nm(twin, clock)
    twin.spot = "chip 2"
    shift = (peak_nm(twin, clock) - first) / (first - twin.state()["lambda0_nm"])
    assert shift == pytest.approx(parts[-1], abs=0.004)


def test_the_calibration_lamp_shows_neon_where_the_axis_puts_it(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    twin = make_twin(noise=False)
    for port, line_nm, width_nm in (
        ("ruby", 703.24131, 0.4),
        ("raman", 640.22480, 0.3),
        ("vis", 763.51056, 4.0),
    ):
        twin.spot = "neon"
        counts = twin.expose(clock.now(), 2.0, port).astype(float)
        nm = twin.port(port).wavelength_nm
        near = np.abs(nm - line_nm) < width_nm
        weight = counts[near] - counts[near].min()
        error = {"raman": "raman_axis_nm", "vis": "vis_axis_nm"}.get(port)
        truth = twin.truth()
        shown = line_nm + (
            truth["axis_offset_nm"] + truth["axis_drift_nm"] if error is None else truth[error]
        )
        found = float((nm[near] * weight).sum() / weight.sum())
        assert found == pytest.approx(shown, abs=0.1 if port == "vis" else 0.01)
    twin.lamp_on = False
    assert np.ptp(twin.expose(clock.now(), 2.0, "raman").astype(float)) < 20.0


def raman_shift(twin: Twin) -> np.ndarray:
    nm = twin.port("raman").wavelength_nm
    return 1e7 / twin.laser_nm - 1e7 / (nm * 1.000277)


def test_the_edge_moves_with_pressure_and_nu0_stays(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    twin.light_mw = 5.0
    shift = raman_shift(twin)
    for turns in (0.3, 0.8):
        twin.turn_to(turns)
        twin.spot = "anvil near"
        counts = twin.expose(clock.now(), 5.0, "raman").astype(float)
        edge = twin.state()["edge_cm1"]
        assert counts[np.abs(shift - edge + 12.0) < 4.0].mean() > 1.2 * (
            counts[np.abs(shift - edge - 25.0) < 4.0].mean()
        )
        twin.spot = "reference"
        line = twin.expose(clock.now(), 5.0, "raman").astype(float)
        assert shift[line.argmax()] == pytest.approx(twin.state()["nu0_cm1"], abs=3.0)


def test_hydrogen_shows_its_vibron_and_a_control_cell_none(
    make_twin: MakeTwin, clock: HandClock
) -> None:
    heights = {}
    for contents in ("hydrogen", "alumina_control", "empty"):
        twin = make_twin(noise=False, contents=contents)
        twin.spot = "sample"
        twin.light_mw = 5.0
        counts = twin.expose(clock.now(), 5.0, "raman").astype(float)
        shift = raman_shift(twin)
        at = 4160.0 if (at := twin.state()["vibron_cm1"]) is None else at
        near = np.abs(shift - at) < 40.0
        heights[contents] = float(counts[near].max() - np.median(counts[near]))
    assert heights["hydrogen"] > 300.0
    assert max(heights["alumina_control"], heights["empty"]) < 50.0


def vis(twin: Twin, clock: HandClock, spot: str) -> np.ndarray:
    twin.spot = spot
    return twin.expose(clock.now(), 0.2, "vis").astype(float)


def test_reflectance_can_be_reduced_to_the_truth(clock: HandClock) -> None:
    """Dark and lamp removed, table and bounces undone, absorption known: R of the sample."""
    settings = TwinSettings.preset("toroidal", noise=False)
    for top_gpa, low, high in ((100.0, 0.0, 0.03), (560.0, 0.75, 0.95)):
        twin = Twin(1, clock, settings)
        while twin.state()["pressure_gpa"] < top_gpa:
            twin.turn_to(twin.turns + 0.01)
        lamp, seen, gasket = (vis(twin, clock, spot) for spot in ("lamp", "sample", "gasket"))
        twin.lamp_on = False
        dark = vis(twin, clock, "sample")
        nm = twin.port("vis").wavelength_nm
        red = (nm > 850.0) & (nm < 950.0)
        returned = ((seen - dark) / (lamp - dark))[red]
        table = ((2.41 - 1.0) / (2.41 + 1.0)) ** 2
        beyond = returned - table - 0.004
        inner = beyond / ((1.0 - table) ** 2 + beyond * table)
        assert low - 0.01 < np.median(inner) < high
        assert (gasket - dark)[red].mean() > 2.0 * table * (lamp - dark)[red].mean()


def test_the_white_lamp_is_as_bright_at_every_port_where_it_is_let_in(clock: HandClock) -> None:
    twin = Twin(1, clock, TwinSettings.preset("four_pin", noise=False))
    twin.light_on = False
    twin.spot = "sample"
    settings = TwinSettings.preset("four_pin")
    gains = {"ruby": twin.truth()["gain_e_per_count"], "raman": settings.raman.gain_e_per_count}
    gains["vis"] = settings.vis.gain_e_per_count

    def electrons_per_nm(port: str, *, at_nm: float) -> float:
        seen: list[np.ndarray] = []
        for lit in (True, False):
            twin.lamp_on = lit
            seen.append(twin.expose(clock.now(), 0.05, port).astype(float))
        nm = twin.port(port).wavelength_nm
        near = np.abs(nm - at_nm) < 3.0
        return float(
            ((seen[0] - seen[1]) * gains[port])[near].mean() / np.gradient(nm)[near].mean()
        )

    for port, at_nm in (("ruby", 700.0), ("raman", 640.0)):
        assert electrons_per_nm(port, at_nm=at_nm) == 0.0, "a gauge is lit by its laser alone"
        twin.lamp_on_all_ports = True
        here, there = electrons_per_nm(port, at_nm=at_nm), electrons_per_nm("vis", at_nm=at_nm)
        assert here == pytest.approx(there, rel=0.03)
        twin.lamp_on_all_ports = False


def test_transmission_closes_when_the_sample_turns_black(clock: HandClock) -> None:
    twin = Twin(1, clock, TwinSettings.preset("toroidal", noise=False))
    twin.illumination = "transmitted"
    lit = []
    for top_gpa in (50.0, 420.0):
        while twin.state()["pressure_gpa"] < top_gpa:
            twin.turn_to(twin.turns + 0.01)
        lit.append(np.ptp(vis(twin, clock, "sample")))
    assert lit[1] < 0.1 * lit[0]
    assert twin.state()["appearance"] == "dark"


def test_light_power_can_be_set_and_heats_the_chip(make_twin: MakeTwin, clock: HandClock) -> None:
    twin = make_twin(noise=False)
    counts = []
    for power in (1.0, 4.0):
        twin.light_mw = power
        assert twin.light_mw == power
        counts.append(np.ptp(twin.expose(clock.now(), 0.2).astype(float)))
        rise = twin.state()["ruby_k"] - twin.state()["cell_k"]
        assert rise == pytest.approx(0.3 * power, rel=0.02)
    assert counts[1] == pytest.approx(4.0 * counts[0], rel=0.05)
    with pytest.raises(ValueError, match="cannot give"):
        twin.light_mw = float("nan")


def test_papers_state_each_port_and_none_of_its_errors(clock: HandClock) -> None:
    papers = Twin(1, clock).certificates()
    for port in ("raman", "vis"):
        assert papers[port]["axis_medium"] == "air"
        assert papers[port]["axis_absolute_sigma_nm"] > 0.0
    z = []
    for seed in range(150):
        twin = Twin(seed, clock)
        stated, truth = twin.certificates()["raman"], twin.truth()
        # what moves all shifts has moved nu0, near 572.7 nm, as well
        moved = 1e7 * truth["laser_error_nm"] / 532.0**2 + 1e7 * truth["raman_axis_nm"] / 572.7**2
        error = stated["nu0_cm1"] - truth["nu0_cm1"] - moved
        z.append(error / stated["nu0_sigma_cm1"])
    assert abs(np.mean(z)) < 0.35
    assert np.std(z) == pytest.approx(1.0, abs=0.25)
