"""The Ocean driver against the simulator over TCP, and against peers that misbehave."""

import socket
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("seabreeze")

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    LimitError,
    LinkDown,
    ProtocolError,
    ReplyTimeout,
    TransportError,
)
from devices.drivers.ocean import Ocean
from devices.drivers.roles import SpectrometerDriver
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.replay import ReplayLight
from simulators.serving.tcp import TcpServer
from simulators.wire.ocean import OceanSimulator

PIXELS = 2068
SPECTRUM_REQUEST = bytes([0x00, 0x10, 0x10, 0x00])  # message type 0x00101000 on the wire
AXIS_REQUEST = bytes([0x01, 0x01, 0x18, 0x00])
EXPOSURE_REQUEST = bytes([0x10, 0x00, 0x11, 0x00])


class CountedLight:
    """Every exposure is one count brighter, so that a test sees which ones were used."""

    pixels = PIXELS
    full_scale = 65535
    wavelength_coefficients = (680.0, 0.0125, 0.0, 0.0)

    def __init__(self) -> None:
        self.level = 1000
        self.exposures_s: list[float] = []

    def expose(self, start_lab_s: float, exposure_s: float) -> np.ndarray:
        self.exposures_s.append(exposure_s)
        counts = np.full(PIXELS, self.level, np.uint16)
        self.level = min(65535, self.level + 1)
        return counts


class Bench:
    """A served spectrometer with faults to order, and drivers that are closed at the end."""

    def __init__(self, light=None, **simulator) -> None:
        self.light = light or CountedLight()
        clock = SimulatedClock(1.0)
        self.simulator = OceanSimulator(self.light, clock, serial="HDX01234", **simulator)
        self.faults = FaultInjector(self.simulator.session, terminators=b"")
        self.server = TcpServer(self.faults.session, clock=clock)
        self.server.start()
        self.drivers: list[Ocean] = []

    def driver(self, model: str = "HDX", **settings) -> Ocean:
        address = {"host": "127.0.0.1", "port": self.server.port}
        driver = Ocean(model, **{"io_margin_s": 1.0, **address, **settings})
        self.drivers.append(driver)
        return driver

    def close(self) -> None:
        for driver in self.drivers:
            driver.close()
        self.server.stop()


