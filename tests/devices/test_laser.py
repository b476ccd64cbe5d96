"""The light device: budget first, ledger before light, off on every exit, no second sending."""

import threading
import time
from pathlib import Path

import pytest

from dac_control.clock import SteadyClock
from dac_control.errors import InstrumentError, LimitError, LinkDown, RecordError
from dac_control.records import LightLedger
from dac_control.safety.light import Beam, LightAccount, LightBudget, LightLimits
from devices.drivers.light_role import LaserReading
from devices.drivers.roles import Identity
from devices.laser import Laser

GREEN = "532nm"


class StandIn:
    """A laser without a wire; a test can break it at will."""

    address = "stand-in"
    max_power_mw = 100.0
    power_resolution_mw = 0.1

    def __init__(self) -> None:
        self.lit = False
        self.reached = 1.0
        self.told_mw = 1.0
        self.interlock_open = False
        self.fault = ""
        self.down = False
        self.stuck = False
        self.sent: list[str] = []
        self.on_switch_on = lambda: None
        self.closed = False

    def connect(self) -> Identity:
        return Identity(vendor="x", model="y", serial="1", firmware="1")

    def concerns(self) -> list[str]:
        return []

    def close(self) -> None:
        self.closed = True

    def _maybe_fail(self) -> None:
        if self.down:
            raise LinkDown("the line is cut.")

    def read(self) -> LaserReading:
        self._maybe_fail()
        return LaserReading(
            emitting=self.lit,
            power_mw=self.told_mw * self.reached if self.lit else 0.0,
            setpoint_mw=self.told_mw,
            interlock_open=self.interlock_open,
            fault=self.fault,
            operating_hours=12.0,
            time=time.time(),
        )

    def set_power(self, power_mw: float) -> None:
        self._maybe_fail()
        self.told_mw = power_mw

    def switch_on(self, check_wanted) -> None:
        self._maybe_fail()
        check_wanted()
        self.sent.append("on")
        self.on_switch_on()
        self.lit = True

    def switch_off(self) -> None:
        self._maybe_fail()
        self.sent.append("off")
        if self.stuck:
            raise InstrumentError("still on.")
        self.lit = False


class Bench:
    def __init__(self, folder: Path, limits=(), speed: float = 1.0) -> None:
        self.driver = StandIn()
        self.clock = SteadyClock(speed)
        self.ledger = LightLedger(folder / "light.jsonl")
        self.limits = tuple(limits)
        self.laser = self.session()

    def account(self) -> LightAccount:
        return LightAccount(
            specimen="s1",
            beams={GREEN: Beam(light=GREEN, area_um2=50.0, transmission=0.5)},
            ledger=self.ledger,
            clock=self.clock,
            budget=LightBudget(limits=self.limits),
        )

    def session(self) -> Laser:
        return Laser(
            driver=self.driver,
            name="laser",
            light=GREEN,
            account=self.account(),
            clock=self.clock,
            on_timeout_s=0.3,
            poll_period_s=0.02,
            reply_timeout_s=5.0,
        )

    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.ledger.read()]


@pytest.fixture
def make(tmp_path: Path):
    made: list[Bench] = []

    def build(**options) -> Bench:
        made.append(Bench(tmp_path, **options))
        made[-1].laser.connect()
        return made[-1]

    yield build
    for bench in made:
        bench.driver.down = bench.driver.stuck = False
        bench.laser.destroy()


@pytest.fixture
def bench(make) -> Bench:
    return make()


def ended(status, timeout_s: float = 10.0):
    return status.exception(timeout_s)


