"""The light that fell on the specimen: in this run, over its whole life, and what was allowed."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dac_control.app.findings.text import number
from dac_control.app.readings import read_dwell, read_further, read_steps
from dac_control.errors import DacError
from dac_control.records import LightLedger, Run
from dac_control.records.gauge_series import base_gauge, read_gauges
from dac_control.records.summary import plain
from dac_control.safety.light import Allowance, Dose, LightBook, LightBudget, LightLimits, Moment
from devices.drivers.spot_role import ON_THE_LAMP

__all__ = ["LEDGER_NAME", "LightOnSpecimen", "SpotDose", "read_light"]

logger = logging.getLogger(__name__)

LEDGER_NAME: Final = "light.jsonl"
"""The copy of the station's ledger of light in a run folder."""

_LATE_FACTOR: Final = 1.1
_LATE_S: Final = 0.5
"""By which a light may be open longer than the exposure that was allowed: the budget limits
exposures, and switching, reading the power back and reading out take their time around each."""


@dataclass(frozen=True, kw_only=True)
class SpotDose:
    """One light on one spot."""

    light: str
    spot: str
    run: Dose
    """In this run."""
    life: Dose
    """Over the specimen's whole life, up to the end of this run."""
    allowance: Allowance

    @property
    def overspent(self) -> bool:
        """True where more fell than was allowed."""
        return bool(self.excesses)

    @property
    def excesses(self) -> tuple[str, ...]:
        """In what more fell on the spot than was allowed, over its whole life, each as a clause."""
        life, most, slack = self.life, self.allowance, 1 + 1e-9
        longest_s = max(_LATE_FACTOR * most.max_exposure_s, most.max_exposure_s + _LATE_S)
        found: list[str] = []
        if life.energy_mj > most.max_energy_mj * slack:
            found.append(f"{number(life.energy_mj, 2)} mJ of {most.max_energy_mj:g} mJ")
        if life.peak_intensity_mw_per_um2 > most.max_intensity_mw_per_um2 * slack:
            found.append(
                f"{life.peak_intensity_mw_per_um2:.4g} mW/um2 of "
                f"{most.max_intensity_mw_per_um2:g} mW/um2"
            )
        if life.longest_shot_s > longest_s:
            found.append(
                f"open for {number(life.longest_shot_s, 1)} s at once, where "
                f"{most.max_exposure_s:g} s are allowed"
            )
        return tuple(found)

    @property
    def unlimited(self) -> bool:
        """True where this run lit the specimen and no limit of energy was stated for it."""
        lit = self.run.shots > 0 or self.run.energy_mj > 0
        return lit and self.spot != ON_THE_LAMP and math.isinf(self.allowance.max_energy_mj)

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return {
            "light": self.light,
            "spot": self.spot,
            "run": _dose(self.run),
            "life": _dose(self.life),
            "allowed": {
                "energy_mj": _finite(self.allowance.max_energy_mj),
                "peak_intensity_mw_per_um2": _finite(self.allowance.max_intensity_mw_per_um2),
                "exposure_s": _finite(self.allowance.max_exposure_s),
            },
            "overspent": self.overspent,
        }


@dataclass(frozen=True, kw_only=True)
class LightOnSpecimen:
    """All light of a run, as far as the record tells."""

    recorded: bool
    """True where the run folder holds a copy of the ledger of light."""
    spots: tuple[SpotDose, ...]
    budget_stated: bool
    exposure_s: Mapping[str, float]
    """Exposure of all spectra of each gauge together: what is known without a ledger."""
    problem: str = ""
    """Why the copy of the ledger cannot be used."""

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return {
            "recorded": self.recorded,
            "problem": self.problem or None,
            "budget_stated": self.budget_stated,
            "spots": [spot.to_dict() for spot in self.spots],
            "exposure_s": plain(dict(self.exposure_s)),
        }


