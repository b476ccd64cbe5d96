"""Several plans, one after the other, each a run of its own, and no further after one that held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import DacError, Disagreement, LimitError, RampHeld
from plans.instruments import Instruments
from plans.light_budget import check_budget, check_spectrometers
from plans.looks import Looks
from plans.stubs.hold import wait_while_held

__all__ = ["Stage", "full_experiment"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One plan of an experiment."""

    name: str
    """For the record and for messages."""
    make: Callable[[Mapping[str, Any]], MsgGenerator[Any]]
    """Given what belongs into its start document, makes the plan; not called before its turn."""
    looks: tuple[Looks, ...] = ()
    """What it cannot do without, where that is known."""


@plan
def full_experiment(
    instruments: Instruments,
    stages: Sequence[Stage],
    *,
    taken_up: Mapping[str, Any] | None = None,
    md: Mapping[str, Any] | None = None,
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
    taken_up : mapping, optional
        Where the first of `stages` stands in an experiment that is taken up again: ``experiment``
        of the start document of the run that held.
    md : mapping, optional
        Added to every start document.

    Raises
    ------
    LimitError
        If there is no stage, a spectrometer cannot make an exposure that one of them asks for, or
        the budget does not allow the light that all of them together cannot do without; the first
        stage may be refused with what it refuses with.
    RampHeld
        If a stage was refused, or its run did not end in success: the text names it, and what
        was not begun. An interruption ends the experiment as it ends any run.
    """
    if not stages:
        raise LimitError("An experiment needs a stage or more.")
    place: dict[str, Any] = {
        "id": instruments.new_id(),
        "number": 1,
        "stages": [stage.name for stage in stages],
        **dict(taken_up or {}),
    }
    names, first = place["stages"], place["number"]
    for number, stage in enumerate(stages, start=first):
        try:
            check_spectrometers(instruments, stage.looks)
        except LimitError as error:
            raise LimitError(
                f"stage {number} of {len(names)}, {stage.name}: {error}",
                key=error.key if error.of_station else f"stages.{number - 1}.{error.key}",
                of_station=error.of_station,
            ) from None
    check_budget(instruments, [each for stage in stages for each in stage.looks])
    for number, stage in enumerate(stages, start=first):
        yield from wait_while_held(instruments)
        place = {**place, "stage": stage.name, "number": number}
        try:
            yield from stage.make({**dict(md or {}), "experiment": place})
        except DacError as error:
            if number == first and not isinstance(error, RampHeld):
                raise  # refused before anything opened, which is no hold
            left = ", ".join(names[number:])
            # that something does not agree stays what it is
            kind = Disagreement if isinstance(error, Disagreement) else RampHeld
            raise kind(
                f"The experiment holds at stage {number} of {len(names)}, {stage.name}: {error}"
                + (f" Not begun: {left}." if left else "")
            ) from error
