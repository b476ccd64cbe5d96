"""Several plans, one after the other, each a run of its own, and no further after one that held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import DacError, LimitError, RampHeld
from plans.instruments import Instruments
from plans.stubs.hold import wait_while_held

__all__ = ["Stage", "full_experiment"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One plan of an experiment."""

    name: str
    """For the record and for messages."""
    make: Callable[[Mapping[str, Any]], MsgGenerator[Any]]
    """Given what belongs into its start document, makes the plan; not called before its turn."""


@plan
def full_experiment(
    instruments: Instruments, stages: Sequence[Stage], *, md: Mapping[str, Any] | None = None
) -> MsgGenerator[None]:
    """Carry out stages in order; each run names the experiment, and its place in it.

    Every run ends with the cell as it stands, so what holds between two stages is the safe state.
    While the hold flag is up the next stage waits.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    stages : sequence of Stage
        In order.
    md : mapping, optional
        Added to every start document.

    Raises
    ------
    LimitError
        If there is no stage.
    RampHeld
        If a stage was refused, or its run did not end in success: the text names it, and what
        was not begun. An interruption ends the experiment as it ends any run.
    """
    if not stages:
        raise LimitError("An experiment needs a stage or more.")
    experiment, names = instruments.new_id(), [stage.name for stage in stages]
    for number, stage in enumerate(stages, start=1):
        yield from wait_while_held(instruments)
        place = {"id": experiment, "stage": stage.name, "number": number, "stages": names}
        try:
            yield from stage.make({**dict(md or {}), "experiment": place})
        except DacError as error:
            left = ", ".join(names[number:])
            raise RampHeld(
                f"The experiment holds at stage {number} of {len(stages)}, {stage.name}: {error}"
                + (f" Not begun: {left}." if left else "")
            ) from error
