"""Whether the scales of the gauges in charge reach along the way of a ramp."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dac_control.errors import LimitError, RampHeld
from dac_control.gauges.scales import get_scale, table_form
from plans.gauge_ranges import check_ranges, span_gpa
from plans.in_charge import GaugesInCharge
from plans.ramp_way import stays_in_range
from plans.route import route_of
from plans.settings import Targets
from plans.step_choice import Point

A10 = span_gpa(get_scale("akahama2010", "diamond_edge"))
SPANS = {"ruby": span_gpa(get_scale("ruby2020")), "diamond_edge": A10, "wide": (100.0, 410.0)}


def test_only_a_scale_that_does_not_lead_to_zero_has_a_lower_end() -> None:
    assert SPANS["ruby"] == (-math.inf, 150.0)
    assert span_gpa(get_scale("mao1978")) == (-math.inf, 100.0)  # made for 6 to 100 GPa
    assert A10 == (200.0, 410.0)
    points = table_form(np.array([4170.0, 4190.0]), np.array([2.0, 6.0]))
    table = replace(get_scale("mao1978"), form=points, reference=4160.0, range_gpa=(2.0, 6.0))
    assert span_gpa(table) == (2.0, 6.0)


@pytest.mark.parametrize(
    ("gauges", "load", "unload", "said"),
    [
        ("ruby diamond_edge", [250], [], "scale of ruby reaches to 150 GPa and that of diamond_"),
        ("ruby diamond_edge", [100], [], "diamond_edge cannot take over from ruby"),
        ("diamond_edge", [120, 250], [], 'let wide begin: gauge = ["wide", "diamond_edge"]'),
        ("diamond_edge", [5, 250], [], "raise the target, or choose a scale"),
        (
            "diamond_edge",
            [250],
            [150],
            "150 GPa lies below the scale of diamond_edge, which begins",
        ),
        ("ruby wide", [250], [50], "50 GPa lies below the scale of wide, which begins at 100"),
        ("wide", [], [250, 50], "50 GPa lies below the scale of wide"),
        ("ruby", [250], [], 'let wide take over: gauge = ["ruby", "wide"]'),
        ("ruby wide", [], [250, 120], 'it begins; let wide begin: gauge = ["wide", "ruby"]'),
        ("ruby", [], [250, 120], 'let wide begin: gauge = ["wide", "ruby"]'),
    ],
)
def test_what_no_scale_reaches_is_refused(
    gauges: str, load: list[float], unload: list[float], said: str
) -> None:
    with pytest.raises(LimitError) as refused:
        check_ranges(SPANS, gauges.split(), route_of(Targets.gpa(load, unload)).legs)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("gauges", "load", "unload"),
    [
        ("ruby wide diamond_edge", [5, 300], [210, 100]),
        ("ruby wide", [140], [5]),  # the ruby may well be in charge all the way
        ("wide ruby", [], [250, 5]),  # a way down hands over, too
        ("wide ruby", [260], [5]),
        ("diamond_edge", [250, 300], [220]),
    ],
)
def test_what_some_scale_reaches_is_not(
    gauges: str, load: list[float], unload: list[float]
) -> None:
    check_ranges(SPANS, gauges.split(), route_of(Targets.gpa(load, unload)).legs)


class Read:
    """A gauge as a device, with what it measured last."""

    def __init__(self, name: str) -> None:
        scale = get_scale(*{"ruby": ("ruby2020",), "diamond_edge": ("akahama2010", name)}[name])
        self.device = SimpleNamespace(gauge=SimpleNamespace(scale=scale), last=None)


def in_charge(*names: str) -> tuple[GaugesInCharge, dict[str, Read]]:
    reads = {name: Read(name) for name in ("ruby", "diamond_edge")}
    instruments: Any = SimpleNamespace(gauge=reads.__getitem__)
    return GaugesInCharge(instruments, names), reads


def test_what_a_gauge_reads_below_its_scale_is_no_overlap() -> None:
    charge, reads = in_charge("ruby", "diamond_edge")
    outcome: Any = SimpleNamespace(point=Point(0.1, 140.0, 0.1), beside=("diamond_edge",))
    for edge_gpa in (140.0, 160.0, 199.0, 205.0, 206.0, 207.0):
        assert charge.ready is None
        reads["ruby"].device.last = SimpleNamespace(measured=True, pressure_gpa=140.0)
        reads["diamond_edge"].device.last = SimpleNamespace(measured=True, pressure_gpa=edge_gpa)
        charge.note(1, outcome, +1)
    assert charge.ready == "diamond_edge"


@pytest.mark.parametrize(
    ("here_gpa", "sign", "held"),
    [
        (150.0, +1, "the cell stands at 150.0 GPa"),
        (199.7, +1, "the cell stands at 199.7 GPa"),
        (199.9, -1, ""),  # 200 within its noise of 0.1 GPa
        (201.0, +1, ""),
        (201.0, -1, ""),
    ],
)
def test_a_cell_below_the_scale_in_charge_is_not_moved(
    here_gpa: float, sign: int, held: str
) -> None:
    charge, _ = in_charge("diamond_edge")
    branch = SimpleNamespace(
        here=Point(0.1, here_gpa, 0.1),
        sign=sign,
        predict=lambda _: SimpleNamespace(low_gpa=199.0, high_gpa=203.0),
    )
    way: Any = SimpleNamespace(charge=charge, branch=branch, number=1)
    if not held:
        assert list(stays_in_range(way, 0.11)) == []
        return
    with pytest.raises(RampHeld, match=f"at step 1: {held} and the scale of diamond_edge begins"):
        list(stays_in_range(way, 0.11))
