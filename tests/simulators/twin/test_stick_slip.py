"""Force comes in jumps, and the same ones whoever looks."""

import numpy as np
import pytest

from simulators.twin.specimen_settings import StickSlipSettings
from simulators.twin.stick_slip import StickSlip

ON = StickSlipSettings(mean_part=0.005)


def made(seed: int = 0, settings: StickSlipSettings = ON) -> StickSlip:
    return StickSlip(settings, 1.0, np.random.default_rng(seed))


def test_without_it_force_is_what_was_asked_for() -> None:
    slip = made(settings=StickSlipSettings())
    assert slip.pull(1.37, 0.0, 80.0) == 1.37
    assert slip.due_s == np.inf


def test_a_move_ends_in_the_same_place_however_it_was_split() -> None:
    at_once, in_parts = made(), made()
    at_once.pull(2.0, 10.0, 80.0)
    for force_kn in np.linspace(1.0, 2.0, 217)[1:]:
        in_parts.pull(float(force_kn), 10.0, 80.0)
    assert in_parts.force_kn == pytest.approx(at_once.force_kn, abs=1e-12)
    assert in_parts.jumps == at_once.jumps > 5
    assert in_parts.due_s == pytest.approx(at_once.due_s)


def test_force_lags_behind_and_catches_up_when_its_time_has_come() -> None:
    lags = []
    for seed in range(300):
        slip = made(seed)
        lags.append(1.2 - slip.pull(1.2, 100.0, 300.0))
        assert slip.due_s > 100.0
        assert slip.release() == 1.2
        assert slip.due_s == np.inf
    # what is held back when the screw stands: about one mean jump, size-biased
    assert 0.5 * 0.005 < np.mean(lags) < 2.0 * 0.005
    assert min(lags) >= 0.0


def test_jumps_have_their_mean_size_and_grow_in_the_cold() -> None:
    jumps = {}
    for kelvin in (300.0, 5.0):
        slip = made(3)
        for force_kn in np.linspace(1.0, 8.0, 4000):
            slip.pull(float(force_kn), 0.0, kelvin)
        jumps[kelvin] = slip.jumps
    assert np.log(8.0) / jumps[300.0] == pytest.approx(0.005, rel=0.15)
    assert jumps[300.0] / jumps[5.0] == pytest.approx(60.0**0.25, rel=0.25)


def test_it_sticks_on_the_way_back_as_well() -> None:
    slip = made(1)
    top = slip.pull(2.0, 0.0, 80.0)
    back = slip.pull(1.999, 0.0, 80.0)
    assert back == top
    assert slip.pull(1.0, 0.0, 80.0) >= 1.0
