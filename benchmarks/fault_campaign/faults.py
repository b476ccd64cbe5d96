"""What is done to a run, and to whom."""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.faults import Fault

if TYPE_CHECKING:
    from fault_campaign.trial import Trial

__all__ = ["FAULTS", "FaultKind"]


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """One way in which a night may go wrong."""

    name: str
    strike: Callable[["Trial", random.Random], None]
    in_a_move: bool = False
    """At a slow clock, in the middle of a move; otherwise anywhere in a quick ramp."""
    hold_within_s: float | None = None
    """Asked: wall-clock time until the screw stands and the light is off."""
    rule: str = ""
    """A rule of the station file, as TOML, that the strike waits for being broken."""
    lies: bool = False
    """The protocol cannot reveal it; it is bounded by the next measured pressure."""


RULE = """
[[rules]]
name = "far enough"
condition = "turns > 0.06"
action = "hold"
grace_s = 0.0
level = "critical"
"""


def _worker(number: int) -> Callable[["Trial", random.Random], None]:
    return lambda trial, rng: os.kill(trial.worker(), number)


def _guardian(number: int) -> Callable[["Trial", random.Random], None]:
    return lambda trial, rng: trial.guardian.send_signal(number)


def _both(trial: "Trial", rng: random.Random) -> None:
    trial.guardian.send_signal(signal.SIGSTOP)
    os.kill(trial.worker(), signal.SIGKILL)
    trial.guardian.send_signal(signal.SIGKILL)


LINES = ("cryostat", "drive", "laser")
ALL = (*LINES, "spectrometer")


def _wire(
    fault: Fault, most: int, roles: tuple[str, ...] = ALL
) -> Callable[["Trial", random.Random], None]:
    def strike(trial: "Trial", rng: random.Random) -> None:
        # every fault goes round the instruments, from each of its seeds to the next
        role = roles[(trial.seed + trial.seed // len(FAULTS)) % len(roles)]
        trial.note(role)
        trial.laboratory.faults[role].next(
            fault,
            count=rng.randint(1, most),
            delay_s=rng.uniform(0.3, 3.0),
            digit=rng.randrange(32),
        )

    return strike


def _reboot(role: str) -> Callable[["Trial", random.Random], None]:
    return lambda trial, rng: getattr(trial.laboratory, role).power_cycle()


def _stall(trial: "Trial", rng: random.Random) -> None:
    # too little current for the force that the screw asks for
    trial.laboratory.drive.axes[0].values["driver.current.run"] = 0.1


def _slip(trial: "Trial", rng: random.Random) -> None:
    trial.laboratory.drive.axes[0].slipping = True


def _wait_for_the_condition(trial: "Trial", rng: random.Random) -> None:
    trial.wait_for_turns(0.06)


def _full_disk(trial: "Trial", rng: random.Random) -> None:
    """No file of the worker may grow beyond what the journal has: every write of it fails."""
    import resource

    size = (trial.run_folder() / "documents.jsonl").stat().st_size
    resource.prlimit(trial.worker(), resource.RLIMIT_FSIZE, (size, size))


FAULTS = (
    FaultKind(
        name="kill -9 worker",
        strike=_worker(signal.SIGKILL), in_a_move=True, hold_within_s=2.0,
    ),
    FaultKind(
        name="SIGSTOP worker",
        strike=_worker(signal.SIGSTOP), in_a_move=True, hold_within_s=5.0,
    ),
    FaultKind(
        name="SIGTERM worker",
        strike=_worker(signal.SIGTERM), in_a_move=True, hold_within_s=10.0,
    ),
    FaultKind(
        name="SIGTERM guardian",
        strike=_guardian(signal.SIGTERM), in_a_move=True, hold_within_s=10.0,
    ),
    FaultKind(
        name="SIGHUP guardian",
        strike=_guardian(signal.SIGHUP), in_a_move=True, hold_within_s=10.0,
    ),
    FaultKind(
        name="SIGINT guardian",
        strike=_guardian(signal.SIGINT), in_a_move=True, hold_within_s=10.0,
    ),
    FaultKind(
        name="kill -9 guardian",
        strike=_guardian(signal.SIGKILL), in_a_move=True, hold_within_s=10.0,
    ),
    FaultKind(name="kill -9 both", strike=_both),
    FaultKind(name="kill -9 between moves", strike=_worker(signal.SIGKILL), hold_within_s=2.0),
    FaultKind(name="dropped link", strike=_wire(Fault.DROP_CONNECTION, 4)),
    FaultKind(name="lost request", strike=_wire(Fault.LOST_REQUEST, 2, LINES)),
    FaultKind(name="silence", strike=_wire(Fault.SILENCE, 6)),
    FaultKind(name="late reply", strike=_wire(Fault.LATE, 3)),
    FaultKind(name="reply for another query", strike=_wire(Fault.PREVIOUS_REPLY, 3)),
    FaultKind(name="duplicate reply", strike=_wire(Fault.DUPLICATE, 3)),
    FaultKind(name="garbage", strike=_wire(Fault.GARBAGE, 4)),
    FaultKind(name="half a reply", strike=_wire(Fault.HALF_REPLY, 4)),
    FaultKind(name="NaN", strike=_wire(Fault.NAN, 4, LINES)),
    FaultKind(name="flipped digit, checksum", strike=_wire(Fault.FLIPPED_DIGIT, 4, ("drive",))),
    FaultKind(
        name="flipped digit, no checksum",
        strike=_wire(Fault.FLIPPED_DIGIT, 4, ("cryostat", "laser")), lies=True,
    ),
    FaultKind(name="cryostat rebooted", strike=_reboot("cryostat")),
    FaultKind(name="drive rebooted", strike=_reboot("drive")),
    FaultKind(name="laser rebooted", strike=_reboot("laser")),
    FaultKind(name="spectrometer rebooted", strike=_reboot("spectrometer")),
    FaultKind(name="stalled motor", strike=_stall),
    FaultKind(name="drive that lies (slips)", strike=_slip, lies=True),
    FaultKind(name="disk full", strike=_full_disk),
    FaultKind(
        name="a rule is broken",
        strike=_wait_for_the_condition, in_a_move=True, hold_within_s=10.0, rule=RULE,
    ),
)  # fmt: skip
"""In the order of the seeds: seed N gets the fault N modulo their number."""
