"""What the frames of a ramp show of a failing cell, judged step by step."""

from dac_control.errors import RampHeld
from dac_control.picture import PictureHistory, PictureReading, Sign
from plans.instruments import Instruments

__all__ = ["PictureWatch"]

ENDS_A_RAMP = frozenset(("blow_out", "fracture", "sample_gone"))
"""Signs after which nothing may be loaded on; the others are noted."""


class PictureWatch:
    """Keeps the frames of one run and says what they show.

    A sign is raised by the change, in one frame, and not again; so it is kept until it was asked
    for.

    Parameters
    ----------
    instruments : Instruments
        The laboratory; without a microscope nothing is ever seen.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._history = PictureHistory()
        self._grave: list[Sign] = []
        self._seen: PictureReading | None = None

    def look(self, pressure_gpa: float) -> str:
        """Judge the last frame; returns the names of its signs, separated by blanks."""
        picture = self._instruments.picture
        if picture is None or picture.last is None or picture.last is self._seen:
            return ""
        self._seen = picture.last
        turns = float(self._instruments.drive.turns.get())
        signs = self._history.judge(picture.last, pressure_gpa, turns)
        self._grave += [sign for sign in signs if sign.kind in ENDS_A_RAMP]
        # two rules may find one sign: size and shape of a hole both tell of a blow-out
        return " ".join(dict.fromkeys(sign.kind for sign in signs))

    def hold_if_grave(self, number: int) -> None:
        """End the ramp where a frame showed that the cell fails.

        Raises
        ------
        RampHeld
        """
        if self._grave:
            said = " ".join(sign.message for sign in self._grave)
            raise RampHeld(f"The ramp holds at step {number}: {said}")
