from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import Disagreement
from plans.resumption import Resumption
from plans.route import Repeat, route_of
from plans.settings import Targets
from plans.step_choice import Point

TARGETS = Targets.gpa(load=[4, 7, 10], unload=[8, 5])


def resumption(*ways: int) -> Resumption:
    return Resumption(ways=ways, low_gpa=5.0, high_gpa=9.0, says="7 GPa were last measured")


def point(pressure_gpa: float, turns: float = 0.1) -> Point:
    return Point(turns=turns, pressure_gpa=pressure_gpa, sigma_gpa=0.01)


def left(
    ways: Sequence[int], pressure_gpa: float, targets: Targets | Repeat = TARGETS
) -> list[tuple[int, tuple[float, ...]]]:
    rest = resumption(*ways).rest_of(route_of(targets), point(pressure_gpa), 0.5)
    return [(leg.sign, leg.aims) for leg in rest.legs]


@pytest.mark.parametrize(
    ("ways", "pressure_gpa", "expected"),
    [
        ((), 2.0, [(1, (4, 7, 10)), (-1, (8, 5))]),
        ((1,), 6.8, [(1, (10,)), (-1, (8, 5))]),
        ((1,), 7.9, [(1, (10,)), (-1, (8, 5))]),
        # the last load target was reached, or passed in a move that was cut short
        ((1,), 9.6, [(-1, (8, 5))]),
        ((1,), 12.0, [(-1, (8, 5))]),
        ((1, -1), 9.0, [(-1, (8, 5))]),
        ((1, -1), 7.0, [(-1, (5,))]),
        ((1, -1), 5.3, []),
    ],
)
def test_what_is_passed_is_left_out(
    ways: tuple[int, ...], pressure_gpa: float, expected: list[tuple[int, tuple[float, ...]]]
) -> None:
    assert left(ways, pressure_gpa) == expected


@pytest.mark.parametrize(
    ("ways", "pressure_gpa", "expected"),
    [
        ((), 3.0, [(1, (8, 10)), (-1, (8, 6)), (1, (8, 10)), (-1, (8, 6)), (1, (8,))]),
        ((1,), 8.7, [(1, (10,)), (-1, (8, 6)), (1, (8, 10)), (-1, (8, 6)), (1, (8,))]),
        ((1, -1), 9.9, [(-1, (8, 6)), (1, (8, 10)), (-1, (8, 6)), (1, (8,))]),
        # the same pressure and the same way, in the second cycle
        ((1, -1, 1), 8.7, [(1, (10,)), (-1, (8, 6)), (1, (8,))]),
        ((1, -1, 1, -1), 8.7, [(-1, (8, 6)), (1, (8,))]),
        ((1, -1, 1, -1, 1), 6.2, [(1, (8,))]),
        ((1, -1, 1, -1, 1), 7.8, []),
    ],
)
def test_a_repetition_goes_on_in_its_cycle(
    ways: tuple[int, ...], pressure_gpa: float, expected: list[tuple[int, tuple[float, ...]]]
) -> None:
    assert left(ways, pressure_gpa, Repeat(pressure_gpa=8, swing_gpa=2, cycles=2)) == expected


@given(st.sampled_from([(), (1,), (-1,), (1, -1)]), st.floats(0.0, 20.0))
def test_nothing_is_ever_added_and_no_aim_lies_behind(
    ways: tuple[int, ...], pressure_gpa: float
) -> None:
    legs = left(ways, pressure_gpa)
    whole = [(leg.sign, leg.aims) for leg in route_of(TARGETS).legs]
    assert all(any(s == way and set(a) <= set(aims) for way, aims in whole) for s, a in legs)
    if legs:
        way, aims = legs[0]
        assert all((aim - pressure_gpa) * way > 0 for aim in aims)
    if ways[-1:] == (-1,):
        assert all(way < 0 for way, _ in legs)


def test_turns_have_no_tolerance() -> None:
    route = route_of(Targets.turns(load=[0.1, 0.2]))
    rest = resumption(1).rest_of(route, point(7.0, turns=0.1), 0.5)
    assert [leg.aims for leg in rest.legs] == [(0.2,)]


@pytest.mark.parametrize("pressure_gpa", [4.9, 9.1, float("nan")])
def test_another_pressure_than_was_left_is_refused(pressure_gpa: float) -> None:
    with pytest.raises(Disagreement, match="Nothing was moved"):
        resumption().check(pressure_gpa)
    resumption().check(7.0)


def test_a_screw_is_not_turned_where_no_pressure_was_measured() -> None:
    nothing = Resumption(ways=(), low_gpa=float("nan"), high_gpa=float("nan"), says="")
    with pytest.raises(Disagreement, match="measured no pressure"):
        nothing.require_pressure()
    resumption().require_pressure()
