"""Tables of what stands beside the pressures: light against its budget, and controls."""

import math
from typing import Any

from dac_control.app.findings import text
from dac_control.app.findings.dose import LightOnSpecimen
from dac_control.app.findings.linked_runs import LinkedRuns

__all__ = ["control_rows", "dose_rows"]


def dose_rows(light: LightOnSpecimen) -> list[dict[str, Any]]:
    """One row per light and spot."""
    return [
        {
            "light": spot.light,
            "spot": spot.spot,
            "shots": spot.run.shots,
            "open_s": text.number(spot.run.open_s, 1),
            "energy": _significant(spot.run.energy_mj),
            "intensity": _significant(spot.run.peak_intensity_mw_per_um2),
            "life_open_s": text.number(spot.life.open_s, 1),
            "life_energy": _significant(spot.life.energy_mj),
            "most_energy": _allowed(spot.allowance.max_energy_mj),
            "most_intensity": _allowed(spot.allowance.max_intensity_mw_per_um2),
            "part": _part(spot.life.energy_mj, spot.allowance.max_energy_mj),
            "overspent": spot.overspent,
        }
        for spot in light.spots
    ]


def control_rows(linked: LinkedRuns) -> list[dict[str, Any]]:
    """One row per run that controls this one, or that this one controls."""
    return [
        {
            "relation": "controls this run"
            if each.relation == "controls_this"
            else "is controlled by this run",
            "uid": each.uid,
            "folder": each.folder or "not beside this run",
            "found": each.found,
            "contents": each.contents or text.NOTHING,
            "status": each.exit_status or text.NOTHING,
            "simulated": each.simulated,
            "differs": ", ".join(each.differs) or ("nothing" if each.found else text.NOTHING),
        }
        for each in (*linked.controls, *linked.controlled)
    ]


def _significant(value: float) -> str:
    return text.plain(float(f"{value:.3g}"))


def _allowed(value: float) -> str:
    return _significant(value) if math.isfinite(value) else "not limited"


def _part(value: float, most: float) -> str:
    if not math.isfinite(most) or most <= 0:
        return text.NOTHING
    return f"{text.number(100 * value / most, 1)} %"
