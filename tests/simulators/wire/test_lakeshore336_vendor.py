"""The simulator under Lake Shore's own driver, and under a bare serial client."""

import socket

import lakeshore
import pytest
import serial
from lakeshore.generic_instrument import InstrumentException

from simulators.serving import LineSettings, Rfc2217Server, TcpServer
from simulators.wire.lakeshore336 import LakeShore336Simulator


@pytest.fixture
def instrument(thermostat, clock):
    return LakeShore336Simulator(thermostat, clock)


@pytest.fixture
def vendor(instrument):
    server = TcpServer(instrument.session, tick=instrument.update)
    server.start()
    client = lakeshore.Model336(ip_address="127.0.0.1", tcp_port=server.port, timeout=2.0)
    yield client
    client.disconnect_tcp()
    server.stop()


def test_vendor_identifies(vendor):
    assert (vendor.model_number, vendor.serial_number) == ("MODEL336", "LSA22LU")
    assert vendor.firmware_version == "2.8"


def test_vendor_reads(vendor):
    assert vendor.get_kelvin_reading("A") == 80.0
    assert vendor.get_all_kelvin_reading() == [80.0, 80.5, 0.0, 0.0]
    assert vendor.get_celsius_reading("A") == -193.15
    assert len(vendor.get_all_sensor_reading()) == 4
    assert not vendor.get_input_reading_status("A").invalid_reading
    assert vendor.get_input_reading_status("D").invalid_reading
    assert vendor.get_heater_output(1) == 35.4
    assert vendor.get_heater_status(1) == vendor.HeaterError.NO_ERROR
    assert vendor.get_self_test() is False
    assert vendor.get_sensor_name("A").strip() == "Stage"
    assert vendor.get_curve_header(1).curve_name.strip() == "DT-470"
    assert vendor.get_curve_data_point(21, 1)[1] == 420.0
    assert vendor.get_thermocouple_junction_temp() > 0
    assert vendor.get_min_max_data("A")["minimum"] == 80.0
    assert vendor.get_network_settings()["ip_address"] == "127.0.0.1"
    assert vendor.get_network_configuration()["mac_address"] == "00:00:00:00:03:36"


def test_vendor_sets(vendor, thermostat):
    vendor.set_setpoint_ramp_parameter(1, True, 5.0)
    vendor.set_control_setpoint(1, 100.0)
    assert vendor.get_control_setpoint(1) == 90.0
    assert vendor.get_setpoint_ramp_status(1)
    assert vendor.get_setpoint_ramp_parameter(1) == {"ramp_enable": True, "rate_value": 5.0}
    vendor.set_heater_pid(1, 40, 27, 0)
    assert vendor.get_heater_pid(1)["gain"] == 40
    vendor.set_heater_output_mode(
        1, vendor.HeaterOutputMode.CLOSED_LOOP, vendor.InputChannel.CHANNEL_B, True
    )
    assert vendor.get_heater_output_mode(1)["channel"] == vendor.InputChannel.CHANNEL_B
    vendor.set_heater_range(1, vendor.HeaterRange.MEDIUM)
    assert vendor.get_heater_range(1) == vendor.HeaterRange.MEDIUM
    vendor.all_heaters_off()
    assert thermostat.loops[1].range == 0
    vendor.set_manual_output(1, 12.5)
    assert vendor.get_manual_output(1) == 12.5


def test_vendor_configures(vendor):
    vendor.set_temperature_limit("B", 320.0)
    assert vendor.get_temperature_limit("B") == 320.0
    alarm = lakeshore.Model336AlarmSettings(300, 2, 0.5, True, audible=True, visible=True)
    vendor.set_alarm_parameters("A", True, alarm)
    assert vendor.get_alarm_parameters("A").high_value == 300.0
    vendor.set_alarm_parameters("A", False)
    assert vendor.get_alarm_status("A") == {"high_state_enabled": False, "low_state_enabled": False}
    vendor.set_sensor_name("B", "Cell body")
    vendor.set_heater_setup(
        1, vendor.HeaterResistance.HEATER_25_OHM, 1.5, vendor.HeaterOutputUnits.POWER
    )
    assert vendor.get_heater_setup(1)["max_current"] == 1.5
    vendor.set_filter("A", True, 8, 5)
    assert vendor.get_filter("A")["data_points"] == 8
    vendor.turn_relay_on(1)
    assert vendor.get_relay_status(1)
    vendor.set_display_field_settings(
        1, vendor.InputChannel.CHANNEL_A, vendor.DisplayFieldUnits.KELVIN
    )
    vendor.set_keypad_lock(True, 123)
    assert vendor.get_keypad_lock() == {"state": True, "code": 123}
    assert vendor.get_tuning_control_status()["active_tuning_enable"] is False


def test_vendor_sees_errors(vendor):
    with pytest.raises(InstrumentException, match="Execution Error"):
        vendor.set_control_setpoint(1, -5.0)
    with pytest.raises(InstrumentException, match="Command Error"):
        vendor.query("NONSENSE?")
    assert vendor.get_kelvin_reading("A") == 80.0


def test_several_clients_share_one_instrument(instrument):
    server = TcpServer(instrument.session)
    server.start()
    try:
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=5) as one,
            socket.create_connection(("127.0.0.1", server.port), timeout=5) as two,
        ):
            one.sendall(b"SETP 1,42;*ESR?\n")
            assert one.recv(100) == b"128\r\n"
            two.sendall(b"SETP? 1\n")
            assert two.recv(100) == b"+042.000\r\n"
    finally:
        server.stop()


def exchange(url, **settings):
    with serial.serial_for_url(url, timeout=0.5, **settings) as line:
        line.write(b"KRDG? A;*ESR?\n")
        return line.read_until(b"\r\n")


# pyserial's RFC 2217 client still uses Thread.setDaemon and setName.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_serial_line_with_its_settings(instrument):
    server = Rfc2217Server(instrument.session)
    server.start()
    try:
        url = f"rfc2217://127.0.0.1:{server.port}"
        right = {"baudrate": 57600, "bytesize": 7, "parity": "O"}
        assert exchange(url, **right) == b"+080.000;128\r\n"
        assert server.client_settings == [LineSettings(57600, 7, "O", 1)]
        assert exchange(url, **{**right, "baudrate": 9600}) == b""
        assert exchange(url, **{**right, "parity": "N"}) == b""
        assert exchange(url, **right) == b"+080.000;000\r\n"
    finally:
        server.stop()
