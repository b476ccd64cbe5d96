"""The Cobolt driver against the simulated laser, over TCP and a pseudo-terminal."""

import sys
import threading
import time
from dataclasses import replace

import pytest

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    LimitError,
    LinkDown,
    TransportError,
    UncertainWrite,
)
from devices.drivers.cobolt06 import LINK_SETTINGS, SERIAL_SETTINGS, Cobolt06
from devices.links import open_link
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.serving.pty import PtyServer
from simulators.serving.tcp import TcpServer
from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants

QUICK = replace(LINK_SETTINGS, reply_timeout_s=0.15)
OPTIONS = {"wavelength_nm": 532.0, "max_power_mw": 50.0}


class Light:
    light_on = True
    light_mw = 1.0


class Bench:
    """Laser, faults and servers; its clock runs 100 times, so the power rises at once."""

    def __init__(self) -> None:
        self.light = Light()
        constants = HeadConstants(warm_up_s=0.0)
        self.laser = Cobolt06Simulator(self.light, SimulatedClock(100.0), constants)
        self.faults = FaultInjector(self.laser.session)
        self._stops = []

    def address(self, transport: str) -> str:
        server = (TcpServer if transport == "tcp" else PtyServer)(self.faults.session)
        server.start()
        self._stops.append(server.stop)
        return f"socket://127.0.0.1:{server.port}" if transport == "tcp" else server.path

    def driver(self, transport: str = "tcp", **options) -> Cobolt06:
        link = open_link(self.address(transport), settings=QUICK, serial=SERIAL_SETTINGS)
        driver = Cobolt06(link, **{**OPTIONS, **options})
        self._stops.append(driver.close)
        return driver

    def close(self) -> None:
        while self._stops:
            self._stops.pop()()


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.close()


@pytest.fixture(params=["tcp", "pty"])
def driver(request, bench):
    if request.param == "pty" and sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    made = bench.driver(request.param)
    made.connect()
    return made


def wanted() -> None:
    """Nobody has changed his mind."""


def wait_for(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_connecting_says_who_is_there_and_switches_nothing(bench, driver) -> None:
    identity = driver.connect()
    assert (identity.vendor, identity.serial) == ("Cobolt", "28071")
    assert not bench.laser.head.lit and not driver.read().emitting


def test_on_at_the_power_asked_for_and_off(bench, driver) -> None:
    driver.set_power(10.0)
    driver.switch_on(wanted)
    wait_for(lambda: abs(driver.read().power_mw - 10.0) < 0.3)
    reading = driver.read()
    assert reading.emitting and reading.setpoint_mw == pytest.approx(10.0) and not reading.fault
    assert reading.operating_hours > 300
    driver.switch_off()
    assert not bench.laser.head.lit and driver.read().power_mw == 0.0
    driver.switch_off()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wavelength_nm": 633.0}, "633 nm"),
        ({"expected_serial": "1"}, "28071"),
    ],
)
def test_another_laser_is_refused(bench, options, words) -> None:
    driver = bench.driver(**options)
    with pytest.raises(IdentityError, match=words):
        driver.connect()
    with pytest.raises(LinkDown):
        driver.read()


def test_a_ceiling_that_makes_no_sense_is_a_mistake_of_the_file(bench) -> None:
    with pytest.raises(ConfigurationError):
        bench.driver(max_power_mw=0.0)


@pytest.mark.parametrize("power_mw", [0.0, -1.0, 50.1, float("nan"), float("inf")])
def test_a_power_beyond_the_ceiling_sends_nothing(bench, driver, power_mw) -> None:
    with pytest.raises(LimitError):
        driver.set_power(power_mw)
    assert bench.laser.head.setpoint_mw == 1.0


def test_a_refused_power_is_an_error_of_the_laser(bench, driver) -> None:
    bench.laser.refuse("p ")
    with pytest.raises(InstrumentError, match="refused"):
        driver.set_power(5.0)


def test_a_laser_that_says_ok_and_keeps_another_power_is_found_out(bench, driver) -> None:
    execute = bench.laser._commands._settings["p"]
    bench.laser._commands._settings["p"] = lambda watt: execute(0.9 * watt)
    with pytest.raises(InstrumentError, match="is set to"):
        driver.set_power(10.0)


@pytest.mark.parametrize("kind", [Fault.SILENCE, Fault.GARBAGE, Fault.DROP_CONNECTION])
def test_a_power_whose_answer_was_lost_is_read_back_not_sent_again(bench, kind) -> None:
    driver = bench.driver()
    driver.connect()
    told = []
    power = bench.laser._commands._settings["p"]
    bench.laser._commands._settings["p"] = lambda watt: (told.append(watt), power(watt))
    bench.faults.next(kind, when=b"p 0.0")
    driver.set_power(5.0)
    assert told == [0.005]


