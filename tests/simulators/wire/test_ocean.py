"""The spectrometer simulator: its protocol without sockets, then under an unmodified client."""

import hashlib
import json
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.clock import SimulatedClock
from simulators.serving.tcp import TcpServer
from simulators.wire.obp import Fault, Flag, Message, Parser, ParserFault, encode
from simulators.wire.ocean import OceanSimulator

PIXELS = 2068
COEFFICIENTS = (680.0, 0.0125, -1e-7, 2e-12)

SERIAL, SERIAL_LENGTH = 0x000_001_00, 0x000_001_01
SPECTRUM, SPECTRUM_RAW, SPECTRUM_WIDE = 0x001_010_00, 0x001_011_00, 0x001_009_28
SET_EXPOSURE, GET_EXPOSURE = 0x001_100_10, 0x001_100_00
SET_SCANS, SET_TRIGGER = 0x001_200_10, 0x001_101_10
AXIS_COUNT, AXIS = 0x001_801_00, 0x001_801_01
UNKNOWN = 0x00F_0F0_F0


class HandClock:
    """Laboratory time that stands until it is set."""

    def __init__(self) -> None:
        self.lab_s = 100.0

    def now(self) -> float:
        return self.lab_s

    def wall_s(self, lab_s: float) -> float:
        return lab_s


class FlatLight:
    """Counts that tell when and how long they were exposed."""

    full_scale = 65535
    wavelength_coefficients = COEFFICIENTS

    def __init__(self, pixels: int = PIXELS) -> None:
        self.pixels = pixels
        self.exposures: list[tuple[float, float]] = []

    def expose(self, start_lab_s: float, exposure_s: float) -> np.ndarray:
        self.exposures.append((start_lab_s, exposure_s))
        counts = np.arange(self.pixels) + 1000 * len(self.exposures)
        return counts.astype(np.uint16)


@pytest.fixture
def light() -> FlatLight:
    return FlatLight()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def simulator(light: FlatLight, clock: HandClock) -> OceanSimulator:
    return OceanSimulator(light, clock, serial="HDX01234")


def ask(session, kind: int, data: bytes = b"", **fields) -> tuple[Message, float]:
    """Send one request and return the one answer with the time at which it is due."""
    (reply,) = session.feed(encode(Message(type=kind, data=data, **fields)))
    (message,) = Parser().feed(reply.payload)
    assert isinstance(message, Message)
    assert message.type == kind
    return message, reply.due_lab_s


def test_serial_number_and_length_agree(simulator):
    session = simulator.session()
    assert ask(session, SERIAL)[0].data == b"HDX01234"
    assert ask(session, SERIAL_LENGTH)[0].data == b"\x08"


def test_answer_carries_the_hosts_number_and_is_a_response(simulator):
    message, due = ask(simulator.session(), SERIAL, regarding=0xDEADBEEF)
    assert message.regarding == 0xDEADBEEF
    assert message.flags == Flag.RESPONSE
    assert due == 0.0


def test_query_with_ack_requested_gets_answer_and_ack_in_one_message(simulator):
    message, _ = ask(simulator.session(), SERIAL, flags=Flag.ACK_REQUESTED)
    assert message.flags == Flag.RESPONSE | Flag.ACK
    assert message.data == b"HDX01234"


def test_layout_is_the_data_sheets():
    raw = encode(Message(type=SET_EXPOSURE, data=struct.pack("<I", 0x01020304), regarding=7))
    assert len(raw) == 64
    assert raw[:2] == b"\xc1\xc0"
    assert raw[8:12] == b"\x10\x00\x11\x00"
    assert raw[23:28] == b"\x04\x04\x03\x02\x01"
    assert raw[40:44] == b"\x14\x00\x00\x00"
    assert raw[-4:] == b"\xc5\xc4\xc3\xc2"


def test_payload_goes_outside_the_header_beyond_sixteen_bytes():
    raw = encode(Message(type=1, data=bytes(17)))
    assert raw[23] == 0
    assert len(raw) == 64 + 17
    assert int.from_bytes(raw[40:44], "little") == 20 + 17


