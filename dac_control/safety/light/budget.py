"""How much light a spot of the specimen may get, and whether an exposure still fits. Pure.

The station file and the run file both may limit light; the stricter of the two counts.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from dac_control.errors import LimitError
from dac_control.safety.light.beam import Beam
from dac_control.safety.light.ledger import Dose

__all__ = ["Allowance", "Exposures", "LightBudget", "LightLimits", "check_exposures"]

EVERY_SPOT = "*"
_ROUNDING = 1e-9
"""Relative slack, so that ten exposures of a tenth of the budget fit into it."""


@dataclass(frozen=True, kw_only=True)
class LightLimits:
    """Limits of one light on one spot, or on each of all spots; None limits nothing.

    Raises
    ------
    LimitError
        For a limit that is not a finite number, or is below 0.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    light: str
    """Label of the light: its wavelength, ``532nm``, or ``lamp``."""
    spot: str = EVERY_SPOT
    max_intensity_mw_per_um2: float | None = None
    max_energy_mj: float | None = None
    """Over the specimen's whole life."""
    max_exposure_s: float | None = None
    """Longest single exposure."""

    def __post_init__(self) -> None:
        for name in _NAMES:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise LimitError(f"limit {name} must be a number of at least 0, not {value}.")


_NAMES = ("max_intensity_mw_per_um2", "max_energy_mj", "max_exposure_s")


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What the budget allows one light on one spot; infinite where nothing limits it."""

    max_intensity_mw_per_um2: float = math.inf
    max_energy_mj: float = math.inf
    max_exposure_s: float = math.inf


@dataclass(frozen=True, kw_only=True)
class LightBudget:
    """All limits that apply: those of the station and those of the run."""

    limits: tuple[LightLimits, ...] = ()

    def with_limits(self, limits: Iterable[LightLimits]) -> "LightBudget":
        """Add limits; none of them can widen another."""
        return LightBudget(limits=(*self.limits, *limits))

    def allowance(self, light: str, spot: str) -> Allowance:
        """The strictest of the limits that apply to `light` on `spot`."""
        found = [
            each for each in self.limits if each.light == light and each.spot in (EVERY_SPOT, spot)
        ]
        values = {
            name: min((v for each in found if (v := getattr(each, name)) is not None), default=None)
            for name in _NAMES
        }
        return Allowance(**{name: v for name, v in values.items() if v is not None})


@dataclass(frozen=True, kw_only=True)
class Exposures:
    """Like exposures of one light on one spot."""

    power_mw: float
    """At the head."""
    exposure_s: float
    """Laboratory seconds for which the light is open each time."""
    count: int = 1
    late_s: float = 0.0
    """By which the light is open longer each time, as it was seen to be; 0 at the least."""
    fewer_by: tuple[str, ...] = field(default=(), compare=False)
    """What a person can do to need fewer of them, each a clause for messages."""

    @property
    def open_s(self) -> float:
        """Laboratory seconds that each one costs."""
        return self.exposure_s + self.late_s

    def __str__(self) -> str:
        row = "an exposure" if self.count == 1 else f"{self.count} exposures"
        late = f" (open for {self.open_s:.4g} s each)" if self.late_s else ""
        return f"{row} of {self.exposure_s:.4g} s{late}"


def check_exposures(
    allowance: Allowance,
    dose: Dose,
    beam: Beam,
    wanted: Sequence[Exposures],
    before: Sequence[Exposures] = (),
) -> None:
    """Raise `LimitError` unless all that is wanted of a light on a spot fits into the budget.

    Parameters
    ----------
    allowance : Allowance
        What this light may do to this spot.
    dose : Dose
        What the spot has had.
    beam : Beam
        From the head to the spot.
    wanted : sequence of Exposures
        All of them together.
    before : sequence of Exposures
        What will have fallen on the spot before them.

    Raises
    ------
    LimitError
        Saying what is left, and what would make the exposures possible.
    """
    where = f"{beam.light} on {dose.spot}"
    for each in wanted:
        _check_each(where, allowance, beam, each)
    had = "has had or will have had" if before else "has had"
    dose = replace(dose, energy_mj=dose.energy_mj + _energy_mj(beam, before))
    _check_energy(where, allowance, dose, beam, wanted, had)


def _energy_mj(beam: Beam, exposures: Sequence[Exposures]) -> float:
    return sum(beam.charge(each.power_mw, each.open_s).energy_mj * each.count for each in exposures)


def _check_each(where: str, allowance: Allowance, beam: Beam, wanted: Exposures) -> None:
    power_mw, exposure_s = wanted.power_mw, wanted.exposure_s
    if not (math.isfinite(power_mw) and power_mw > 0):
        raise LimitError(f"{where}: a power of {power_mw} mW cannot be asked for.")
    if not (math.isfinite(exposure_s) and exposure_s > 0 and wanted.count > 0):
        raise LimitError(
            f"{where}: {wanted.count} exposures of {exposure_s} s cannot be asked for; give a time "
            "above 0."
        )
    intensity = beam.charge(power_mw, exposure_s).intensity_mw_per_um2
    most = allowance.max_intensity_mw_per_um2
    if intensity > most * (1 + _ROUNDING):
        raise LimitError(
            f"{where}: {power_mw:.4g} mW at the head are {intensity:.4g} mW/um2 on the specimen, "
            f"more than the {most:.4g} mW/um2 that the budget allows; nothing was lit. Ask for at "
            f"most {beam.head_power_mw(most):.4g} mW, widen the spot, or raise "
            "max_intensity_mw_per_um2."
        )
    if exposure_s > allowance.max_exposure_s * (1 + _ROUNDING):
        raise LimitError(
            f"{where}: an exposure of {exposure_s:.4g} s is longer than the "
            f"{allowance.max_exposure_s:.4g} s that the budget allows at once; nothing was lit. "
            "Ask for several shorter ones, or raise max_exposure_s."
        )


def _check_energy(
    where: str, allowance: Allowance, dose: Dose, beam: Beam, wanted: Sequence[Exposures], had: str
) -> None:
    wanted_mj = _energy_mj(beam, wanted)
    most_mj, needed_mj = allowance.max_energy_mj, dose.energy_mj + wanted_mj
    if needed_mj <= most_mj * (1 + _ROUNDING):
        return
    unended = (
        f" ({dose.unended} opening of it has no known end and counts until the light is proved off)"
        if dose.unended
        else ""
    )
    rows, powers = " and ".join(map(str, wanted)), {each.power_mw for each in wanted}
    at_power = f" at {powers.pop():.4g} mW" if len(powers) == 1 else ""
    fewer = "".join(
        f"{how}, " for how in dict.fromkeys(h for each in wanted for h in each.fewer_by)
    )
    raise LimitError(
        f"{where}: {rows}{at_power} would add {wanted_mj:.4g} mJ "
        f"to the {dose.energy_mj:.4g} mJ that the spot {had}{unended}, and the budget is "
        f"{most_mj:.4g} mJ; nothing was lit. {_left(allowance, dose, beam, wanted)} "
        f"Ask for less time or power, {fewer}measure elsewhere, or raise max_energy_mj to at least "
        f"{needed_mj:.4g}, and further than that: a light is open for longer than it exposes."
    )


def _left(allowance: Allowance, dose: Dose, beam: Beam, wanted: Sequence[Exposures]) -> str:
    """Say what is left, in units of what is wanted as far as that is all alike."""
    left_mj = max(0.0, allowance.max_energy_mj - dose.energy_mj)
    said = f"{left_mj:.4g} mJ are left"
    if len({each.power_mw for each in wanted}) > 1:
        return f"{said}."
    lit_s = left_mj / (wanted[0].power_mw * beam.transmission)
    if len({each.open_s for each in wanted}) > 1:
        return f"{said}: {lit_s:.4g} s at this power."
    fits = int(lit_s / wanted[0].open_s * (1 + _ROUNDING))
    return f"{said}: {lit_s:.4g} s at this power, {fits} of these exposures."
