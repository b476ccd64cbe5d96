"""From a station file to a working session: the one builder for every caller."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import bluesky.preprocessors as bpp
from bluesky.run_engine import RunEngine
from bluesky.utils import FailedStatus

from dac_control.app.drivers import make_drivers
from dac_control.app.engine import make_engine, run_to_the_end, uninterrupted
from dac_control.app.logs import close_log, log_to_file, quiet
from dac_control.app.start_metadata import Connection, start_metadata
from dac_control.app.station import Station, load_station_and_text
from dac_control.app.station_lock import StationLock
from dac_control.clock import SteadyClock
from dac_control.errors import DacError, PositionUnknown
from dac_control.gauges import RubyGauge
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer, StrengthRatio
from dac_control.records import FrameStore, IntentLog, RunMetadata, RunRecorder, probe_writable
from dac_control.safety.hold import HoldFlag
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.instrument import InstrumentDevice
from devices.microscope_camera import MicroscopeCamera
from devices.ruby import WARM_UP_TIMEOUT_S, Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.step_notes import StepNotes
from plans.failures import cause_of
from plans.instruments import Instruments

__all__ = ["Connection", "Session", "build_session"]


@dataclass
class Session:
    """Everything that a shell, a command or a test works with. Close it when done."""

    station: Station
    clock: SteadyClock
    engine: RunEngine
    instruments: Instruments
    recorder: RunRecorder
    metadata: RunMetadata
    connections: list[Connection] = field(default_factory=list)
    attachments: dict[str, str | bytes | Path] = field(default_factory=dict)
    """Files that go into the next run's folder, such as ``run.toml``."""
    closers: list[Callable[[], None]] = field(default_factory=list)
    """What `close` calls, last first."""

    @property
    def hold(self) -> HoldFlag:
        """Raise it to let the next step wait."""
        return self.instruments.hold

    @property
    def devices(self) -> dict[str, InstrumentDevice[Any]]:
        """The instruments by role."""
        found = self.instruments
        devices: dict[str, InstrumentDevice[Any]] = {
            "cryostat": found.cryostat,
            "drive": found.drive,
            "spectrometer": found.spectrometer,
        }
        if found.microscope is not None:
            devices["microscope"] = found.microscope
        return devices

    def connect(self) -> list[Connection]:
        """Connect to every instrument at once and report each; raises for none of them."""
        with ThreadPoolExecutor(len(self.devices)) as pool:
            self.connections = list(pool.map(lambda item: _connect(*item), self.devices.items()))
        return self.connections

    def require_ready(self) -> None:
        """Wait until the fit is warm; raise what failed to connect, or `PositionUnknown`.

        Raises
        ------
        DacError
            In one sentence, before anything was moved.
        """
        for connection in self.connections:
            if connection.error is not None:
                raise connection.error
        self.instruments.ruby.warm_up().result(WARM_UP_TIMEOUT_S)
        verdict = self.instruments.drive.position_verdict()
        if not verdict.known:
            drive = self.instruments.drive
            raise PositionUnknown(
                f"The position of {drive.name} at {drive.address} is unknown: {verdict.message}. "
                "Nothing was moved. Look at the screw, then run `dac-control drive declare "
                "STATION --turns X --reason TEXT`."
            )

    def run(self, plan: Any, on_document: Callable[..., Any] | None = None) -> None:
        """Run a plan with nobody at the prompt; raises what ended it early."""
        try:
            run_to_the_end(self.engine, plan, on_document)
        except FailedStatus as error:
            raise cause_of(error) from error

    def close(self) -> None:
        """Stop what moves, end every thread, close every link."""
        with uninterrupted():
            while self.closers:
                self.closers.pop()()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def build_session(station: Station | Path, *, connect: bool = True) -> Session:
    """Build the session of a station.

    Parameters
    ----------
    station : Station or Path
        A station, or the file that declares it.
    connect : bool
        Connect to the instruments at once; `Session.connections` tells how that went.

    Raises
    ------
    ConfigurationError, RecordError
        For a wrong file, a station that another process holds, or storage that cannot be
        written; nothing was opened then.
    """
    attachments: dict[str, str | bytes | Path] = {}
    if isinstance(station, Path):
        # the text that was read, not the file: it may be edited while the session is open
        station, attachments["station.toml"] = load_station_and_text(station)
    storage = station.storage
    probe_writable(storage.runs)
    probe_writable(storage.state)
    lock = StationLock(storage.state)
    quiet()
    handler = log_to_file(storage.state)
    clock = SteadyClock(station.clock.speed)
    frames = FrameStore()
    intents = IntentLog(storage.state / "intents.jsonl")
    metadata = RunMetadata(storage.state / "metadata.json")
    instruments = _instruments(station, clock, frames, intents)
    recorder = RunRecorder(
        storage.runs,
        attachments=lambda start: dict(attachments),
        frame_store=frames,
        intent_log=intents,
    )
    engine = make_engine(instruments.hold, metadata)
    session = Session(
        station=station,
        clock=clock,
        engine=engine,
        instruments=instruments,
        recorder=recorder,
        metadata=metadata,
        attachments=attachments,
    )
    # called from the last to the first: a plan that is paused ends while its devices still live
    session.closers += [
        lock.release,
        partial(close_log, handler),
        recorder.close,
        instruments.ruby.destroy,
        *(device.destroy for device in session.devices.values()),
        partial(_stop_engine, engine),
    ]
    _wire(session)
    if connect:
        session.connect()
    return session


