"""The Zaber driver against the simulated controller, over TCP and a pseudo-terminal."""

import sys
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    LimitError,
    LinkDown,
    MoveFailed,
    PositionUnknown,
    ProtocolError,
    ReplyTimeout,
    UncertainWrite,
)
from devices.drivers.zaber import LINK_SETTINGS, SERIAL_SETTINGS, Zaber
from devices.links import open_link
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.serving.pty import PtyServer
from simulators.serving.tcp import TcpServer
from simulators.wire.reply import Reply
from simulators.wire.zaber import DriveConstants, ZaberSimulator

QUICK = replace(LINK_SETTINGS, reply_timeout_s=0.4)
GEAR = {"steps_per_rev": 200, "microsteps": 64, "gear_ratio": 100.0}
TURN = 1_280_000
FAST = DriveConstants(speed_turns_s=0.5, acceleration_turns_s2=5.0)


class Screw:
    """A screw that gets stiff beyond `stiff_turns`."""

    def __init__(self) -> None:
        self.turns = 0.0
        self.stiff_turns = 10.0
        self.path: list[float] = []

    @property
    def torque_fraction(self) -> float:
        return 0.5 if self.turns < self.stiff_turns else 1.5

    def turn_to(self, turns: float) -> None:
        self.turns = turns
        self.path.append(turns)


class Bench:
    """Controller, faults and servers."""

    def __init__(self) -> None:
        self.screw = Screw()
        self.controller = ZaberSimulator(self.screw, SimulatedClock(), FAST)
        self.faults = FaultInjector(self.controller.session)
        self.requests: list[bytes] = []
        self.server = TcpServer(self.session)
        self.server.start()
        self.pty: PtyServer | None = None
        self.drivers: list[Zaber] = []

    def session(self) -> "Recorder":
        return Recorder(self.faults.session(), self.requests)

    def driver(self, kind: str = "visa", **options: Any) -> Zaber:
        if kind == "pty":
            if sys.platform == "win32":
                pytest.skip("Windows has no pseudo-terminals")
            self.pty = PtyServer(self.session)
            self.pty.start()
            address = self.pty.path
        elif kind == "socket":
            address = f"socket://127.0.0.1:{self.server.port}"
        else:
            address = f"TCPIP0::127.0.0.1::{self.server.port}::SOCKET"
        link = open_link(address, settings=QUICK, serial=SERIAL_SETTINGS)
        driver = Zaber(link, **({**GEAR, "min_turns": -1.0, "max_turns": 2.0} | options))
        self.drivers.append(driver)
        return driver

    def moves(self) -> list[bytes]:
        return [line for line in b"".join(self.requests).split(b"\n") if b"move" in line]

    def close(self) -> None:
        for driver in self.drivers:
            driver.close()
        self.server.stop()
        if self.pty is not None:
            self.pty.stop()


class Recorder:
    """A session that notes what it is sent."""

    def __init__(self, inner: Any, requests: list[bytes]) -> None:
        self._inner = inner
        self._requests = requests

    def feed(self, data: bytes) -> list[Reply]:
        self._requests.append(data)
        return self._inner.feed(data)

    def poll(self) -> list[Reply]:
        return self._inner.poll()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def driver(bench: Bench) -> Zaber:
    driver = bench.driver()
    driver.connect()
    return driver


def wait_still(driver: Zaber, deadline_s: float = 10.0):
    end = time.monotonic() + deadline_s
    while (reading := driver.read()).moving:
        assert time.monotonic() < end, "the motor did not come to rest"
        time.sleep(0.01)
    return reading


KINDS = pytest.mark.parametrize("kind", ["visa", "socket", "pty"])


@KINDS
def test_connects_moves_and_stops(bench: Bench, kind: str) -> None:
    driver = bench.driver(kind)
    driver.connect()
    identity = driver.connect()
    assert (identity.vendor, identity.model, identity.serial) == ("Zaber", "device 30341", "73336")
    assert driver.resolution_turns == 1 / TURN
    reading = driver.read()
    assert (reading.turns, reading.moving, reading.position_known) == (0.0, False, True)
    assert reading.flags == ()
    driver.start_move(0.1)
    assert wait_still(driver).turns == 0.1
    driver.start_move(2.0)
    driver.stop()
    reading = driver.read()
    assert not reading.moving
    assert 0.1 <= reading.turns < 2.0
    assert driver.fault_text(reading.flags) == ""
    driver.stop()
    driver.start_move(reading.turns)
    assert wait_still(driver).turns == reading.turns
    assert driver.cleared_flags == ("NI",)


