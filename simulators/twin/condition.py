"""What has become of the cell and its surroundings: failures and the faults of a laboratory."""

import math
from dataclasses import dataclass, replace

__all__ = ["FAULTS", "Condition"]

FAULTS = ("blow_out", "fracture", "helium_out", "ice", "lamp_dies", "chip_lost")
"""What `Twin.inject` can make happen."""

DROP_S = 0.4
"""Time constant with which pressure leaves a failed cell; model default."""

GROW_S = 3.0
"""Time constant with which a blown hole opens; model default."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Which faults there are at a moment, and since when (laboratory s)."""

    failure: str = ""
    """"", "blow_out" or "fracture"; the first one stays."""
    failed_s: float = math.inf
    failed_gpa: float = 0.0
    """Pressure just before."""
    retained: float = 1.0
    """Part of the pressure that is left in the end."""
    chip_lost_s: float = math.inf
    helium_out_s: float = math.inf
    lamp_dead_s: float = math.inf
    ice_s: float = math.inf

    def after(self, kind: str, lab_s: float, pressure_gpa: float, retained: float) -> "Condition":
        """Return the condition once a fault has come at `lab_s`."""
        if kind in ("blow_out", "fracture"):
            if self.failure:
                return self
            return replace(
                self, failure=kind, failed_s=lab_s, failed_gpa=pressure_gpa, retained=retained
            )
        name = {
            "chip_lost": "chip_lost_s",
            "helium_out": "helium_out_s",
            "lamp_dies": "lamp_dead_s",
            "ice": "ice_s",
        }[kind]
        return replace(self, **{name: min(getattr(self, name), lab_s)})

    def pressure_part(self, lab_s: float) -> float:
        """Part of the pressure that is there at `lab_s`."""
        if lab_s <= self.failed_s:
            return 1.0
        return self.retained + (1.0 - self.retained) * math.exp(-(lab_s - self.failed_s) / DROP_S)

    def blown(self, lab_s: float) -> float:
        """0 for a sound gasket, 1 for one that has blown out altogether."""
        if self.failure != "blow_out" or lab_s <= self.failed_s:
            return 0.0
        return -math.expm1(-(lab_s - self.failed_s) / GROW_S)

    def fractured(self, lab_s: float) -> bool:
        """True if an anvil has broken."""
        return self.failure == "fracture" and lab_s >= self.failed_s

    def ice(self, lab_s: float, growth_s: float) -> float:
        """Film of ice on the window, 0 to 1."""
        return 0.0 if lab_s <= self.ice_s else -math.expm1(-(lab_s - self.ice_s) / growth_s)