def _instruments(
    station: Station, clock: SteadyClock, frames: FrameStore, intents: IntentLog
) -> Instruments:
    drivers = make_drivers(station)
    declared = station.devices
    cryostat = Cryostat(
        driver=drivers.cryostat,
        name=declared.cryostat.name,
        clock=clock,
        rate_k_per_min=declared.cryostat.rate_k_per_min,
    )
    detector = declared.spectrometer
    spectrometer = Spectrometer(
        driver=drivers.spectrometer,
        name=detector.name,
        gain_e_per_count=detector.gain_e_per_count,
        read_noise_e=detector.read_noise_e,
        dark_counts=detector.dark_counts,
    )
    microscope = None
    if drivers.microscope is not None and declared.microscope is not None:
        microscope = MicroscopeCamera(
            driver=drivers.microscope, name=declared.microscope.name, sink=frames
        )
    return Instruments(
        drive=ScrewDrive(
            driver=drivers.drive,
            name=declared.drive.name,
            journal=intents,
            limits=station.limits,
            clock=clock,
            tolerance_turns=declared.drive.tolerance_turns,
            move_timeout_s=declared.drive.move_timeout_s,
        ),
        cryostat=cryostat,
        spectrometer=spectrometer,
        microscope=microscope,
        ruby=Ruby(
            gauge=make_gauge(station),
            thermometer=make_thermometer(station),
            spectrometer=spectrometer,
            cryostat=cryostat,
            name="ruby",
        ),
        clock_reading=ClockReading(clock=clock, name="clock"),
        step=StepNotes(name="step"),
        limits=station.limits,
        hold=HoldFlag(),
    )


def make_gauge(station: Station) -> RubyGauge:
    """The ruby gauge as the station file describes it."""
    return ruby_gauge_from(station.gauge.model_dump())


def make_thermometer(station: Station) -> RubyThermometer | None:
    """The chip as a thermometer; None where its strength ratio is not stated."""
    stated = station.gauge.strength_ratio
    if stated is None:
        return None
    return RubyThermometer(StrengthRatio(value=stated.value, sigma=stated.sigma))


def _connect(role: str, device: InstrumentDevice[Any]) -> Connection:
    about = {"role": role, "name": device.name, "address": device.address}
    try:
        return Connection(**about, identity=device.connect())
    except DacError as error:
        return Connection(**about, error=error)


def _wire(session: Session) -> None:
    """Subscribe the recorder first, and put the station's metadata into every start document."""
    engine, drive = session.engine, session.instruments.drive

    def know_the_run(name: str, doc: Mapping[str, Any]) -> None:
        if name == "start":
            drive.run_uid = doc["uid"]
        elif name == "stop":
            drive.run_uid = None

    engine.subscribe(session.recorder)
    engine.subscribe(know_the_run)
    engine.preprocessors.append(
        lambda plan: bpp.inject_md_wrapper(
            plan, start_metadata(session.station, session.connections)
        )
    )


def _stop_engine(engine: RunEngine) -> None:
    """End the RunEngine's own thread and loop."""
    if engine.state == "paused":
        engine.abort("the session was closed")
    loop = engine.loop
    loop.call_soon_threadsafe(loop.stop)
    engine._th.join(5.0)  # noqa: SLF001 - bluesky offers no public way to end its thread
    if not loop.is_running():
        loop.close()
