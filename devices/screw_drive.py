"""The screw drive: absolute turns, each move journalled before it is sent.

A move happens once. It is checked, its intent is synced to the journal, it is sent, read back
until the drive stands still, and its end is journalled too: by the device itself, so that a
move from a shell counts like one from a plan.
"""

import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from ophyd import Component as Cpt
from ophyd.status import Status

from dac_control.clock import LabClock
from dac_control.errors import (
    DacError,
    LimitError,
    MoveFailed,
    PositionUnknown,
    TransportError,
    UncertainWrite,
)
from dac_control.safety.intents import Verdict, reconcile
from dac_control.safety.limits import StepLimits
from devices.drivers.roles import DriveReading, ScrewDriver
from devices.instrument import InstrumentDevice
from devices.signals import CachedSignal
from devices.statuses import MoveProgress, finish_with
from devices.stop_lane import StopLane

__all__ = ["IntentJournal", "ScrewDrive"]

logger = logging.getLogger(__name__)


class IntentJournal(Protocol):
    """Where moves are written down; every append is on disk when it returns."""

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and sync it."""
        ...

    def read(self) -> Sequence[Mapping[str, Any]]:
        """All records, oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Move:
    """One move from its intent to its end."""

    id: str
    start_turns: float
    target_turns: float
    progress: MoveProgress


