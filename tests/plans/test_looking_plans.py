"""Plans that look at several places as messages: order, refusals, and nothing sent before them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from bluesky.utils import Msg, RequestAbort

from dac_control.errors import ConfigurationError, Disagreement, LimitError, RampHeld
from dac_control.safety.hold import HoldFlag
from dac_control.safety.limits import StepLimits
from plans.close_and_seal import check_rise, close_and_seal
from plans.full_experiment import Stage, full_experiment
from plans.gauge_settings import EdgeSettings, RubySettings
from plans.hold import hold
from plans.looks import (
    LookRules,
    Looks,
    arming_looks,
    axis_looks,
    gain_looks,
    gauge_looks,
    reflectance_looks,
)
from plans.measure_edge import measure_edge
from plans.measure_reflectance import measure_reflectance
from plans.measure_vibron import measure_vibron
from plans.optics_settings import Closing, ReflectanceSettings
from plans.pressure_map import pressure_map
from plans.pressure_ramp import pressure_ramp
from plans.settings import RampSettings, StepSettings, Targets
from plans.stubs.reflectance import check_reflectance
from plans.watching_settings import HoldSettings

ROUGH = RampSettings(step=StepSettings(tolerance_gpa=100.0))
TOO_LONG = HoldSettings(ruby=RubySettings(exposure_s=20.0, longest_exposure_s=20.0))


class Stage2d:
    """Optics on a stage that is where it is told at once."""

    name, parent = "spots", None
    names = ("chip", "chip 2", "sample", "gasket")

    def __init__(self) -> None:
        self.here = ""

    def looks_at(self, spot: str) -> bool:
        return self.here == spot


def first_messages(plan: Any, count: int) -> list[Msg]:
    """The first messages of a plan, each answered with nothing."""
    return [next(plan) if n == 0 else plan.send(None) for n in range(count)]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda i: measure_edge(i), ConfigurationError, "no gauge 'diamond_edge'"),
        (lambda i: measure_vibron(i), ConfigurationError, "no gauge 'h2_vibron'"),
        (lambda i: measure_vibron(i, "ruby", spot="chip"), ConfigurationError, "no gauge 'ruby'"),
        (lambda i: pressure_map(i, ["chip", "chip 2"]), LimitError, "they look at chip;"),
        (lambda i: pressure_map(i, ["chip"]), LimitError, "two different places"),
        (lambda i: measure_reflectance(i, "hydrogen"), LimitError, r"\[devices.lamp\]"),
        (lambda i: close_and_seal(i, Closing(last_turns=9.0)), LimitError, "9"),
        (lambda i: close_and_seal(i, Closing(last_turns=0.5, rise_gpa=500)), LimitError, "to 500"),
        (
            lambda i: close_and_seal(i, Closing(last_turns=0.5), settings=ROUGH),
            LimitError,
            "than a",
        ),
        (lambda i: pressure_ramp(i, Targets.gpa([40]), settings=ROUGH), LimitError, "than a"),
        (lambda i: hold(i, float("inf")), LimitError, "hold of inf h .* finite duration_h"),
        (lambda i: hold(i, -1.0), LimitError, "hold of -1.0 h"),
        (
            lambda i: hold(i, 1.0, settings=TOO_LONG),
            LimitError,
            r"^ruby: .* to 10 s",
        ),
    ],
)
def test_the_impossible_yields_no_message(laboratory, make, error, said: str) -> None:
    plan = iter(make(laboratory.instruments))
    with pytest.raises(error, match=said):
        next(plan)


@pytest.mark.parametrize(
    ("from_gpa", "said"),
    [(49.0, "Ask for less than 1: that"), (52.0, "from 52 GPa .* No rise is left to ask for: the")],
)
def test_a_rise_that_leads_beyond_a_limit_says_what_is_left(from_gpa: float, said: str) -> None:
    limits = StepLimits(
        min_turns=0.0, max_turns=1.0, max_step_turns=0.1, max_step_gpa=2.0, pressure_limit_gpa=50.0
    )
    with pytest.raises(LimitError, match=said):
        check_rise(Closing(last_turns=0.5, rise_gpa=1.5), limits, 150.0, from_gpa)


def test_a_run_opens_on_a_cleared_checkpoint_and_says_what_it_is(laboratory) -> None:
    instruments = replace(laboratory.instruments, spots=Stage2d())
    for plan, name in (
        (pressure_map(instruments, ["chip", "chip 2"]), "pressure_map"),
        (close_and_seal(instruments, Closing(last_turns=0.5)), "close_and_seal"),
    ):
        first, second = first_messages(iter(plan), 2)
        assert (first.command, second.command) == ("clear_checkpoint", "open_run")
        assert second.kwargs["plan_name"] == name and second.kwargs["devices"]["spots"] == "spots"


def test_reflectance_needs_lamp_gasket_and_sample(laboratory) -> None:
    lit = replace(laboratory.instruments, lamp=object())
    with pytest.raises(LimitError, match="cannot look at 'gasket'"):
        check_reflectance(lit)
    spectrometer = check_reflectance(replace(lit, spots=Stage2d()))
    assert spectrometer is laboratory.instruments.spectrometer, "without a third one"


@pytest.mark.parametrize(
    ("gauge", "said"),
    [
        ("diamond_edge", "no gauge 'diamond_edge'"),
        ("reference_ruby", "'reference_ruby' is a chip outside the pressure chamber"),
    ],
)
def test_a_gauge_that_cannot_say_at_which_pressure_is_refused(
    laboratory, gauge: str, said: str
) -> None:
    ruby = laboratory.instruments.gauges["ruby"]
    instruments = replace(
        laboratory.instruments,
        lamp=object(),
        spots=Stage2d(),
        further_gauges={"reference_ruby": ruby},
    )
    with pytest.raises(ConfigurationError, match=said):
        next(iter(measure_reflectance(instruments, "hydrogen", gauge=gauge)))


@pytest.mark.parametrize(
    ("md", "said"),
    [
        ({"purpose": "show that it is METALLIC"}, r"\(purpose in md\) says more than reflectance"),
        ({"note": [{"of": "a metal"}]}, r"'a metal' \(note.0.of in md\) says more"),
    ],
)
def test_a_claim_beside_a_reflectance_is_refused_before_anything_is_lit(
    laboratory, md: dict[str, Any], said: str
) -> None:
    lit = replace(laboratory.instruments, lamp=object(), spots=Stage2d())
    with pytest.raises(ConfigurationError, match=said):
        next(iter(measure_reflectance(lit, "hydrogen", md=md)))
    # what a ramp is for, people say as they like
    ramp = pressure_ramp(laboratory.instruments, Targets.turns([0.1]), md=md)
    assert first_messages(iter(ramp), 2)[1].command == "open_run"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ReflectanceSettings(exposure_s=0.0),
        lambda: ReflectanceSettings(averages=0),
        lambda: Closing(last_turns=1.0, step_turns=0.0),
        lambda: Closing(last_turns=1.0, leak_gpa=-1.0),
    ],
)
def test_settings_that_make_no_sense_are_refused(make) -> None:
    with pytest.raises(LimitError):
        make()


class Bench:
    """As much of a laboratory as an experiment needs, and a journal of its stages."""

    def __init__(self) -> None:
        self.hold = HoldFlag()
        self.new_id = lambda: "experiment-1"
        self.begun: list[Mapping[str, Any]] = []

    def stage(
        self, name: str, error: BaseException | None = None, looks: tuple[Looks, ...] = ()
    ) -> Stage:
        def plan(md: Mapping[str, Any]):
            self.begun.append(md)
            yield from bps.null()
            if error is not None:
                raise error

        return Stage(name=name, make=plan, looks=looks)


def test_stages_come_in_order_and_name_the_experiment() -> None:
    bench: Any = Bench()
    stages = [bench.stage("cooldown"), bench.stage("pressure_ramp")]
    messages = list(full_experiment(bench, stages, md={"purpose": "p"}))
    assert [m.command for m in messages if m.command == "null"] == ["null", "null"]
    assert [md["experiment"]["number"] for md in bench.begun] == [1, 2]
    assert bench.begun[1]["experiment"] == {
        "id": "experiment-1",
        "stage": "pressure_ramp",
        "number": 2,
        "stages": ["cooldown", "pressure_ramp"],
    }
    assert bench.begun[0]["purpose"] == "p"


def test_nothing_follows_a_stage_that_held() -> None:
    bench: Any = Bench()
    stages = [bench.stage("a"), bench.stage("b", LimitError("too far.")), bench.stage("c")]
    with pytest.raises(RampHeld, match=r"stage 2 of 3, b: too far\. Not begun: c\."):
        list(full_experiment(bench, stages))
    assert len(bench.begun) == 2


def test_a_first_stage_that_is_refused_is_no_hold() -> None:
    bench: Any = Bench()
    with pytest.raises(LimitError, match=r"^too far\.$"):
        list(full_experiment(bench, [bench.stage("a", LimitError("too far."))]))
    with pytest.raises(Disagreement, match="stage 2 of 2, b: elsewhere"):
        place = {"id": "e", "number": 2, "stages": ["a", "b"]}
        stage = bench.stage("b", Disagreement("elsewhere"))
        list(full_experiment(bench, [stage], taken_up=place))


def test_an_interruption_stays_one_and_an_empty_experiment_is_refused() -> None:
    bench: Any = Bench()
    with pytest.raises(RequestAbort):
        list(full_experiment(bench, [bench.stage("a", RequestAbort()), bench.stage("b")]))
    assert len(bench.begun) == 1
    with pytest.raises(LimitError, match="a stage or more"):
        list(full_experiment(bench, []))


class Detector:
    """A spectrometer that exposes for up to 10 s, or for as long as it is told."""

    def __init__(self, name: str, longest_s: float = 10.0) -> None:
        self.name, self.longest_s = name, longest_s

    def check_exposure(self, exposure_s: float) -> None:
        if exposure_s > self.longest_s:
            raise LimitError(f"{self.name} cannot.")


LIMITS = StepLimits(
    min_turns=0.0, max_turns=1.0, max_step_turns=0.05, max_step_gpa=4.0, pressure_limit_gpa=60.0
)
SHORT, LONG = ReflectanceSettings(), ReflectanceSettings(exposure_s=20.0)
ARMED = LookRules(limits=LIMITS, armed_by=LONG, armed_from_gpa=0.0)
NO_RULES = LookRules(limits=LIMITS)


@pytest.mark.parametrize(
    ("looks", "said", "key"),
    [
        (
            reflectance_looks(LONG, RubySettings(), NO_RULES),
            "lamp: vis cannot.",
            "stages.1.reflectance.exposure_s",
        ),
        (
            reflectance_looks(SHORT, RubySettings(), NO_RULES, ("sample", LONG)),
            "lamp_behind: vis cannot.",
            "stages.1.transmission.exposure_s",
        ),
        (
            arming_looks(ARMED, 1),
            "lamp, reflectance.exposure_s of the station file: vis cannot.",
            "reflectance.exposure_s",
        ),
        (
            axis_looks("ruby", [0.1, 20.0], 4),
            "line_lamp: spectrometer cannot.",
            "stages.1.exposures_s",
        ),
        (axis_looks("diamond_edge", [0.1, 20.0], 4), "", ""),
        (gain_looks("ruby", 20.0), "lamp: spectrometer cannot.", "stages.1.probe_s"),
        (
            gauge_looks("diamond_edge", EdgeSettings(exposure_s=99.0), 1),
            "diamond_edge: raman cannot.",
            "stages.1.edge.exposure_s",
        ),
    ],
)
def test_an_exposure_of_a_later_stage_that_cannot_be_made_is_refused_before_the_first(
    looks: tuple[Looks, ...], said: str, key: str
) -> None:
    bench: Any = Bench()
    seen_by = {"ruby": Detector("spectrometer"), "diamond_edge": Detector("raman", 60.0)}
    bench.gauge = lambda name: SimpleNamespace(spectrometer=seen_by[name])
    bench.white_spectrometer = Detector("vis")
    bench.gauges, bench.lamp, bench.lamp_behind, bench.line_lamp = {}, None, None, None
    stages = [bench.stage("pressure_ramp"), bench.stage("b", looks=looks)]
    if said:
        with pytest.raises(LimitError, match=re.escape(f"stage 2 of 2, b: {said}")) as refused:
            list(full_experiment(bench, stages))
        assert refused.value.key == key
    else:
        list(full_experiment(bench, stages))
    assert len(bench.begun) == (0 if said else 2)
