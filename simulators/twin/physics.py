"""Screw, cell, cryostat and chip put together, on one laboratory time; no lock, no noise."""

from dataclasses import dataclass

import numpy as np

from simulators.twin.cell import Relaxation
from simulators.twin.condition import Condition
from simulators.twin.cryostat import Cryostat, SensorErrors
from simulators.twin.draws import Drawn
from simulators.twin.failure import Hazard
from simulators.twin.further_draws import Further
from simulators.twin.gasket import GasketedLoad
from simulators.twin.history import History, Snapshot
from simulators.twin.nominal import load_curve, screw_constants
from simulators.twin.ruby import Ruby
from simulators.twin.schedule import Fault, Schedule
from simulators.twin.screw import Play, Screw
from simulators.twin.settings import TwinSettings
from simulators.twin.stick_slip import StickSlip

__all__ = ["Moment", "Physics"]

FRACTURED_PART = 0.01
"""Pressure that is left between broken anvils; model default."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The true state of the cell at one laboratory time."""

    lab_s: float
    turns: float
    pressure_gpa: float
    """Of the sample, and of the ruby beside it unless a gradient is switched on."""
    stage_k: float
    cell_k: float
    ruby_k: float
    r1_nm: float
    peak_gpa: float
    wear: float
    condition: Condition


