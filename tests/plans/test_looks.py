"""The fewest openings of every plan: counted by hand, and held against any budget."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import LimitError
from dac_control.safety.light import Beam, Exposures, LightAccount, LightBudget, LightLimits
from dac_control.safety.limits import StepLimits
from plans import looks
from plans.gauge_settings import EdgeSettings, RubySettings
from plans.light_budget import LightOf, exposures_of
from plans.looks import LookRules, Looks
from plans.optics_settings import ReflectanceSettings
from plans.ramp_looks import closing_looks, ramp_looks
from plans.route import Repeat, route_of
from plans.settings import DwellSettings, HandOverSettings, RampSettings, Targets
from plans.watching_settings import HoldSettings, TemperatureSettings

LIMITS = StepLimits(
    min_turns=0.0, max_turns=1.0, max_step_turns=0.05, max_step_gpa=4.0, pressure_limit_gpa=60.0
)
PLAIN = LookRules(limits=LIMITS)
AT_295_K = LookRules(limits=LIMITS, cell_k=295.0, rate_k_per_min=0.5)
WHITE = ReflectanceSettings(exposure_s=0.5, averages=10)
FULL = LookRules(limits=LIMITS, reference=True, armed_by=WHITE, armed_from_gpa=10.0)
RUBY, EDGE = RubySettings(exposure_s=0.5), EdgeSettings(exposure_s=60.0)
DWELL = DwellSettings(window_s=300, interval_s=60, min_dwell_s=600, min_readings=5)
UP_AND_DOWN = route_of(Targets.gpa([4, 20], [8]))


def counts(found: tuple[Looks, ...]) -> dict[str, int]:
    """How often each light is opened, by who looks and where."""
    counted: dict[str, int] = {}
    for each in found:
        name = f"{each.by} {each.spot}".strip()
        counted[name] = counted.get(name, 0) + each.count
    return counted


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # where it stands, four steps from 4 to 20, three from 20 to 8; 11 looks and a reading each
        (
            ramp_looks(RampSettings(dwell=DWELL, also=("diamond_edge",)), UP_AND_DOWN, PLAIN),
            {"ruby": 8 * 12, "diamond_edge": 8},
        ),
        (
            ramp_looks(RampSettings(), route_of(Repeat(pressure_gpa=10.0, cycles=1)), PLAIN),
            {"ruby": 4 * (1 + 6)},
        ),
        # a gauge that is taken over from is sure of the dwells of three pairs only
        (
            ramp_looks(
                RampSettings(
                    dwell=DWELL, then=("diamond_edge",), handover=HandOverSettings(fewest_pairs=3)
                ),
                UP_AND_DOWN,
                PLAIN,
            ),
            {"ruby": 8 + 3 * 11, "diamond_edge": 8},
        ),
        # one that is taken up: where the cell stands, and whatever is left
        (
            ramp_looks(RampSettings(), route_of(Targets.gpa([4])), FULL),
            {"reference_ruby": 3, "ruby": 14, "lamp gasket": 2, "lamp sample": 1},
        ),
        # two steps end above 10 GPa on the way up, two on the way down, and of the first, where
        # the cell stands, nobody knows the pressure
        (
            ramp_looks(RampSettings(), UP_AND_DOWN, FULL),
            {"reference_ruby": 9, "ruby": 56, "lamp gasket": 10, "lamp sample": 5},
        ),
        (
            closing_looks(RampSettings(), FULL),
            {"reference_ruby": 4, "ruby": 2 * 7 + 1, "lamp gasket": 4, "lamp sample": 2},
        ),
        (looks.hold_looks(HoldSettings(every_s=600.0), 1.0, PLAIN), {"ruby": 7}),
        (
            looks.temperature_looks(TemperatureSettings(), FULL, 80.0, rising=False),
            {"reference_ruby": 2, "ruby": 2, "lamp gasket": 4, "lamp sample": 2},
        ),
        # 295 to 80 K: twenty places 10.25 K apart, one of which the cell may not come to
        (
            looks.temperature_looks(TemperatureSettings(), AT_295_K, 80.0, rising=False),
            {"ruby": 21},
        ),
        # from the wrong side it ends after a look
        (looks.temperature_looks(TemperatureSettings(), AT_295_K, 80.0, rising=True), {"ruby": 2}),
        (looks.lambda0_looks("reference_ruby", RUBY, 8, PLAIN), {"reference_ruby": 8}),
        (
            looks.beside_ruby_looks("diamond_edge", "anvil far", 3, (EDGE, RUBY), PLAIN),
            {"ruby": 3, "diamond_edge anvil far": 3},
        ),
        (
            looks.map_looks(["a", "b"], "ruby", 2, RampSettings(), PLAIN),
            {"ruby a": 3, "ruby b": 2},
        ),
        (
            looks.map_looks(["a", "b"], "diamond_edge", 2, RampSettings(), PLAIN),
            {"ruby": 5, "diamond_edge a": 3, "diamond_edge b": 2},
        ),
        (
            looks.reflectance_looks(WHITE, RUBY, FULL),
            {"reference_ruby": 1, "ruby": 1, "lamp gasket": 2, "lamp sample": 1},
        ),
        (
            looks.reflectance_looks(WHITE, RUBY, PLAIN, gauge=("diamond_edge", EDGE)),
            {"ruby": 1, "diamond_edge": 1, "lamp gasket": 2, "lamp sample": 1},
        ),
        (looks.axis_looks("ruby", [0.05, 0.5], 4), {"line_lamp lamp": 2}),
        (looks.gain_looks("ruby", 0.1), {"lamp lamp": 1}),
    ],
)
def test_the_fewest_openings_are_counted(
    found: tuple[Looks, ...], expected: dict[str, int]
) -> None:
    assert counts(found) == expected


def test_of_exposures_that_follow_from_the_signal_only_the_first_is_certain() -> None:
    wanted = RubySettings(exposure_s=0.5, signal_to_noise=50.0)
    settings = RampSettings(ruby=wanted)
    assert counts(ramp_looks(settings, UP_AND_DOWN, PLAIN)) == {"ruby": 1}
    assert counts(looks.map_looks(["a", "b"], "ruby", 2, settings, PLAIN)) == {"ruby a": 1}


def test_a_dwell_ends_with_its_time_also_where_one_reading_lasts_as_long() -> None:
    settings = RampSettings(dwell=DwellSettings(max_dwell_s=900), ruby=RubySettings(averages=5000))
    # a reading of 1000 s each 2000 s: the dwell is over with the first
    assert counts(ramp_looks(settings, route_of(Targets.turns([0.1])), PLAIN)) == {"ruby": 4}


GREEN, WHITE_LIGHT = "532nm", "lamp"
LIGHTS = {
    "ruby": LightOf(light=GREEN, power_mw=2.0, home="chip"),
    "diamond_edge": LightOf(light=GREEN, power_mw=2.0, home="anvil near"),
    "reference_ruby": LightOf(light=GREEN, power_mw=2.0, home="reference ruby"),
    "lamp": LightOf(light=WHITE_LIGHT, power_mw=5.0),
    "line_lamp": LightOf(light=WHITE_LIGHT, power_mw=1.0),
}


@pytest.mark.parametrize(
    ("ramp", "how", "less"),
    [
        (
            Targets.gpa([4, 20], [8]),
            "leave out targets at the ends of the way (passed ones count, too), ",
            Targets.gpa([20], [8]),
        ),
        (
            Repeat(pressure_gpa=10.0, cycles=2),
            "ask for fewer cycles, ",
            Repeat(pressure_gpa=10.0, cycles=1),
        ),
        (Targets.gpa([20]), "", None),
    ],
)
def test_a_ramp_that_is_refused_is_told_how_to_be_shorter(
    ramp: Targets | Repeat, how: str, less: Targets | Repeat | None
) -> None:
    def exposures(ramp: Targets | Repeat) -> tuple[Exposures, ...]:
        return exposures_of(ramp_looks(RampSettings(), route_of(ramp), PLAIN), LIGHTS)[
            GREEN, "chip"
        ]

    budget = LightLimits(light=GREEN, max_energy_mj=0.1)
    account = Laboratory([budget]).account
    with pytest.raises(LimitError) as refused:
        account.check(GREEN, "chip", *exposures(ramp))
    said = f"Ask for less time or power, {how}measure elsewhere, or raise max_energy_mj to at least"
    assert said in str(refused.value)
    assert less is None or exposures(less)[0].count < exposures(ramp)[0].count


RULES = st.builds(
    LookRules,
    limits=st.just(LIMITS),
    reference=st.booleans(),
    armed_by=st.none() | st.just(WHITE),
    armed_from_gpa=st.sampled_from([0.0, 15.0, math.inf]),
)
RUBIES = st.builds(
    RubySettings,
    exposure_s=st.floats(0.01, 5.0),
    averages=st.integers(1, 4),
    signal_to_noise=st.none() | st.just(30.0),
)
RAMPS = st.builds(
    RampSettings,
    ruby=RUBIES,
    also=st.sampled_from([(), ("diamond_edge",)]),
    edge=st.builds(EdgeSettings, exposure_s=st.floats(1.0, 100.0)),
)
PLANS: st.SearchStrategy[tuple[Looks, ...]] = st.one_of(
    st.builds(ramp_looks, RAMPS, st.just(UP_AND_DOWN), RULES),
    st.builds(closing_looks, RAMPS, RULES),
    st.builds(looks.hold_looks, st.builds(HoldSettings, ruby=RUBIES), st.floats(0.1, 20.0), RULES),
    st.builds(
        looks.map_looks,
        st.just(["chip", "chip 2"]),
        st.sampled_from(["ruby", "diamond_edge"]),
        st.integers(1, 3),
        RAMPS,
        RULES,
    ),
    st.builds(looks.reflectance_looks, st.just(WHITE), RUBIES, RULES),
    st.builds(
        looks.axis_looks,
        st.just("ruby"),
        st.lists(st.floats(0.01, 2.0), min_size=1, max_size=3),
        st.just(4),
    ),
)


class Laboratory:
    """An account with a clock that only exposures move."""

    def __init__(self, limits: list[LightLimits]) -> None:
        self.records: list[Any] = []
        self.time_s, self.speed = 0.0, 1.0
        beams = {name: Beam(light=name, area_um2=50.0, transmission=0.5) for name in
                 (GREEN, WHITE_LIGHT)}  # fmt: skip
        self.account = LightAccount(
            specimen="s", beams=beams, ledger=self, clock=self, budget=LightBudget(limits=limits)
        )

    def now(self) -> float:
        return self.time_s

    def append(self, record: Any) -> None:
        self.records.append(record)

    def read(self) -> list[Any]:
        return self.records

    def expose(self, light: str, spot: str, wanted: Exposures) -> None:
        """One opening, asked for and charged as `plans.stubs.light.lit` does it."""
        self.account.check(light, spot, wanted)
        opening = self.account.begin(light, spot, power_mw=wanted.power_mw)
        self.time_s += wanted.exposure_s
        self.account.end(opening, open_s=wanted.exposure_s, power_mw=None, reason="shut")


@given(
    stages=st.lists(PLANS, min_size=1, max_size=2),
    light=st.sampled_from([GREEN, WHITE_LIGHT]),
    part=st.floats(0.0, 0.999) | st.floats(1.001, 2.0),
    had_s=st.floats(0.01, 50.0),
    longest_s=st.none() | st.floats(0.5, 50.0),
    order=st.randoms(use_true_random=False),
)
def test_what_is_let_pass_is_not_refused_half_way_and_what_is_refused_could_not_be_done(
    stages: list[tuple[Looks, ...]],
    light: str,
    part: float,
    had_s: float,
    longest_s: float | None,
    order: Any,
) -> None:
    wanted = exposures_of([each for stage in stages for each in stage], LIGHTS)
    needed_mj = max(
        (
            sum(0.5 * row.power_mw * row.exposure_s * row.count for row in rows)
            for (label, _), rows in wanted.items()
            if label == light
        ),
        default=1.0,
    )
    limit = LightLimits(
        light=light, max_energy_mj=(had_s + needed_mj) * part, max_exposure_s=longest_s
    )
    laboratory = Laboratory([limit])
    account = laboratory.account
    account.state(light, "chip", power_mw=2.0, open_s=had_s, reason="before")
    try:
        for spot, rows in wanted.items():
            account.check(*spot, *rows)
        lets_pass = True
    except LimitError as error:
        assert "raise max_e" in str(error)
        lets_pass = False
    singly = [
        (spot, row) for spot, rows in wanted.items() for row in rows for _ in range(row.count)
    ]
    order.shuffle(singly)
    try:
        for spot, row in singly:
            one = Exposures(power_mw=row.power_mw, exposure_s=row.exposure_s)
            laboratory.expose(*spot, one)
        done = True
    except LimitError:
        done = False
    assert done == lets_pass
