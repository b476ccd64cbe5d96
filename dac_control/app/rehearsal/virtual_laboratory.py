"""The session of a station over its twin, in virtual time: what a rehearsal runs in."""

import hashlib
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bluesky.run_engine import RunEngine

from dac_control.app.calibrations import as_measured, station_calibrations
from dac_control.app.engine import make_engine
from dac_control.app.logs import quiet
from dac_control.app.rehearsal.documents import SeededDocuments
from dac_control.app.rehearsal.lean import lean
from dac_control.app.rehearsal.memory_storage import CountedFrames, MemoryLog, NoRecord
from dac_control.app.rehearsal.twin_drivers import make_twin_drivers
from dac_control.app.rehearsal.twin_settings import fitted_to, settings_of
from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.app.rehearsal.virtual_timing import seeded_ids, virtual_timing
from dac_control.app.rehearsal.virtual_worker import POLL_PERIOD_S
from dac_control.app.run_models import RunFile
from dac_control.app.session import Session, build_session
from dac_control.app.state_files import CALIBRATIONS_NAME, LIGHT_NAME
from dac_control.app.station import Clock, Station
from dac_control.app.surroundings import Attachments, Listener, Storage, Surroundings
from dac_control.clock import VirtualClock
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.json_log import JsonLog
from dac_control.safety.hold import HoldFlag
from dac_control.safety.rules import Rule
from dac_control.safety.rules.expression import leaves
from simulators.twin import Twin, TwinSettings

__all__ = ["EPOCH", "VirtualLaboratory", "virtual_laboratory"]

EPOCH = 946_684_800.0
"""2000-01-01, 0:00 UTC: when rehearsals begin, unless told otherwise."""
WATCHED_POLL_PERIOD_S = 10.0
"""Between polls where rules look: a third of the age at which what is polled is missing."""


@dataclass(frozen=True, kw_only=True)
class VirtualLaboratory:
    """A session on the twin; its clock moves only while a plan runs."""

    session: Session
    twin: Twin
    clock: VirtualClock
    intents: MemoryLog


@contextmanager
def virtual_laboratory(
    station: Station,
    seed: int,
    *,
    settings: TwinSettings | None = None,
    listener: Listener | None = None,
    keep: Path | None = None,
    epoch: float = EPOCH,
    run: RunFile | None = None,
) -> Iterator[VirtualLaboratory]:
    """Build the session of a station over its twin, connect, and close it again.

    Parameters
    ----------
    station : Station
        What is rehearsed; nothing that it names is opened, or written to.
    seed : int
        Draws the twin; and the uids of documents, with the station, `epoch` and `about`.
    settings : TwinSettings, optional
        Of the twin; by default what the station states. Either way the chip is shifted such
        that its lambda0 is the station's.
    listener : callable, optional
        Gets each document, name first.
    keep : Path, optional
        Folder of runs to write the run to, frames and all; by default nothing is written.
    epoch : float
        Seconds since 1970 at which it begins; calibrations have an age.
    run : RunFile, optional
        What is rehearsed: runs of different content are different runs, also for one seed; and a
        control run says what is in the cell.
    """
    quiet()
    # where a station keeps its files says nothing of what is rehearsed
    elsewhere: Any = {"storage": True, "vibron": {"scale_file"}}
    about = "" if run is None else run.model_dump_json()
    content = f"{station.model_dump_json(exclude=elsewhere)}\n{epoch!r}\n{about}"
    digest = hashlib.sha256(content.encode()).digest()
    clock = VirtualClock(epoch)
    said = station.model_copy(
        update={
            "station": station.station.model_copy(update={"simulated": True}),
            "clock": Clock(speed=1.0),
        }
    )
    # documents, moves and calibrations count their uids apart
    names = [seeded_ids(seed + apart * 2**32, digest) for apart in range(3)]
    store = CalibrationStore(_kept_by_the_station(station, CALIBRATIONS_NAME), names[2])
    known = as_measured(said, station_calibrations(said, store, epoch))
    base = settings_of(known, run) if settings is None else settings
    twin = Twin(seed, clock, fitted_to(known, base, seed))
    intents = MemoryLog()
    loop = VirtualLoop(clock)
    around = Surroundings(
        clock=clock,
        drivers=make_twin_drivers(station, twin, clock, seed),
        open_storage=partial(_storage, station, keep, intents, store),
        timing=virtual_timing(loop, names[0], _poll_period_s(station)),
        make_engine=partial(_engine, loop),
        documents=partial(_documents, listener, names[1], clock),
        connects_at_once=False,
    )
    with lean(), build_session(said, surroundings=around) as session:
        yield VirtualLaboratory(session=session, twin=twin, clock=clock, intents=intents)


def _poll_period_s(station: Station) -> float:
    """How often instruments are asked, such that the station's rules have what they need."""
    rules = [table.as_rule() for table in station.rules]
    if not rules:
        return POLL_PERIOD_S
    stale_s = [rule.stale_s / 3.0 for rule in rules if rule.stale_s is not None]
    windows_s = [window_s / 4.0 for rule in rules for window_s in _windows_s(rule)]
    return max(1.0, min([WATCHED_POLL_PERIOD_S, *stale_s, *windows_s]))


def _windows_s(rule: Rule) -> list[float]:
    conditions = [each for each in (rule.parsed, rule.parsed_precondition) if each is not None]
    return [leaf.window_s for each in conditions for leaf in leaves(each) if leaf.window_s > 0]


def _engine(loop: VirtualLoop, hold: HoldFlag, md: MutableMapping[str, Any]) -> RunEngine:
    engine = make_engine(hold, md, loop=loop)
    engine.preprocessors.append(loop.letting_time_pass)
    return engine


def _documents(
    listener: Listener | None, ids: Callable[[], str], clock: VirtualClock, recorder: Listener
) -> Listener:
    def everybody(name: str, doc: Any) -> None:
        recorder(name, doc)
        if listener is not None:
            listener(name, doc)

    return SeededDocuments(everybody, ids=ids, wall_time=clock.wall_time)


def _storage(
    station: Station,
    keep: Path | None,
    intents: MemoryLog,
    calibrations: CalibrationStore,
    attachments: Attachments,
) -> Storage:
    """Storage in memory, which begins with what the station's own has; that is only read."""
    found: dict[str, Any] = {
        "intents": intents,
        "light": _kept_by_the_station(station, LIGHT_NAME),
        "calibrations": calibrations,
        "metadata": {},
    }
    if keep is None:
        counted = CountedFrames()
        return Storage(**found, frames=counted, recorder=NoRecord(counted))
    from dac_control.records import FrameStore, RunRecorder
    from dac_control.records.light_ledger import lines_of_specimen

    light, specimen = found["light"], station.specimen.id
    frames = FrameStore(sync=False)
    moves: Any = intents
    recorder = RunRecorder(
        keep,
        attachments=lambda start: dict(attachments),
        frame_store=frames,
        intent_log=moves,
        copies={LIGHT_NAME: lambda uid: lines_of_specimen(light.read(), specimen)},
    )
    return Storage(**found, frames=frames, recorder=recorder)


def _kept_by_the_station(station: Station, name: str) -> MemoryLog:
    """A copy of a log in the station's state folder, as the rehearsal's own."""
    records = JsonLog(station.storage.state / name).read()
    # a rehearsal is simulated, and what counts at the station counts in it
    mine = [
        {**record, "simulated": True}
        if record.get("simulated") == station.station.simulated
        else record
        for record in records
    ]
    return MemoryLog(mine)
