"""What a session stands on: clock, drivers, RunEngine, storage; of the laboratory, or virtual.

One builder makes every session. What differs between a laboratory and a rehearsal of it is
here, and nothing else does.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from bluesky.run_engine import RunEngine

from dac_control.app.drivers import Drivers, make_drivers
from dac_control.app.engine import make_engine
from dac_control.app.station import Station
from dac_control.clock import LabClock, SteadyClock
from dac_control.records.calibrations import CalibrationStore
from dac_control.safety.hold import HoldFlag
from dac_control.safety.light import Ledger
from devices.microscope_camera import FrameSink
from devices.screw_drive import IntentJournal
from devices.timing import REAL_TIME, Timing

__all__ = [
    "Attachments",
    "DocumentTarget",
    "Listener",
    "Storage",
    "Surroundings",
    "of_the_laboratory",
]

Attachments: TypeAlias = dict[str, "str | bytes | Path"]
Listener: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Takes a document: its name, and itself."""


class DocumentTarget(Protocol):
    """Where the documents of runs go."""

    @property
    def folder(self) -> Path | None:
        """Folder of the run that is open, or else of the last one."""
        ...

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Store one document; raises if it could not."""
        ...

    def close(self) -> None:
        """Let go of a run that will not stop any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What of a session outlives it."""

    frames: FrameSink
    intents: IntentJournal
    light: Ledger
    calibrations: CalibrationStore
    metadata: MutableMapping[str, Any]
    recorder: DocumentTarget
    closers: list[Callable[[], None]] = field(default_factory=list)
    """What lets go of it, called last to first, after the recorder was closed."""


def _as_they_are(listener: Listener) -> Listener:
    return listener


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a session stands on. Nothing of it is opened before `open_storage` is called."""

    clock: LabClock
    drivers: Drivers
    open_storage: Callable[[Attachments], Storage]
    """Given the files that go into each run's folder, which may be added to later."""
    timing: Timing = REAL_TIME
    make_engine: Callable[[HoldFlag, MutableMapping[str, Any]], RunEngine] = make_engine
    documents: Callable[[Listener], Listener] = _as_they_are
    """Stands between the RunEngine and the one who listens to it first."""
    connects_at_once: bool = True
    """Connect to all instruments at the same time, from threads."""


def of_the_laboratory(station: Station) -> Surroundings:
    """Real time, wires, and a disk.

    Raises
    ------
    ConfigurationError
        For an address or a gearing that makes no sense.
    """

    def open_storage(attachments: Attachments) -> Storage:
        # HDF5 takes a third of a second to import, and a rehearsal needs none
        from dac_control.app.disk_storage import open_disk_storage

        return open_disk_storage(station, attachments)

    return Surroundings(
        clock=SteadyClock(station.clock.speed),
        drivers=make_drivers(station),
        open_storage=open_storage,
    )