class Physics:
    """Everything that goes on whether or not somebody looks.

    Parameters
    ----------
    settings : TwinSettings
        Centres of all constants.
    drawn, further : Drawn, Further
        The constants of this twin.
    lab_s : float
        Laboratory time of the start.
    jumps : numpy.random.Generator
        Stream of stick and slip.
    """

    def __init__(
        self,
        settings: TwinSettings,
        drawn: Drawn,
        further: Further,
        lab_s: float,
        jumps: np.random.Generator,
    ) -> None:
        self._settings = settings
        self._further = further
        self.light_on = True
        self._power_mw = settings.light_mw
        self.laser_nm = settings.laser_nm
        self.lab_s = lab_s
        self.ruby = Ruby(settings.ruby, drawn, further)
        self.load_curve = load_curve(settings, drawn.pmax_gpa, drawn.f0_kn)
        self.screw = Screw(screw_constants(settings, drawn))
        self.slip = StickSlip(settings.stick_slip, self.screw.force_kn, jumps)
        self._load = GasketedLoad(self.load_curve, settings.gasket, self.slip.force_kn)
        errors = SensorErrors(drawn.sensor_z_a, drawn.sensor_z_b)
        start_k = settings.start_temperature_k
        self.cryostat = Cryostat(settings.cryostat, errors, start_k, 1e-3 * self.light_mw)
        self.cryostat.offset_b_k = further.sensor_offset_k
        self._reference_k = self.cryostat.cell_k
        self._felt = Play(self.cryostat.cell_k)
        self._relaxation = Relaxation(settings.cell)
        self._cell = self._relaxation.settled(lab_s, self.equilibrium_gpa)
        self.condition = Condition()
        self.schedule = Schedule()
        self._peak_gpa = self._bare_gpa()
        self.hazard = Hazard(settings.failure, further.life, self._peak_gpa)
        self._history = History(self._snapshot())

    @property
    def power_mw(self) -> float:
        """Light that the laser gives, whether or not it reaches the cell, mW."""
        return self._power_mw

    @property
    def light_mw(self) -> float:
        """Light on the cell now, mW."""
        return self._power_mw if self.light_on else 0.0

    @property
    def equilibrium_gpa(self) -> float:
        """Pressure of the load curve at the present force, GPa."""
        return self._load.pressure_gpa(self.slip.force_kn)

    def switch_light(self, on: bool, power_mw: float | None = None) -> None:
        """Open or close the light; the chip follows at once, the cell in its own time."""
        self.light_on = on
        if power_mw is not None:
            self._power_mw = power_mw
        self.cryostat.light_w = 1e-3 * self.light_mw

    def order(self, fault: Fault) -> None:
        """Have a fault come; at once, if its time is over."""
        self.schedule.add(fault)
        self._follow(0.0)

    def advance(self, lab_s: float) -> None:
        """Bring everything to `lab_s`; a time in the past changes nothing."""
        while True:
            event_s = min(self.slip.due_s, self.schedule.next_s)
            if event_s > lab_s:
                break
            self._run(event_s)
            if self.slip.due_s <= self.lab_s:
                before = self.equilibrium_gpa
                self.slip.release()
                self._relax(self.equilibrium_gpa - before)
            self._follow(0.0)
        self._run(lab_s)

    def turn_to(self, turns: float) -> None:
        """Turn the screw, at the present time, monotonically to `turns`."""
        self.hazard.turn(self.lab_s, self._bare_gpa())
        before = self.equilibrium_gpa
        force_kn = self.screw.turn_to(turns)
        self.slip.pull(force_kn, self.lab_s, self.cryostat.cell_k)
        self._relax(self.equilibrium_gpa - before)
        self._follow(0.0)
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
        felt_k = last.felt_k + part * (after.felt_k - last.felt_k)
        bare_gpa = self._relaxation.pressure_gpa(self._relaxation.at(last.cell, when))
        pressure_gpa = bare_gpa * self._thermal(felt_k) * last.condition.pressure_part(when)
        ruby_k = self.ruby.temperature_k(cell_k, self.light_mw)
        return Moment(
            lab_s=when,
            turns=last.turns,
            pressure_gpa=pressure_gpa,
            stage_k=stage_k,
            cell_k=cell_k,
            ruby_k=ruby_k,
            r1_nm=self.ruby.r1_nm(pressure_gpa, ruby_k),
            peak_gpa=last.peak_gpa,
            wear=last.wear,
            condition=last.condition,
        )

    def _run(self, lab_s: float) -> None:
        """Let time pass during which nothing is turned and no fault comes."""
        elapsed_s = lab_s - self.lab_s
        if elapsed_s <= 0.0:
            return
        self.cryostat.advance(elapsed_s)
        half_k = 0.5 * self._settings.cell.thermal_hysteresis_k
        self._felt.move(self.cryostat.cell_k - half_k, self.cryostat.cell_k + half_k)
        self._cell = self._relaxation.at(self._cell, lab_s)
        self.lab_s = lab_s
        self._follow(elapsed_s)
        self._history.add(self._snapshot())

    def _relax(self, step_gpa: float) -> None:
        """Tell the cell that its equilibrium has moved."""
        if step_gpa:
            self._cell = self._relaxation.step(self._cell, step_gpa, self.cryostat.cell_k)

    def _follow(self, elapsed_s: float) -> None:
        """Let hazard and ordered faults see the present pressure."""
        pressure_gpa = self._bare_gpa() * self.condition.pressure_part(self.lab_s)
        self._peak_gpa = max(self._peak_gpa, pressure_gpa)
        if not self.condition.failure and self.hazard.follow(
            pressure_gpa, self.light_mw, elapsed_s
        ):
            broken = self._further.fate < self._settings.failure.fracture_part
            self._happen("fracture" if broken else "blow_out", pressure_gpa)
        for fault in self.schedule.due(self.lab_s, pressure_gpa):
            self._happen(fault.kind, pressure_gpa)

    def _happen(self, kind: str, pressure_gpa: float) -> None:
        """A fault comes now."""
        retained = FRACTURED_PART if kind == "fracture" else 1.0 - self._further.loss
        self.condition = self.condition.after(kind, self.lab_s, pressure_gpa, retained)
        if kind == "helium_out":
            self.cryostat.cooler_part = 0.0
        self._history.add(self._snapshot())

    def _bare_gpa(self) -> float:
        """Pressure now in a cell that has not failed."""
        return self._relaxation.pressure_gpa(self._cell) * self._thermal(self._felt.value)

    def _thermal(self, felt_k: float) -> float:
        """Factor that temperature puts on the pressure."""
        return max(1.0 + self._settings.cell.thermal_per_k * (felt_k - self._reference_k), 0.0)

    def _snapshot(self) -> Snapshot:
        """Return what history keeps of the present."""
        return Snapshot(
            cell=self._cell,
            turns=self.screw.turns,
            stage_k=self.cryostat.stage_k,
            cell_k=self.cryostat.cell_k,
            felt_k=self._felt.value,
            peak_gpa=self._peak_gpa,
            wear=self.hazard.wear,
            condition=self.condition,
        )
