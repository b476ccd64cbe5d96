"""The whole simulated laboratory, asked by clients that this project did not write."""

import json
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import serial

from simulators.laboratory import PORT_ROLES, Laboratory

MICROSTEPS_PER_TURN = 200 * 64 * 100


def wait_for(condition: Callable[[], bool], deadline_s: float = 10.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come about in time"
        time.sleep(0.01)


def simulator_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("simulator")]


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    with Laboratory(7, 200.0, tmp_path / "frames", truth=tmp_path / "truth.jsonl") as made:
        yield made
    assert simulator_threads() == []


def ask(address: tuple[str, int], request: bytes, timeout_s: float = 5.0) -> bytes:
    """One line over a bare socket."""
    with socket.create_connection(address, timeout=timeout_s) as connection:
        connection.sendall(request)
        reply = b""
        while not reply.endswith(b"\r\n"):
            part = connection.recv(4096)
            assert part, f"the connection closed after {reply!r}"
            reply += part
        return reply.strip()


def port_of(endpoint: str) -> int:
    return int(endpoint.replace("::SOCKET", "").rsplit(":", 1)[1])


def idn(laboratory: Laboratory, timeout_s: float = 5.0) -> bytes:
    port = port_of(laboratory.endpoints["cryostat"])
    return ask(("127.0.0.1", port), b"*IDN?\n", timeout_s)


def read_cryostat(laboratory: Laboratory) -> tuple[float, float]:
    from lakeshore import Model336

    port = port_of(laboratory.endpoints["cryostat"])
    controller = Model336(ip_address="127.0.0.1", tcp_port=port, timeout=5)
    try:
        controller.set_setpoint_ramp_parameter(1, True, 10.0)
        assert controller.get_setpoint_ramp_parameter(1)["rate_value"] == pytest.approx(10.0)
        stage, cell = controller.get_all_kelvin_reading()[:2]
        return stage, cell
    finally:
        controller.disconnect_tcp()


def turn_screw(laboratory: Laboratory, turns: float) -> float:
    from zaber_motion.ascii import Connection

    with Connection.open_tcp("127.0.0.1", port_of(laboratory.endpoints["drive"])) as link:
        axis = link.get_device(1).get_axis(1)
        axis.move_absolute(round(turns * MICROSTEPS_PER_TURN))
        return axis.get_position() / MICROSTEPS_PER_TURN


def take_spectrum(laboratory: Laboratory, integration_us: int = 500_000) -> tuple[Any, Any]:
    import seabreeze

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if it has been told before
        seabreeze.use("pyseabreeze")
    from seabreeze.pyseabreeze.api import SeaBreezeAPI
    from seabreeze.pyseabreeze.devices import SeaBreezeDevice
    from seabreeze.pyseabreeze.transport import IPv4Transport, IPv4TransportHandle
    from seabreeze.spectrometers import Spectrometer

    where = laboratory.endpoints["spectrometer"]
    address = (where["host"], where["port"])
    # Not list_devices: it asks the network by multicast first, which a test may not.
    SeaBreezeAPI(initialize=False).add_ipv4_device_location(where["model"], *address)
    handle = IPv4TransportHandle(*address)
    try:
        device: Any = SeaBreezeDevice(handle)
        spectrometer = Spectrometer(device)
        spectrometer.integration_time_micros(integration_us)
        spectrum = spectrometer.wavelengths(), spectrometer.intensities()
        spectrometer.close()
        return spectrum
    finally:
        handle.socket.close()
        del IPv4Transport.devices_ip_port[address]


def take_frame(laboratory: Laboratory) -> Any:
    where = laboratory.endpoints["camera"]
    os.environ.update(where["environment"])
    with warnings.catch_warnings():
        # See devices/drivers/basler_sdk.py: as errors they would end the process.
        warnings.simplefilter("ignore", DeprecationWarning)
        from pypylon import pylon
    factory = pylon.TlFactory.GetInstance()
    found = factory.EnumerateDevices()
    info = next(each for each in found if each.GetSerialNumber() == where["serial"])
    camera = pylon.InstantCamera(factory.CreateDevice(info))
    camera.Open()
    try:
        for name, value in where["nodes"].items():
            camera.GetNodeMap().GetNode(name).FromString(str(value))
        result = camera.GrabOne(5000)
        assert result.GrabSucceeded(), result.GetErrorDescription()
        return np.array(result.Array)
    finally:
        camera.Close()
        camera.DestroyDevice()


def truth_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_vendor_clients_use_all_four_instruments(laboratory: Laboratory, tmp_path: Path) -> None:
    stage_k, cell_k = read_cryostat(laboratory)
    assert 75.0 < stage_k < 85.0
    assert 75.0 < cell_k < 90.0

    before = laboratory.twin.state()["pressure_gpa"]
    assert turn_screw(laboratory, 0.1) == pytest.approx(0.1, abs=2e-6)
    assert laboratory.twin.turns == pytest.approx(0.1, abs=2e-6)
    assert laboratory.twin.state()["pressure_gpa"] > before + 1.0

    wavelength_nm, counts = take_spectrum(laboratory)
    head, *exposures = truth_lines(tmp_path / "truth.jsonl")
    assert head["constants"] == json.loads(json.dumps(laboratory.twin.truth()))
    strongest_nm = float(wavelength_nm[int(np.argmax(counts))])
    # The top of a line 0.3 nm wide, on pixels 0.03 nm wide, in noise.
    assert strongest_nm == pytest.approx(exposures[-1]["r1_axis_nm"], abs=0.12)

    frame = take_frame(laboratory)
    assert frame.shape == (480, 640)
    assert frame.dtype == np.uint8
    assert np.ptp(frame) > 50


