"""Screw, cell, cryostat and chip put together, on one laboratory time; no lock, no noise."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from simulators.twin.cell import LoadCurve, Relaxation
from simulators.twin.cryostat import Cryostat, SensorErrors
from simulators.twin.draws import Drawn
from simulators.twin.history import History, Snapshot
from simulators.twin.ruby import Ruby
from simulators.twin.screw import Screw, ScrewConstants, preload_offset_turns
from simulators.twin.settings import TwinSettings

__all__ = ["Moment", "Physics", "exposure_nodes"]

NM_PER_NODE = 0.02
"""An exposure during which R1 moves more than this is sampled more often."""

MOST_NODES = 16


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The true state of the cell at one laboratory time."""

    lab_s: float
    turns: float
    pressure_gpa: float
    stage_k: float
    cell_k: float
    ruby_k: float
    r1_nm: float


class Physics:
    """Everything that goes on whether or not somebody looks.

    Parameters
    ----------
    settings : TwinSettings
        Centres of all constants.
    drawn : Drawn
        The constants of this twin.
    lab_s : float
        Laboratory time of the start.
    """

    def __init__(self, settings: TwinSettings, drawn: Drawn, lab_s: float) -> None:
        self._settings = settings
        self.light_on = True
        self.lab_s = lab_s
        self.ruby = Ruby(settings.ruby, drawn)
        self.load_curve = LoadCurve(
            pmax_gpa=drawn.pmax_gpa, f0_kn=drawn.f0_kn, exponent=settings.cell.exponent
        )
        self.screw = Screw(_screw_constants(settings, drawn))
        errors = SensorErrors(drawn.sensor_z_a, drawn.sensor_z_b)
        start_k = settings.start_temperature_k
        self.cryostat = Cryostat(settings.cryostat, errors, start_k, 1e-3 * self.light_mw)
        self._reference_k = self.cryostat.cell_k
        self._relaxation = Relaxation(settings.cell)
        self._cell = self._relaxation.settled(lab_s, self.equilibrium_gpa)
        self._history = History(self._snapshot())

    @property
    def light_mw(self) -> float:
        """Light on the cell now, mW."""
        return self._settings.light_mw if self.light_on else 0.0

    @property
    def equilibrium_gpa(self) -> float:
        """Pressure of the load curve at the present force, GPa."""
        return self.load_curve.pressure_gpa(self.screw.force_kn)

    def switch_light(self, on: bool) -> None:
        """Open or close the light; the chip follows at once, the cell in its own time."""
        self.light_on = on
        self.cryostat.light_w = 1e-3 * self.light_mw

    def advance(self, lab_s: float) -> None:
        """Bring everything to `lab_s`; a time in the past changes nothing."""
        elapsed_s = lab_s - self.lab_s
        if elapsed_s <= 0.0:
            return
        self.cryostat.advance(elapsed_s)
        self._cell = self._relaxation.at(self._cell, lab_s)
        self.lab_s = lab_s
        self._history.add(self._snapshot())

    def turn_to(self, turns: float) -> None:
        """Turn the screw, at the present time, monotonically to `turns`."""
        before = self.equilibrium_gpa
        self.screw.turn_to(turns)
        step = self.equilibrium_gpa - before
        if step:
            self._cell = self._relaxation.step(self._cell, step, self.cryostat.cell_k)
        self._history.add(self._snapshot())

    def moment(self, lab_s: float | None = None) -> Moment:
        """Return the state now, then, or as it will be if nobody touches anything."""
        if lab_s is None:
            last, following = self._snapshot(), None
        else:
            last, following = self._history.before(lab_s)
        when = last.lab_s if lab_s is None else lab_s
        part = 0.0
        if following is not None and following.lab_s > last.lab_s:
            part = min(max((when - last.lab_s) / (following.lab_s - last.lab_s), 0.0), 1.0)
        after = following or last
        stage_k = last.stage_k + part * (after.stage_k - last.stage_k)
        cell_k = last.cell_k + part * (after.cell_k - last.cell_k)
        bare_gpa = self._relaxation.pressure_gpa(self._relaxation.at(last.cell, when))
        thermal = 1.0 + self._settings.cell.thermal_per_k * (cell_k - self._reference_k)
        pressure_gpa = bare_gpa * max(thermal, 0.0)
        ruby_k = self.ruby.temperature_k(cell_k, self.light_mw)
        return Moment(
            lab_s=when,
            turns=last.turns,
            pressure_gpa=pressure_gpa,
            stage_k=stage_k,
            cell_k=cell_k,
            ruby_k=ruby_k,
            r1_nm=self.ruby.r1_nm(pressure_gpa, ruby_k),
        )

    def _snapshot(self) -> Snapshot:
        """Return what history keeps of the present."""
        return Snapshot(
            cell=self._cell,
            turns=self.screw.turns,
            stage_k=self.cryostat.stage_k,
            cell_k=self.cryostat.cell_k,
        )


def exposure_nodes(
    physics: Physics, start_lab_s: float, exposure_s: float
) -> list[tuple[float, Moment]]:
    """Moments that stand for an exposure, each with its weight (they sum to 1).

    Gauss-Legendre nodes in time, two for a line that drifts, more for one that runs.
    """
    ends = [physics.moment(start_lab_s + part * exposure_s).r1_nm for part in (0.0, 0.5, 1.0)]
    count = min(2 + math.floor((max(ends) - min(ends)) / NM_PER_NODE), MOST_NODES)
    places, weights = _gauss_legendre(count)
    return [
        (0.5 * w, physics.moment(start_lab_s + 0.5 * (1.0 + x) * exposure_s))
        for x, w in zip(places, weights, strict=True)
    ]


@functools.cache
def _gauss_legendre(count: int) -> tuple[list[float], list[float]]:
    """Places in [-1, 1] and weights; computed once, it costs as much as an exposure."""
    places, weights = np.polynomial.legendre.leggauss(count)
    return places.tolist(), weights.tolist()


def _screw_constants(settings: TwinSettings, drawn: Drawn) -> ScrewConstants:
    """Give the twin's own friction and gap, and a zero that was set for a nominal cell."""
    screw, cell = settings.screw, settings.cell
    kn_per_turn = screw.stiffness_kn_per_mm * screw.pitch_mm
    nominal = LoadCurve(pmax_gpa=cell.pmax_gpa, f0_kn=cell.f0_kn, exponent=cell.exponent)
    return ScrewConstants(
        kn_per_turn=kn_per_turn,
        backlash_turns=drawn.backlash_turns,
        friction_coefficient=drawn.friction_coefficient,
        stick_force_kn=screw.stick_force_kn,
        stall_force_kn=screw.stall_force_kn,
        offset_turns=preload_offset_turns(
            nominal.force_kn(screw.preload_gpa),
            kn_per_turn=kn_per_turn,
            backlash_turns=screw.backlash_turns,
            friction_coefficient=screw.friction_coefficient,
            stick_force_kn=screw.stick_force_kn,
        ),
    )
