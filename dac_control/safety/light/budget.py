"""How much light a spot of the specimen may get, and whether an exposure still fits. Pure.

The station file and the run file both may limit light; the stricter of the two counts.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from dac_control.errors import LimitError
from dac_control.safety.light.beam import Beam
from dac_control.safety.light.ledger import Dose

__all__ = ["Allowance", "LightBudget", "LightLimits", "check_exposure"]

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


def check_exposure(
    allowance: Allowance,
    dose: Dose,
    beam: Beam,
    *,
    power_mw: float,
    exposure_s: float,
    exposures: int = 1,
) -> None:
    """Raise `LimitError` unless an exposure, or a row of them, fits into the budget.

    Parameters
    ----------
    allowance : Allowance
        What this light may do to this spot.
    dose : Dose
        What the spot has had.
    beam : Beam
        From the head to the spot.
    power_mw : float
        Power at the head.
    exposure_s : float
        Laboratory seconds for which the light is open each time.
    exposures : int
        How many times.

    Raises
    ------
    LimitError
        Saying what is left, and what would make the exposure possible.
    """
    where = f"{beam.light} on {dose.spot}"
    if not (math.isfinite(power_mw) and power_mw > 0):
        raise LimitError(f"{where}: a power of {power_mw} mW cannot be asked for.")
    if not (math.isfinite(exposure_s) and exposure_s > 0 and exposures > 0):
        raise LimitError(
            f"{where}: {exposures} exposures of {exposure_s} s cannot be asked for; give a time "
            "above 0."
        )
    cost = beam.charge(power_mw, exposure_s)
    _check_intensity(where, allowance, beam, power_mw, cost.intensity_mw_per_um2)
    if exposure_s > allowance.max_exposure_s * (1 + _ROUNDING):
        raise LimitError(
            f"{where}: an exposure of {exposure_s:.4g} s is longer than the {_most(allowance)} "
            "that the budget allows at once; nothing was lit. Ask for several shorter ones, or "
            "raise max_exposure_s."
        )
    _check_energy(where, allowance, dose, beam, power_mw, exposure_s, exposures)


def _most(allowance: Allowance) -> str:
    return f"{allowance.max_exposure_s:.4g} s"


def _check_intensity(
    where: str, allowance: Allowance, beam: Beam, power_mw: float, intensity: float
) -> None:
    most = allowance.max_intensity_mw_per_um2
    if intensity > most * (1 + _ROUNDING):
        raise LimitError(
            f"{where}: {power_mw:.4g} mW at the head are {intensity:.4g} mW/um2 on the specimen, "
            f"more than the {most:.4g} mW/um2 that the budget allows; nothing was lit. Ask for at "
            f"most {beam.head_power_mw(most):.4g} mW, widen the spot, or raise "
            "max_intensity_mw_per_um2."
        )


def _check_energy(
    where: str,
    allowance: Allowance,
    dose: Dose,
    beam: Beam,
    power_mw: float,
    exposure_s: float,
    exposures: int,
) -> None:
    wanted_mj = beam.charge(power_mw, exposure_s).energy_mj * exposures
    most_mj = allowance.max_energy_mj
    if dose.energy_mj + wanted_mj <= most_mj * (1 + _ROUNDING):
        return
    left_mj = max(0.0, most_mj - dose.energy_mj)
    lit_s = left_mj / (power_mw * beam.transmission)
    unended = (
        f" ({dose.unended} opening of it has no known end and counts until the light is proved off)"
        if dose.unended
        else ""
    )
    row = f"{exposures} exposures" if exposures > 1 else "an exposure"
    raise LimitError(
        f"{where}: {row} of {exposure_s:.4g} s at {power_mw:.4g} mW would add {wanted_mj:.4g} mJ "
        f"to the {dose.energy_mj:.4g} mJ that the spot has had{unended}, and the budget is "
        f"{most_mj:.4g} mJ; nothing was lit. {left_mj:.4g} mJ are left: {lit_s:.4g} s at this "
        f"power, {int(lit_s / exposure_s * (1 + _ROUNDING))} of these exposures. "
        "Ask for less time or power, measure elsewhere, or raise max_energy_mj to at least "
        f"{dose.energy_mj + wanted_mj:.4g}."
    )
