"""One rehearsal: a run file on the twin of a station, for one seed, in virtual time."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from bluesky.run_engine import RunEngine

from dac_control.app.calibrations import as_measured, station_calibrations
from dac_control.app.engine import make_engine
from dac_control.app.light import account_of
from dac_control.app.logs import quiet
from dac_control.app.rehearsal.documents import SeededDocuments
from dac_control.app.rehearsal.helium import helium_litres
from dac_control.app.rehearsal.lean import lean
from dac_control.app.rehearsal.limits_touched import limits_touched
from dac_control.app.rehearsal.memory_storage import CountedFrames, MemoryLog, NoRecord
from dac_control.app.rehearsal.tally import RehearsedStep, Tally
from dac_control.app.rehearsal.twin_drivers import make_twin_drivers
from dac_control.app.rehearsal.twin_settings import fitted_to, settings_of
from dac_control.app.rehearsal.virtual_loop import VirtualLoop
from dac_control.app.rehearsal.virtual_timing import seeded_ids, virtual_timing
from dac_control.app.run_file import RunFile
from dac_control.app.run_plan import plan_of
from dac_control.app.session import Session, build_session
from dac_control.app.state_files import CALIBRATIONS_NAME, LIGHT_NAME
from dac_control.app.station import Clock, Station
from dac_control.app.surroundings import (
    Attachments,
    Listener,
    Storage,
    Surroundings,
)
from dac_control.clock import VirtualClock
from dac_control.errors import DacError
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.json_log import JsonLog
from dac_control.safety.hold import HoldFlag
from dac_control.safety.light import Dose
from simulators.twin import Twin, TwinSettings

__all__ = ["Rehearsed", "VirtualLaboratory", "rehearse_once", "virtual_laboratory"]

EPOCH = 946_684_800.0
"""2000-01-01, 0:00 UTC: when rehearsals begin, unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """How one rehearsal went."""

    seed: int
    exit_status: str
    """``success``, ``fail`` or ``abort``, as the last stop document has it; ``fail`` also where a
    later stage of an experiment was refused."""
    reason: str
    duration_s: float
    steps: list[RehearsedStep]
    events: int
    exposures_s: float
    """Light on the detector, s."""
    helium_litres: float
    """As `helium.helium_litres`; of use where the station has a flow cryostat."""
    record_bytes: float = 0.0
    """What its record takes on a disk, frames as if nothing compressed them."""
    doses: tuple[Dose, ...] = ()
    """What the run added to each spot, where the station has a laser."""
    touched: dict[str, list[float]] = field(default_factory=dict)
    """Limits, with the laboratory times in s at which they were touched."""
    folder: Path | None = None

    @property
    def top_pressure_gpa(self) -> float:
        """Highest measured pressure; NaN if there is none."""
        measured = [step.pressure_gpa for step in self.steps if step.measured]
        return max(measured, default=float("nan"))


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
) -> Iterator[VirtualLaboratory]:
    """Build the session of a station over its twin, connect, and close it again.

    Parameters
    ----------
    station : Station
        What is rehearsed; nothing that it names is opened, or written to.
    seed : int
        Draws the twin, and the uids of documents.
    settings : TwinSettings, optional
        Of the twin; by default what the station states. Either way the chip is shifted such
        that its lambda0 is the station's.
    listener : callable, optional
        Gets each document, name first.
    keep : Path, optional
        Folder of runs to write the run to, frames and all; by default nothing is written.
    epoch : float
        Seconds since 1970 at which it begins; calibrations have an age.
    """
    quiet()
    clock = VirtualClock(epoch)
    said = station.model_copy(
        update={
            "station": station.station.model_copy(update={"simulated": True}),
            "clock": Clock(speed=1.0),
        }
    )
    store = CalibrationStore(_kept_by_the_station(station, CALIBRATIONS_NAME))
    known = as_measured(said, station_calibrations(said, store, epoch))
    base = settings_of(known) if settings is None else settings
    twin = Twin(seed, clock, fitted_to(known, base, seed))
    intents = MemoryLog()
    loop = VirtualLoop(clock)
    around = Surroundings(
        clock=clock,
        drivers=make_twin_drivers(station, twin, clock),
        open_storage=partial(_storage, station, keep, intents, store),
        timing=virtual_timing(loop, seeded_ids(seed)),
        make_engine=partial(_engine, loop),
        documents=partial(_documents, listener, seed, clock),
        connects_at_once=False,
    )
    with lean(), build_session(said, surroundings=around) as session:
        yield VirtualLaboratory(session=session, twin=twin, clock=clock, intents=intents)