def test_a_lost_power_that_did_not_arrive_is_uncertain(bench) -> None:
    driver = bench.driver()
    driver.connect()
    bench.faults.next(Fault.LOST_REQUEST, when=b"p 0.0")
    with pytest.raises(UncertainWrite, match="Read back"):
        driver.set_power(5.0)


@pytest.mark.parametrize("kind", [Fault.SILENCE, Fault.GARBAGE, Fault.DROP_CONNECTION])
def test_switching_on_is_sent_once_and_read_back(bench, kind) -> None:
    driver = bench.driver()
    driver.connect()
    lit = []
    light = bench.laser._commands._actions["l1"]
    bench.laser._commands._actions["l1"] = lambda: (lit.append(1), light())
    bench.faults.next(kind, when=b"l1")
    driver.switch_on(wanted)
    assert lit == [1] and bench.laser.head.lit


def test_a_request_to_switch_on_that_was_lost_is_uncertain_and_dark(bench) -> None:
    driver = bench.driver()
    driver.connect()
    bench.faults.next(Fault.LOST_REQUEST, when=b"l1")
    with pytest.raises(UncertainWrite, match="is off"):
        driver.switch_on(wanted)
    assert not bench.laser.head.lit


def test_a_last_word_before_sending_keeps_it_dark(bench, driver) -> None:
    def refuse() -> None:
        raise InstrumentError("changed his mind")

    with pytest.raises(InstrumentError, match="changed"):
        driver.switch_on(refuse)
    assert not bench.laser.head.lit


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda laser: laser.open_interlock(), "interlock"),
        (lambda laser: laser.set_fault(1), "temperature"),
        (lambda laser: laser.set_autostart(True), "autostart"),
    ],
)
def test_what_keeps_it_dark_is_said(bench, driver, what, words) -> None:
    what(bench.laser)
    with pytest.raises(InstrumentError, match=words):
        driver.switch_on(wanted)
    assert any(words in concern for concern in driver.concerns())


def test_constant_power_is_chosen_before_the_light_comes_on(bench, driver) -> None:
    bench.laser.execute("em")
    driver.switch_on(wanted)
    assert bench.laser.head.mode == 1


def test_a_model_that_cannot_be_asked_for_its_mode_is_told(bench, driver) -> None:
    bench.laser.refuse("gam?", 10)
    bench.laser.execute("ci")
    driver.switch_on(wanted)
    assert bench.laser.head.mode == 1


def test_a_laser_that_stays_on_is_reported(bench, driver) -> None:
    driver.switch_on(wanted)
    bench.laser._commands._actions["l0"] = lambda: None
    with pytest.raises(InstrumentError, match="still on"):
        driver.switch_off()


@pytest.mark.parametrize("kind", list(Fault))
def test_off_is_confirmed_whatever_happens_to_one_reply(bench, kind) -> None:
    driver = bench.driver()
    driver.connect()
    driver.set_power(5.0)
    driver.switch_on(wanted)
    bench.faults.next(kind, when=b"l0", delay_s=0.25)
    for _ in range(5):  # what the device's stop lane does
        try:
            driver.switch_off()
            break
        except (InstrumentError, TransportError):
            continue
    assert not bench.laser.head.lit


def test_another_instrument_is_no_laser(bench) -> None:
    bench.laser.refuse("glm?", 10)
    with pytest.raises(IdentityError, match="no Cobolt 06"):
        bench.driver().connect()


def test_a_laser_that_was_swapped_is_noticed_after_the_line_was_lost(bench) -> None:
    driver = bench.driver()
    driver.connect()
    bench.laser._commands._queries["gsn?"] = lambda: "99999"
    bench.laser._commands._queries["glm?"] = lambda: "0633-06-91-0100-100"
    bench.faults.next(Fault.SILENCE, when=b"pa?")
    with pytest.raises(TransportError):
        driver.read()


def test_off_overtakes_a_reading_that_hangs(bench) -> None:
    driver = bench.driver()
    driver.connect()
    driver.switch_on(wanted)
    bench.faults.next(Fault.SILENCE, when=b"pa?", count=2)
    errors = []

    def read() -> None:
        try:
            driver.read()
        except TransportError as error:
            errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: bench.faults.pending < 2)
    began = time.monotonic()
    driver.switch_off()
    assert time.monotonic() - began < 1.5 and not bench.laser.head.lit
    reader.join(5)


def test_nothing_is_asked_of_a_closed_link(bench) -> None:
    with pytest.raises(LinkDown):
        bench.driver().read()
