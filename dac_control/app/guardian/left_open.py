"""What a dead worker left open in the state folder: a move in the journal, light in the ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from dac_control.app.guardian.chronicle import Chronicle
from dac_control.app.guardian.take_over import Deed, TakeOver
from dac_control.app.guardian.watch import WorkerState
from dac_control.app.light_tables import LIGHT_ROLES
from dac_control.app.state_files import LIGHT_NAME, intent_log
from dac_control.app.station import Station
from dac_control.clock import SteadyClock
from dac_control.errors import DacError
from dac_control.records import LightLedger
from dac_control.safety.intents import end_of_open_intent
from dac_control.safety.light.specimen_ledger import SpecimenLedger

__all__ = ["DeadWorker", "LeftOpen"]


@dataclass(frozen=True, kw_only=True)
class DeadWorker:
    """A worker that is gone, and what is needed to clear up after it.

    Parameters
    ----------
    station : Station
        Whose instruments, journal and ledger the worker left.
    state : WorkerState
        What the worker said last.
    chronicle : Chronicle
        Where every deed is written down.
    why : str
        What became of the worker, as a clause.
    now_s : callable
        The guardian's steady clock.
    """

    station: Station
    state: WorkerState
    chronicle: Chronicle
    why: str
    now_s: Callable[[], float] = time.monotonic


class LeftOpen(DeadWorker):
    """Writes down the ends that the worker could not.

    What cannot be written stays open, and the next session reconciles it.
    """

    def end(self, taken: TakeOver) -> list[str]:
        """Write down how move and light ended.

        Returns
        -------
        list of str
            Clauses for a person: which lights nobody said to be off.
        """
        self._end_the_move(taken)
        return self._end_the_light(taken.deeds)

    def _end_the_move(self, taken: TakeOver) -> None:
        drive = taken.drive
        try:
            journal = intent_log(self.station.storage.state)
            record = end_of_open_intent(
                journal.read(),
                None if drive is None else drive.turns,
                f"{self.why}; stopped by the guardian",
                referenced=drive is None or drive.position_known,
            )
            if record is None:
                return
            declared = self.station.devices.drive
            lab_time_s = self.state.lab_now_s(self.now_s())
            journal.append(
                {
                    **record,
                    "device": declared.name,
                    "address": getattr(declared, "address", "manual"),
                    "run": self._run_uid,
                    "time": time.time(),
                    "lab_time_s": lab_time_s,
                }
            )
            self.chronicle.note("move_ended", id=record["id"], turns=record["turns"])
        except DacError as error:
            self.chronicle.note("move_not_ended", error=str(error))

    def _end_the_light(self, deeds: list[Deed]) -> list[str]:
        """End the openings of lights that were read back as off; name what a person switches."""
        deed_of = {deed.role: deed for deed in deeds}
        doubtful: list[str] = []
        try:
            for role in LIGHT_ROLES:
                light = getattr(self.station.devices, role)
                deed = deed_of.get(role)
                if light is not None and deed is None and self._ledger().unended(light.name):
                    doubtful.append(f"nobody said that {light.name} is off: switch it off by hand")
                elif light is not None and deed is not None and deed.held_at is not None:
                    self._prove_off(light.name, deed.held_at)
        except DacError as error:
            self.chronicle.note("light_not_ended", error=str(error))
        return doubtful

    def _prove_off(self, device: str, at: float) -> None:
        reason = f"{self.why}; shut by the guardian"
        ended = self._ledger(at).prove_off(device, reason, run=self._run_uid)
        if ended:
            self.chronicle.note("light_ended", device=device, openings=ended)

    def _ledger(self, at: float | None = None) -> SpecimenLedger:
        """The ledger of light as it stands at a time of day, by default now."""
        return SpecimenLedger(
            LightLedger(self.station.storage.state / LIGHT_NAME),
            specimen=self.station.specimen.id,
            session="guardian",
            clock=SteadyClock(self.state.speed),
            wall_time=time.time if at is None else lambda: at,
        )

    @property
    def _run_uid(self) -> str | None:
        return None if self.state.run is None else self.state.run.uid