# pyserial 3.5 starts its RFC 2217 reader in the way of old Pythons.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
@pytest.mark.parametrize("link", ["cryostat_serial", "drive_serial"])
def test_serial_links_reach_the_same_instrument(laboratory: Laboratory, link: str) -> None:
    if link not in laboratory.endpoints:
        pytest.skip("this system has no pseudo-terminals")
    if link == "cryostat_serial":
        line: dict[str, Any] = {"baudrate": 57600, "bytesize": 7, "parity": "O"}
        request, expected = b"*IDN?\n", idn(laboratory)
    else:
        line = {"baudrate": 115200}
        request = b"/1 1 get pos\n"
        expected = ask(("127.0.0.1", port_of(laboratory.endpoints["drive"])), request)
    with serial.serial_for_url(laboratory.endpoints[link], timeout=5.0, **line) as port:
        port.write(request)
        assert port.read_until(b"\r\n").strip() == expected


def test_screw_follows_the_motor_while_nobody_asks(laboratory: Laboratory) -> None:
    drive = ("127.0.0.1", port_of(laboratory.endpoints["drive"]))
    assert b"OK" in ask(drive, b"/1 1 move abs 64000\n")
    wait_for(lambda: laboratory.twin.turns == pytest.approx(0.05, abs=2e-6))


def test_endpoints_are_json_and_complete(laboratory: Laboratory, tmp_path: Path) -> None:
    endpoints = json.loads(json.dumps(laboratory.endpoints))
    assert set(PORT_ROLES) | {"camera"} <= set(endpoints)
    assert ("drive_serial" in endpoints) == (sys.platform != "win32")
    camera = endpoints["camera"]
    assert camera["exposure_ms"] == pytest.approx(20.0)
    assert Path(camera["nodes"]["ImageFilename"]).parent == (tmp_path / "frames").resolve()


def test_certificates_hold_what_papers_say_and_no_truth(laboratory: Laboratory) -> None:
    papers = laboratory.certificates
    assert papers["gear_ratio"] * papers["steps_per_rev"] * papers["resolution"] == 1_280_000
    assert papers["min_turns"] < 0 < papers["max_turns"]
    json.dumps(papers)
    truth = laboratory.twin.truth()
    assert papers["lambda0_nm"] != truth.get("lambda0_nm")


def test_faults_stand_in_every_link(laboratory: Laboratory) -> None:
    laboratory.faults["cryostat"].next("silence")
    with pytest.raises(TimeoutError):
        idn(laboratory, timeout_s=0.3)
    assert idn(laboratory).startswith(b"LSCI,MODEL336")


def test_port_in_use_names_role_and_port_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        laboratory = Laboratory(folder=tmp_path, ports={"drive": port})
        with pytest.raises(OSError, match=f"drive.*{port}"):
            laboratory.start()
    assert simulator_threads() == []
    assert list(tmp_path.iterdir()) == []


def test_asked_for_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with Laboratory(folder=tmp_path, ports={"cryostat": port}) as laboratory:
        assert laboratory.endpoints["cryostat"] == f"TCPIP0::127.0.0.1::{port}::SOCKET"
        assert idn(laboratory).startswith(b"LSCI,MODEL336")


@pytest.mark.parametrize(
    ("ports", "words"), [({"camera": 5000}, "no port for camera"), ({"drive": 70000}, "70000")]
)
def test_nonsense_ports_are_refused(ports: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Laboratory(ports=ports)


def test_life_cycle(tmp_path: Path) -> None:
    laboratory = Laboratory()
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = laboratory.endpoints
    laboratory.start()
    laboratory.start()
    picture = Path(laboratory.endpoints["camera"]["nodes"]["ImageFilename"])
    assert picture.exists()
    laboratory.stop()
    laboratory.stop()
    assert not picture.parent.exists()
    assert simulator_threads() == []
    with pytest.raises(RuntimeError, match="cannot start again"):
        laboratory.start()


def test_unwritable_truth_stops_everything(tmp_path: Path) -> None:
    laboratory = Laboratory(truth=tmp_path / "nowhere" / "truth.jsonl")
    with pytest.raises(OSError, match="truth file"):
        laboratory.start()
    assert simulator_threads() == []


def test_replay_shows_recorded_light_at_room_temperature(tmp_path: Path) -> None:
    axis_nm = np.linspace(680.0, 710.0, 1000)
    counts = np.rint(200 + 9000 * np.exp(-(((axis_nm - 694.9) / 0.3) ** 2)))
    file = tmp_path / "ruby.txt"
    np.savetxt(file, np.column_stack([axis_nm, counts]), fmt=["%.4f", "%d"])
    with Laboratory(0, 50.0, replay=file, truth=tmp_path / "truth.jsonl") as laboratory:
        stage_k = laboratory.twin.sensor_k("A")
        seen_nm, seen = take_spectrum(laboratory, 100_000)
    assert stage_k == pytest.approx(296.0, abs=1.0)
    peak = int(np.argmax(seen))
    assert seen[peak] == counts.max()
    assert seen_nm[peak] == pytest.approx(axis_nm[int(np.argmax(counts))], abs=0.005)
    (head,) = truth_lines(tmp_path / "truth.jsonl")
    assert head["replay"] == str(file)


def test_start_temperature_is_taken() -> None:
    laboratory = Laboratory(start_temperature_k=150.0)
    assert laboratory.twin.sensor_k("A") == pytest.approx(150.0, abs=1.0)
