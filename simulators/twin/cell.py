"""The cell: force to pressure, and how pressure follows a step.

After a step dP of the equilibrium pressure

``P(t) = P_eq - A dP [w exp(-t/fast) + (1 - w) exp(-t/slow)] + c dP log10(1 + t/t0)``

with A and c scaled by (T/300 K)^0.5, several steps superposed. The logarithm is written as a
sum of exponentials (Frullani's integral), so that the whole state is one vector of modes that
decay independently: any jump of the clock is exact, and no list of past steps grows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.twin.settings import CellSettings

__all__ = ["CellState", "LoadCurve", "Relaxation"]

REFERENCE_K = 300.0
"""Temperature at which relaxation and creep of the settings are stated."""

SLOWEST_CREEP_PER_S = 1e-9
"""Slowest mode of the creep: the logarithm holds for some years."""

CUPPING_WIDTH_GPA = 60.0
"""Over which the second cupping of bevelled culets sets in; model default."""

MODES_PER_DECADE = 4
"""Error of the sum against the logarithm is then below 0.1 % of a decade."""


@dataclass(frozen=True, kw_only=True)
class LoadCurve:
    """Pressure against force, ``p = Pmax x^m/(1 + x^m)`` with ``x = F/F0``.

    Beyond `cupping_gpa` an excess e of p counts as ``e - part e^2/(e + w)``: bevelled culets cup a
    second time, and the slope falls to ``1 - part`` of what it was.
    """

    pmax_gpa: float
    f0_kn: float
    exponent: float
    cupping_gpa: float = 0.0
    cupping_part: float = 0.0

    def pressure_gpa(self, force_kn: float) -> float:
        """Equilibrium pressure in GPa under `force_kn` of 0 or more."""
        power = (max(force_kn, 0.0) / self.f0_kn) ** self.exponent
        plain = self.pmax_gpa * power / (1.0 + power)
        excess = plain - self.cupping_gpa
        if self.cupping_part == 0.0 or excess <= 0.0:
            return plain
        return plain - self.cupping_part * excess**2 / (excess + CUPPING_WIDTH_GPA)

    def force_kn(self, pressure_gpa: float) -> float:
        """Force in kN for a pressure from 0 to below `pmax_gpa`."""
        plain = self._uncupped_gpa(pressure_gpa)
        if not 0.0 <= plain < self.pmax_gpa:
            raise ValueError(
                f"The load curve reaches 0 to {self.pmax_gpa} GPa, never {pressure_gpa} GPa."
            )
        ratio = plain / (self.pmax_gpa - plain)
        return self.f0_kn * ratio ** (1.0 / self.exponent)

    def _uncupped_gpa(self, pressure_gpa: float) -> float:
        """Undo the second cupping: the positive root of its quadratic."""
        excess = pressure_gpa - self.cupping_gpa
        if self.cupping_part == 0.0 or excess <= 0.0:
            return pressure_gpa
        keep, width = 1.0 - self.cupping_part, CUPPING_WIDTH_GPA
        b = width - excess
        root = math.sqrt(b * b + 4.0 * keep * excess * width)
        return self.cupping_gpa + (root - b) / (2.0 * keep)


@dataclass(frozen=True, kw_only=True)
class CellState:
    """Pressure at one moment, and all that is needed to follow it when no step comes."""

    lab_s: float
    final_gpa: float
    """Pressure after every mode has died."""
    modes_gpa: NDArray[np.float64]
    """What each mode still lacks, shape (modes,)."""


class Relaxation:
    """Steps and time to the pressure in the cell; pure functions of a `CellState`.

    Parameters
    ----------
    settings : CellSettings
        Magnitudes and time constants.
    """

    def __init__(self, settings: CellSettings) -> None:
        spacing = math.log(10.0) / MODES_PER_DECADE
        creep_rates = np.exp(
            np.arange(math.log(SLOWEST_CREEP_PER_S), math.log(10.0 / settings.creep_t0_s), spacing)
        )
        # ln(1 + t/t0) = integral over ln s of exp(-s t0) (1 - exp(-s t)), by the trapezoid rule
        creep_weights = spacing * np.exp(-creep_rates * settings.creep_t0_s) / math.log(10.0)
        late = settings.relaxation_fraction
        fast = settings.fast_weight
        self._rates = np.concatenate(([1.0 / settings.fast_s, 1.0 / settings.slow_s], creep_rates))
        self._amplitudes = np.concatenate(
            ([late * fast, late * (1.0 - fast)], settings.creep_per_decade * creep_weights)
        )
        self._creep_total = float(settings.creep_per_decade * creep_weights.sum())

    def settled(self, lab_s: float, pressure_gpa: float) -> CellState:
        """Return a cell that has stood at `pressure_gpa` for ever."""
        return CellState(lab_s=lab_s, final_gpa=pressure_gpa, modes_gpa=np.zeros_like(self._rates))

    def at(self, state: CellState, lab_s: float) -> CellState:
        """Return the state at `lab_s` if no step comes in between; not before the state."""
        elapsed_s = lab_s - state.lab_s
        if elapsed_s <= 0.0:
            return state
        return CellState(
            lab_s=lab_s,
            final_gpa=state.final_gpa,
            modes_gpa=state.modes_gpa * np.exp(-self._rates * elapsed_s),
        )

    def step(self, state: CellState, step_gpa: float, temperature_k: float) -> CellState:
        """Change the equilibrium pressure by `step_gpa` at the moment of `state`."""
        mobility = math.sqrt(max(temperature_k, 0.0) / REFERENCE_K)
        return CellState(
            lab_s=state.lab_s,
            final_gpa=state.final_gpa + step_gpa * (1.0 + mobility * self._creep_total),
            modes_gpa=state.modes_gpa + mobility * step_gpa * self._amplitudes,
        )

    @staticmethod
    def pressure_gpa(state: CellState) -> float:
        """Pressure in GPa at the moment of `state`, before thermal coupling; never below 0."""
        return max(0.0, state.final_gpa - float(state.modes_gpa.sum()))