def test_limits_of_the_drive(driver: Zaber) -> None:
    limits = driver.instrument_limits()
    assert (limits.min_turns, limits.max_turns) == (-2.0, 4.0)


def test_negative_gear_ratio_turns_the_other_way(bench: Bench) -> None:
    driver = bench.driver(gear_ratio=-100.0)
    driver.connect()
    driver.start_move(-0.05)
    assert wait_still(driver).turns == -0.05
    assert bench.screw.turns == pytest.approx(0.05)
    limits = driver.instrument_limits()
    assert (limits.min_turns, limits.max_turns) == (-4.0, 2.0)


@pytest.mark.parametrize("turns", [-1.001, 2.001, float("nan"), float("inf")])
def test_target_outside_the_soft_limits_is_not_sent(
    bench: Bench, driver: Zaber, turns: Any
) -> None:
    bench.requests.clear()
    with pytest.raises(LimitError, match="outside the limits of the drive, -1 to 2 turns"):
        driver.start_move(turns)
    with pytest.raises(LimitError):
        driver.declare(turns)
    assert bench.requests == []


def test_target_beyond_the_counter_is_not_sent(bench: Bench) -> None:
    driver = bench.driver(max_turns=1e6)
    driver.connect()
    with pytest.raises(LimitError, match="more than the drive can count"):
        driver.start_move(1e5)


def test_move_beyond_the_limits_of_the_drive_is_rejected(bench: Bench) -> None:
    driver = bench.driver(max_turns=100.0)
    driver.connect()
    with pytest.raises(InstrumentError, match=r"BADDATA .*outside the limits set in the drive"):
        driver.start_move(5.0)
    assert bench.screw.path == []


def test_moving_drive_takes_no_second_target(bench: Bench, driver: Zaber) -> None:
    driver.start_move(1.0)
    with pytest.raises(InstrumentError, match="still moves"):
        driver.start_move(0.5)
    with pytest.raises(InstrumentError, match="stop it before you declare"):
        driver.declare(0.0)
    driver.stop()
    assert len(bench.moves()) == 1


def test_unknown_position_refuses_until_declared(bench: Bench, driver: Zaber) -> None:
    driver.start_move(0.05)
    wait_still(driver)
    bench.controller.power_cycle()
    reading = driver.read()
    assert not reading.position_known
    assert "WR" in reading.flags
    with pytest.raises(PositionUnknown, match="dac-control drive declare"):
        driver.start_move(0.1)
    driver.declare(0.05)
    reading = driver.read()
    assert (reading.turns, reading.position_known) == (0.05, True)
    # What is left says that the drive was not homed, which it never is.
    assert reading.flags == ("WH",)
    driver.start_move(0.06)
    assert wait_still(driver).turns == 0.06
    assert bench.screw.turns == pytest.approx(0.06)
    assert not any(word in b"".join(bench.requests) for word in (b"home", b"rel", b"vel"))


def test_stall_leaves_the_position_in_doubt_until_it_is_declared(
    bench: Bench, driver: Zaber
) -> None:
    bench.screw.stiff_turns = 0.1
    driver.start_move(0.5)
    reading = wait_still(driver)
    assert reading.turns < 0.15
    assert reading.flags == ("FS",) and not reading.position_known
    assert "FS (the motor stalled and stopped" in driver.fault_text(reading.flags)
    with pytest.raises(PositionUnknown, match="drive declare"):
        driver.start_move(0.05)
    driver.declare(0.1)
    assert driver.cleared_flags == ("FS",)
    assert driver.read().position_known
    driver.start_move(0.05)
    assert wait_still(driver).flags == ()


def test_fault_that_stays_refuses_the_move(bench: Bench, driver: Zaber) -> None:
    bench.controller.axes[0].set_enabled(False)
    with pytest.raises(InstrumentError, match=r"cannot be cleared: FO .*Nothing was moved"):
        driver.start_move(0.1)
    assert bench.moves() == []


QUERY_FAULTS = [
    Fault.SILENCE,
    Fault.LATE,
    Fault.GARBAGE,
    Fault.HALF_REPLY,
    Fault.DROP_CONNECTION,
    Fault.LOST_REQUEST,
    Fault.PREVIOUS_REPLY,
    Fault.DUPLICATE,
]


@pytest.mark.parametrize("fault", QUERY_FAULTS)
def test_reading_survives_a_fault(bench: Bench, driver: Zaber, fault: Fault) -> None:
    driver.start_move(0.01)
    wait_still(driver)
    bench.faults.next(fault, when=b"get pos", delay_s=0.5)
    for _ in range(3):
        assert driver.read().turns == 0.01
    assert bench.faults.pending == 0