@pytest.mark.parametrize("kind", [SPECTRUM, SPECTRUM_RAW])
def test_spectrum_is_due_when_its_exposure_ends(simulator, light, clock, kind):
    session = simulator.session()
    exposure = struct.pack("<I", 250_000)
    message, due = ask(session, SET_EXPOSURE, exposure, flags=Flag.ACK_REQUESTED)
    assert message.flags == Flag.RESPONSE | Flag.ACK
    assert due == 0.0
    message, due = ask(session, kind)
    assert light.exposures == [(clock.lab_s, 0.25)]
    assert due == pytest.approx(clock.lab_s + 0.25)
    assert np.array_equal(np.frombuffer(message.data, "<u2"), np.arange(PIXELS) + 1000)


def test_exposures_of_two_clients_do_not_overlap(simulator, clock):
    _, first = ask(simulator.session(), SPECTRUM)
    _, second = ask(simulator.session(), SPECTRUM)
    assert first == pytest.approx(clock.lab_s + 0.1)
    assert second == pytest.approx(first + 0.1)


def test_scans_to_average_lengthen_and_average(simulator, light, clock):
    session = simulator.session()
    ask(session, SET_SCANS, struct.pack("<H", 3), flags=Flag.ACK_REQUESTED)
    message, due = ask(session, SPECTRUM)
    assert [round(start - clock.lab_s, 9) for start, _ in light.exposures] == [0.0, 0.1, 0.2]
    assert due == pytest.approx(clock.lab_s + 0.3)
    assert np.array_equal(np.frombuffer(message.data, "<u2"), np.arange(PIXELS) + 2000)


def test_wide_spectrum_has_metadata_and_words(simulator):
    message, _ = ask(simulator.session(), SPECTRUM_WIDE)
    assert len(message.data) == 32 + 4 * PIXELS
    assert np.array_equal(np.frombuffer(message.data[32:], "<u4"), np.arange(PIXELS) + 1000)


def test_axis_comes_as_single_precision(simulator):
    session = simulator.session()
    assert ask(session, AXIS_COUNT)[0].data == b"\x04"
    got = [struct.unpack("<f", ask(session, AXIS, bytes([i]))[0].data)[0] for i in range(4)]
    assert got == [np.float32(c) for c in COEFFICIENTS]


def test_external_trigger_waits(simulator):
    session = simulator.session()
    ask(session, SET_TRIGGER, b"\x01", flags=Flag.ACK_REQUESTED)
    assert session.feed(encode(Message(type=SPECTRUM))) == []


@pytest.mark.parametrize(
    ("kind", "data", "fault"),
    [
        (UNKNOWN, b"", Fault.UNKNOWN_TYPE),
        (SET_EXPOSURE, struct.pack("<I", 10), Fault.INVALID_DATA),
        (SET_EXPOSURE, b"\x00", Fault.WRONG_LENGTH),
        (SET_SCANS, struct.pack("<H", 0), Fault.INVALID_DATA),
        (SET_TRIGGER, b"\x77", Fault.INVALID_DATA),
        (AXIS, b"\x04", Fault.NOTHING_THERE),
        (AXIS, b"", Fault.WRONG_LENGTH),
        (SERIAL, b"x", Fault.WRONG_LENGTH),
    ],
)
def test_refusals_name_their_reason(simulator, kind, data, fault):
    message, _ = ask(simulator.session(), kind, data, flags=Flag.ACK_REQUESTED)
    assert message.flags == Flag.RESPONSE | Flag.NACK
    assert message.error == fault


def test_refused_setting_changes_nothing(simulator):
    session = simulator.session()
    before = ask(session, GET_EXPOSURE)[0].data
    ask(session, SET_EXPOSURE, struct.pack("<I", 10), flags=Flag.ACK_REQUESTED)
    assert ask(session, GET_EXPOSURE)[0].data == before


