"""The Lake Shore 336 driver against the simulated instrument, over TCP and RFC 2217."""

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    LimitError,
    LinkDown,
    ReplyTimeout,
    TransportError,
    UncertainWrite,
)
from devices.drivers.lakeshore336 import LINK_SETTINGS, SERIAL_SETTINGS, LakeShore336
from devices.links import open_link
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.serving.rfc2217 import LineSettings, Rfc2217Server
from simulators.serving.tcp import TcpServer
from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.reply import Reply

QUICK = replace(LINK_SETTINGS, reply_timeout_s=0.4)


@dataclass
class Loop:
    mode: int = 1
    input: str = "A"
    setpoint_k: float = 80.0
    ramp_on: bool = False
    ramp_k_per_min: float = 0.0
    p: float = 50.0
    i: float = 20.0
    d: float = 0.0
    range: int = 2
    manual_percent: float = 0.0


class Cryostat:
    """Sensors that follow the setpoint at once; the setpoint of output 1 ramps."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._loops = {output: Loop() for output in (1, 2, 3, 4)}
        self._from_k = 80.0
        self._since_s = 0.0
        self.stage_k: float | None = None

    def sensor_k(self, channel: str) -> float | None:
        if channel == "A":
            return self.moving_setpoint_k(1) if self.stage_k is None else self.stage_k
        return 82.5 if channel == "B" else None

    def loop(self, output: int) -> Loop:
        return replace(self._loops[output])

    def set_loop(self, output: int, **changes: Any) -> None:
        with self._lock:
            here_k = self.moving_setpoint_k(output)
            # The harsher reading of the manual: a ramp that is switched off jumps to its end.
            if changes.get("ramp_on") is False:
                here_k = self._loops[output].setpoint_k
            self._loops[output] = replace(self._loops[output], **changes)
            self._from_k, self._since_s = here_k, self._clock.now()

    def moving_setpoint_k(self, output: int) -> float:
        with self._lock:
            loop = self._loops[output]
            if not (loop.ramp_on and loop.ramp_k_per_min):
                return loop.setpoint_k
            way_k = (self._clock.now() - self._since_s) * loop.ramp_k_per_min / 60
            left_k = loop.setpoint_k - self._from_k
            return self._from_k + max(-way_k, min(way_k, left_k))

    def heater_percent(self, output: int) -> float:
        return 35.4

    def ramping(self, output: int) -> bool:
        return self.moving_setpoint_k(output) != self._loops[output].setpoint_k


class Bench:
    """Instrument, faults and servers."""

    def __init__(self, speed: float = 1.0) -> None:
        self.clock = SimulatedClock(speed)
        self.cryostat = Cryostat(self.clock)
        self.instrument = LakeShore336Simulator(self.cryostat, self.clock)
        self.faults = FaultInjector(self.instrument.session)
        self.server = TcpServer(self.faults.session)
        self.serial = Rfc2217Server(self.faults.session, LineSettings(57600, 7, "O", 1))
        self.server.start()
        self.serial.start()
        self.drivers: list[LakeShore336] = []

    def driver(self, kind: str = "tcp", **options: Any) -> LakeShore336:
        address = {
            "tcp": f"TCPIP0::127.0.0.1::{self.server.port}::SOCKET",
            "rfc2217": f"rfc2217://127.0.0.1:{self.serial.port}",
        }[kind]
        link = open_link(address, settings=QUICK, serial=SERIAL_SETTINGS)
        driver = LakeShore336(link, **options)
        self.drivers.append(driver)
        return driver

    def close(self) -> None:
        for driver in self.drivers:
            driver.close()
        self.server.stop()
        self.serial.stop()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def driver(bench: Bench) -> LakeShore336:
    driver = bench.driver()
    driver.connect()
    return driver


# pyserial 3.5 starts its RFC 2217 reader with names that Python has deprecated.
rfc2217 = pytest.mark.filterwarnings("ignore:set(Daemon|Name)")
BOTH = pytest.mark.parametrize("kind", ["tcp", pytest.param("rfc2217", marks=rfc2217)])


@BOTH
def test_connects_reads_and_paces(bench: Bench, kind: str) -> None:
    driver = bench.driver(kind)
    driver.connect()
    identity = driver.connect()
    assert (identity.vendor, identity.model) == ("LSCI", "MODEL336")
    assert identity.serial == "LSA22LU/LSA217G"
    before = time.time()
    readings = [driver.read() for _ in range(3)]
    assert before <= readings[0].time < readings[-1].time <= time.time()
    reading = readings[-1]
    assert reading.stage_temperature_k == pytest.approx(80.0, abs=0.01)
    assert reading.cell_temperature_k == pytest.approx(82.5, abs=0.01)
    assert (reading.setpoint_k, reading.heater_percent, reading.heater_range) == (80.0, 35.4, 2)
    assert bench.instrument.pacing_violations == 0
    assert not driver.power_cycled
    if kind == "rfc2217":
        assert bench.serial.client_settings == [LineSettings(57600, 7, "O", 1)]


@rfc2217
def test_wrong_line_settings_are_no_answer(bench: Bench) -> None:
    link = open_link(f"rfc2217://127.0.0.1:{bench.serial.port}", settings=QUICK)
    driver = LakeShore336(link)
    with pytest.raises(TransportError):
        driver.connect()
    driver.close()


def test_limits_of_the_instrument(bench: Bench, driver: LakeShore336) -> None:
    bench.instrument.execute("TLIMIT A,320;TLIMIT B,325")
    limits = driver.instrument_limits()
    assert (limits.stage_shutdown_k, limits.cell_shutdown_k) == (320, 325)
    assert limits.closed_loop
    assert (limits.control_input, limits.heater_range, limits.heater_fault) == ("A", 2, "")
    bench.instrument.set_heater_error(1, 1)
    assert driver.instrument_limits().heater_fault == "open load"


@pytest.mark.parametrize(
    ("setpoint_k", "rate", "words"),
    [
        (80, 0, "0 would be a step"),
        (80, -1, "ramps at 0.1 to 100"),
        (80, 100.1, "ramps at 0.1 to 100"),
        (80, float("nan"), "ramps at"),
        (0.5, 1, "outside the limits of the station, 1 to 325 K"),
        (326, 1, "outside the limits"),
        (float("nan"), 1, "outside the limits"),
    ],
)
def test_setpoint_out_of_bounds_is_not_sent(
    bench: Bench, driver: LakeShore336, setpoint_k: Any, rate: Any, words: str
) -> None:
    with pytest.raises(LimitError, match=words):
        driver.set_setpoint(setpoint_k, rate)
    assert bench.cryostat.loop(1) == Loop()
    assert driver.target_k is None


@BOTH
def test_setpoint_ramps_and_hold_freezes_it(bench: Bench, kind: str) -> None:
    driver = bench.driver(kind)
    driver.connect()
    driver.set_setpoint(100.0, 60.0)
    assert driver.target_k == 100.0
    loop = bench.cryostat.loop(1)
    assert (loop.setpoint_k, loop.ramp_on, loop.ramp_k_per_min) == (100.0, True, 60.0)
    driver.set_setpoint(50.0, 90.0)
    driver.hold()
    loop = bench.cryostat.loop(1)
    held_k = bench.cryostat.moving_setpoint_k(1)
    assert 75 < held_k < 85
    assert driver.target_k == pytest.approx(held_k)
    assert (loop.ramp_on, loop.mode, loop.range) == (False, 1, 2)
    driver.hold()
    assert bench.cryostat.moving_setpoint_k(1) == pytest.approx(held_k, abs=0.001)


def test_hold_in_fast_time_leaves_no_ramp() -> None:
    bench = Bench(speed=150.0)
    try:
        driver = bench.driver()
        driver.connect()
        driver.set_setpoint(300.0, 10.0)
        driver.hold()
        assert not bench.cryostat.loop(1).ramp_on
        held_k = bench.cryostat.moving_setpoint_k(1)
        assert 80 < held_k < 300
        assert driver.read().setpoint_k == pytest.approx(held_k, abs=0.001)
    finally:
        bench.close()


def test_rate_is_never_faster_than_asked(bench: Bench, driver: LakeShore336) -> None:
    for rate, sent in [(0.18, 0.1), (0.3, 0.3), (12.39, 12.3), (100.0, 100.0)]:
        driver.set_setpoint(80.0, rate)
        assert bench.cryostat.loop(1).ramp_k_per_min == pytest.approx(sent)


def test_refused_ramp_never_becomes_a_step(
    bench: Bench, driver: LakeShore336, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        bench.cryostat, "set_loop", lambda output, **changes: None
    )  # accepted, and without effect
    with pytest.raises(InstrumentError, match="The setpoint was not changed"):
        driver.set_setpoint(100.0, 5.0)


def test_setpoint_that_does_not_take_is_told(
    bench: Bench, driver: LakeShore336, monkeypatch: Any
) -> None:
    set_loop = bench.cryostat.set_loop
    monkeypatch.setattr(
        bench.cryostat,
        "set_loop",
        lambda output, **changes: None if "setpoint_k" in changes else set_loop(output, **changes),
    )
    with pytest.raises(InstrumentError, match="reads back as 80 K and does not move"):
        driver.set_setpoint(100.0, 5.0)


def test_lost_reply_to_a_setpoint_is_read_back(bench: Bench, driver: LakeShore336) -> None:
    for fault in (Fault.SILENCE, Fault.DROP_CONNECTION, Fault.GARBAGE):
        bench.faults.next(fault, when=b"RAMP 1,1")
        bench.faults.next(fault, when=b"SETP 1,")
        driver.set_setpoint(81.0, 100.0)
        assert bench.faults.pending == 0
        bench.cryostat.set_loop(1, setpoint_k=80.0, ramp_on=False)


def test_lost_setpoint_is_uncertain(bench: Bench, driver: LakeShore336) -> None:
    bench.faults.next(Fault.LOST_REQUEST, when=b"SETP 1,")
    with pytest.raises(UncertainWrite, match="Read back: setpoint 80 K"):
        driver.set_setpoint(100.0, 5.0)
    bench.faults.next(Fault.LOST_REQUEST, when=b"RAMP 1,1,7")
    with pytest.raises(UncertainWrite, match="Read back: ramp on, 5 K/min"):
        driver.set_setpoint(100.0, 7.0)
    assert bench.cryostat.loop(1).setpoint_k == 80.0


def test_lost_setpoint_during_a_ramp_is_uncertain(bench: Bench, driver: LakeShore336) -> None:
    driver.set_setpoint(100.0, 5.0)
    bench.faults.next(Fault.LOST_REQUEST, when=b"SETP 1,")
    with pytest.raises(UncertainWrite, match="Read back"):
        driver.set_setpoint(60.0, 5.0)


def test_lost_hold_is_uncertain(bench: Bench, driver: LakeShore336) -> None:
    driver.set_setpoint(100.0, 5.0)
    bench.faults.next(Fault.LOST_REQUEST, when=b"RAMP 1,0")
    with pytest.raises(UncertainWrite, match=r"Read back: .* ramp on"):
        driver.hold()
    bench.faults.next(Fault.SILENCE, when=b"RAMP 1,0")
    driver.hold()
    assert not bench.cryostat.loop(1).ramp_on


@pytest.mark.parametrize("on_the_way", [b"INTYPE", b"RAMP 1,1"])
def test_hold_overtakes_a_setpoint_that_is_not_sent_yet(
    bench: Bench, driver: LakeShore336, on_the_way: Any
) -> None:
    """Units are asked or the rate is sent when the hold comes; the setpoint must not follow."""
    bench.faults.next(Fault.LATE, when=on_the_way, delay_s=0.2)
    errors: list[Exception] = []

    def change() -> None:
        try:
            driver.set_setpoint(100.0, 5.0)
        except InstrumentError as error:
            errors.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    deadline = time.monotonic() + 2.0
    while not bench.faults.done:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    driver.hold()
    thread.join()
    assert "a hold came in between" in str(errors[0])
    assert bench.cryostat.loop(1).setpoint_k == 80.0
    driver.set_setpoint(100.0, 5.0)


@pytest.mark.parametrize(
    "fault",
    [Fault.SILENCE, Fault.GARBAGE, Fault.HALF_REPLY, Fault.DROP_CONNECTION, Fault.LOST_REQUEST],
)
def test_reading_survives_a_fault(bench: Bench, driver: LakeShore336, fault: Fault) -> None:
    bench.faults.next(fault, when=b"KRDG")
    assert driver.read().stage_temperature_k == pytest.approx(80.0, abs=0.01)
    assert bench.faults.pending == 0


@BOTH
def test_late_reply_is_never_a_reading(bench: Bench, kind: str) -> None:
    driver = bench.driver(kind)
    driver.connect()
    bench.faults.next(Fault.LATE, when=b"KRDG", delay_s=0.6)
    for number in range(6):
        bench.cryostat.stage_k = 90.0 + number
        deadline = time.monotonic() + 1.0
        while bench.cryostat.sensor_k("A") != 90.0 + number:
            assert time.monotonic() < deadline
        time.sleep(0.11)  # readings are renewed ten times a second
        assert driver.read().stage_temperature_k == pytest.approx(90.0 + number, abs=0.01)


def test_reply_of_another_query_is_refused(bench: Bench, driver: LakeShore336) -> None:
    driver.instrument_limits()
    bench.faults.next(Fault.PREVIOUS_REPLY, when=b"KRDG")
    assert driver.read().stage_temperature_k == pytest.approx(80.0, abs=0.01)
    assert bench.faults.pending == 0


@pytest.mark.parametrize(
    ("stage_k", "words"),
    [(None, "Sensor C .stage. .* reports: "), (150.0, "which is not between 0 and 100 K")],
)
def test_bad_sensor_is_named(bench: Bench, stage_k: Any, words: str) -> None:
    stage_input = "C" if stage_k is None else "A"
    driver = bench.driver(stage_input=stage_input, plausible_k=(0.0, 100.0))
    bench.cryostat.stage_k = stage_k
    driver.connect()
    time.sleep(0.11)
    with pytest.raises(InstrumentError, match=words):
        driver.read()


def test_unknown_command_is_told(bench: Bench, driver: LakeShore336) -> None:
    with pytest.raises(InstrumentError, match=r"refused 'BLAH\?;\*ESR\?': command error"):
        driver._line.query("BLAH?")


def test_power_cycle_is_noticed(bench: Bench, driver: LakeShore336) -> None:
    driver.read()
    assert not driver.power_cycled
    bench.instrument.power_cycle()
    assert driver.read().heater_range == 0
    assert driver.power_cycled
    driver.read()
    driver.connect()
    assert driver.power_cycled


def test_setpoints_in_other_units_are_refused(bench: Bench, driver: LakeShore336) -> None:
    bench.instrument.execute("INTYPE A,3,1,0,1,2")
    with pytest.raises(InstrumentError, match="not in kelvin: set the preferred units of input A"):
        driver.set_setpoint(80.0, 1.0)
    with pytest.raises(InstrumentError, match="not in kelvin"):
        bench.driver().connect()


class Impostor:
    """Says that it is something else."""

    def __init__(self, identity: bytes) -> None:
        self.identity = identity

    def session(self) -> "Impostor":
        return self

    def feed(self, data: bytes) -> list[Reply]:
        return [Reply(self.identity + b"\r\n")] if b"*IDN?" in data else []


@pytest.mark.parametrize(
    "identity", [b"LSCI,MODEL335,LSA1,1.0", b"OXFORD INSTRUMENTS:MERCURY ITC:1:2", b"LSCI,MODEL336"]
)
def test_another_model_is_refused_by_name(identity: Any) -> None:
    server = TcpServer(Impostor(identity).session)
    server.start()
    driver = LakeShore336.at(f"TCPIP0::127.0.0.1::{server.port}::SOCKET")
    try:
        with pytest.raises(IdentityError, match=r"expected LSCI,MODEL336") as caught:
            driver.connect()
        assert identity.decode() in str(caught.value)
        with pytest.raises(LinkDown, match="is closed"):
            driver.read()
    finally:
        driver.close()
        server.stop()


def test_serial_number_is_checked(bench: Bench) -> None:
    for serial in ("LSA22LU", "LSA22LU/LSA217G"):
        bench.driver(expected_serial=serial).connect()
    with pytest.raises(IdentityError, match="LSA22LU/LSA217G; the station file names LSA99"):
        bench.driver(expected_serial="LSA99").connect()


@pytest.mark.parametrize("expected", [None, "LSA22LU"])
def test_another_instrument_after_a_reconnect_is_refused(bench: Bench, expected: Any) -> None:
    driver = bench.driver(expected_serial=expected)
    driver.connect()
    port = bench.server.port
    bench.server.stop()
    other = LakeShore336Simulator(bench.cryostat, bench.clock, serial_number="LSA00ZZ")
    bench.server = TcpServer(other.session, port=port)
    bench.server.start()
    start = time.monotonic()
    for _ in range(2):
        with pytest.raises(IdentityError, match="LSA00ZZ"):
            driver.set_setpoint(100.0, 5.0)
    assert time.monotonic() - start < 4.0
    assert bench.cryostat.loop(1) == Loop()


def test_refused_and_silent(bench: Bench, driver: LakeShore336) -> None:
    port = bench.server.port
    bench.faults.next(Fault.SILENCE, count=3)
    with pytest.raises(ReplyTimeout):
        driver.read()
    bench.server.stop()
    with pytest.raises(LinkDown, match=f"::{port}::SOCKET .*switched on"):
        bench.drivers[0].connect()
    bench.server.start()  # on another port; closed by the fixture


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"stage_input": "E"}, "stage_input"),
        ({"cell_input": ""}, "cell_input"),
        ({"output": 3}, "Output 3"),
        ({"setpoint_limits_k": (300.0, 10.0)}, "setpoint limits"),
        ({"plausible_k": (0.0, float("nan"))}, "plausible temperatures"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        LakeShore336.at("TCPIP0::127.0.0.1::7777::SOCKET", **options)


@pytest.mark.parametrize("address", ["", "TCPIP0::127.0.0.1::INSTR", "TCPIP::nonsense"])
def test_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        LakeShore336.at(address)


def test_heater_off_is_read_back_and_a_lost_one_is_uncertain(
    bench: Bench, driver: LakeShore336
) -> None:
    bench.faults.next(Fault.LOST_REQUEST, when=b"RANGE 1,0")
    with pytest.raises(UncertainWrite, match="range 2"):
        driver.heater_off()
    bench.faults.next(Fault.SILENCE, when=b"RANGE 1,0")
    driver.heater_off()
    assert driver.read().heater_range == 0


def test_limits_are_pushed_into_the_instrument_and_only_made_stricter(bench: Bench) -> None:
    driver = bench.driver(shutdown_k=330.0, max_heater_range=1)
    driver.connect()
    assert any("above max_heater_range" in concern for concern in driver.concerns())
    changed = driver.push_limits()
    assert len(changed) == 4 and "now 330" in changed[0] and "now 1" in changed[2]
    limits = driver.instrument_limits()
    assert (limits.stage_shutdown_k, limits.cell_shutdown_k, limits.heater_range) == (330, 330, 1)
    assert driver.push_limits() == []
    looser = bench.driver(shutdown_k=350.0)
    looser.connect()
    assert looser.push_limits() == []


def test_a_limit_that_was_lost_is_uncertain(bench: Bench) -> None:
    driver = bench.driver(shutdown_k=330.0)
    driver.connect()
    bench.faults.next(Fault.LOST_REQUEST, when=b"TLIMIT A,330")
    with pytest.raises(UncertainWrite, match="TLIMIT"):
        driver.push_limits()
    assert len(driver.push_limits()) == 3


def test_the_setpoint_limit_of_the_curve_is_brought_down_and_its_header_kept(bench: Bench) -> None:
    driver = bench.driver(setpoint_limits_k=(1.0, 300.0))
    driver.connect()
    assert any("curve 21 (CX-1050-STAGE) is 420 K, above" in each for each in driver.concerns())
    before = driver.instrument_limits().curve
    assert before is not None
    assert driver.push_limits() == [
        "the setpoint limit of curve 21 (CX-1050-STAGE) was 420 K, now 300 K"
    ]
    assert driver.instrument_limits().curve == replace(before, limit_k=300.0)
    assert driver.push_limits() == []
    wider = bench.driver(setpoint_limits_k=(1.0, 310.0))
    wider.connect()
    assert wider.push_limits() == []
    assert any("300 K, below max_setpoint_k (310)" in each for each in wider.concerns())


def test_a_standard_curve_keeps_its_limit_and_the_driver_refuses_by_itself(bench: Bench) -> None:
    bench.instrument.execute("INTYPE A,1,0,0,1,1;INCRV A,1")
    driver = bench.driver(setpoint_limits_k=(1.0, 300.0))
    driver.connect()
    assert any("a standard curve's cannot be changed" in each for each in driver.concerns())
    assert driver.push_limits() == []
    with pytest.raises(LimitError):
        driver.set_setpoint(301.0, 1.0)


def test_the_current_of_the_heater_is_bounded_and_only_made_stricter(bench: Bench) -> None:
    driver = bench.driver(max_heater_current_a=0.5, setpoint_limits_k=(1.0, 420.0))
    driver.connect()
    assert any("HTRSET) is 1 A, above max_heater_current_a" in each for each in driver.concerns())
    assert driver.push_limits() == ["the heater's current was 1 A at most, now 0.5 A"]
    assert bench.instrument.execute("HTRSET? 1") == "1,0,+0.500,2"
    assert driver.push_limits() == []
    looser = bench.driver(max_heater_current_a=1.0, setpoint_limits_k=(1.0, 420.0))
    looser.connect()
    assert looser.push_limits() == []


@pytest.mark.parametrize("setting", ["CRVHDR 21", "HTRSET 1"])
def test_a_limit_within_a_longer_setting_that_was_lost_is_uncertain(
    bench: Bench, setting: str
) -> None:
    driver = bench.driver(max_heater_current_a=0.5)
    driver.connect()
    bench.faults.next(Fault.LOST_REQUEST, when=setting.encode() + b",")
    with pytest.raises(UncertainWrite, match=setting.split()[0]):
        driver.push_limits()
    bench.faults.next(Fault.SILENCE, when=setting.encode() + b",")
    assert driver.push_limits()
    assert driver.push_limits() == []