@pytest.mark.parametrize(
    "fault", [Fault.SILENCE, Fault.GARBAGE, Fault.DROP_CONNECTION, Fault.PREVIOUS_REPLY]
)
def test_lost_reply_to_a_move_is_read_back_and_never_sent_again(
    bench: Bench, driver: Zaber, fault: Fault
) -> None:
    bench.faults.next(fault, when=b"move abs")
    driver.start_move(0.5)
    assert wait_still(driver).turns == 0.5
    assert len(bench.moves()) == 1


def test_lost_move_is_uncertain(bench: Bench, driver: Zaber) -> None:
    bench.faults.next(Fault.LOST_REQUEST, when=b"move abs")
    with pytest.raises(UncertainWrite, match="Read back: the drive stands at 0 turns"):
        driver.start_move(0.5)
    assert driver.read().turns == 0.0
    bench.faults.next(Fault.LOST_REQUEST, when=b"move abs")
    bench.faults.next(Fault.SILENCE, when=lambda request: len(bench.moves()) == 2, count=2)
    with pytest.raises(UncertainWrite, match="Reading back failed too"):
        driver.start_move(0.5)
    assert bench.screw.path == []


def test_lost_stop_is_sent_again_while_the_motor_moves(bench: Bench, driver: Zaber) -> None:
    driver.start_move(2.0)
    bench.faults.next(Fault.LOST_REQUEST, when=b"stop")
    driver.stop()
    assert not driver.read().moving
    assert bench.screw.turns < 1.9


