"""Two thermal nodes, stage and cell, with the control loops inside the integration.

Below 20 K the specific heat is so small that an explicit step of a second diverges. Each step
is backward Euler on enthalpies, loops included, solved by a damped Newton iteration; it is
stable at any length, and the length adapts to how fast the temperatures move.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from simulators.twin.loop import CLOSED, Loop, LoopState
from simulators.twin.settings import CryostatSettings
from simulators.twin.thermal import CopperEnthalpy, cooler_w

__all__ = ["Cryostat", "SensorErrors"]

OUTPUTS = (1, 2, 3, 4)
"""A 336 has four; only the first ones have heaters."""

COLDEST_K, HOTTEST_K = 1.0, 1000.0
"""Bounds of the Newton iteration, outside of anything the cooler or heaters can reach."""

LONGEST_STEP_S = 600.0
SHORTEST_STEP_S = 1e-3
MOST_ITERATIONS = 40
MOST_HALVINGS = 12
TOLERANCE = 1e-8
"""Relative; 1 uK at 80 K, far below the noise of a sensor."""


@dataclass(frozen=True)
class SensorErrors:
    """Calibration errors of the two sensors, in units of their stated sigma."""

    a: float
    b: float


class Cryostat:
    """Temperatures of stage and cell under cooler, leaks, light and heaters.

    Parameters
    ----------
    settings : CryostatSettings
        Masses, conductances, heaters.
    errors : SensorErrors
        Drawn calibration errors; the loops act on what the sensors read.
    start_k : float
        Setpoint of loop 1, on sensor A, where everything has settled.
    light_w : float
        Heat of the light at the cell, W.
    """

    def __init__(
        self, settings: CryostatSettings, errors: SensorErrors, start_k: float, light_w: float
    ) -> None:
        self._settings = settings
        self._copper = CopperEnthalpy()
        self._errors = errors
        self.light_w = light_w
        self.cooler_part = 1.0
        """Part of its power that the cooler gives: 1, or 0 once helium or compressor is out."""
        self.offset_b_k = 0.0
        """Error of sensor B that no certificate states, K."""
        self._sigma = settings.sensor_sigma_k / math.sqrt(80.0)
        self._step_s = 1.0
        base = LoopState(
            p=settings.p,
            i=settings.i,
            d=settings.d,
            ramp_k_per_min=settings.ramp_k_per_min,
            setpoint_k=start_k,
        )
        idle = {n: Loop(replace(base, input="B" if n == 2 else "A")) for n in OUTPUTS}
        self.stage_k, self.cell_k, power_w = self._settled(start_k)
        percent = 100.0 * power_w / settings.heater_w[0][2]
        main = Loop(replace(base, mode=CLOSED, range=3), min(max(percent, 0.0), 100.0))
        self._loops = idle | {1: main}

    def loop(self, output: int) -> Loop:
        """Return the loop of output 1 to 4.

        Raises
        ------
        ValueError
            If there is no such output.
        """
        if output not in self._loops:
            raise ValueError(f"The controller has outputs 1 to 4, not {output!r}.")
        return self._loops[output]

    def change(self, output: int, changes: dict[str, Any]) -> None:
        """Change settings of one loop; the step length starts small again."""
        loop = self.loop(output)
        loop.change(replace(loop.state, **changes))
        self._step_s = 1.0

    def reading_k(self, channel: str) -> float | None:
        """Return what a sensor reads without noise, K; None where no sensor is."""
        if channel == "A":
            return self._read(self.stage_k, self._errors.a)[0]
        if channel == "B":
            return self._read(self.cell_k, self._errors.b)[0] + self.offset_b_k
        return None

    def advance(self, elapsed_s: float) -> None:
        """Let `elapsed_s` laboratory seconds pass, in as many steps as it takes."""
        left_s = elapsed_s
        while left_s > 0.0:
            step_s = min(self._step_s, left_s)
            solved = self._solve(step_s)
            change = math.inf if solved is None else self._change(*solved)
            if (solved is None or change > 2.0) and step_s > SHORTEST_STEP_S:
                self._step_s = step_s * 0.3
                continue
            if solved is not None:
                self._accept(*solved, step_s)
            left_s -= step_s
            if step_s == self._step_s or change > 1.0:
                growth = min(max(0.8 / max(change, 1e-3), 0.5), 3.0)
                self._step_s = min(max(step_s * growth, SHORTEST_STEP_S), LONGEST_STEP_S)

    def _read(self, true_k: float, z: float) -> tuple[float, float]:
        """Reading in K at a true temperature, and its slope: the error grows as sqrt(T)."""
        error = z * self._sigma * math.sqrt(true_k)
        return true_k + error, 1.0 + 0.5 * error / true_k

    def _change(self, stage_k: float, cell_k: float) -> float:
        """Size of a step in units of what is allowed: 0.02 K and 0.5 %."""
        return max(
            abs(stage_k - self.stage_k) / (0.02 + 0.005 * self.stage_k),
            abs(cell_k - self.cell_k) / (0.02 + 0.005 * self.cell_k),
        )

    def _leak_w(self, cell_k: float) -> tuple[float, float]:
        """Radiation onto the cell, W, and its slope."""
        scale = self._settings.window_leak_w / self._settings.room_k**4
        return scale * (self._settings.room_k**4 - cell_k**4), -4.0 * scale * cell_k**3

    def _stage_load_w(self, stage_k: float) -> tuple[float, float]:
        """Conduction and radiation onto the stage, W, and its slope."""
        slope = self._settings.stage_load_w / self._settings.room_k
        return slope * (self._settings.room_k - stage_k), -slope

    def _heaters(self, stage: float, cell: float, step_s: float) -> tuple[list[float], list[float]]:
        """Power into both nodes, W, and its slopes, row by row: stage/stage, stage/cell, ..."""
        power, slopes = [0.0, 0.0], [0.0, 0.0, 0.0, 0.0]
        settings = self._settings
        for output, (watts, node) in enumerate(
            zip(settings.heater_w, settings.heater_node, strict=True), start=1
        ):
            loop = self._loops[output]
            if loop.state.range == 0:
                continue
            on_cell = loop.state.input == "B"
            reading, gain, before = self._loop_reading(on_cell, stage, cell)
            percent, slope = loop.respond(reading, before, step_s)
            full_w = watts[loop.state.range - 1] / 100.0
            row = 1 if node == "B" else 0
            power[row] += full_w * percent
            slopes[2 * row + (1 if on_cell else 0)] += full_w * slope * gain
        return power, slopes

    def _loop_reading(self, on_cell: bool, stage: float, cell: float) -> tuple[float, float, float]:
        """Reading of a loop's sensor, its slope, and the reading before the step."""
        z = self._errors.b if on_cell else self._errors.a
        reading, gain = self._read(cell if on_cell else stage, z)
        before = self._read(self.cell_k if on_cell else self.stage_k, z)[0]
        return reading, gain, before

    def _solve(self, step_s: float) -> tuple[float, float] | None:
        """Temperatures at the end of a step, or None if Newton did not get there."""
        stage, cell = self.stage_k, self.cell_k
        start = (self._copper.at(stage)[0], self._copper.at(cell)[0])
        here = self._balance(stage, cell, start, step_s)
        for _ in range(MOST_ITERATIONS):
            f1, f2, j11, j12, j21, j22 = here
            det = j11 * j22 - j12 * j21
            d_stage = (f1 * j22 - f2 * j12) / det
            d_cell = (f2 * j11 - f1 * j21) / det
            if abs(d_stage) < TOLERANCE * stage and abs(d_cell) < TOLERANCE * cell:
                return stage - d_stage, cell - d_cell
            # the loops' limits are kinks: a full step across one may lead to and fro for ever
            old_stage, old_cell = stage, cell
            for halvings in range(MOST_HALVINGS):
                part = 0.5**halvings
                stage = _damped(old_stage, part * d_stage)
                cell = _damped(old_cell, part * d_cell)
                here = self._balance(stage, cell, start, step_s)
                if math.hypot(here[0], here[1]) < math.hypot(f1, f2):
                    break
        return None

    def _balance(
        self, stage: float, cell: float, start: tuple[float, float], step_s: float
    ) -> tuple[float, float, float, float, float, float]:
        """Energy missing in both nodes, J, and its Jacobian, J/K.

        `start` are the enthalpies before the step, J/kg.
        """
        settings = self._settings
        link = settings.link_w_per_k
        stage_h, stage_cp = self._copper.at(stage)
        cell_h, cell_cp = self._copper.at(cell)
        power, slope = self._heaters(stage, cell, step_s)
        cooling, cooling_slope = (self.cooler_part * value for value in cooler_w(stage))
        load, load_slope = self._stage_load_w(stage)
        leak, leak_slope = self._leak_w(cell)
        flow = link * (cell - stage)
        stage_w = power[0] + load - cooling + flow
        cell_w = power[1] + leak + self.light_w - flow
        return (
            settings.stage_kg * (stage_h - start[0]) - step_s * stage_w,
            settings.cell_kg * (cell_h - start[1]) - step_s * cell_w,
            settings.stage_kg * stage_cp + step_s * (cooling_slope - load_slope + link - slope[0]),
            -step_s * (link + slope[1]),
            -step_s * (link + slope[2]),
            settings.cell_kg * cell_cp + step_s * (link - leak_slope - slope[3]),
        )

    def _accept(self, stage_k: float, cell_k: float, step_s: float) -> None:
        """Make a step final in loops and nodes."""
        for loop in self._loops.values():
            reading, _, before = self._loop_reading(loop.state.input == "B", stage_k, cell_k)
            loop.accept(reading, before, step_s)
        self.stage_k, self.cell_k = stage_k, cell_k

    def _settled(self, reading_k: float) -> tuple[float, float, float]:
        """Stage, cell and heater power with sensor A at `reading_k` for ever."""
        stage = reading_k
        for _ in range(20):
            value, slope = self._read(stage, self._errors.a)
            stage -= (value - reading_k) / slope
        cell = stage
        link = self._settings.link_w_per_k
        for _ in range(20):
            leak, slope = self._leak_w(cell)
            cell -= (link * (cell - stage) - leak - self.light_w) / (link - slope)
        power = cooler_w(stage)[0] - self._stage_load_w(stage)[0] - link * (cell - stage)
        return stage, cell, power


def _damped(value: float, step: float) -> float:
    """Newton's next value; at most a factor of 2 away and inside the bounds."""
    return min(max(value - step, 0.5 * value, COLDEST_K), 2.0 * value, HOTTEST_K)