def test_command_without_ack_request_is_obeyed_in_silence(simulator):
    session = simulator.session()
    assert session.feed(encode(Message(type=SET_EXPOSURE, data=struct.pack("<I", 9000)))) == []
    assert session.feed(encode(Message(type=SET_EXPOSURE, data=struct.pack("<I", 1)))) == []
    assert ask(session, GET_EXPOSURE)[0].data == struct.pack("<I", 9000)


def test_reset_restores_the_exposure_and_keeps_user_strings(simulator):
    session = simulator.session()
    before = ask(session, GET_EXPOSURE)[0].data
    ask(session, SET_EXPOSURE, struct.pack("<I", 9000), flags=Flag.ACK_REQUESTED)
    ask(session, 0x000_003_10, b"\x02cell 7", flags=Flag.ACK_REQUESTED)
    ask(session, 0x000_000_00, flags=Flag.ACK_REQUESTED)
    assert ask(session, GET_EXPOSURE)[0].data == before
    assert ask(session, 0x000_003_02, b"\x02")[0].data == b"cell 7"


def test_md5_is_checked_and_answered_in_kind(simulator):
    session = simulator.session()
    (reply,) = session.feed(encode(Message(type=SPECTRUM, checksum_type=1)))
    assert hashlib.md5(reply.payload[:-20]).digest() == reply.payload[-20:-4]
    spoiled = bytearray(encode(Message(type=SERIAL, checksum_type=1)))
    spoiled[-10] ^= 1
    (reply,) = session.feed(bytes(spoiled))
    (message,) = Parser().feed(reply.payload)
    assert isinstance(message, Message)
    assert (message.flags, message.error) == (Flag.RESPONSE | Flag.NACK, Fault.BAD_CHECKSUM)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        ({"version": 0x2000}, Fault.UNSUPPORTED_PROTOCOL),
        ({"checksum_type": 9}, Fault.UNKNOWN_CHECKSUM_TYPE),
    ],
)
def test_foreign_frames_are_refused(simulator, spoil, fault):
    message, _ = ask(simulator.session(), SERIAL, **spoil)
    assert message.error == fault


def test_message_that_is_too_long_is_refused_and_the_next_is_understood(simulator):
    session = simulator.session()
    huge = bytearray(encode(Message(type=SERIAL)))
    huge[40:44] = (1 << 30).to_bytes(4, "little")
    replies = session.feed(bytes(huge) + encode(Message(type=SERIAL)))
    first, second = (Parser().feed(reply.payload)[0] for reply in replies)
    assert isinstance(first, Message)
    assert first.error == Fault.TOO_LARGE
    assert isinstance(second, Message)
    assert second.data == b"HDX01234"


messages = st.builds(
    Message,
    type=st.integers(0, 0xFFFFFFFF),
    data=st.binary(max_size=40),
    flags=st.sampled_from([Flag.NONE, Flag.ACK_REQUESTED]),
    regarding=st.integers(0, 0xFFFFFFFF),
    checksum_type=st.sampled_from([0, 1]),
)


@settings(deadline=None)
@given(st.lists(messages, max_size=4), st.data())
def test_any_messages_in_any_pieces_arrive_whole(sent, data):
    stream = b"".join(encode(message) for message in sent)
    parser, got, rest = Parser(), [], stream
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        got += parser.feed(rest[:size])
        rest = rest[size:]
    assert got == sent


@given(st.binary(max_size=100), messages)
@settings(max_examples=300, deadline=None)
def test_garbage_before_a_message_does_not_swallow_it(garbage, message):
    got = Parser().feed(garbage + encode(message))
    assert message in got


def test_start_marks_in_garbage_do_not_swallow_a_message():
    message = Message(type=SERIAL)
    false_start = encode(message)[:40] + (5000).to_bytes(4, "little")
    got = Parser().feed(b"\xc1\xc0" * 3 + false_start + encode(message))
    assert got[-1] == message


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_garbage_never_raises(garbage):
    for item in Parser().feed(garbage):
        assert isinstance(item, Message | ParserFault)


# Somebody else's client, unmodified, over TCP.