@pytest.fixture
def bench() -> Iterator[Bench]:
    threads = set(threading.enumerate())
    bench = Bench()
    yield bench
    bench.close()
    assert set(threading.enumerate()) == threads


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    """A listener that accepts what the test tells it to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


def test_identity_and_what_is_known_after_connect(bench):
    driver = bench.driver(serial="HDX01234")
    identity = driver.connect()
    assert (identity.model, identity.serial, identity.firmware) == ("HDX", "HDX01234", "1.06")
    assert driver.connect() is identity
    assert driver.pixels == PIXELS
    assert driver.saturation_counts == 65535
    assert driver.exposure_limits_s == (0.006, 10.0)
    assert driver.address == f"HDX spectrometer at 127.0.0.1:{bench.server.port}"


def test_connecting_takes_no_spectrum_and_asks_no_multicast(bench, monkeypatch):
    from seabreeze.pyseabreeze.transport import IPv4Transport

    monkeypatch.setattr(IPv4Transport, "list_devices", None)  # a second of waiting, each time
    bench.driver(model="hdx", host="localhost").connect()
    assert bench.light.exposures_s == []


def test_it_fills_the_role(bench):
    role: SpectrometerDriver = bench.driver()
    assert role.acquire(0.01, 1).counts.shape == (PIXELS,)


def test_first_spectrum_after_a_change_is_discarded_and_only_that(bench):
    driver = bench.driver()
    assert driver.acquire(0.01, 1).counts[0] == 1001
    assert driver.acquire(0.01, 2).counts[0] == 1002.5
    assert driver.acquire(0.02, 1).counts[0] == 1005
    assert bench.light.exposures_s == pytest.approx([0.01] * 4 + [0.02] * 2)


def test_discarding_can_be_switched_off(bench):
    assert bench.driver(discard_after_change=0).acquire(0.01, 1).counts[0] == 1000


def test_spectrum_says_what_was_done(bench):
    before = time.time()
    spectrum = bench.driver().acquire(0.0123456, 3)
    assert spectrum.exposure_s == pytest.approx(0.012346)
    assert spectrum.averages == 3
    assert before <= spectrum.time <= time.time()
    expected_nm = np.round(680.0 + float(np.float32(0.0125)) * np.arange(PIXELS), 6)
    assert np.array_equal(spectrum.wavelength_nm, expected_nm)


@pytest.mark.parametrize(("level", "saturated"), [(62258, False), (62259, True)])
def test_saturation_of_one_single_exposure_is_flagged(bench, level, saturated):
    driver = bench.driver(discard_after_change=0)
    driver.acquire(0.01, 1)
    bench.light.level = level - 1  # the second of two reaches the level, their mean does not
    assert driver.acquire(0.01, 2).saturated is saturated


def test_axis_follows_a_replay(tmp_path):
    for k in range(2):
        axis = np.linspace(690 + k, 700 + k, 400)
        lines = (f"{x:.5f} {100 + 1000 * (abs(x - 695 - k) < 0.02):.0f}" for x in axis)
        (tmp_path / f"{k}.txt").write_text("\n".join(lines))
    turns = [0.0]
    bench = Bench(ReplayLight(tmp_path, lambda: turns[0]))
    try:
        driver = bench.driver()
        for k in range(2):
            turns[0] = k / 10
            spectrum = driver.acquire(0.01, 1)
            top_nm = spectrum.wavelength_nm[np.argmax(spectrum.counts)]
            assert top_nm == pytest.approx(695 + k, abs=0.03)
    finally:
        bench.close()


@pytest.mark.parametrize(("exposure_s", "averages"), [(0.001, 1), (10.1, 1), (0.01, 0)])
def test_impossible_exposures_are_refused_before_anything_is_sent(bench, exposure_s, averages):
    driver = bench.driver()
    with pytest.raises(LimitError, match="HDX spectrometer at"):
        driver.acquire(exposure_s, averages)
    assert bench.light.exposures_s == []


# Wrong instruments


def test_another_model_is_refused():
    bench = Bench(product_id=0x4004, device_name="QEPRO")
    try:
        with pytest.raises(IdentityError, match=r"answers as QE-?PRO"):
            bench.driver().connect()
    finally:
        bench.close()


def test_another_serial_number_is_refused(bench):
    with pytest.raises(IdentityError, match="HDX01234"):
        bench.driver(serial="HDX99999").connect()


@pytest.mark.parametrize(
    ("model", "what"), [("HDX9", "knows no spectrometer model"), ("USB2000+", "over USB only")]
)
def test_models_that_cannot_be_there_are_refused(bench, model, what):
    with pytest.raises(ConfigurationError, match=what):
        bench.driver(model=model).connect()


def test_half_an_address_is_refused():
    with pytest.raises(ConfigurationError, match="both host and port"):
        Ocean("HDX", host="127.0.0.1")


def test_missing_seabreeze_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "devices.drivers.ocean_open", None)
    monkeypatch.delattr("devices.drivers.ocean_open", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install \"dac-control\[ocean\]\""):
        Ocean("HDX", host="127.0.0.1", port=1).connect()


# Peers that misbehave


def test_refused_connection_names_the_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(LinkDown, match=f"HDX spectrometer at 127.0.0.1:{port} cannot be reached"):
        Ocean("HDX", host="127.0.0.1", port=port).connect()


def test_unknown_host_is_named(monkeypatch):
    def unknown(host: str) -> str:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    with pytest.raises(LinkDown, match="host name 'spectro' is not known"):
        Ocean("HDX", host="spectro", port=57357).connect()


def test_silent_peer_is_given_up_after_the_margin(peer):
    driver = Ocean("HDX", host="127.0.0.1", port=peer.getsockname()[1], io_margin_s=0.3)
    start = time.monotonic()
    with pytest.raises(ReplyTimeout, match=r"did not answer within 0\.3 s"):
        driver.connect()
    assert time.monotonic() - start < 2
    driver.close()


def test_peer_of_another_protocol_is_recognised(peer):
    def chatter() -> None:
        connection, _ = peer.accept()
        with connection:
            connection.sendall(b"LSCI,MODEL336,LSA22LU/LSA217G,2.8\r\n" * 4)
            connection.recv(64)

    thread = threading.Thread(target=chatter)
    thread.start()
    with pytest.raises(ProtocolError, match="not the Ocean Binary Protocol"):
        Ocean("HDX", host="127.0.0.1", port=peer.getsockname()[1]).connect()
    thread.join()


def test_peer_that_closes_mid_exposure_is_noticed_at_once_and_the_next_call_reconnects(bench):
    driver = bench.driver(io_margin_s=5.0)
    driver.acquire(0.01, 1)
    bench.faults.next(Fault.HALF_REPLY, when=SPECTRUM_REQUEST, hang_up=True)
    threads, start, cpu = threading.active_count(), time.monotonic(), time.process_time()
    with pytest.raises(LinkDown, match="closed the connection"):
        driver.acquire(0.3, 1)
    assert time.monotonic() - start < 2
    assert time.process_time() - cpu < 0.5
    assert threading.active_count() <= threads
    assert driver.acquire(0.01, 1).counts.shape == (PIXELS,)


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.PREVIOUS_REPLY, Fault.HALF_REPLY])
def test_missing_spectrum_is_a_timeout_and_the_next_call_reconnects(bench, fault):
    driver = bench.driver(io_margin_s=0.3)
    driver.acquire(0.01, 1)
    bench.faults.next(fault, when=SPECTRUM_REQUEST)
    with pytest.raises(ReplyTimeout, match="HDX spectrometer at"):
        driver.acquire(0.01, 1)
    assert driver.acquire(0.01, 1).counts[0] > 1000


def test_late_spectrum_is_not_taken_for_a_later_one(bench):
    driver = bench.driver(io_margin_s=0.2)
    driver.acquire(0.01, 1)
    bench.faults.next(Fault.LATE, when=SPECTRUM_REQUEST, delay_s=0.5)
    with pytest.raises(ReplyTimeout):
        driver.acquire(0.01, 1)
    late = bench.light.level - 1
    assert driver.acquire(0.01, 1).counts[0] > late + 1


@pytest.mark.parametrize("request_bytes", [SPECTRUM_REQUEST, AXIS_REQUEST])
def test_duplicate_replies_are_dropped(bench, request_bytes):
    driver = bench.driver()
    first = driver.acquire(0.01, 1)
    bench.faults.next(Fault.DUPLICATE, when=request_bytes)
    second, third = driver.acquire(0.01, 1), driver.acquire(0.01, 1)
    assert np.array_equal(second.wavelength_nm, first.wavelength_nm)
    assert np.array_equal(third.wavelength_nm, first.wavelength_nm)
    assert [s.counts[0] - first.counts[0] for s in (second, third)] == [1, 2]


def test_garbled_reply_is_an_error_and_the_next_call_reconnects(bench):
    driver = bench.driver()
    driver.acquire(0.01, 1)
    bench.faults.next(Fault.GARBAGE, when=SPECTRUM_REQUEST)
    with pytest.raises(ProtocolError, match="a reply begins with"):
        driver.acquire(0.01, 1)
    assert driver.acquire(0.01, 1).counts.shape == (PIXELS,)


def test_refused_exposure_is_an_error_not_a_wrong_spectrum(bench, monkeypatch):
    monkeypatch.setattr("simulators.wire.ocean_unit.INTEGRATION_LIMITS_US", (20_000, 30_000))
    driver = bench.driver()
    with pytest.raises(InstrumentError, match="the value is not allowed"):
        driver.acquire(0.01, 1)
    assert driver.acquire(0.02, 1).exposure_s == 0.02


def test_axis_that_falls_is_refused(bench):
    bench.light.wavelength_coefficients = (700.0, -0.01, 0.0, 0.0)
    with pytest.raises(ProtocolError, match="does not rise"):
        bench.driver().connect()


def test_close_ends_an_exposure_in_another_thread(bench):
    driver = bench.driver()
    driver.acquire(0.01, 1)
    ended: list[BaseException] = []

    def expose() -> None:
        try:
            driver.acquire(5.0, 1)
        except TransportError as error:
            ended.append(error)

    thread = threading.Thread(target=expose)
    thread.start()
    deadline = time.monotonic() + 5
    while 5.0 not in bench.light.exposures_s and time.monotonic() < deadline:
        time.sleep(0.005)
    start = time.monotonic()
    driver.close()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - start < 3
    assert ended


def test_close_leaves_nothing_and_may_be_repeated(bench):
    from seabreeze.pyseabreeze.transport import IPv4Transport

    driver = bench.driver()
    driver.close()
    driver.connect()
    driver.close()
    driver.close()
    assert ("127.0.0.1", bench.server.port) not in IPv4Transport.devices_ip_port
    assert driver.acquire(0.01, 1).averages == 1


def test_questions_before_the_first_connection_say_so():
    driver = Ocean("HDX", serial="X")
    for attribute in ("pixels", "saturation_counts", "exposure_limits_s"):
        with pytest.raises(LinkDown, match="not connected"):
            getattr(driver, attribute)
