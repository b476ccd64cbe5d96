"""What the guardian does once the worker is dead: hold first, then the record, then the report."""

import contextlib
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dac_control.app.drivers import make_drivers
from dac_control.app.guardian.left_open import DeadWorker, LeftOpen
from dac_control.app.guardian.take_over import TakeOver
from dac_control.app.state_files import copies_for_runs
from dac_control.app.station import Station
from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError, RecordError
from dac_control.records.closing import close_dead_runs, close_run

__all__ = ["Aftermath", "write_report"]

logger = logging.getLogger(__name__)

_HOLD_TIMEOUT_S = 20.0
_LOCK_PATIENCE_S = 3.0
_REPORT_TIMEOUT_S = 600.0
_CLOSED_BY = "guardian"


class Aftermath(DeadWorker):
    """Takes a station over from a worker that is dead."""

    def carry_out(self) -> str:
        """Hold, write down the end of the move, close the run.

        Returns
        -------
        str
            One or more sentences for a person: what happened, and how it stands.
        """
        state = self.state
        self.chronicle.note(
            "worker_dead",
            why=self.why,
            phase=state.phase,
            step=state.step,
            in_a_move=state.in_a_move,
        )
        try:
            lock = _lock_of(self.station)
        except ConfigurationError as error:
            # another session has the station already: its instruments are not ours to touch
            self.chronicle.note("not_taken_over", error=str(error))
            return f"The run ended because {self.why}. The guardian did nothing more: {error}"
        try:
            self.chronicle.begin()
            said = self._hold()
            self.chronicle.finish()
            self._close(f"{self.why}; {said}")
        finally:
            lock.release()
        return f"The run ended because {self.why}; {said}."

    def _hold(self) -> str:
        taken = TakeOver(
            make_drivers(self.station),
            freeze_setpoint=self.state.setpoint_moving,
            heater_off=self.state.heater_off_asked,
        )
        try:
            taken.wait(_HOLD_TIMEOUT_S)
            for deed in taken.deeds:
                self.chronicle.note("hold", **deed.as_entry())
            left_open = LeftOpen(**vars(self)).end(taken)
        finally:
            taken.close()
        missing = [deed for deed in taken.deeds if not deed.done]
        words = [_where(taken)]
        words += [f"{deed.role} NOT confirmed in hold: {deed.error}" for deed in missing]
        return "; ".join([*words, *left_open])

    def _close(self, reason: str) -> None:
        run, copies = self.state.run, copies_for_runs(self.station)
        try:
            if run is not None:
                close_run(run.folder, reason, closed_by=_CLOSED_BY, copies=copies)
            else:
                # it may have died between the first line of a run and telling us
                close_dead_runs(
                    self.station.storage.runs, reason, closed_by=_CLOSED_BY, copies=copies
                )
        except RecordError as error:
            self.chronicle.note("run_not_closed", error=str(error))
            logger.error("the run could not be closed: %s", error)


def write_report(folder: Path, *, as_json: bool) -> None:
    """Write report and manifest of a run in a further process; print its steps where asked to."""
    command = [sys.executable, "-m", "dac_control.app.cli"]
    quietly: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "timeout": _REPORT_TIMEOUT_S,
        "check": False,
    }
    with contextlib.suppress(subprocess.TimeoutExpired, OSError):
        subprocess.run([*command, "report", str(folder)], **quietly)
        if as_json:
            shown = {**quietly, "stdout": None}
            subprocess.run([*command, "show", str(folder), "--json"], **shown)


def _lock_of(station: Station) -> StationLock:
    deadline_s = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            return StationLock(station.storage.state)
        except ConfigurationError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)


def _where(taken: TakeOver) -> str:
    if taken.drive is None:
        return "the drive could not be confirmed to stand still"
    if not taken.drive.position_known:
        return "the drive was stopped, and its position is in doubt"
    return f"the guardian stopped the drive at {taken.drive.turns:.5f} turns"
