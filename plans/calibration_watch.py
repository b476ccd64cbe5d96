"""Whether what a run rests on is young enough still, before each turn of the screw."""

import datetime
from collections.abc import Iterable
from typing import Final

from bluesky.utils import Msg

from dac_control.errors import RampHeld, StaleCalibration
from dac_control.records.calibrations import CalibrationKind
from plans.calibrated import needs_of
from plans.instruments import Instruments
from plans.watched import Watch

__all__ = ["CalibrationWatch"]

_OF_HOURS: Final[tuple[CalibrationKind, ...]] = ("axis", "gain")
"""Those that can be measured again with the cell as it stands; lambda0 needs it unloaded, and the
line of a chip does not move within a ramp."""


class CalibrationWatch(Watch):
    """Holds a run before a move that its calibrations are too old for (`plans.watched`).

    Their age at the beginning is that by the time of day, and grows with laboratory time. Where
    the station limits none of them there is nothing to look at. Only moves are held: readings go
    on, and what was measured stands, with the age of its axis on record.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    gauges : iterable of str
        That take part; lamps and other names are left out.
    """

    def __init__(self, instruments: Instruments, gauges: Iterable[str]) -> None:
        self._instruments = instruments
        limit_h = instruments.in_use.ages.limit_h
        kinds: list[CalibrationKind] = [kind for kind in _OF_HOURS if limit_h(kind) is not None]
        taking_part = [name for name in dict.fromkeys(gauges) if name in instruments.gauges]
        self._needs = needs_of(instruments, taking_part, kinds)
        # if the day's clock is put right meanwhile, no calibration becomes older by that
        self._began_s = instruments.wall_time() - instruments.clock.now()

    def before(self, message: Msg) -> None:
        """Look whether the screw may turn.

        Raises
        ------
        RampHeld
            Saying which calibration has outlived its limit, and how to go on.
        """
        if message.command != "set" or message.obj is not self._instruments.drive:
            return
        now_s = self._began_s + self._instruments.clock.now()
        now = datetime.datetime.fromtimestamp(now_s, tz=datetime.UTC)
        try:
            self._instruments.in_use.check(self._needs, now)
        except StaleCalibration as error:
            raise RampHeld(
                f"The ramp holds before it turns the screw: {error} The limit is {error.key} of "
                "the station file; nothing was moved since the last step. Once that is done, take "
                "the run up with `dac-control resume`."
            ) from None
