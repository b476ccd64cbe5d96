"""One rehearsal: a run file on the twin of a station, for one seed, in virtual time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dac_control.app.light import account_of
from dac_control.app.rehearsal.helium import helium_litres
from dac_control.app.rehearsal.limits_touched import Touch, limits_touched
from dac_control.app.rehearsal.tally import RehearsedStep, Tally
from dac_control.app.rehearsal.targets_reached import TargetReached, targets_reached
from dac_control.app.rehearsal.virtual_laboratory import (
    EPOCH,
    VirtualLaboratory,
    virtual_laboratory,
)
from dac_control.app.run_file import RunFile
from dac_control.app.run_plan import plan_of
from dac_control.app.session import Session
from dac_control.app.station import Station
from dac_control.app.supplies_tables import disk_free_bytes
from dac_control.app.surroundings import Listener
from dac_control.errors import DacError, LimitError
from dac_control.safety.light import Allowance, Dose, Exposures, check_exposures
from simulators.twin import TwinSettings
from simulators.twin.schedule import Fault

if TYPE_CHECKING:
    from dac_control.app.rehearsal.virtual_guardian import FiredRule

__all__ = ["Rehearsed", "rehearse_once"]


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
    touched: dict[str, list[Touch]] = field(default_factory=dict)
    """Limits, with the steps at which they were touched."""
    targets: tuple[TargetReached, ...] = ()
    """Targets of its ramps in order, with what was measured there."""
    fired: "tuple[FiredRule, ...]" = ()
    """The station's rules that fired, in order."""
    folder: Path | None = None

    @property
    def top_pressure_gpa(self) -> tuple[float, float]:
        """Highest measured pressure and half of its 95 % interval; NaN if there is none."""
        measured = [(s.pressure_gpa, s.half_width_95_gpa) for s in self.steps if s.measured]
        return max(measured, default=(float("nan"), float("nan")))


def rehearse_once(
    station: Station,
    run: RunFile,
    seed: int,
    *,
    settings: TwinSettings | None = None,
    listener: Listener | None = None,
    keep: Path | None = None,
    epoch: float = EPOCH,
    attachments: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
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
    attachments : mapping, optional
        Texts that go into the folder of a run that is kept, such as ``run.toml``, by name.
    faults : sequence of Fault
        What goes wrong; times count from the beginning of the run.
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
    how = {"settings": settings, "keep": keep, "epoch": epoch, "run": run}
    with _tallied(station, seed, listener, how) as (laboratory, tally):
        session = laboratory.session
        session.attachments.update(attachments or {})
        session.require_ready()
        if prepare is not None:
            prepare(laboratory)
        began_s, had = laboratory.clock.now(), _doses(session)
        for fault in faults:
            laboratory.twin.inject(
                fault.kind, at_lab_s=began_s + fault.at_lab_s, at_gpa=fault.at_gpa
            )
        tally.no_room = lambda: _no_room(session, had)
        plan = plan_of(run, session.instruments, {"rehearsal": {"seed": seed}})
        refused, fired = "", list["FiredRule"]()
        try:
            with _guarded(laboratory, tally, fired):
                session.run(plan)
        except DacError as error:
            if not tally.start:
                raise
            refused = str(error)
        ended_s = float(tally.stop["time"]) - epoch
        resolution_turns = session.instruments.drive.resolution_turns
        folder, doses = session.recorder.folder, _added(had, _doses(session))
    exit_status, reason = str(tally.stop["exit_status"]), str(tally.stop.get("reason", ""))
    if refused and exit_status == "success":
        # a stage that never opened a run: the last run on record is that of the stage before it
        exit_status, reason = "fail", refused
        tally.say(reason, len(tally.steps) - 1)
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
        touched=limits_touched(
            tally.steps,
            station.limits,
            run.settings,
            said=tally.said,
            reason=reason,
            resolution_turns=resolution_turns,
            ended_s=ended_s,
        ),
        targets=tuple(
            each
            for (targets, steps), done in zip(tally.ramps, tally.done, strict=True)
            for each in targets_reached(
                steps,
                targets,
                tolerance_gpa=run.settings.step.tolerance_gpa,
                tolerance_turns=2.0 * resolution_turns,
                done=done,
            )
        ),
        fired=tuple(fired),
        folder=folder,
    )


def _guarded(
    laboratory: VirtualLaboratory, tally: Tally, fired: "list[FiredRule]"
) -> AbstractContextManager[None]:
    """Watch the station's rules, and gather those that fire; the record fills the disk."""
    station = laboratory.session.station
    if not station.rules:
        return nullcontext()
    # what no rule needs is not imported either
    from dac_control.app.rehearsal.virtual_guardian import VirtualGuardian

    free_bytes = disk_free_bytes(station.storage.runs)
    free = float("nan") if free_bytes is None else free_bytes
    guardian = VirtualGuardian(laboratory, lambda: free - tally.record_bytes, fired)
    return guardian.attend()


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


def _doses(session: Session) -> dict[tuple[str, str], Dose]:
    account = account_of(session.instruments)
    return {} if account is None else account.doses()


def _no_room(session: Session, had: dict[tuple[str, str], Dose]) -> str:
    """Say why a light could not be opened once more, as long as on average; empty if it could."""
    account = account_of(session.instruments)
    if account is None:
        return ""
    has = account.doses()
    for dose in _added(had, has):
        beam, most = account.beam(dose.light), account.allowance(dose.light, dose.spot)
        if dose.energy_mj > 0:
            head_mw = dose.energy_mj / dose.open_s / beam.transmission
            another = Exposures(power_mw=head_mw, exposure_s=dose.open_s / dose.shots)
            energy = Allowance(max_energy_mj=most.max_energy_mj)
            try:
                check_exposures(energy, has[dose.light, dose.spot], beam, [another])
            except LimitError as error:
                return str(error)
    return ""


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