class ScrewDrive(InstrumentDevice[ScrewDriver]):
    """A motor on the pressure screw, positions in turns.

    `set` refuses, before anything is sent, a target outside the limits and any target while
    the position is unknown; its Status is done only after the target was read back. `stop`
    goes ahead of everything queued, returns at once and is confirmed by reading back.

    Parameters
    ----------
    journal : IntentJournal
        Lives in the station's state folder and outlives every session.
    limits : StepLimits
        Where the screw may stand.
    clock : LabClock
        Laboratory time of each record.
    tolerance_turns : float
        Largest distance between target and readback of a finished move.
    move_timeout_s : float
        Laboratory time in s after which a move is stopped and reported as failed.
    """

    turns = Cpt(CachedSignal, units="turns", precision=5, kind="hinted")
    target_turns = Cpt(CachedSignal, units="turns", precision=5)
    flags = Cpt(CachedSignal, dtype="string")

    def __init__(
        self,
        *,
        journal: IntentJournal,
        limits: StepLimits,
        clock: LabClock,
        tolerance_turns: float = 1e-4,
        move_timeout_s: float = 600.0,
        read_period_s: float = 0.02,
        **kwargs: Any,
    ) -> None:
        self._journal = journal
        self.limits = limits
        self._clock = clock
        self._tolerance_turns = tolerance_turns
        self._move_timeout_s = move_timeout_s
        self._read_period_s = read_period_s
        self._moving = threading.Lock()
        self.last: DriveReading | None = None
        self.run_uid: str | None = None
        super().__init__(**kwargs)
        self._stop_lane = StopLane(f"{self.name}-stop", self._stop_and_look)

    # readings ---------------------------------------------------------------------------

    def _refresh(self) -> None:
        self._publish(self._driver.read())

    def _publish(self, reading: DriveReading) -> None:
        if self.last is None:
            self.target_turns.update(reading.turns, reading.time)
        self.last = reading
        self.turns.update(reading.turns, reading.time)
        self.flags.update(" ".join(reading.flags), reading.time)

    @property
    def resolution_turns(self) -> float:
        """Smallest step of the drive in turns of the screw."""
        return self._driver.resolution_turns

    def position_verdict(self) -> Verdict:
        """Whether drive and journal agree on where the screw stands; asks the drive."""
        return self._worker.submit(self._judge_position).result(self._reply_timeout_s)

    def is_at(self, turns: float) -> bool:
        """True if the last reading lies within the tolerance of `turns`."""
        return self.last is not None and abs(self.last.turns - turns) <= self._tolerance_turns

    def _judge_position(self) -> Verdict:
        reading = self._driver.read()
        self._publish(reading)
        return reconcile(
            self._journal.read(), reading.turns, reading.position_known, self._tolerance_turns
        )

    # moving -----------------------------------------------------------------------------

    def check_value(self, value: float) -> None:
        """Raise `LimitError` unless `value` turns lie within the limits."""
        self.limits.check_turns(value)

    def set(self, value: float) -> Status:
        """Turn the screw to `value` turns; the Status fails unless it was read back there."""
        self.check_value(value)
        if not self._moving.acquire(blocking=False):
            raise LimitError(f"{self.name} is already moving; stop it or wait. Nothing was sent.")
        timeout_s = self._clock.wall_s(self._move_timeout_s) + 4 * self._reply_timeout_s
        status = self._statuses(self, timeout_s)
        start = self.last.turns if self.last is not None else value
        progress = MoveProgress(self.name, start, value, "turns")
        status.watch = progress.watch  # type: ignore[attr-defined]  # bluesky's progress bars ask
        self._stop_lane.rearm()
        future = self._worker.submit(lambda: self._move(value, progress), self._worker.COMMAND)
        self._finish_move(status, future)
        return status

    def _finish_move(self, status: Status, future: "Future[Any]") -> None:
        future.add_done_callback(lambda _: self._moving.release())
        finish_with(status, future)

    def _move(self, target_turns: float, progress: MoveProgress) -> None:
        verdict = self._judge_position()
        if not verdict.known:
            raise PositionUnknown(
                f"{self.name} at {self.address} may not move: {verdict.message}. Look at the "
                "screw, then say where it stands with `dac-control drive declare`."
            )
        if verdict.record is not None:
            self._append(verdict.record)
        assert self.last is not None  # _judge_position has just published a reading
        move = _Move(
            id=uuid.uuid4().hex,
            start_turns=self.last.turns,
            target_turns=target_turns,
            progress=progress,
        )
        self._append(
            {
                "kind": "intent",
                "id": move.id,
                "from_turns": move.start_turns,
                "to_turns": target_turns,
            }
        )
        self.target_turns.update(target_turns)
        try:
            self._send(move)
            reading = self._follow(move)
        except DacError as error:
            self._give_up(move, str(error))
            raise
        self._append({"kind": "done", "id": move.id, "turns": reading.turns})

    def _send(self, move: _Move) -> None:
        if self._stop_lane.requested:
            raise MoveFailed(f"{self.name} was stopped before it moved.")
        try:
            self._driver.start_move(move.target_turns)
        except UncertainWrite as error:
            # never sent twice: either the drive is under way, or it is not and the move failed
            reading = self._driver.read()
            self._publish(reading)
            if not reading.moving and not self.is_at(move.target_turns):
                raise MoveFailed(
                    f"{self.name}: it is uncertain whether the move to {move.target_turns:.5f} "
                    f"turns was accepted, and the drive stands at {reading.turns:.5f}: {error}"
                ) from error

    def _follow(self, move: _Move) -> DriveReading:
        deadline = time.monotonic() + self._clock.wall_s(self._move_timeout_s) + 2.0
        while True:
            reading = self._driver.read()
            self._publish(reading)
            move.progress.report(reading.turns)
            if not reading.moving:
                break
            if time.monotonic() > deadline:
                raise MoveFailed(
                    f"{self.name} did not reach {move.target_turns:.5f} turns within "
                    f"{self._move_timeout_s:g} s of laboratory time; it was at "
                    f"{reading.turns:.5f} turns."
                )
            time.sleep(self._read_period_s)
        fault = self._driver.fault_text(reading.flags)
        if self.is_at(move.target_turns) and reading.position_known and not fault:
            return reading
        because = f" because of {fault}" if fault else ""
        raise MoveFailed(
            f"{self.name} ended at {reading.turns:.5f} turns{because}; its target was "
            f"{move.target_turns:.5f} (it set out from {move.start_turns:.5f})."
        )

    def _give_up(self, move: _Move, reason: str) -> None:
        """Stop, read where the screw is, and journal the end of a move that failed."""
        turns: float | None = None
        try:
            self._driver.stop()
            reading = self._driver.read()
            self._publish(reading)
            if reading.position_known and not reading.moving:
                turns = reading.turns
        except (TransportError, DacError) as error:
            reason = f"{reason} Then stopping it failed: {error}"
        self._append({"kind": "failed", "id": move.id, "turns": turns, "reason": reason})

    # stopping, declaring, ending --------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Stop the motion ahead of anything queued; returns at once, whatever `success` says."""
        if self._moving.locked() or (self.last is not None and self.last.moving):
            self._stop_lane.request()

    def _stop_and_look(self) -> bool:
        self._driver.stop()
        return not self._driver.read().moving

    def declare(self, turns: float, reason: str, operator: str = "") -> None:
        """Say where the screw stands; journalled, and told to the drive. Nothing moves.

        Raises
        ------
        LimitError
            If `turns` is outside the limits.
        """
        self.limits.check_turns(turns)

        def tell() -> None:
            self._driver.declare(turns)
            self._append(
                {"kind": "declared", "turns": turns, "reason": reason, "operator": operator}
            )
            self._refresh()

        self._worker.submit(tell, self._worker.COMMAND).result(self._reply_timeout_s)

    def _append(self, record: Mapping[str, Any]) -> None:
        self._journal.append(
            {
                **record,
                "device": self.name,
                "address": self.address,
                "run": self.run_uid,
                "time": time.time(),
                "lab_time_s": self._clock.now(),
            }
        )

    def destroy(self) -> None:
        """Stop what moves, end both threads, close the link."""
        self.stop()
        self._stop_lane.close()
        super().destroy()
