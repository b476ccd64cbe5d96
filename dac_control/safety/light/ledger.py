"""Openings of lights as the ledger tells them, added up to doses. Pure: it reads no file.

Every light leaves two records for each time that it is on: the opening, before anything is sent,
and its end. Records are plain dictionaries, one JSON line each, told apart by ``kind``:

``opening``     about to light: ``id, specimen, light, spot, power_mw`` (at the head, asked for),
                ``transmission, area_um2, session, speed``, and ``asked_s``, for how long
``closed``      light ``id`` was read back as off: ``open_s`` (from before it was switched on to
                after it was read back as off), ``power_mw`` (mean read back at the head; None
                where none was read), ``reason``
``proved_off``  an opening whose end nobody wrote is over: ``open_s``, ``reason``
``stated``      a person says how much light fell without a device of this station:
                ``specimen, light, spot, power_mw, transmission, area_um2, open_s, reason``

All carry ``time`` (wall clock, s since the epoch) and ``lab_time_s``. An opening without an end
counts until now at the power asked for: what is not known to be dark is lit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dac_control.safety.light.beam import charge

__all__ = ["SHUT", "Dose", "LightBook", "Moment", "Spot", "open_for_s"]

SHUT = "shut"
"""Reason of an end that came when it was asked for."""

Record = Mapping[str, Any]
Spot = tuple[str, str]
"""Label of the light (``532nm``, ``lamp``) and name of the spot that it falls on."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Now, as the station knows it."""

    time: float
    """Wall clock in s since the epoch."""
    lab_time_s: float
    session: str
    """Name of the session whose laboratory clock `lab_time_s` was read from."""


@dataclass(frozen=True, kw_only=True)
class Dose:
    """Light that has fallen on one spot of one specimen, from one light."""

    light: str
    spot: str
    energy_mj: float = 0.0
    open_s: float = 0.0
    """Time for which it was open, laboratory seconds."""
    shots: int = 0
    peak_intensity_mw_per_um2: float = 0.0
    longest_shot_s: float = 0.0
    unended: int = 0
    """Openings among them that are not known to be over."""
    timed: int = 0
    """Openings among them that were shut when they had been asked to be."""
    late_s: float = 0.0
    """Time for which those were open beyond what was asked for, all together."""

    @property
    def later_by_s(self) -> float:
        """Time for which an opening lasts longer than was asked for, as seen so far."""
        return self.late_s / self.timed if self.timed else 0.0

    def plus(
        self,
        *,
        energy_mj: float,
        intensity_mw_per_um2: float,
        open_s: float,
        asked_s: float | None = None,
    ) -> "Dose":
        """Add one shot; `asked_s` where it was shut by who had asked for that time."""
        return replace(
            self,
            timed=self.timed + (asked_s is not None),
            late_s=self.late_s + (0.0 if asked_s is None else max(0.0, open_s - asked_s)),
            energy_mj=self.energy_mj + energy_mj,
            open_s=self.open_s + open_s,
            shots=self.shots + 1,
            peak_intensity_mw_per_um2=max(self.peak_intensity_mw_per_um2, intensity_mw_per_um2),
            longest_shot_s=max(self.longest_shot_s, open_s),
        )


@dataclass
class LightBook:
    """Adds up a ledger, record after record; unknown kinds are passed over."""

    open: dict[str, Record] = field(default_factory=dict)
    """Openings without an end, by id."""
    _closed: dict[str, dict[Spot, Dose]] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> "LightBook":
        """Add up `records`, oldest first."""
        book = cls()
        for record in records:
            book.add(record)
        return book

    def add(self, record: Record) -> None:
        """Take the next record."""
        kind = record.get("kind")
        if kind == "opening":
            self.open[str(record["id"])] = record
        elif kind in ("closed", "proved_off"):
            opening = self.open.pop(str(record.get("id")), None)
            if opening is not None:
                asked_s = opening.get("asked_s") if record.get("reason") == SHUT else None
                self._count(opening, float(record["open_s"]), record.get("power_mw"), asked_s)
        elif kind == "stated":
            self._count(record, float(record["open_s"]), None)

    def _count(self, opening: Record, open_s: float, power_mw: Any, asked_s: Any = None) -> None:
        doses = self._closed.setdefault(str(opening["specimen"]), {})
        _add_shot(doses, opening, open_s, power_mw, asked_s)

    def doses(self, specimen: str, now: Moment) -> dict[Spot, Dose]:
        """Dose of each light on each spot of `specimen` so far.

        Parameters
        ----------
        specimen : str
            As in the station file.
        now : Moment
            Until then an opening without an end counts.
        """
        doses = dict(self._closed.get(specimen, {}))
        for opening in self.open.values():
            if opening["specimen"] == specimen:
                dose = _add_shot(doses, opening, open_for_s(opening, now), None)
                doses[dose.light, dose.spot] = replace(dose, unended=dose.unended + 1)
        return doses


def open_for_s(opening: Record, now: Moment) -> float:
    """Laboratory seconds since an opening; across sessions from the wall clock and its speed."""
    if opening.get("session") == now.session:
        return max(0.0, now.lab_time_s - float(opening["lab_time_s"]))
    return max(0.0, now.time - float(opening["time"])) * float(opening.get("speed", 1.0))


def _add_shot(
    doses: dict[Spot, Dose],
    opening: Record,
    open_s: float,
    power_mw: Any,
    asked_s: float | None = None,
) -> Dose:
    key = str(opening["light"]), str(opening["spot"])
    cost = charge(
        power_mw=float(opening["power_mw"] if power_mw is None else power_mw),
        transmission=float(opening["transmission"]),
        area_um2=float(opening["area_um2"]),
        open_s=open_s,
    )
    before = doses.get(key, Dose(light=key[0], spot=key[1]))
    doses[key] = before.plus(
        energy_mj=cost.energy_mj,
        intensity_mw_per_um2=cost.intensity_mw_per_um2,
        open_s=open_s,
        asked_s=asked_s,
    )
    return doses[key]