@pytest.fixture
def served(light):
    clock = SimulatedClock(10.0)
    simulator = OceanSimulator(light, clock, serial="HDX01234")
    server = TcpServer(simulator.session, clock=clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def vendor_spectrometer(served):
    pytest.importorskip("seabreeze")
    import seabreeze

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if it has been told before
        seabreeze.use("pyseabreeze")
    from seabreeze.pyseabreeze.api import SeaBreezeAPI
    from seabreeze.pyseabreeze.devices import SeaBreezeDevice
    from seabreeze.pyseabreeze.transport import IPv4Transport, IPv4TransportHandle
    from seabreeze.spectrometers import Spectrometer

    # Not list_devices: it asks the network by multicast first, which a test may not.
    SeaBreezeAPI(initialize=False).add_ipv4_device_location("HDX", served.host, served.port)
    handle = IPv4TransportHandle(served.host, served.port)
    try:
        spectrometer = Spectrometer(SeaBreezeDevice(handle))
        yield spectrometer
        spectrometer.close()
    finally:
        handle.socket.close()
        del IPv4Transport.devices_ip_port[(served.host, served.port)]


def test_seabreeze_reads_serial_axis_and_spectra(vendor_spectrometer):
    spectrometer = vendor_spectrometer
    assert spectrometer.serial_number == "HDX01234"
    assert spectrometer.pixels == PIXELS
    index = np.arange(PIXELS)
    expected_nm = sum(float(np.float32(c)) * index**k for k, c in enumerate(COEFFICIENTS))
    assert np.allclose(spectrometer.wavelengths(), expected_nm, atol=1e-9)
    spectrometer.integration_time_micros(20_000)
    spectrometer.trigger_mode(0)
    assert np.array_equal(spectrometer.intensities(), index + 1000.0)
    assert np.array_equal(spectrometer.intensities(), index + 2000.0)


def test_seabreeze_reads_the_nonlinearity_and_multicast_features(vendor_spectrometer):
    features = vendor_spectrometer.f
    assert features.nonlinearity_coefficients.get_nonlinearity_coefficients() == [1.0] + 7 * [0.0]
    assert features.multicast.get_multicast_enable_state(0)


# The maker's C library: another implementation of the protocol. It knows no HDX; its nearest
# model on TCP is the FlameX, with more pixels. It keeps the GIL while it waits for bytes, so it
# runs in a process of its own.

C_CLIENT = """
import json, sys
from seabreeze.cseabreeze import SeaBreezeAPI
api = SeaBreezeAPI()
api.add_ipv4_device_location(b"FlameX", b"127.0.0.1", int(sys.argv[1]))
(device,) = api.list_devices()
device.open()
spectrometer = device.f.spectrometer
spectrometer.set_integration_time_micros(20000)
axis = spectrometer.get_wavelengths()
try:
    device.f.data_buffer.get_buffer_capacity()
    refused = False
except Exception:
    refused = True
counts = spectrometer.get_intensities()
print(json.dumps({
    "serial": device.serial_number,
    "axis": [axis[0], axis[-1]],
    "counts": [counts[0], counts[-1]],
    "firmware": device.f.revision.revision_firmware_get(),
    "refused": refused,
}))
device.close()
"""


def test_the_makers_c_library_reads_a_spectrum():
    pytest.importorskip("seabreeze.cseabreeze", exc_type=ImportError)
    pixels = 2136
    clock = SimulatedClock(1.0)
    simulator = OceanSimulator(FlatLight(pixels), clock, serial="FLMX0042")
    server = TcpServer(simulator.session, clock=clock)
    server.start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", C_CLIENT, str(server.port)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    ends = np.polynomial.polynomial.polyval([0, pixels - 1], COEFFICIENTS)
    assert got["serial"] == "FLMX0042"
    assert got["axis"] == pytest.approx(ends, abs=1e-4)
    assert got["counts"] == [1000, 1000 + pixels - 1]
    assert got["firmware"] == 0x0106
    assert got["refused"], "a query that the unit does not know is refused, not left waiting"
