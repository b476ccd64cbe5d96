"""The screw drive: absolute turns, each move journalled before it is sent.

A move happens once. It is checked, its intent is synced to the journal, it is sent, read back
until the drive stands still, and its end is journalled too: by the device itself, so that a
move from a shell counts like one from a plan.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ophyd import Component as Cpt
from ophyd.status import Status

from dac_control.clock import LabClock
from dac_control.errors import ConfigurationError, LimitError, MoveFailed, PositionUnknown
from dac_control.safety.intents import Verdict, reconcile
from dac_control.safety.limits import StepLimits
from devices.drivers.roles import DriveReading, ScrewDriver
from devices.instrument import InstrumentDevice
from devices.screw_move import ScrewMove
from devices.signals import CachedSignal
from devices.statuses import MoveProgress, finish_with
from devices.worker import Pauses

__all__ = ["IntentJournal", "ScrewDrive"]


class IntentJournal(Protocol):
    """Where moves are written down; every append is on disk when it returns."""

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record and sync it."""
        ...

    def read(self) -> Sequence[Mapping[str, Any]]:
        """All records, oldest first."""
        ...


class ScrewDrive(InstrumentDevice[ScrewDriver]):
    """A motor on the pressure screw, positions in turns.

    `set` refuses, before anything is sent, a target outside the limits, a step that is too
    large, and any target while the position is unknown; its Status is done only after the
    target was read back. `stop` goes ahead of everything queued, returns at once and is
    confirmed by reading back. `turns` is NaN while the drive says that it does not know where it
    stands, as after a power-up, when it may count from 0; `flags` then says why.

    Parameters
    ----------
    journal : IntentJournal
        Lives in the station's state folder and outlives every session.
    limits : StepLimits
        Where the screw may stand, and how far it may go at once.
    clock : LabClock
        Laboratory time of each record.
    tolerance_turns : float
        Largest distance between target and readback of a finished move.
    move_timeout_s : float
        Laboratory time in s after which a move is stopped and reported as failed.
    read_period_s : float, optional
        Wall-clock time between readings of a drive that moves; by default that of `timing`.
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
        read_period_s: float | None = None,
        **kwargs: Any,
    ) -> None:
        self._journal = journal
        self.limits = limits
        self._clock = clock
        self._tolerance_turns = tolerance_turns
        self._move_timeout_s = move_timeout_s
        self._moving = threading.Lock()
        self.last: DriveReading | None = None
        self.run_uid: str | None = None
        super().__init__(**kwargs)
        self._read_period_s = self._timing.read_period_s if read_period_s is None else read_period_s
        self._stop_lane = self._timing.make_stop_lane(f"{self.name}-stop", self._stop_and_look)

    # readings ---------------------------------------------------------------------------

    def _after_connect(self) -> None:
        if self._tolerance_turns < self._driver.resolution_turns / 2:
            raise ConfigurationError(
                f"tolerance_turns of {self.name} ({self._tolerance_turns:g}) is finer than the "
                f"drive's own steps of {self._driver.resolution_turns:g} turns; no move could "
                "ever be confirmed. Correct it, or the gearing, in the station file."
            )

    def _refresh(self) -> None:
        self._publish(self._driver.read())

    def _publish(self, reading: DriveReading) -> None:
        turns = reading.turns if reading.position_known else math.nan
        if self.last is None:
            self.target_turns.update(turns, reading.time)
        self.last = reading
        self.turns.update(turns, reading.time)
        self.flags.update(" ".join(reading.flags), reading.time)

    @property
    def resolution_turns(self) -> float:
        """Smallest step of the drive in turns of the screw."""
        return self._driver.resolution_turns

    @property
    def tolerance_turns(self) -> float:
        """How far from its target a finished move may end."""
        return self._tolerance_turns

    @property
    def in_a_move(self) -> bool:
        """True from `set` until the move's end is journalled."""
        return self._moving.locked()

    def is_at(self, turns: float) -> bool:
        """True if the drive knows where it stands, and within the tolerance of `turns`."""
        last = self.last
        if last is None or not last.position_known:
            return False
        return abs(last.turns - turns) <= self._tolerance_turns

    def position_verdict(self) -> Verdict:
        """Whether drive and journal agree on where the screw stands; asks the drive. Blocks."""
        return self._ask(self._judge_position)

    def _judge_position(self) -> Verdict:
        reading = self._driver.read()
        self._publish(reading)
        if reading.moving:
            message = f"the drive is moving, now at {reading.turns:.5f} turns; stop it or wait"
            return Verdict(known=False, message=message)
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
        # a stop from here on belongs to this move, even before the worker has begun it
        stops_before = self._stop_lane.asked
        uid = self.run_uid
        start = self.last.turns if self.last is not None else value
        progress = MoveProgress(self.name, start, value, "turns")
        status = self._statuses(
            self, self._clock.wall_s(self._move_timeout_s) + 4 * self._reply_timeout_s
        )
        status.watch = progress.watch  # type: ignore[attr-defined]  # bluesky's progress bars ask
        future = self._worker.submit_steps(
            lambda: self._move(value, progress, stops_before, uid), self._worker.COMMAND
        )
        future.add_done_callback(lambda _: self._moving.release())
        finish_with(status, future)
        return status

    def _move(
        self, target_turns: float, progress: MoveProgress, stops_before: int, uid: str | None
    ) -> Pauses[None]:
        def append(record: Mapping[str, Any]) -> None:
            self._append(record, uid)

        def check_wanted() -> None:
            if self._stop_lane.asked != stops_before:
                raise MoveFailed(f"{self.name} was stopped before it moved.")

        verdict = self._judge_position()
        if not verdict.known:
            raise PositionUnknown(
                f"{self.name} at {self.address} may not move: {verdict.message}. Look at the "
                "screw, then say where it stands with `dac-control drive declare`."
            )
        if verdict.record is not None:
            append(verdict.record)
        assert self.last is not None  # _judge_position has just published a reading
        self.limits.check_step_turns(self.last.turns, target_turns)
        self.target_turns.update(target_turns, self._timing.wall_time())
        yield from ScrewMove(
            name=self.name,
            driver=self._driver,
            start_turns=self.last.turns,
            target_turns=target_turns,
            tolerance_turns=self._tolerance_turns,
            clock=self._clock,
            # two seconds on the wall more, for the line
            timeout_s=self._move_timeout_s + 2.0 * self._clock.speed,
            read_period_s=self._read_period_s,
            progress=progress,
            publish=self._publish,
            append=append,
            check_wanted=check_wanted,
            id=self._timing.new_id(),
        ).carry_out()

    # stopping, declaring, ending --------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Stop the motion ahead of anything queued; returns at once, whatever `success` says."""
        if self.in_a_move or (self.last is not None and self.last.moving):
            self._stop_lane.request()

    def _stop_and_look(self) -> bool:
        self._driver.stop()
        return not self._driver.read().moving

    def declare(self, turns: float, reason: str, operator: str = "") -> None:
        """Say where the screw stands; told to the drive, and journalled. Nothing moves.

        Raises
        ------
        LimitError
            If `turns` is outside the limits.
        """
        self.limits.check_turns(turns)

        def tell() -> None:
            self._driver.declare(turns)
            self._append(
                {"kind": "declared", "turns": turns, "reason": reason, "operator": operator},
                self.run_uid,
            )
            self._refresh()

        self._ask(tell)

    def _append(self, record: Mapping[str, Any], uid: str | None) -> None:
        self._journal.append(
            {
                **record,
                "device": self.name,
                "address": self.address,
                "run": uid,
                "time": self._timing.wall_time(),
                "lab_time_s": self._clock.now(),
            }
        )

    def destroy(self) -> None:
        """Stop what moves, end both threads, close the link."""
        self.stop()
        self._stop_lane.close()
        super().destroy()
