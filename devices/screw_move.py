"""One move of the screw from its intent to its end; runs on the drive's worker."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dac_control.clock import LabClock
from dac_control.errors import DacError, MoveFailed, UncertainWrite
from devices.drivers.roles import DriveReading, ScrewDriver
from devices.statuses import MoveProgress
from devices.worker import Pauses

__all__ = ["ScrewMove"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ScrewMove:
    """Sends one absolute target, once, and follows the drive until it stands still.

    Both ends are journalled: the intent, synced, before anything is sent, and how it ended.
    """

    name: str
    driver: ScrewDriver
    start_turns: float
    target_turns: float
    tolerance_turns: float
    clock: LabClock
    timeout_s: float
    """Laboratory time in s after which the move is stopped and reported as failed."""
    read_period_s: float
    """Wall-clock time in s between readings while it moves."""
    progress: MoveProgress
    publish: Callable[[DriveReading], None]
    append: Callable[[Mapping[str, Any]], None]
    """Journals a record; on disk when it returns."""
    check_wanted: Callable[[], None]
    """Raises if the move was stopped meanwhile; called last, when the line is free."""
    id: str

    def carry_out(self) -> Pauses[None]:
        """Move, waiting between readings; end only after the target was read back.

        Raises
        ------
        MoveFailed
            If the drive ended elsewhere, or was stopped.
        DacError
            If link or instrument failed; the drive was told to stop.
        """
        self.append(
            {
                "kind": "intent",
                "id": self.id,
                "from_turns": self.start_turns,
                "to_turns": self.target_turns,
            }
        )
        try:
            self._send()
            reading = yield from self._follow()
        except Exception as error:
            # whatever went wrong, the screw must not go on turning unobserved
            self._give_up(str(error))
            raise
        self.append({"kind": "done", "id": self.id, "turns": reading.turns})

    def _is_there(self, reading: DriveReading) -> bool:
        return abs(reading.turns - self.target_turns) <= self.tolerance_turns

    def _send(self) -> None:
        self.check_wanted()
        try:
            self.driver.start_move(self.target_turns, self.check_wanted)
        except UncertainWrite as error:
            # never sent twice: either the drive is under way, or it is not and the move failed
            reading = self.driver.read()
            self.publish(reading)
            if not reading.moving and not self._is_there(reading):
                raise MoveFailed(
                    f"{self.name}: it is uncertain whether the move to {self.target_turns:.5f} "
                    f"turns was accepted, and the drive stands at {reading.turns:.5f}: {error}"
                ) from error

    def _follow(self) -> Pauses[DriveReading]:
        deadline_s = self.clock.now() + self.timeout_s
        while True:
            reading = self.driver.read()
            self.publish(reading)
            self.progress.report(reading.turns)
            if not reading.moving:
                break
            if self.clock.now() > deadline_s:
                raise MoveFailed(
                    f"{self.name} did not reach {self.target_turns:.5f} turns within "
                    f"{self.timeout_s:.0f} s; it was at {reading.turns:.5f} turns and was told "
                    "to stop."
                )
            yield self.read_period_s
        fault = self.driver.fault_text(reading.flags)
        if self._is_there(reading) and reading.position_known and not fault:
            return reading
        because = f" because of {fault}" if fault else ""
        raise MoveFailed(
            f"{self.name} ended at {reading.turns:.5f} turns{because}; its target was "
            f"{self.target_turns:.5f} (it set out from {self.start_turns:.5f})."
        )

    def _give_up(self, reason: str) -> None:
        """Stop, read where the screw is, and journal the end of a move that failed."""
        turns: float | None = None
        doubtful = False
        try:
            self.driver.stop()
            reading = self.driver.read()
            self.publish(reading)
            doubtful = not reading.position_known
            if reading.position_known and not reading.moving:
                turns = reading.turns
        except DacError as error:
            reason = f"{reason} Then stopping it failed: {error}"
        record = {"kind": "failed", "id": self.id, "turns": turns, "reason": reason}
        try:
            self.append({**record, "doubtful": True} if doubtful else record)
        except DacError as error:
            # the intent stays open, which the next session reconciles; the first error matters
            logger.error("the end of a failed move could not be journalled: %s", error)
