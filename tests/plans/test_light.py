"""The light in a real RunEngine, over the real driver, in front of the simulated laser."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest
from bluesky.run_engine import RunEngine
from bluesky.utils import FailedStatus, RequestAbort
from ophyd.sim import SynSignal

from dac_control.clock import SteadyClock
from dac_control.errors import InstrumentError, LimitError, RampHeld
from dac_control.picture import PictureScale
from dac_control.records import LightLedger
from dac_control.safety.light import Beam, LaserArming, LightAccount, LightBudget, LightLimits
from devices.drivers.cobolt06 import LINK_SETTINGS, Cobolt06
from devices.drivers.roles import Frame
from devices.laser import Laser
from devices.links import open_link
from devices.picture import Picture
from devices.step_notes import StepNotes
from plans.failures import cause_of
from plans.picture_watch import PictureWatch
from plans.stubs.arming import arm_laser
from plans.stubs.light import lit
from plans.watched import watched
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.serving.tcp import TcpServer
from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants

GREEN = "532nm"
SPEED = 100.0


class Light:
    light_on = True
    light_mw = 1.0


class Bench:
    """A laser on a wire, its device, and a RunEngine."""

    def __init__(self, folder: Path) -> None:
        self.cell = Light()
        constants = HeadConstants(warm_up_s=0.0)
        self.simulator = Cobolt06Simulator(self.cell, SimulatedClock(SPEED), constants)
        self.faults = FaultInjector(self.simulator.session)
        self.server = TcpServer(self.faults.session)
        self.server.start()
        clock = SteadyClock(SPEED)
        self.ledger = LightLedger(folder / "light.jsonl")
        self.account = LightAccount(
            specimen="s1",
            beams={GREEN: Beam(light=GREEN, area_um2=50.0, transmission=0.5)},
            ledger=self.ledger,
            clock=clock,
            budget=LightBudget(limits=(LightLimits(light=GREEN, max_energy_mj=1e4),)),
            arming=LaserArming(above_gpa=50.0),
        )
        link = open_link(
            f"socket://127.0.0.1:{self.server.port}",
            settings=replace(LINK_SETTINGS, reply_timeout_s=0.3, longest_back_off_s=0.3),
        )
        self.laser = Laser(
            driver=Cobolt06(link, wavelength_nm=532.0, max_power_mw=50.0),
            name="laser",
            light=GREEN,
            account=self.account,
            clock=clock,
            poll_period_s=0.05,
        )
        self.laser.connect()
        self.engine = RunEngine({}, context_managers=[])
        self.instruments: Any = SimpleNamespace(light=self.laser, spots=None)

    def close(self) -> None:
        if self.engine.state != "idle":
            self.engine.abort()
        self.engine.loop.call_soon_threadsafe(self.engine.loop.stop)
        self.engine._th.join(5.0)
        self.engine.loop.close()
        self.laser.destroy()
        self.server.stop()

    def lit(self, inner, **options):
        defaults = {"spot": "chip", "seconds": 20.0, "power_mw": 10.0, "pressure_gpa": 10.0}
        return lit(self.instruments, inner, **{**defaults, **options})

    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.ledger.read()]


@pytest.fixture
def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    made.close()


def wait_for(condition) -> None:
    deadline = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def look(bench: Bench, seen: list[float]):
    """What a measurement does while the light is open."""
    yield from bps.sleep(0.05)
    seen.append(bench.cell.light_mw if bench.cell.light_on else 0.0)
    return "measured"


def test_the_light_is_on_for_the_plan_alone_and_charged(bench: Bench) -> None:
    seen: list[float] = []
    results: list[str] = []

    def whole():
        results.append((yield from bench.lit(look(bench, seen))))

    bench.engine(whole())
    assert results == ["measured"] and seen == [pytest.approx(5.0, rel=0.05)]
    assert not bench.cell.light_on and not bench.simulator.head.lit
    assert bench.kinds() == ["opening", "closed"]
    dose = bench.account.dose(GREEN, "chip")
    assert dose.shots == 1 and dose.energy_mj == pytest.approx(5.0 * dose.open_s, rel=0.05)
    assert dose.open_s >= 0.05 * SPEED, "open time is the laboratory's"


def test_what_the_budget_does_not_allow_is_not_begun(bench: Bench) -> None:
    seen: list[float] = []
    with pytest.raises(LimitError, match="mJ are left"):
        bench.engine(bench.lit(look(bench, seen), seconds=1e5))
    assert not seen and bench.kinds() == [] and not bench.simulator.head.lit


def test_at_high_pressure_the_picture_and_the_reflectance_come_first(bench: Bench) -> None:
    seen: list[float] = []
    taken: list[str] = []

    def take(what: str):
        def make():
            yield from bps.null()
            taken.append(what)

        return make

    with pytest.raises(LimitError, match="picture"):
        bench.engine(bench.lit(look(bench, seen), pressure_gpa=120.0))
    with pytest.raises(LimitError, match="unknown pressure"):
        bench.engine(bench.lit(look(bench, seen), pressure_gpa=None))
    assert not seen and bench.kinds() == []

    def step(number: int, pressure_gpa: float = 120.0):
        yield from arm_laser(
            bench.instruments,
            number,
            pressure_gpa=pressure_gpa,
            picture=take("picture"),
            reflectance=take("reflectance"),
        )
        yield from bench.lit(look(bench, seen), pressure_gpa=pressure_gpa)

    bench.engine(step(0, 20.0))
    assert taken == [] and len(seen) == 1, "nothing is taken where the rule does not hold"

    bench.engine(step(1))
    bench.engine(step(1))
    bench.engine(step(2))
    assert taken == ["picture", "reflectance"] * 2 and len(seen) == 4


def test_a_plan_that_fails_leaves_no_light_on(bench: Bench) -> None:
    def fails():
        yield from bps.sleep(0.01)
        raise InstrumentError("the spectrometer is gone.")

    with pytest.raises(InstrumentError, match="spectrometer"):
        bench.engine(bench.lit(fails()))
    wait_for(lambda: not bench.simulator.head.lit and bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]
    assert bench.account.dose(GREEN, "chip").energy_mj > 0, "a failed exposure counts"


def test_an_aborted_plan_leaves_no_light_on(bench: Bench) -> None:
    def interrupted():
        yield from bps.sleep(0.05)
        raise RequestAbort

    bench.engine(bench.lit(interrupted()))
    assert not bench.simulator.head.lit and bench.kinds() == ["opening", "closed"]


def test_a_plan_that_is_thrown_away_leaves_no_light_on(bench: Bench) -> None:
    """As `RE.halt` does: closed where it stands, without a chance to do anything."""
    plan = iter(bench.lit(look(bench, [])))
    message = next(plan)
    while message.command != "sleep":
        answer = None
        if message.command == "set":
            answer = message.obj.set(*message.args)
            answer.wait(10)
        message = plan.send(answer)
    assert bench.simulator.head.lit
    plan.close()
    wait_for(lambda: not bench.simulator.head.lit and bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]


def test_light_that_goes_out_meanwhile_spoils_the_measurement(bench: Bench) -> None:
    def cut():
        yield from bps.sleep(0.02)
        bench.simulator.open_interlock()
        yield from bps.sleep(0.2)

    with pytest.raises(InstrumentError, match="went dark"):
        bench.engine(bench.lit(cut()))
    wait_for(lambda: bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]


def test_a_laser_that_does_not_come_on_fails_before_the_plan_begins(bench: Bench) -> None:
    bench.simulator.turn_key(False)
    bench.laser._on_timeout_s = 5.0
    seen: list[float] = []
    with pytest.raises(FailedStatus) as failed:
        bench.engine(bench.lit(look(bench, seen)))
    assert "key" in str(cause_of(failed.value)) and not seen
    wait_for(lambda: bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]


@pytest.mark.parametrize("kind", [Fault.SILENCE, Fault.DROP_CONNECTION, Fault.GARBAGE])
def test_a_lost_answer_to_off_still_ends_dark(bench: Bench, kind: Fault) -> None:
    seen: list[float] = []
    bench.faults.next(kind, when=b"l0")
    bench.engine(bench.lit(look(bench, seen)))
    wait_for(lambda: not bench.simulator.head.lit and bench.laser.opening is None)
    assert len(seen) == 1 and bench.kinds() == ["opening", "closed"]


def test_a_light_without_an_account_is_only_opened_and_shut(bench: Bench) -> None:
    states: list[bool] = []

    class Shutter(SynSignal):
        def set(self, value):
            states.append(value)
            return super().set(value)

    bench.instruments.light = Shutter(name="shutter")
    seen: list[float] = []
    bench.engine(bench.lit(look(bench, seen)))
    assert states == [True, False] and len(seen) == 1
    bench.engine(arm_laser(bench.instruments, 1, picture=lambda: bps.null()))


def test_a_station_without_light_says_so(bench: Bench) -> None:
    bench.instruments.light = None
    with pytest.raises(LimitError, match="no light"):
        bench.engine(bench.lit(look(bench, [])))


class Microscope(SynSignal):
    """Shows a bright hole of another radius each time; none where that is 0."""

    address = "stand-in"

    def __init__(self, radii: list[float]) -> None:
        super().__init__(name="microscope", func=lambda: 1.0)
        self.radii = radii
        self.last: Frame | None = None

    def trigger(self):
        y, x = np.mgrid[:120, :160]
        radius = self.radii.pop(0)
        depth = radius - np.hypot(x - 80.5, y - 60.0)
        pixels = (20 + 150 / (1 + np.exp(-1.7 * depth / 1.5))).astype(np.uint8)
        self.last = Frame(pixels=pixels if radius else pixels[:3, :3], exposure_s=0.02, time=1.7e9)
        return super().trigger()


def test_the_picture_is_judged_before_the_laser_shoots(bench: Bench) -> None:
    microscope: Any = Microscope([30.0, 29.9, 0.0, 29.8, 34.0])
    picture = Picture(microscope=microscope, scale=PictureScale(), name="picture")
    where = SimpleNamespace(turns=SimpleNamespace(get=lambda: 0.3))
    clock = SynSignal(name="clock", func=lambda: 1.0)
    about = {"step": StepNotes(name="step"), "drive": where, "clock_reading": clock}
    vars(bench.instruments).update(about, microscope=microscope, picture=picture, frames={})
    events: list[dict[str, Any]] = []
    bench.engine.subscribe(lambda _, doc: events.append(doc["data"]), "event")
    bench.account.arming.needs = ("picture",)
    seen: list[float] = []

    def whole():
        yield from bps.open_run()
        for number in range(1, 6):
            yield from arm_laser(bench.instruments, number)
            yield from bench.lit(look(bench, seen), pressure_gpa=None)

    with pytest.raises(RampHeld, match="The hole is 14"):
        bench.engine(watched(whole(), [PictureWatch(bench.instruments)]))
    assert [each["picture_judged"] for each in events] == [False, False, False, True, True]
    assert events[2]["picture_flags"] == "unreadable" and events[-1]["step_signs"] == "blow_out"
    assert len(seen) == 4 and bench.account.arming.missing == ("picture",)
    picture.destroy()
