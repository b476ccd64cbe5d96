"""What the temperature says in every run: before the screw turns or a light opens, after events."""

from bluesky.utils import Msg

from dac_control.errors import LimitError, RampHeld
from plans.instruments import Instruments
from plans.specimen import check_specimen_temperature
from plans.watched import Watch

__all__ = ["TemperatureWatch"]


class TemperatureWatch(Watch):
    """Holds a run where the specimen is too warm, or the cell no longer steady (`plans.watched`).

    That the specimen is too warm shows after an event, and by the last reading, which may be newer,
    before the screw would turn or a light open; that the cell has changed, before the screw would
    turn, and at the end, where the screw was turned. The first event, the baseline, says how the
    cell was.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._lights = [light for light in instruments.lights if light is not None]
        self._began_k: float | None = None
        self._turned = False

    def before(self, message: Msg) -> None:
        """Look whether the screw may turn, or a light open."""
        if message.command != "set":
            return
        turns = message.obj is self._instruments.drive
        if turns or (message.obj in self._lights and message.args[0]):
            # a run that waits takes no event, and meanwhile the cell may have warmed
            check_specimen_temperature(self._instruments)
        if turns:
            self._check_steady("before it turns the screw")
            self._turned = True

    def after(self, message: Msg) -> None:
        """Look at what an event says."""
        if message.command == "save":
            check_specimen_temperature(self._instruments)
            if self._began_k is None:
                self._began_k = self._now_k()

    def end(self) -> None:
        """Look whether the cell was steady to the last."""
        if self._turned:
            self._check_steady("at its end")

    def _now_k(self) -> float | None:
        reading = self._instruments.cryostat.last
        return None if reading is None else float(reading.cell_temperature_k)

    def _check_steady(self, when: str) -> None:
        now_k = self._now_k()
        if self._began_k is None or now_k is None:
            return
        try:
            self._instruments.limits.check_temperature(self._began_k, now_k)
        except LimitError as error:
            raise RampHeld(f"The ramp holds {when}: {error}") from error