def read_light(run: Run) -> LightOnSpecimen:
    """Add up the copy of the ledger in the run folder; without one, the exposures alone."""
    records, problem = _ledger(run.folder / LEDGER_NAME)
    budget, stated = _budget(run.start)
    spots: tuple[SpotDose, ...] = ()
    if records is not None:
        try:
            spots = _spots(run, records, budget)
        except (KeyError, TypeError, ValueError) as error:
            records, problem = None, f"a record of it is damaged ({error!r})"
    return LightOnSpecimen(
        recorded=records is not None,
        spots=spots,
        budget_stated=stated,
        exposure_s=_exposures(run),
        problem=problem,
    )


def _ledger(path: Path) -> tuple[list[dict[str, Any]] | None, str]:
    if not path.is_file():
        return None, ""
    try:
        return LightLedger(path).read(), ""
    except DacError as error:
        logger.warning("the light of %s cannot be read: %s", path.parent.name, error)
        return None, str(error)


def _spots(run: Run, records: list[dict[str, Any]], budget: LightBudget) -> tuple[SpotDose, ...]:
    ended = float((run.stop or {}).get("time") or max((r["time"] for r in records), default=0.0))
    # "" is no session: an opening without an end counts by the wall clock and its speed
    now = Moment(time=ended, lab_time_s=0.0, session="")
    specimen = _specimen(run.start)
    # the last light of a run may be read back as off after its stop document
    before = [r for r in records if float(r["time"]) <= ended or r.get("run") == run.uid]
    life = LightBook.of(before).doses(specimen, now)
    of_run = {r.get("id") for r in before if r.get("run") == run.uid and r["kind"] == "opening"}
    mine = [r for r in before if r.get("id") in of_run or _stated_in(r, run.uid)]
    in_run = LightBook.of(mine).doses(specimen, now)
    return tuple(
        SpotDose(
            light=light,
            spot=spot,
            run=in_run.get((light, spot), Dose(light=light, spot=spot)),
            life=life[light, spot],
            allowance=budget.allowance(light, spot),
        )
        for light, spot in sorted(life)
    )


def _stated_in(record: Mapping[str, Any], uid: str) -> bool:
    return record["kind"] == "stated" and record.get("run") == uid


def _specimen(start: Mapping[str, Any]) -> str:
    specimen = start.get("specimen")
    found = specimen.get("id") if isinstance(specimen, Mapping) else specimen
    return str(start.get("sample") or found or "")


def _budget(start: Mapping[str, Any]) -> tuple[LightBudget, bool]:
    """The limits that applied; ``light_budget`` is a list of them, or holds one."""
    found = start.get("light_budget")
    several = found.get("limits") if isinstance(found, Mapping) else found
    if not isinstance(several, (list, tuple)):
        return LightBudget(), False
    limits = []
    for each in several:
        try:
            limits.append(LightLimits(**each))
        except (DacError, TypeError) as error:
            logger.warning("a limit of light is none: %s", error)
    return LightBudget(limits=tuple(limits)), bool(limits)


def _exposures(run: Run) -> dict[str, float]:
    found = {base_gauge(run): 0.0}
    for readings in (read_steps(run), read_dwell(run)):
        found[base_gauge(run)] += _seconds(readings.exposure_s * readings.averages)
    for series in read_gauges(run)[1:]:
        further = read_further(run, series.gauge)
        found[series.gauge] = _seconds(further.exposure_s * further.averages)
    return found


def _seconds(each: Any) -> float:
    return math.fsum(value for value in each.tolist() if math.isfinite(value))


def _dose(dose: Dose) -> dict[str, Any]:
    return {
        "energy_mj": dose.energy_mj,
        "peak_intensity_mw_per_um2": dose.peak_intensity_mw_per_um2,
        "open_s": dose.open_s,
        "shots": dose.shots,
        "longest_shot_s": dose.longest_shot_s,
        "unended": dose.unended,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
