"""Whether the cell is still whole: a hazard that grows with pressure, step and light.

The hazard of the load is integrated along the highest pressure so far, in closed form, so the
answer does not depend on how often anybody asked. The cell fails where the integral reaches a
number that the twin drew from the exponential distribution at its birth.
"""

import math

from simulators.twin.specimen_settings import FailureSettings

__all__ = ["Hazard"]

WARNING_FROM = 0.7
"""Part of its life after which the hole of a gasket that is going to blow out grows."""


class Hazard:
    """The integral and what it is compared with.

    Parameters
    ----------
    settings : FailureSettings
        Magnitudes; `hazard` false makes it immortal.
    life : float
        Integral at which it fails.
    pressure_gpa : float
        Pressure at the start, survived so far.
    """

    def __init__(self, settings: FailureSettings, life: float, pressure_gpa: float) -> None:
        self._settings = settings
        self._life = life
        self._peak_gpa = pressure_gpa
        self._step_from_gpa = pressure_gpa
        self._last_turn_s = -math.inf
        self.spent = 0.0
        """Integral of the hazard so far."""

    @property
    def survived(self) -> float:
        """Probability with which a cell like this would have come so far."""
        return math.exp(-self.spent)

    @property
    def wear(self) -> float:
        """0 for a young cell, 1 at the moment of failure."""
        return min(self.spent / self._life, 1.0)

    def turn(self, lab_s: float, pressure_gpa: float) -> None:
        """Say that the screw is turned now; a pause before makes it a new step."""
        if lab_s - self._last_turn_s > self._settings.step_gap_s:
            self._step_from_gpa = pressure_gpa
        self._last_turn_s = lab_s

    def follow(self, pressure_gpa: float, light_mw: float, elapsed_s: float) -> bool:
        """Add what has happened since the last call; True if the cell does not survive it."""
        settings = self._settings
        if not settings.hazard:
            self._peak_gpa = max(self._peak_gpa, pressure_gpa)
            return False
        lit = light_mw > 0.0 and pressure_gpa > settings.light_from_gpa
        factor = settings.light_factor if lit else 1.0
        if pressure_gpa > self._peak_gpa:
            self.spent += factor * self._load(self._peak_gpa, pressure_gpa)
            self._peak_gpa = pressure_gpa
        joules = 1e-3 * light_mw * elapsed_s
        rate = settings.amplitude / settings.scale_gpa * self._growth(pressure_gpa)
        self.spent += factor * rate * settings.light_gpa_per_j * joules
        return self.spent >= self._life

    def _load(self, low_gpa: float, high_gpa: float) -> float:
        """Integral of the hazard over a rise, the part beyond a large step weighing more."""
        settings = self._settings
        edge = self._step_from_gpa + settings.large_step_gpa
        plain = self._integral(low_gpa, high_gpa)
        beyond = self._integral(max(low_gpa, edge), high_gpa) if high_gpa > edge else 0.0
        return plain + (settings.large_step_factor - 1.0) * beyond

    def _integral(self, low_gpa: float, high_gpa: float) -> float:
        growth = self._growth(high_gpa) - self._growth(low_gpa)
        return self._settings.amplitude * growth

    def _growth(self, pressure_gpa: float) -> float:
        return math.exp(min(pressure_gpa / self._settings.scale_gpa, 200.0))
