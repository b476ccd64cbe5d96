"""The openings of one light: written down before, measured meanwhile, written down after."""

import logging
import math
from dataclasses import dataclass, field
from typing import Any

from dac_control.clock import LabClock
from dac_control.safety.light import Charge, LightAccount

__all__ = ["LightOpening", "LightOpenings"]

logger = logging.getLogger(__name__)

LATE_FACTOR, LATE_WALL_S = 2.0, 10.0
"""An opening may last this many times what was asked for, and this much longer on the wall,
before the device ends it: exposures take longer than their time, by the reading out and the
line."""


@dataclass(kw_only=True)
class LightOpening:
    """An opening that is written down and not over."""

    id: str
    """As the ledger knows it."""
    spot: str
    began_s: float
    """Laboratory time just before the light was switched on."""
    longest_s: float
    """Laboratory time after which the device ends it by itself."""
    asked_mw: float
    readings_mw: list[float] = field(default_factory=list)
    """Power at the head that was read while it was on."""

    @property
    def power_mw(self) -> float | None:
        """Mean power that was read; None where nothing was."""
        if not self.readings_mw:
            return None
        return max(0.0, sum(self.readings_mw) / len(self.readings_mw))

    def is_overdue(self, now_s: float) -> bool:
        """True once it lasts longer than anybody asked for."""
        return now_s - self.began_s > self.longest_s


class LightOpenings:
    """Keeps the opening in progress, and the account of it; its caller holds a lock.

    Parameters
    ----------
    account : LightAccount
        Of the specimen in the cell.
    clock : LabClock
        Measures how long the light is open.
    label, device : str
        Of the light in the budget, and of the device in the ledger.
    """

    def __init__(self, account: LightAccount, clock: LabClock, label: str, device: str) -> None:
        self._account = account
        self._clock = clock
        self._label = label
        self._device = device
        self.current: LightOpening | None = None

    def begin(self, spot: str, power_mw: float, open_s: float, slack_s: float) -> None:
        """Write down that the light is about to be on for `open_s`; on disk when this returns.

        `slack_s` is the time that it may need to reach its power.
        """
        wall_s = LATE_WALL_S * self._clock.speed
        self._begin(spot, power_mw, LATE_FACTOR * open_s + wall_s + slack_s, {"asked_s": open_s})

    def found_on(self, spot: str, power_mw: float) -> None:
        """Write down that the light is on, and that nobody here switched it on."""
        logger.warning("%s is on, and not by this session; it is charged from now", self._device)
        self._begin(spot, power_mw, math.inf, {"found_on": True})

    def _begin(self, spot: str, power_mw: float, longest_s: float, about: dict[str, Any]) -> None:
        name = self._account.begin(
            self._label, spot, power_mw=power_mw, device=self._device, **about
        )
        self.current = LightOpening(
            id=name,
            spot=spot,
            began_s=self._clock.now(),
            longest_s=longest_s,
            asked_mw=power_mw,
        )

    def end(self, reason: str) -> Charge | None:
        """Write down that the light was read back as off; None if none was open.

        Returns
        -------
        Charge or None
            What the opening cost.
        """
        opening = self.current
        if opening is None:
            return None
        open_s = self._clock.now() - opening.began_s
        self._account.end(opening.id, open_s=open_s, power_mw=opening.power_mw, reason=reason)
        # only now: an end that could not be written is tried again
        self.current = None
        power_mw = opening.asked_mw if opening.power_mw is None else opening.power_mw
        return self._account.charge(self._label, power_mw=power_mw, open_s=open_s)

    def close_left_over(self) -> None:
        """Write down that what an earlier session left open is off: it was just read so."""
        count = self._account.prove_off(self._device, "known to be off at the next contact")
        if count:
            logger.warning("%s: %d openings without an end count until now", self._device, count)
