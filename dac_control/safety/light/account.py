"""The account of light of one specimen: what it has had, what it may still get.

Everything here is arithmetic over a ledger that is injected; the file behind it is somebody
else's business (`dac_control.records.LightLedger`, or a list in a rehearsal).
"""

import math
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dac_control.clock import LabClock
from dac_control.errors import LimitError
from dac_control.safety.light.arming import LaserArming
from dac_control.safety.light.beam import Beam, Charge
from dac_control.safety.light.budget import (
    Allowance,
    Exposures,
    LightBudget,
    LightLimits,
    check_exposures,
)
from dac_control.safety.light.ledger import Dose, Spot
from dac_control.safety.light.specimen_ledger import Ledger, SpecimenLedger

__all__ = ["LightAccount"]


class LightAccount:
    """What lights and plans ask before they light, and tell afterwards. Thread-safe.

    Parameters
    ----------
    specimen : str
        Whose account it is; openings of other specimens in the ledger do not count.
    beams : mapping of str to Beam
        The optics of each light, by its label.
    ledger : Ledger
        Lives in the station's state folder and outlives every session.
    clock : LabClock
        Laboratory time of each record.
    budget : LightBudget
        Limits of the station.
    arming : LaserArming
        What must be on record before a laser shoots; what it asks for, plans tell it.
    wall_time, new_id : callable
        Time of day in s since the epoch, and names of openings; a rehearsal has its own.
    """

    def __init__(
        self,
        *,
        specimen: str,
        beams: Mapping[str, Beam],
        ledger: Ledger,
        clock: LabClock,
        budget: LightBudget | None = None,
        arming: LaserArming | None = None,
        wall_time: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.specimen = specimen
        self.arming = arming or LaserArming()
        self.run_uid: str | None = None
        """Run that the openings belong to; None outside one."""
        self.run_limits: tuple[LightLimits, ...] = ()
        """Limits of the run, beside the station's."""
        self._beams = dict(beams)
        self._clock = clock
        self._station_budget = self._budget = budget or LightBudget()
        self._new_id = new_id
        self._ledger = SpecimenLedger(
            ledger, specimen=specimen, session=new_id(), clock=clock, wall_time=wall_time
        )

    # the budget -------------------------------------------------------------------------

    @property
    def budget(self) -> LightBudget:
        """The limits that apply now."""
        return self._budget

    def limit_run(self, limits: Sequence[LightLimits]) -> None:
        """Add the limits of a run to the station's; those of a run before it go."""
        self.run_limits = tuple(limits)
        self._budget = self._station_budget.with_limits(limits)

    def beam(self, light: str) -> Beam:
        """The optics of a light.

        Raises
        ------
        LimitError
            If none are stated: what its light does to the specimen is then unknown.
        """
        try:
            return self._beams[light]
        except KeyError:
            raise LimitError(
                f"Nothing is known of the spot of {light}; state [light.beams.{light}] with "
                "spot_um (or area_um2) and transmission in the station file. There are "
                f"{', '.join(self._beams) or 'none'}."
            ) from None

    def allowance(self, light: str, spot: str) -> Allowance:
        """What the budget allows a light on a spot, whatever it has had."""
        return self._budget.allowance(light, spot)

    def dose(self, light: str, spot: str) -> Dose:
        """What a spot of this specimen has had of a light."""
        return self.doses().get((light, spot), Dose(light=light, spot=spot))

    def doses(self) -> dict[Spot, Dose]:
        """Dose of every light on every spot of this specimen, over its whole life."""
        return self._ledger.doses()

    def charge(self, light: str, *, power_mw: float, open_s: float) -> Charge:
        """What `open_s` seconds of a light at `power_mw` at its head cost the specimen."""
        return self.beam(light).charge(power_mw, open_s)

    def check(self, light: str, spot: str, *wanted: Exposures) -> None:
        """Raise `LimitError` unless exposures fit into what is left; see `check_exposures`."""
        check_exposures(
            self.allowance(light, spot), self.dose(light, spot), self.beam(light), wanted
        )

    # the ledger -------------------------------------------------------------------------

    def begin(self, light: str, spot: str, *, power_mw: float, **about: Any) -> str:
        """Write down that a light is about to be on; it is on disk when this returns.

        Parameters
        ----------
        light, spot : str
            Which light, and where it falls.
        power_mw : float
            Asked for, at the head.
        **about
            More to be kept with the record, such as the device.

        Returns
        -------
        str
            Name of this opening, for `end`.
        """
        beam = self.beam(light)
        opening = self._new_id()
        self._append(
            {
                "kind": "opening",
                "id": opening,
                "light": light,
                "spot": spot,
                "power_mw": power_mw,
                "transmission": beam.transmission,
                "area_um2": beam.area_um2,
                "speed": self._clock.speed,
                **about,
            }
        )
        return opening

    def end(self, opening: str, *, open_s: float, power_mw: float | None, reason: str) -> None:
        """Write down that a light was read back as off.

        Parameters
        ----------
        opening : str
            As `begin` named it.
        open_s : float
            Laboratory seconds, from before it was switched on to after it was read as off.
        power_mw : float or None
            Mean power that was read back at the head meanwhile.
        reason : str
            Why it ended.
        """
        self._append(
            {
                "kind": "closed",
                "id": opening,
                "open_s": open_s,
                "power_mw": power_mw,
                "reason": reason,
            }
        )

    def unended(self, device: str) -> list[Mapping[str, Any]]:
        """Openings of `device`, of any specimen, whose end nobody wrote."""
        return self._ledger.unended(device)

    def prove_off(self, device: str, reason: str) -> int:
        """Close every opening of `device` that nobody ended: it was just read back as off.

        Each counts from its beginning until now, since nobody knows when it went off.

        Returns
        -------
        int
            How many there were.
        """
        return self._ledger.prove_off(device, reason, run=self.run_uid)

    def state(self, light: str, spot: str, *, power_mw: float, open_s: float, reason: str) -> None:
        """Write down light that fell without a device of this station, as a person says.

        Raises
        ------
        LimitError
            Nothing is known of the spot of that light, or there is no such power or time.
        """
        beam = self.beam(light)
        for name, value, unit in (("power", power_mw, "mW"), ("time", open_s, "s")):
            if not 0.0 < value < math.inf:
                raise LimitError(
                    f"A {name} of {value} {unit} cannot have fallen on the specimen; nothing was "
                    "written down."
                )
        self._append(
            {
                "kind": "stated",
                "light": light,
                "spot": spot,
                "power_mw": power_mw,
                "transmission": beam.transmission,
                "area_um2": beam.area_um2,
                "open_s": open_s,
                "reason": reason,
            }
        )

    def _append(self, record: Mapping[str, Any]) -> None:
        self._ledger.append(record, run=self.run_uid)
