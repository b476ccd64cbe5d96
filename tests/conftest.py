"""Fixtures that several rooms share: a laboratory without wires, for tests of plans and devices.

`TwinLaboratory` puts drivers that ask the twin directly under the real Ophyd classes and a real
RunEngine; no socket is involved, and a test can break any of them at will.
"""

import datetime
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Before numpy is imported: two workers whose BLAS starts two threads each wait for one another, and
# small matrices then take ten times as long. Child processes inherit it.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pytest
from event_model import DocumentNames, schema_validators

from dac_control.app.engine import make_engine
from dac_control.clock import SteadyClock
from dac_control.errors import DacError
from dac_control.gauges import Lambda0, RubyGauge
from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.diamond_edge.engine import warm_up as warm_up_edge
from dac_control.gauges.ruby import warm_up
from dac_control.records import FrameStore, IntentLog, RunRecorder
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.calibrations_in_use import CalibrationsInUse
from dac_control.safety.hold import HoldFlag
from dac_control.safety.limits import StepLimits
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.drivers.roles import (
    CryostatReading,
    DriveReading,
    Frame,
    Identity,
    RawSpectrum,
)
from devices.microscope_camera import MicroscopeCamera
from devices.ruby import Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.step_notes import StepNotes
from devices.workbench import Workbench
from plans.instruments import Instruments
from simulators.twin import Twin


def pytest_configure(config: pytest.Config) -> None:
    """Compile the fits once, before the workers start and before any clock runs."""
    if not hasattr(config, "workerinput"):
        warm_up()
        warm_up_edge()


class _TwinDriver:
    """What the drivers below share; `fail` raises from the next calls."""

    address = "twin"

    def __init__(self, twin: Twin, clock: SteadyClock) -> None:
        self.twin = twin
        self.clock = clock
        self.failures: list[DacError] = []
        self.closed = False

    def connect(self) -> Identity:
        return Identity(vendor="twin", model=type(self).__name__, serial="1", firmware="1")

    def concerns(self) -> list[str]:
        return []

    def close(self) -> None:
        self.closed = True

    def _maybe_fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class TwinCryostat(_TwinDriver):
    warmer_k = 0.0
    """By which the cell's sensor reads more."""

    def read(self) -> CryostatReading:
        self._maybe_fail()
        asked = time.time()
        return CryostatReading(
            stage_temperature_k=self.twin.sensor_k("A"),
            cell_temperature_k=self.twin.sensor_k("B") + self.warmer_k,
            setpoint_k=self.twin.moving_setpoint_k(1),
            heater_percent=self.twin.heater_percent(1),
            heater_range=2,
            time=asked,
        )

    def set_setpoint(self, setpoint_k: float, rate_k_per_min: float) -> None:
        self._maybe_fail()
        self.twin.set_loop(1, setpoint_k=setpoint_k, ramp_on=True, ramp_k_per_min=rate_k_per_min)

    def hold(self) -> None:
        self.twin.set_loop(1, setpoint_k=self.twin.moving_setpoint_k(1), ramp_on=False)

    def heater_off(self) -> None:
        self._maybe_fail()
        self.twin.set_loop(1, range=0)


