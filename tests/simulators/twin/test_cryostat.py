"""The cryostat under any jump of the clock."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.twin.cryostat import Cryostat, SensorErrors
from simulators.twin.settings import CryostatSettings
from simulators.twin.thermal import COPPER_CP, COPPER_CP_WARM, CopperEnthalpy, cooler_w


def make(start_k: float = 80.0, a: float = 0.0, b: float = 0.0) -> Cryostat:
    return Cryostat(CryostatSettings(), SensorErrors(a, b), start_k, light_w=1e-3)


def run(cryostat: Cryostat, total_s: float, step_s: float) -> list[float]:
    temperatures = []
    for _ in range(round(total_s / step_s)):
        cryostat.advance(step_s)
        temperatures.append(cryostat.stage_k)
    return temperatures


def test_copper_follows_its_table_and_enthalpy_is_the_integral() -> None:
    copper = CopperEnthalpy()
    for temperature_k, cp in COPPER_CP + COPPER_CP_WARM:
        assert copper.at(temperature_k)[1] == pytest.approx(cp, rel=1e-9)
    for temperature_k in (3.0, 7.0, 10.0, 19.9, 20.1, 90.0, 250.0, 350.0):
        width = 1e-4 * temperature_k
        rise = copper.at(temperature_k + width)[0] - copper.at(temperature_k - width)[0]
        assert rise / (2.0 * width) == pytest.approx(copper.at(temperature_k)[1], rel=1e-3)


def test_the_cooler_follows_its_map() -> None:
    for temperature_k, watts in ((4.2, 1.0), (10.0, 7.0), (77.0, 25.0), (300.0, 40.0)):
        assert cooler_w(temperature_k)[0] == pytest.approx(watts)


@pytest.mark.parametrize("start_k", [6.0, 20.0, 80.0, 200.0, 295.0])
@pytest.mark.parametrize("step_s", [0.01, 1.0, 150.0, 10_000.0])
def test_it_starts_settled_and_stays_so(start_k: float, step_s: float) -> None:
    cryostat = make(start_k, a=1.3, b=-0.7)
    stage_k, cell_k = cryostat.stage_k, cryostat.cell_k
    assert cryostat.reading_k("A") == pytest.approx(start_k, abs=1e-9)
    assert 0.0 < cell_k - stage_k < 2.0
    for _ in range(20):
        cryostat.advance(step_s)
    assert cryostat.stage_k == pytest.approx(stage_k, abs=1e-6)
    assert cryostat.cell_k == pytest.approx(cell_k, abs=1e-6)


def test_without_heater_it_cools_to_about_5_k() -> None:
    cryostat = make()
    cryostat.change(1, {"range": 0})
    cryostat.advance(20_000.0)
    assert cryostat.stage_k == pytest.approx(5.0, abs=0.4)
    assert cryostat.stage_k < cryostat.cell_k < 6.5
    assert cryostat.loop(1).output_percent == 0.0


jumps = st.lists(st.floats(-2.0, 4.0).map(lambda x: 10.0**x), min_size=1, max_size=15)


@settings(deadline=None, max_examples=60)
@given(
    jumps=jumps, start_k=st.floats(4.0, 300.0), target_k=st.floats(4.0, 300.0), ramp=st.booleans()
)
def test_no_jump_of_the_clock_upsets_it(
    jumps: list[float], start_k: float, target_k: float, ramp: bool
) -> None:
    cryostat = make(start_k)
    low, high = min(cryostat.stage_k, target_k, 4.9), max(cryostat.cell_k, target_k)
    cryostat.change(1, {"setpoint_k": target_k, "ramp_on": ramp, "ramp_k_per_min": 10.0})
    for jump in jumps:
        cryostat.advance(jump)
        assert low - 1.5 < cryostat.stage_k < high + 1.5
        assert low - 1.5 < cryostat.cell_k < high + 2.5
        assert 0.0 <= cryostat.loop(1).output_percent <= 100.0
    cryostat.advance(40_000.0)
    if target_k > 5.5:
        assert cryostat.reading_k("A") == pytest.approx(target_k, abs=0.01)


@settings(deadline=None, max_examples=40)
@given(
    data=st.lists(
        st.tuples(
            st.sampled_from([1, 2]),
            st.sampled_from(["A", "B", "C", ""]),
            st.sampled_from([0, 1, 2, 3]),
            st.floats(0.0, 320.0),
            st.sampled_from([1.0, 50.0, 1000.0]),
            st.sampled_from([0.0, 20.0, 1000.0]),
            st.sampled_from([0.0, 100.0]),
            st.floats(-2.0, 4.0),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_setting_of_the_loops_upsets_it(data: list[tuple]) -> None:
    cryostat = make(10.0)
    for output, channel, heater_range, setpoint_k, p, i, d, log_jump in data:
        cryostat.change(
            output,
            {
                "mode": 1,
                "input": channel,
                "range": heater_range,
                "setpoint_k": setpoint_k,
                "p": p,
                "i": i,
                "d": d,
            },
        )
        cryostat.advance(10.0**log_jump)
        assert 3.0 < cryostat.stage_k < 600.0
        assert 3.0 < cryostat.cell_k < 600.0
        assert math.isfinite(cryostat.loop(output).integral_percent)


@pytest.mark.parametrize("target_k", [20.0, 70.0, 90.0])
def test_one_jump_and_many_small_ones_agree(target_k: float) -> None:
    coarse, fine = make(), make()
    for cryostat in (coarse, fine):
        cryostat.change(1, {"setpoint_k": target_k, "ramp_on": True, "ramp_k_per_min": 3.0})
    coarse.advance(300.0)
    run(fine, 300.0, 1.0)
    assert coarse.stage_k == pytest.approx(fine.stage_k, abs=0.25)
    assert coarse.cell_k == pytest.approx(fine.cell_k, abs=0.25)
    assert coarse.loop(1).moving_k == pytest.approx(fine.loop(1).moving_k, abs=1e-6)


def test_a_step_up_saturates_the_heater_and_does_not_wind_up() -> None:
    cryostat = make()
    cryostat.change(1, {"setpoint_k": 120.0})
    temperatures = run(cryostat, 3000.0, 5.0)
    assert max(temperatures) < 120.5
    assert temperatures[-1] == pytest.approx(120.0, abs=0.02)


def test_the_cell_lags_the_stage_and_ends_slightly_warmer() -> None:
    cryostat = make()
    cryostat.change(1, {"setpoint_k": 100.0, "ramp_on": True, "ramp_k_per_min": 5.0})
    cryostat.advance(240.0)
    assert cryostat.cell_k < cryostat.stage_k - 3.0
    cryostat.advance(10_000.0)
    assert 0.0 < cryostat.cell_k - cryostat.stage_k < 1.5


def test_the_heater_of_output_2_warms_the_cell() -> None:
    cryostat = make()
    cryostat.change(2, {"mode": 3, "range": 2, "manual_percent": 50.0})
    cryostat.advance(10_000.0)
    assert cryostat.loop(2).output_percent == 50.0
    # 2.5 W over 0.4 W/K
    assert cryostat.cell_k - cryostat.stage_k == pytest.approx(6.9, abs=0.3)


def test_a_sensor_error_shifts_the_truth_not_the_reading() -> None:
    cryostat = make(80.0, a=2.0)
    assert cryostat.stage_k == pytest.approx(79.9, abs=1e-3)
    cryostat = make(20.0, a=2.0)
    assert cryostat.stage_k == pytest.approx(19.95, abs=1e-3)


def test_there_is_no_sensor_at_c_and_d_and_no_output_5() -> None:
    cryostat = make()
    assert cryostat.reading_k("C") is None
    with pytest.raises(ValueError, match="outputs 1 to 4"):
        cryostat.loop(5)