def test_stop_overtakes_polling(bench: Bench, driver: Zaber) -> None:
    driver.start_move(2.0)
    bench.faults.next(Fault.LATE, when=b"get pos", delay_s=0.3)
    threads = [threading.Thread(target=driver.read) for _ in range(5)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2.0
    while not bench.faults.done:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(0.05)
    bench.requests.clear()
    driver.stop()
    for thread in threads:
        thread.join()
    assert b"stop" in b"".join(bench.requests).split(b"\n")[0]


def test_stop_before_the_move_is_sent_wins(bench: Bench, driver: Zaber) -> None:
    """The stop comes while the drive is still asked for its state."""
    bench.faults.next(Fault.LATE, when=b"get pos", delay_s=0.2)
    errors: list[Exception] = []

    def move() -> None:
        try:
            driver.start_move(1.0)
        except MoveFailed as error:
            errors.append(error)

    thread = threading.Thread(target=move)
    thread.start()
    deadline = time.monotonic() + 2.0
    while not bench.faults.done:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    driver.stop()
    thread.join()
    assert "no move" in str(errors[0])
    assert bench.moves() == []


def test_motor_that_does_not_stop_is_told(bench: Bench, driver: Zaber, monkeypatch: Any) -> None:
    monkeypatch.setattr("devices.drivers.zaber.STAND_STILL_TIMEOUT_S", 0.1)
    monkeypatch.setattr(bench.controller.axes[0], "stop", lambda: None)
    driver.start_move(2.0)
    with pytest.raises(MoveFailed, match="Cut its power"):
        driver.stop()
    monkeypatch.undo()
    driver.stop()


def test_lost_declaration_is_read_back(bench: Bench, driver: Zaber) -> None:
    bench.faults.next(Fault.SILENCE, when=b"set pos")
    driver.declare(0.25)
    assert driver.read().turns == 0.25
    bench.faults.next(Fault.LOST_REQUEST, when=b"set pos")
    with pytest.raises(InstrumentError, match=r"stands at 0\.5 turns, but reads 0\.25"):
        driver.declare(0.5)


def test_alerts_and_reminders_are_skipped(bench: Bench, driver: Zaber) -> None:
    driver._axis.request("set comm.alert 1", whole_device=True)
    driver.start_move(0.02)
    assert wait_still(driver).turns == 0.02
    for _ in range(3):
        assert driver.read().turns == 0.02


def test_another_drive_is_refused(bench: Bench) -> None:
    with pytest.raises(IdentityError, match="device id 30341; the station file names 50081"):
        bench.driver(expected_device_id=50081).connect()
    with pytest.raises(IdentityError, match="serial number 73336; the station file names 1"):
        bench.driver(expected_serial="1").connect()
    bench.driver(expected_serial="73336", expected_device_id=30341).connect()


def test_wrong_resolution_is_refused(bench: Bench) -> None:
    driver = bench.driver(microsteps=128)
    with pytest.raises(
        ConfigurationError, match="64 microsteps per step, the station file says 128"
    ):
        driver.connect()
    with pytest.raises(LinkDown, match="is closed"):
        driver.read()


class OtherProtocol:
    """Answers everything with a temperature; or, with an empty answer, nothing."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def session(self) -> "OtherProtocol":
        return self

    def feed(self, data: bytes) -> list[Reply]:
        return [Reply(self.answer)] if self.answer else []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b"+004.200\r\n", IdentityError, r"not speak Zaber's ASCII protocol: .*004\.200"),
        (b"", ReplyTimeout, "did not answer"),
    ],
)
def test_what_is_no_zaber_is_refused(answer: Any, error: Any, words: str) -> None:
    server = TcpServer(OtherProtocol(answer).session)
    server.start()
    link = open_link(f"TCPIP0::127.0.0.1::{server.port}::SOCKET", settings=QUICK)
    driver = Zaber(link, **GEAR, min_turns=0, max_turns=1)
    try:
        with pytest.raises(error, match=words):
            driver.connect()
    finally:
        driver.close()
        server.stop()


def test_replies_lose_their_checksum(bench: Bench, driver: Zaber, monkeypatch: Any) -> None:
    """Once the controller was seen to send checksums, a reply without one is not taken."""
    monkeypatch.setattr(bench.controller, "_finish", lambda message, checksummed: message)
    with pytest.raises(ProtocolError, match="none of them an answer"):
        driver.read()
    driver.close()
    driver.connect()
    assert driver.read().turns == 0.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gear_ratio": 0.0}, "gearing makes no sense"),
        ({"microsteps": 0}, "gearing makes no sense"),
        ({"gear_ratio": float("nan")}, "gearing makes no sense"),
        ({"min_turns": 2.0, "max_turns": 1.0}, "limits of the drive"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], words: str) -> None:
    arguments = {**GEAR, "min_turns": 0.0, "max_turns": 1.0} | options
    with pytest.raises(ConfigurationError, match=words):
        Zaber.at("socket://127.0.0.1:1", **arguments)


@pytest.mark.parametrize("gear_ratio", [100.0, -100.0])
def test_the_drive_is_told_the_limits_of_the_station(bench: Bench, gear_ratio: float) -> None:
    driver = bench.driver(gear_ratio=gear_ratio)
    driver.connect()
    assert "wider" in driver.concerns()[0]
    assert "are now -1 to 2" in driver.push_limits()[0]
    limits = driver.instrument_limits()
    assert (limits.min_turns, limits.max_turns) == (-1.0, 2.0)
    assert driver.push_limits() == [] and driver.concerns() == []


def test_limits_that_are_stricter_in_the_drive_stay(bench: Bench) -> None:
    driver = bench.driver(min_turns=-10.0, max_turns=10.0)
    driver.connect()
    bench.requests.clear()
    assert driver.push_limits() == []
    assert not [request for request in bench.requests if b"set" in request]


def test_limits_that_leave_nothing_are_refused(bench: Bench) -> None:
    driver = bench.driver(min_turns=5.0, max_turns=10.0)
    driver.connect()
    with pytest.raises(InstrumentError, match="outside the station's limits"):
        driver.push_limits()


def test_currents_above_the_station_s_are_brought_down_and_lower_ones_stay(bench: Bench) -> None:
    driver = bench.driver(max_run_current_a=1.5, max_hold_current_a=1.2)
    driver.connect()
    assert driver.instrument_limits().run_current_a == 2.0
    assert "driver.current.run is 2 A, above the station file's 1.5 A" in driver.concerns()
    assert driver.push_limits()[0] == "driver.current.run was 2 A and is now 1.5 A"
    limits = driver.instrument_limits()
    assert (limits.run_current_a, limits.hold_current_a) == (1.5, 1.0)
    assert driver.push_limits() == []


def test_a_current_that_the_drive_does_not_keep_refuses_the_run(bench: Bench) -> None:
    driver = bench.driver(max_run_current_a=1.5)
    driver.connect()
    bench.faults.next(Fault.LOST_REQUEST, when=b"set driver.current.run")
    with pytest.raises(
        InstrumentError, match=r"keep driver.current.run at 1.5 A, and reads .* 2 A"
    ):
        driver.push_limits()
    bench.faults.next(Fault.SILENCE, when=b"set driver.current.run")
    assert driver.push_limits()[0].endswith("now 1.5 A")