class TwinScrew(_TwinDriver):
    """A motor at constant speed; counts what it was sent."""

    resolution_turns = 1e-6
    turns_per_lab_s = 0.002

    def __init__(self, twin: Twin, clock: SteadyClock) -> None:
        super().__init__(twin, clock)
        self.sent: list[float] = []
        self.stops = 0
        self.position_known = True
        self.flags: tuple[str, ...] = ()
        self.offset_turns = 0.0
        self._from = self._to = twin.turns
        self._began_s = clock.now()
        self.on_move: Callable[[float], None] | None = None
        self.frozen = False

    def _here(self) -> tuple[float, bool]:
        way = self._to - self._from
        elapsed = 0.0 if self.frozen else self.clock.now() - self._began_s
        travelled = min(abs(way), elapsed * self.turns_per_lab_s)
        here = self._from + float(np.sign(way)) * travelled
        self.twin.turn_to(here)
        return here, travelled < abs(way)

    def read(self) -> DriveReading:
        self._maybe_fail()
        here, moving = self._here()
        return DriveReading(
            turns=here + self.offset_turns,
            moving=moving,
            position_known=self.position_known,
            flags=self.flags,
            time=time.time(),
        )

    def start_move(self, turns: float, check_wanted: Callable[[], None]) -> None:
        self._maybe_fail()
        check_wanted()
        self.sent.append(turns)
        self._from, _ = self._here()
        # a drive that was declared counts from there
        self._to, self._began_s = turns - self.offset_turns, self.clock.now()
        if self.on_move is not None:
            self.on_move(turns)

    def fault_text(self, flags: tuple[str, ...]) -> str:
        return "stalled (FS)" if "FS" in flags else ""

    def stop(self) -> None:
        self.stops += 1
        here, _ = self._here()
        self._from = self._to = here

    def declare(self, turns: float) -> None:
        self.position_known = True
        self.offset_turns = turns - self._here()[0]


class TwinSpectrometer(_TwinDriver):
    saturation_counts = 65535.0
    exposure_limits_s = (0.001, 10.0)

    @property
    def pixels(self) -> int:
        return self.twin.pixels

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        self._maybe_fail()
        began = time.time()
        scans = [self.twin.expose(self.clock.now(), exposure_s) for _ in range(averages)]
        pixel = np.arange(self.twin.pixels)
        axis = np.polynomial.polynomial.polyval(pixel, self.twin.wavelength_coefficients)
        return RawSpectrum(
            wavelength_nm=np.asarray(axis, float),
            counts=np.mean(scans, axis=0, dtype=float),
            exposure_s=exposure_s,
            averages=averages,
            saturated=bool(np.max(scans) >= 0.95 * self.saturation_counts),
            time=began,
        )


class TwinCamera(_TwinDriver):
    frame_shape = (480, 640)
    frame_dtype = "|u1"

    def grab(self) -> Frame:
        self._maybe_fail()
        began = time.time()
        return Frame(pixels=self.twin.frame(0.01), exposure_s=0.01, time=began)


LIMITS = StepLimits(
    min_turns=-0.05,
    max_turns=0.8,
    max_step_turns=0.05,
    max_step_gpa=6.0,
    pressure_limit_gpa=60.0,
)