def wait_for(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def switched_on(bench: Bench, power_mw: float = 10.0, open_s: float = 5.0) -> None:
    bench.laser.next_power_mw.put(power_mw)
    bench.laser.next_open_s.put(open_s)
    assert ended(bench.laser.set(True)) is None


def test_on_is_done_when_the_power_was_read_back_and_off_when_it_is_dark(bench) -> None:
    switched_on(bench)
    laser = bench.laser
    assert laser.is_on.get() and laser.power_mw.get() == pytest.approx(10.0)
    assert laser.spot.get() == "sample"
    assert ended(laser.set(False)) is None
    assert not laser.is_on.get() and laser.power_mw.get() == 0.0
    assert bench.driver.sent == ["on", "off"]
    assert laser.last_open_s.get() > 0
    assert laser.last_energy_mj.get() == pytest.approx(laser.last_open_s.get() * 5.0)


def test_the_opening_is_on_disk_before_the_light_comes_on(bench) -> None:
    seen: list[list[str]] = []
    bench.driver.on_switch_on = lambda: seen.append(LightLedger(bench.ledger.path).read())
    bench.laser.account.run_uid = "run"
    switched_on(bench)
    (opening,) = seen[0]
    assert opening["kind"] == "opening" and opening["power_mw"] == 10.0
    assert (opening["specimen"], opening["light"], opening["run"]) == ("s1", GREEN, "run")
    bench.laser.set(False).wait(5)
    assert bench.kinds() == ["opening", "closed"]
    assert bench.ledger.read()[1]["power_mw"] == pytest.approx(10.0)


def test_a_ledger_that_cannot_be_written_keeps_it_dark(bench, monkeypatch) -> None:
    def full(record) -> None:
        raise RecordError("the disk is full.")

    monkeypatch.setattr(bench.ledger, "append", full)
    assert isinstance(ended(bench.laser.set(True)), RecordError)
    assert not bench.driver.lit and bench.driver.sent == []


def test_the_budget_is_asked_before_anything_is_sent(make) -> None:
    bench = make(limits=[LightLimits(light=GREEN, max_energy_mj=10.0)])
    bench.laser.next_power_mw.put(10.0)
    bench.laser.next_open_s.put(5.0)
    error = ended(bench.laser.set(True))
    assert isinstance(error, LimitError) and "10 mJ are left" in str(error)
    assert bench.driver.sent == [] and bench.kinds() == []


def test_a_power_that_it_cannot_make_is_refused(bench) -> None:
    bench.laser.next_power_mw.put(1000.0)
    assert isinstance(ended(bench.laser.set(True)), LimitError)
    assert bench.driver.sent == []


def test_a_power_that_is_not_reached_ends_dark_and_is_charged_as_measured(bench) -> None:
    bench.driver.reached = 0.5
    bench.laser.next_power_mw.put(10.0)
    error = ended(bench.laser.set(True))
    assert isinstance(error, InstrumentError) and "5 mW" in str(error)
    assert not bench.driver.lit and bench.kinds() == ["opening", "closed"]
    assert bench.ledger.read()[1]["power_mw"] == pytest.approx(5.0)


def test_switching_on_that_fails_is_never_sent_twice_and_ends_dark(bench) -> None:
    def fail() -> None:
        raise LinkDown("cut.")

    bench.driver.on_switch_on = fail
    assert isinstance(ended(bench.laser.set(True)), LinkDown)
    assert bench.driver.sent == ["on", "off"]
    assert bench.kinds() == ["opening", "closed"]


def test_stop_shuts_the_light_at_once_and_is_confirmed(bench) -> None:
    switched_on(bench)
    began = time.monotonic()
    bench.laser.stop()
    assert time.monotonic() - began < 0.1
    wait_for(lambda: not bench.driver.lit and bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]
    bench.laser.stop()
    bench.laser.stop(success=True)


def test_stop_while_it_comes_on_prevents_or_ends_it(bench) -> None:
    bench.driver.reached = 0.1
    bench.laser._on_timeout_s = 5.0
    bench.laser.next_power_mw.put(10.0)
    status = bench.laser.set(True)
    wait_for(lambda: bench.driver.lit)
    bench.laser.stop()
    assert "shut before" in str(ended(status))
    wait_for(lambda: not bench.driver.lit and bench.laser.opening is None)
    assert bench.driver.sent.count("on") == 1


def test_shutting_while_it_comes_on_need_not_wait_for_the_power(bench) -> None:
    bench.driver.reached = 0.1
    bench.laser._on_timeout_s = 60.0
    bench.laser.next_power_mw.put(10.0)
    status = bench.laser.set(True)
    wait_for(lambda: bench.driver.lit)
    assert ended(bench.laser.set(False)) is None
    assert "shut before" in str(ended(status)) and not bench.driver.lit


def test_a_stop_before_the_worker_began_prevents_the_light(bench) -> None:
    gate = threading.Event()
    bench.laser._worker.submit(lambda: gate.wait(5), bench.laser._worker.COMMAND)
    status = bench.laser.set(True)
    bench.laser.stop()
    gate.set()
    assert "shut before" in str(ended(status))
    assert bench.driver.sent == [] and bench.kinds() == []


def test_a_light_that_is_on_already_is_not_switched_on_again(bench) -> None:
    switched_on(bench)
    assert "on already" in str(ended(bench.laser.set(True)))
    assert bench.driver.sent == ["on"]


def test_a_lost_line_is_dark_as_soon_as_it_is_back(bench) -> None:
    switched_on(bench)
    bench.driver.down = True
    assert isinstance(ended(bench.laser.set(False)), LinkDown)
    assert bench.kinds() == ["opening"], "nobody knows that it is off"
    bench.driver.down = False
    wait_for(lambda: bench.laser.opening is None)
    assert not bench.driver.lit and bench.kinds() == ["opening", "closed"]


def test_a_poll_that_fails_while_it_is_lit_shuts_it(bench) -> None:
    switched_on(bench)
    bench.driver.down = True
    wait_for(lambda: bench.laser._worker.poll_error is not None)
    bench.driver.down = False
    wait_for(lambda: bench.laser.opening is None)
    assert not bench.driver.lit


def test_a_laser_that_says_off_and_still_shines_is_not_believed(bench) -> None:
    switched_on(bench, power_mw=50.0)
    bench.driver.stuck = True
    assert isinstance(ended(bench.laser.set(False)), InstrumentError)
    assert bench.kinds() == ["opening"]
    bench.driver.stuck = False
    wait_for(lambda: bench.kinds() == ["opening", "closed"])


def test_a_light_that_goes_dark_by_itself_is_closed_in_the_ledger(bench) -> None:
    switched_on(bench)
    bench.driver.fault, bench.driver.lit = "the interlock is open", False
    wait_for(lambda: bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"] and bench.laser.fault.get()


def test_an_opening_that_lasts_too_long_is_ended_by_the_device(make) -> None:
    bench = make()
    switched_on(bench, open_s=0.01)
    assert bench.laser.opening is not None
    bench.laser.opening.longest_s = 0.05
    wait_for(lambda: bench.laser.opening is None)
    assert not bench.driver.lit


def test_light_that_somebody_else_switched_on_is_charged(bench) -> None:
    bench.driver.lit, bench.driver.told_mw = True, 20.0
    wait_for(lambda: bench.laser.opening is not None)
    assert bench.ledger.read()[0]["found_on"]
    bench.driver.lit = False
    wait_for(lambda: bench.laser.opening is None)
    assert bench.kinds() == ["opening", "closed"]


@pytest.mark.parametrize("left_on", [True, False])
def test_an_opening_that_a_killed_process_left_is_proved_off_at_the_next_contact(
    bench, left_on: bool
) -> None:
    switched_on(bench)
    # as after kill -9: no end, and the laser may still be on
    bench.laser._worker.close()
    bench.driver.lit = left_on
    later = bench.session()
    assert later.account.dose(GREEN, "sample").unended == 1
    later.connect()
    assert not bench.driver.lit
    assert bench.kinds()[:2] == ["opening", "proved_off"]
    assert later.account.dose(GREEN, "sample").unended == 0
    later.destroy()


def test_destroying_shuts_the_light_and_ends_its_threads(make) -> None:
    bench = make()
    switched_on(bench)
    bench.laser.destroy()
    assert not bench.driver.lit and bench.driver.closed
    assert bench.kinds() == ["opening", "closed"]
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith("laser-")}


def test_time_is_the_laboratorys(make) -> None:
    bench = make(speed=1000.0)
    switched_on(bench, open_s=50.0)
    bench.laser.set(False).wait(5)
    record = bench.ledger.read()[1]
    assert record["open_s"] == pytest.approx(bench.laser.last_open_s.get())
    assert record["open_s"] > 0.1


def test_it_describes_itself_as_every_device_does(bench) -> None:
    laser = bench.laser
    laser.trigger().wait(5)
    described = {**laser.describe(), **laser.describe_configuration()}
    assert set(laser.read()) == set(laser.describe())
    for key, value in described.items():
        assert value["source"], key
        if value["dtype"] == "number":
            assert "units" in value and "precision" in value
    assert set(laser.hints["fields"]) <= set(laser.describe())
    for _ in range(2):
        laser.stage()
        laser.unstage()
