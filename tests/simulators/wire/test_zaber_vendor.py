"""The simulator under Zaber's own library, on TCP and on a pseudo-terminal."""

import sys

import pytest
from zaber_motion import CommandFailedException, MovementFailedException, RequestTimeoutException
from zaber_motion.ascii import Connection

from simulators.clock import SimulatedClock
from simulators.faults import FaultInjector
from simulators.serving import PtyServer, TcpServer
from simulators.wire.zaber import ZaberSimulator

STEP = 25_600


@pytest.fixture
def device(screw):
    return ZaberSimulator(screw, SimulatedClock(speed=100.0))


@pytest.fixture
def faults(device):
    return FaultInjector(device.session)


@pytest.fixture(params=["tcp", "pty"])
def vendor(request, faults, device):
    if request.param == "pty" and sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    if request.param == "tcp":
        server = TcpServer(faults.session, tick=device.update)
        server.start()
        connection = Connection.open_tcp("127.0.0.1", server.port)
    else:
        server = PtyServer(faults.session)
        server.start()
        connection = Connection.open_serial_port(server.path)
    with connection:
        yield connection
    server.stop()


@pytest.fixture
def axis(vendor):
    return vendor.get_device(1).get_axis(1)


def test_vendor_detects(vendor):
    (found,) = vendor.detect_devices(identify_devices=False)
    assert found.device_address == 1
    assert found.settings.get("system.serial") == 73336


def test_vendor_moves_and_waits(axis, screw):
    axis.move_absolute(STEP)
    assert axis.get_position() == STEP
    assert screw.turns == 0.02
    assert not axis.is_busy()
    axis.move_relative(-STEP / 2)
    assert axis.get_position() == STEP / 2
    assert axis.warnings.get_flags() == set()


def test_vendor_waits_for_alerts(vendor, axis):
    vendor.enable_alerts()
    axis.move_absolute(STEP)
    assert axis.get_position() == STEP


def test_vendor_stops(axis):
    axis.move_velocity(2000)
    assert axis.is_busy()
    axis.stop()
    assert not axis.is_busy()
    # The library clears NI itself once it has seen the standstill.
    assert axis.warnings.get_flags() == set()
    assert axis.get_position() > 0


def test_vendor_sees_a_stall(axis, screw):
    axis.settings.set("maxspeed", 10_000_000)
    with pytest.raises(MovementFailedException, match="FS"):
        axis.move_absolute(3 * 1_280_000)
    assert screw.turns < 2.05


def test_vendor_sees_rejections(axis):
    with pytest.raises(CommandFailedException, match="BADDATA"):
        axis.move_absolute(900_000_000)
    with pytest.raises(CommandFailedException, match="BADCOMMAND"):
        axis.generic_command("fly")


def test_vendor_works_without_checksums(vendor, axis):
    vendor.checksum_enabled = False
    axis.move_absolute(1000)
    assert axis.get_position() == 1000


def test_vendor_works_when_every_message_has_a_checksum(vendor, axis):
    vendor.get_device(1).settings.set("comm.checksum", 1)
    assert axis.get_position() == 0


def test_vendor_sees_a_lost_reference(axis, device):
    assert axis.is_homed()
    device.power_cycle()
    assert not axis.is_homed()
    assert axis.warnings.get_flags() == {"WR", "WH"}
    axis.settings.set("pos", 500)
    assert axis.get_position() == 500


def test_vendor_disables_and_enables(axis):
    axis.driver_disable()
    with pytest.raises(CommandFailedException, match="DRIVERDISABLED"):
        axis.move_relative(10)
    axis.driver_enable()
    axis.move_relative(10)


def test_vendor_stops_all_axes_and_renumbers(vendor):
    vendor.get_device(1).all_axes.stop()
    assert vendor.renumber_devices(first_address=1) == 1


def test_silence_is_a_timeout_and_then_it_works_again(axis, faults):
    faults.next("silence", when=b"get pos")
    with pytest.raises(RequestTimeoutException):
        axis.get_position()
    assert axis.get_position() == 0
