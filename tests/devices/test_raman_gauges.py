"""The edge of the anvil as a device, over the twin's Raman port."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dac_control.clock import SteadyClock
from dac_control.gauges.diamond_edge import DiamondEdgeGauge, Nu0
from devices.cryostat import Cryostat
from devices.drivers.roles import CryostatReading, Identity, RawSpectrum
from devices.raman_gauges import DiamondEdge
from devices.spectrometer import Spectrometer
from simulators.twin import Twin, TwinSettings


class RamanPort:
    """A spectrometer driver that asks the twin's Raman port."""

    address = "twin"
    exposure_limits_s = (0.001, 3600.0)

    def __init__(self, twin: Twin, clock: SteadyClock) -> None:
        self.twin, self.clock, self.port = twin, clock, twin.port("raman")
        self.saturation_counts = float(self.port.full_scale)
        self.pixels = self.port.pixels

    def connect(self) -> Identity:
        return Identity(vendor="twin", model="raman", serial="1", firmware="1")

    def concerns(self) -> list[str]:
        return []

    def close(self) -> None: ...

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        scans = [
            self.twin.expose(self.clock.now(), exposure_s, port="raman") for _ in range(averages)
        ]
        return RawSpectrum(
            wavelength_nm=np.asarray(self.port.wavelength_nm, float),
            counts=np.mean(scans, axis=0, dtype=float),
            exposure_s=exposure_s,
            averages=averages,
            saturated=bool(np.max(scans) >= 0.95 * self.saturation_counts),
            time=time.time(),
        )


class Thermometer(RamanPort):
    def read(self) -> CryostatReading:
        return CryostatReading(
            stage_temperature_k=self.twin.sensor_k("A"),
            cell_temperature_k=self.twin.sensor_k("B"),
            setpoint_k=80.0,
            heater_percent=0.0,
            heater_range=0,
            time=time.time(),
        )


@pytest.fixture
def edge() -> Iterator[tuple[Twin, DiamondEdge, Spectrometer]]:
    clock = SteadyClock(1.0)
    twin = Twin(3, clock, TwinSettings.preset("bevelled"))
    twin.spot, twin.light_on = "anvil near", True
    papers: dict[str, Any] = twin.certificates()
    raman = papers["raman"]
    spectrometer = Spectrometer(driver=RamanPort(twin, clock), name="raman")
    cryostat = Cryostat(driver=Thermometer(twin, clock), name="cryostat", clock=clock)
    device = DiamondEdge(
        gauge=DiamondEdgeGauge(
            nu0=Nu0(
                value_cm1=raman["nu0_cm1"],
                sigma_cm1=raman["nu0_sigma_cm1"],
                source="certificate of the twin",
            ),
            laser_sigma_nm=papers["laser_sigma_nm"],
            laser_nm=papers["laser_nm"],
        ),
        laser_nm=papers["laser_nm"],
        spectrometer=spectrometer,
        cryostat=cryostat,
        name="edge",
    )
    spectrometer.connect()
    cryostat.connect()
    yield twin, device, spectrometer
    device.destroy()
    spectrometer.destroy()
    cryostat.destroy()


def measure(device: DiamondEdge, spectrometer: Spectrometer, exposure_s: float) -> dict[str, Any]:
    spectrometer.next_exposure_s.put(exposure_s)
    spectrometer.trigger().wait(20.0)
    device.trigger().wait(20.0)
    return {key: entry["value"] for key, entry in device.read().items()}


def test_the_edge_is_read_off_the_anvil(edge) -> None:
    twin, device, spectrometer = edge
    for turns in np.linspace(0.0, 1.2, 40):
        twin.turn_to(float(turns))
    found = measure(device, spectrometer, 20.0)
    truth = twin.state()
    assert found["edge_measured"], found["edge_flags"]
    assert abs(found["edge_edge_cm1"] - truth["edge_cm1"]) < 5.0
    away = found["edge_pressure_gpa"] - truth["pressure_gpa"]
    assert abs(away) < 4.0 * found["edge_pressure_sigma_sys_gpa"]
    scales = found["edge_on_scales_gpa"]
    assert np.isfinite(scales).sum() >= 4
    assert np.nanmin(scales) <= found["edge_pressure_gpa"] <= np.nanmax(scales)
    # what is recorded suffices for the same pressure and budget
    again = device.gauge.pressure_from_edge(
        found["edge_edge_cm1"],
        found["edge_edge_sigma_cm1"],
        found["edge_temperature_k"],
        convention="vacuum",
        definition_cm1=found["edge_definition_shift_cm1"],
    )
    assert again.pressure_gpa == pytest.approx(found["edge_pressure_gpa"])
    assert again.sigma_sys_gpa == pytest.approx(found["edge_pressure_sigma_sys_gpa"])


def test_a_dark_spectrum_reads_nothing_and_says_why(edge) -> None:
    twin, device, spectrometer = edge
    twin.light_on = False
    found = measure(device, spectrometer, 1.0)
    assert not found["edge_measured"]
    assert np.isnan(found["edge_pressure_gpa"])
    assert found["edge_flags"]


def test_every_key_is_described_with_its_unit(edge) -> None:
    _twin, device, spectrometer = edge
    measure(device, spectrometer, 1.0)
    described = device.describe()
    assert described["edge_pressure_gpa"]["units"] == "GPa"
    assert described["edge_edge_cm1"]["units"] == "cm-1"
    assert set(described) == set(device.read())