def rehearse_once(
    station: Station,
    run: RunFile,
    seed: int,
    *,
    settings: TwinSettings | None = None,
    listener: Listener | None = None,
    keep: Path | None = None,
    epoch: float = EPOCH,
    prepare: Callable[[VirtualLaboratory], None] | None = None,
) -> Rehearsed:
    """Carry out a run file on the twin of a station, once.

    Parameters
    ----------
    station, run : Station and RunFile
        What is rehearsed.
    seed : int
        Of twin and documents.
    settings, listener, keep, epoch
        As for `virtual_laboratory`.
    prepare : callable, optional
        Called with the laboratory before the run begins.

    Returns
    -------
    Rehearsed
        Also for a run that held, and for an experiment of which a stage was refused.

    Raises
    ------
    DacError
        If the plan was refused before its run opened.
    """
    how = {"settings": settings, "keep": keep, "epoch": epoch}
    with _tallied(station, seed, listener, how) as (laboratory, tally):
        session = laboratory.session
        session.require_ready()
        if prepare is not None:
            prepare(laboratory)
        began_s, had = laboratory.clock.now(), _doses(session)
        plan = plan_of(run, session.instruments, {"rehearsal": {"seed": seed}})
        refused = ""
        try:
            session.run(plan)
        except DacError as error:
            if not tally.start:
                raise
            refused = str(error)
        ended_s = float(tally.stop["time"]) - epoch
        folder, doses = session.recorder.folder, _added(had, _doses(session))
    exit_status, reason = str(tally.stop["exit_status"]), str(tally.stop.get("reason", ""))
    if refused and exit_status == "success":
        # a stage that never opened a run: the last run on record is that of the stage before it
        exit_status, reason = "fail", refused
    return Rehearsed(
        seed=seed,
        exit_status=exit_status,
        reason=reason,
        duration_s=ended_s - began_s,
        steps=tally.steps,
        events=tally.events,
        exposures_s=tally.exposures_s,
        record_bytes=tally.record_bytes,
        helium_litres=helium_litres(tally.times_s, tally.stage_k),
        doses=doses,
        touched=limits_touched(tally.steps, station.limits, run.settings),
        folder=folder,
    )


@contextmanager
def _tallied(
    station: Station, seed: int, listener: Listener | None, how: dict[str, Any]
) -> Iterator[tuple[VirtualLaboratory, Tally]]:
    tally = Tally(truth=lambda: laboratory.twin.last_exposure())

    def listen(name: str, doc: Any) -> None:
        tally(name, doc)
        if listener is not None:
            listener(name, doc)

    with virtual_laboratory(station, seed, listener=listen, **how) as laboratory:
        yield laboratory, tally


def _engine(loop: VirtualLoop, hold: HoldFlag, md: MutableMapping[str, Any]) -> RunEngine:
    engine = make_engine(hold, md, loop=loop)
    engine.preprocessors.append(loop.letting_time_pass)
    return engine


def _documents(
    listener: Listener | None, seed: int, clock: VirtualClock, recorder: Listener
) -> Listener:
    def everybody(name: str, doc: Any) -> None:
        recorder(name, doc)
        if listener is not None:
            listener(name, doc)

    # documents and moves count their uids apart
    return SeededDocuments(everybody, ids=seeded_ids(seed + 2**32), wall_time=clock.wall_time)


def _storage(
    station: Station,
    keep: Path | None,
    intents: MemoryLog,
    calibrations: CalibrationStore,
    attachments: Attachments,
) -> Storage:
    """Storage in memory, which begins with what the station's own has; that is only read."""
    found = {
        "intents": intents,
        "light": _kept_by_the_station(station, LIGHT_NAME),
        "calibrations": calibrations,
        "metadata": {},
    }
    if keep is None:
        counted = CountedFrames()
        return Storage(**found, frames=counted, recorder=NoRecord(counted))
    from dac_control.records import FrameStore, RunRecorder

    frames = FrameStore(sync=False)
    moves: Any = intents
    recorder = RunRecorder(
        keep,
        attachments=lambda start: dict(attachments),
        frame_store=frames,
        intent_log=moves,
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


def _doses(session: Session) -> dict[tuple[str, str], Dose]:
    account = account_of(session.instruments)
    return {} if account is None else account.doses()


def _added(had: dict[tuple[str, str], Dose], has: dict[tuple[str, str], Dose]) -> tuple[Dose, ...]:
    """What was added to each spot; peak and longest shot are those of its whole life."""
    added = []
    for key, dose in sorted(has.items()):
        before = had.get(key, Dose(light=dose.light, spot=dose.spot))
        added.append(
            replace(
                dose,
                energy_mj=dose.energy_mj - before.energy_mj,
                open_s=dose.open_s - before.open_s,
                shots=dose.shots - before.shots,
            )
        )
    return tuple(added)
