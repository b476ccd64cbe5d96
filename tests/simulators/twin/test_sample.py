"""Hydrogen, a control cell and an empty one in white light."""

import numpy as np
import pytest

from simulators.twin.draws import generators
from simulators.twin.further_draws import draw_further
from simulators.twin.sample import Sample, anvil_transmission
from simulators.twin.settings import TwinSettings

SETTINGS = TwinSettings()
NM = np.linspace(420.0, 980.0, 57)


def sample(contents: str = "hydrogen", seed: int = 0) -> Sample:
    further = draw_further(SETTINGS, generators(seed)["further"])
    return Sample(SETTINGS.sample, further, contents)


def test_hydrogen_goes_transparent_dark_reflective() -> None:
    hydrogen = sample()
    words = [hydrogen.appearance(p) for p in (5.0, 250.0, 400.0, 560.0)]
    assert words == ["transparent", "transparent", "dark", "reflective"]
    assert hydrogen.transmission(NM, 100.0).min() > 0.9
    red_only = hydrogen.transmission(NM, 290.0)
    assert red_only[NM > 700].min() > 0.8 > 0.3 > red_only[NM < 450].max()
    assert hydrogen.transmission(NM, 400.0).max() < 0.03
    assert hydrogen.reflectance(NM, 400.0).max() < 0.1
    assert hydrogen.reflectance(NM, 560.0).min() > 0.75


def test_the_metal_is_flat_as_the_drude_formula_of_2017() -> None:
    r = sample().reflectance(NM, 600.0)
    assert r.mean() == pytest.approx(0.87, abs=0.03)
    assert np.ptp(r) < 0.03


@pytest.mark.parametrize("contents", ["alumina_control", "empty", "inert"])
def test_cells_without_hydrogen_never_turn_dark_or_shiny(contents: str) -> None:
    control = sample(contents)
    for pressure in (5.0, 400.0, 600.0):
        assert control.appearance(pressure) == "transparent"
        assert control.reflectance(NM, pressure).max() < 0.1
        assert control.transmission(NM, pressure).min() > 0.9


def test_anvils_turn_red_under_pressure() -> None:
    clear, pressed = anvil_transmission(NM, 10.0), anvil_transmission(NM, 500.0)
    assert clear.min() > 0.95
    assert pressed[0] < 0.4 < 0.9 < pressed[-1]


def test_specimens_differ_in_where_they_change() -> None:
    dark = [draw_further(SETTINGS, generators(seed)["further"]).dark_gpa for seed in range(200)]
    assert np.mean(dark) == pytest.approx(315.0, abs=1.5)
    assert np.std(dark) == pytest.approx(6.0, rel=0.2)
