"""What the frames of a run show of a failing cell, judged as they are recorded."""

import math
from typing import TYPE_CHECKING

from bluesky.utils import Msg

from dac_control.errors import RampHeld
from plans.instruments import Instruments
from plans.watched import Watch

if TYPE_CHECKING:
    from dac_control.picture import Sign

__all__ = ["PictureWatch"]

HOME = "home"
"""Where optics look that nothing moves."""
ENDS_A_RUN = frozenset(("blow_out", "fracture", "sample_gone"))
"""Signs after which nothing may be lit or moved; the others are noted."""


class PictureWatch(Watch):
    """Judges the frames of one run, and holds it where one shows that the cell fails.

    A frame is compared with those of the same place of the optics, in this run and in the stages
    of an experiment before it. It is judged before the event that it belongs to, so that its signs
    stand in that event, and in those after it at the same step; the run holds once the event is on
    record. A frame that cannot be analysed shows nothing and holds nothing: ice and a lamp that
    dies make such frames, too, while a camera that gives none fails its own event. It is recorded
    as not judged.

    Parameters
    ----------
    instruments : Instruments
        The laboratory; without a microscope nothing is ever seen.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._grave: list[Sign] = []
        # taken before this run
        self._seen = None if instruments.picture is None else instruments.picture.last

    def before(self, message: Msg) -> None:
        """Judge a new frame before an event names its signs."""
        picture = self._instruments.picture
        if message.command != "create" or picture is None:
            return
        reading = picture.last
        if reading is None or reading is self._seen:
            return
        from dac_control.picture import PictureHistory  # most stations have no microscope

        self._seen = reading
        turns = float(self._instruments.drive.turns.get())
        pressure_gpa = self._pressure_gpa(str(message.kwargs.get("name", "")))
        place = self._place()
        if place is None:
            return
        history = self._instruments.frames.setdefault(place, PictureHistory())
        signs = history.judge(reading, pressure_gpa, turns)
        picture.note_judged(history.compared)
        self._grave += [sign for sign in signs if sign.kind in ENDS_A_RUN]
        step = self._instruments.step
        # two rules may find one sign: size and shape of a hole both tell of a blow-out
        kinds = dict.fromkeys((*str(step.signs.get()).split(), *(sign.kind for sign in signs)))
        step.note(signs=" ".join(kinds))

    def after(self, message: Msg) -> None:
        """Hold the run where a frame showed that the cell fails.

        Raises
        ------
        RampHeld
        """
        if message.command == "save" and self._grave:
            number = int(self._instruments.step.number.get())
            said = " ".join(sign.message for sign in self._grave)
            raise RampHeld(
                f"The run holds at step {number}: {said} Look at the frame before anything is lit "
                "or moved."
            )

    def _place(self) -> str | None:
        """Where the optics look: elsewhere they see another picture, and no failing cell.

        None where a stage moves them and nobody knows: such a frame is compared with none.
        """
        spots = self._instruments.spots
        return HOME if spots is None else str(spots.spot.get()) or None

    def _pressure_gpa(self, stream: str) -> float:
        """Pressure of the event, for the sentences; NaN for a frame from before its measurement."""
        if stream != "primary":
            return math.nan
        noted, ruby = float(self._instruments.step.pressure_gpa.get()), self._instruments.ruby
        if math.isfinite(noted) or not ruby.measured.get():
            return noted
        return float(ruby.pressure_gpa.get())