@dataclass
class TwinLaboratory:
    """A session without wires; `documents` collects what a run emitted, validated."""

    folder: Path
    twin: Twin
    clock: SteadyClock
    instruments: Instruments
    engine: Any
    recorder: RunRecorder
    journal: IntentLog
    cryostat: TwinCryostat
    screw: TwinScrew
    spectrometer: TwinSpectrometer
    camera: TwinCamera
    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def collect(self, name: str, doc: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(doc)
        self.documents.append((name, dict(doc)))

    def intents(self, kind: str = "intent") -> list[dict[str, Any]]:
        return [record for record in self.journal.read() if record["kind"] == kind]

    def stop_doc(self) -> dict[str, Any]:
        return [doc for name, doc in self.documents if name == "stop"][-1]

    def events(self, stream: str) -> list[dict[str, Any]]:
        uids = {
            doc["uid"]
            for name, doc in self.documents
            if name == "descriptor" and doc["name"] == stream
        }
        return [
            doc for name, doc in self.documents if name == "event" and doc["descriptor"] in uids
        ]


def _gauge(certificates: dict[str, Any]) -> RubyGauge:
    return RubyGauge(
        scale="ruby2020",
        correction="datchi2007",
        lambda0=Lambda0(
            value_nm=certificates["lambda0_nm"],
            sigma_nm=certificates["lambda0_sigma_nm"],
            chip=str(certificates["chip_id"]),
            date=datetime.date(2026, 11, 1),
            temperature_k=certificates["lambda0_temperature_k"],
        ),
        axis_sigma_nm=certificates["axis_sigma_nm"],
        temperature_sigma_k=certificates["temperature_sigma_k"],
        axis_offset_sigma_nm=certificates["axis_absolute_sigma_nm"],
    )


@pytest.fixture(scope="session")
def gauge_of() -> Callable[[dict[str, Any]], RubyGauge]:
    """The gauge that the certificates of a twin describe."""
    return _gauge


def _axis_calibration(offset_nm: float, time: datetime.datetime, slope: float = 0.0) -> Any:
    return AxisCalibration(
        instrument="bench",
        lamp="neon",
        time=time,
        centre_nm=690.0,
        half_span_nm=50.0,
        coefficients=(offset_nm, slope),
        covariance=((1e-8, 0.0), (0.0, 1e-8)),
        scatter_nm=0.002,
        left_out_rms_nm=0.002,
        chi2_reduced=1.0,
        fwhm_nm=0.2,
        lines=(),
    )


@pytest.fixture(scope="session")
def axis_calibration() -> Callable[..., Any]:
    """An axis that lamp lines moved by an offset, and by a slope over 50 nm."""
    return _axis_calibration


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[TwinLaboratory]:
    """A twin at speed 2000 under the real devices and a real RunEngine."""
    clock = SteadyClock(2000.0)
    twin = Twin(seed=1, clock=clock)
    drivers = (
        TwinCryostat(twin, clock),
        TwinScrew(twin, clock),
        TwinSpectrometer(twin, clock),
        TwinCamera(twin, clock),
    )
    frames = FrameStore()
    journal = IntentLog(tmp_path / "state" / "intents.jsonl")
    cryostat = Cryostat(driver=drivers[0], name="cryostat", clock=clock)
    spectrometer = Spectrometer(
        driver=drivers[2],
        name="spectrometer",
        **{
            key: twin.certificates()[key]
            for key in ("gain_e_per_count", "read_noise_e", "dark_counts")
        },
    )
    instruments = Instruments(
        drive=ScrewDrive(
            driver=drivers[1],
            name="drive",
            journal=journal,
            limits=LIMITS,
            clock=clock,
            read_period_s=0.005,
            reply_timeout_s=5.0,
        ),
        cryostat=cryostat,
        spectrometer=spectrometer,
        microscope=MicroscopeCamera(driver=drivers[3], name="microscope", sink=frames),
        ruby=Ruby(
            gauge=_gauge(twin.certificates()),
            spectrometer=spectrometer,
            cryostat=cryostat,
            name="ruby",
        ),
        clock_reading=ClockReading(clock=clock, name="clock"),
        step=StepNotes(name="step"),
        limits=LIMITS,
        hold=HoldFlag(),
        workbench=Workbench(name="workbench"),
        in_use=CalibrationsInUse(lambda0s=[_gauge(twin.certificates()).lambda0]),
        calibrations=CalibrationStore.at(tmp_path / "state" / "calibrations.jsonl"),
        simulated=True,
    )
    recorder = RunRecorder(tmp_path / "runs", frame_store=frames, intent_log=journal)
    engine = make_engine(instruments.hold)
    result = TwinLaboratory(tmp_path, twin, clock, instruments, engine, recorder, journal, *drivers)
    engine.subscribe(recorder)
    engine.subscribe(result.collect)
    for device in (cryostat, instruments.drive, spectrometer, instruments.microscope):
        device.connect()
    yield result
    recorder.close()
    if engine.state != "idle":
        engine.abort()
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join(5.0)
    engine.loop.close()
    instruments.ruby.destroy()
    instruments.workbench.destroy()
    for device in (cryostat, instruments.drive, spectrometer, instruments.microscope):
        device.destroy()
