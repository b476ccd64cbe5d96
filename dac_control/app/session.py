"""From a station file to a working session: the one builder for every caller."""

import logging
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import bluesky.preprocessors as bpp
from bluesky.run_engine import RunEngine
from bluesky.utils import FailedStatus, Msg

from dac_control.app.calibrations import refuse_lambda0_to_come
from dac_control.app.engine import run_to_the_end, stop_engine, uninterrupted
from dac_control.app.instruments import make_instruments
from dac_control.app.light import account_of
from dac_control.app.patience import compiling_explained
from dac_control.app.start_metadata import Connection, start_metadata
from dac_control.app.station import Station, load_station_and_text
from dac_control.app.surroundings import (
    Attachments,
    DocumentTarget,
    Surroundings,
    of_the_laboratory,
)
from dac_control.clock import LabClock
from dac_control.errors import DacError, PositionUnknown
from dac_control.safety.hold import HoldFlag
from devices.gauge_device import WARM_UP_TIMEOUT_S
from devices.instrument import InstrumentDevice
from plans.failures import cause_of
from plans.instruments import Instruments

__all__ = ["Connection", "Session", "build_session"]

logger = logging.getLogger(__name__)


@dataclass
class Session:
    """Everything that a shell, a command or a test works with. Close it when done."""

    station: Station
    clock: LabClock
    engine: RunEngine
    instruments: Instruments
    recorder: DocumentTarget
    metadata: MutableMapping[str, Any]
    connections: list[Connection] = field(default_factory=list)
    attachments: Attachments = field(default_factory=dict)
    """Files that go into the next run's folder, such as ``run.toml``."""
    closers: list[Callable[[], None]] = field(default_factory=list)
    """What `close` calls, last first."""
    connects_at_once: bool = True

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
        further: dict[str, Any] = {
            "laser": found.light,
            "lamp": found.lamp,
            "lamp_behind": found.lamp_behind,
            "line_lamp": found.line_lamp,
            "spots": found.spots,
            "vis": found.vis,
            **{f"{name}_spectrometer": o.spectrometer for name, o in found.further_gauges.items()},
        }
        for role, device in further.items():
            # one spectrometer may serve several gauges
            if isinstance(device, InstrumentDevice) and device not in devices.values():
                devices[role] = device
        return devices

    def connect(self) -> list[Connection]:
        """Connect to every instrument and report each; raises for none of them."""
        if not self.connects_at_once:
            self.connections = [_connect(*item) for item in self.devices.items()]
            return self.connections
        with ThreadPoolExecutor(len(self.devices)) as pool:
            self.connections = list(pool.map(lambda item: _connect(*item), self.devices.items()))
        return self.connections

    def warm_up(self) -> list[Future[None]]:
        """Have all gauges compile their fits, or load what was compiled before."""
        return [gauge.device.warm_up() for gauge in self.instruments.gauges.values()]

    def wait_until_warm(self) -> None:
        """Have all gauges warm, and return when they are."""
        for warm in self.warm_up():
            warm.result(WARM_UP_TIMEOUT_S)

    def require_ready(self) -> None:
        """Wait until the fits are warm; raise what failed to connect, or `PositionUnknown`.

        Raises
        ------
        DacError
            In one sentence, before anything was moved.
        """
        for connection in self.connections:
            if connection.error is not None:
                raise connection.error
        with compiling_explained():
            self.wait_until_warm()
        verdict = self.instruments.drive.position_verdict()
        if not verdict.known:
            drive = self.instruments.drive
            raise PositionUnknown(
                f"The position of {drive.name} at {drive.address} is unknown: {verdict.message}. "
                "Nothing was moved. Look at the screw, then run `dac-control drive declare "
                "STATION --turns X --reason TEXT`."
            )
        # last, since a drive's own limits count from a position that is known
        for role, device in self.devices.items():
            for change in device.push_limits():
                logger.warning("%s: %s", role, change)

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


def build_session(
    station: Station | Path, *, connect: bool = True, surroundings: Surroundings | None = None
) -> Session:
    """Build the session of a station.

    Parameters
    ----------
    station : Station or Path
        A station, or the file that declares it.
    connect : bool
        Connect to the instruments at once; `Session.connections` tells how that went.
    surroundings : Surroundings, optional
        Clock, drivers, RunEngine and storage; by default those that the station declares.

    Raises
    ------
    ConfigurationError, RecordError
        For a wrong file, a station that another process holds, or storage that cannot be
        written; nothing was opened then.
    """
    attachments: Attachments = {}
    if isinstance(station, Path):
        # the text that was read, not the file: it may be edited while the session is open
        station, attachments["station.toml"] = load_station_and_text(station)
    if connect and surroundings is None:  # a rehearsal has a day of its own
        refuse_lambda0_to_come(station)
    around = of_the_laboratory(station) if surroundings is None else surroundings
    storage = around.open_storage(attachments)
    try:
        instruments = make_instruments(station, around, storage)
    except BaseException:
        for let_go in reversed(storage.closers):
            let_go()
        raise
    engine = around.make_engine(instruments.hold, storage.metadata)
    session = Session(
        station=station,
        clock=around.clock,
        engine=engine,
        instruments=instruments,
        recorder=storage.recorder,
        metadata=storage.metadata,
        attachments=attachments,
        connects_at_once=around.connects_at_once,
    )
    # called from the last to the first: a plan that is paused ends while its devices still live
    session.closers += [
        *storage.closers,
        storage.recorder.close,
        instruments.ruby.destroy,
        *(
            device.destroy
            for device in (
                instruments.workbench,
                instruments.picture,
                *(optics.device for optics in instruments.further_gauges.values()),
            )
            if device is not None
        ),
        *(device.destroy for device in session.devices.values()),
        partial(stop_engine, engine),
    ]
    _wire(session, around)
    if connect:
        session.connect()
    return session


def _connect(role: str, device: InstrumentDevice[Any]) -> Connection:
    about = {"role": role, "name": device.name, "address": device.address}
    try:
        return Connection(**about, identity=device.connect())
    except DacError as error:
        return Connection(**about, error=error)


def _wire(session: Session, around: Surroundings) -> None:
    """Subscribe the recorder first, and put the station's metadata into every start document."""
    engine, drive = session.engine, session.instruments.drive
    account = account_of(session.instruments)

    def name_run(uid: str | None) -> None:
        """Moves and light of a run carry its uid."""
        drive.run_uid = uid
        if account is not None:
            account.run_uid = uid

    def listen(name: str, doc: Mapping[str, Any]) -> None:
        try:
            session.recorder(name, doc)
        finally:
            if name == "start":
                name_run(doc["uid"])
            elif name == "stop":
                name_run(None)

    engine.subscribe(around.documents(listen))

    def say(msg: Msg) -> Msg:
        """Put what holds when a run opens into its start document: an earlier one may change it."""
        if msg.command != "open_run":
            return msg
        said = start_metadata(session.station, session.connections, session.instruments)
        return msg._replace(kwargs=ChainMap(said, dict(msg.kwargs)))

    engine.preprocessors.append(lambda plan: bpp.msg_mutator(plan, say))
