"""Random faults at random times, of the cell and of every instrument in front of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.errors import InstrumentError
from simulators.wire.zaber.axis import Axis

__all__ = ["KINDS", "OF_THE_CELL", "Fault", "fault_schedules"]

OF_THE_CELL = ("blow_out", "fracture", "helium_out", "ice", "lamp_dies", "chip_lost")


@dataclass(frozen=True)
class Fault:
    """Something that happens once, a while after the run began."""

    kind: str
    after_s: float

    def order(self, laboratory: VirtualLaboratory) -> None:
        """Have it happen in this laboratory."""
        if self.kind in OF_THE_CELL:
            laboratory.twin.inject(self.kind, at_lab_s=laboratory.clock.now() + self.after_s)
            return
        loop = laboratory.session.engine.loop
        happen = _OTHERS[self.kind]
        loop.call_soon_threadsafe(loop.call_later, self.after_s, happen, laboratory)


def fault_schedules() -> st.SearchStrategy[list[Fault]]:
    """No fault, or a few, while most runs of `run_files` are under way."""
    one = st.builds(
        Fault, st.sampled_from(KINDS), st.floats(1.0, 1500.0).map(lambda s: round(s, 1))
    )
    return st.sampled_from([0, 1, 1, 2, 3]).flatmap(
        lambda count: st.lists(one, min_size=count, max_size=count)
    )


def _driver(laboratory: VirtualLaboratory, role: str) -> Any:
    """The driver of a role; None where the station has no such instrument."""
    found = laboratory.session.instruments
    device: Any = {
        "spectrometer": found.spectrometer,
        "cryostat": found.cryostat,
        "drive": found.drive,
        "laser": found.light,
        "lamp": found.lamp,
        "line lamp": found.line_lamp,
    }[role]
    return None if device is None else device._driver


def _axis(laboratory: VirtualLaboratory) -> Axis | None:
    """The axis of the motor; None where a person turns the screw."""
    return getattr(_driver(laboratory, "drive"), "_axis", None)


def _breaks(role: str, method: str, times: int) -> Callable[[VirtualLaboratory], None]:
    """The next calls of a driver fail; what it did before is done."""

    def happen(laboratory: VirtualLaboratory) -> None:
        driver, left = _driver(laboratory, role), [times]
        if driver is None:
            return
        right = getattr(driver, method)

        def call(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] >= 0:
                raise InstrumentError(f"The {role} of a test does not answer.")
            return right(*arguments)

        setattr(driver, method, call)

    return happen


def _motor_stalls(laboratory: VirtualLaboratory) -> None:
    axis = _axis(laboratory)
    if axis is not None:
        axis.update()
        axis.halt()
        axis.set_flag("FS")


def _motor_powers_up(laboratory: VirtualLaboratory) -> None:
    axis = _axis(laboratory)
    if axis is not None:
        axis.update()
        axis.power_cycle()


def _temperature_drifts(laboratory: VirtualLaboratory) -> None:
    there_k = laboratory.twin.moving_setpoint_k(1) + 25.0
    laboratory.twin.set_loop(1, setpoint_k=there_k, ramp_on=True, ramp_k_per_min=2.0)


def _somebody_holds(laboratory: VirtualLaboratory) -> None:
    hold, loop = laboratory.session.hold, laboratory.session.engine.loop
    hold.hold("a test")
    loop.call_later(900.0, hold.release)


def _somebody_interrupts(laboratory: VirtualLaboratory) -> None:
    engine = laboratory.session.engine
    if engine.state == "running":
        laboratory.session.hold.note_interruption("ended by a test")
        # what request_pause does, which waits for the loop and so may not be called on it
        engine.loop.create_task(engine._request_pause_coro())


_FOR_GOOD = 10**6
_OTHERS: dict[str, Callable[[VirtualLaboratory], None]] = {
    "spectrum_lost": _breaks("spectrometer", "acquire", 1),
    "spectrometer_dies": _breaks("spectrometer", "acquire", _FOR_GOOD),
    "sensor_lost": _breaks("cryostat", "read", 1),
    "cryostat_dies": _breaks("cryostat", "read", _FOR_GOOD),
    "drive_silent": _breaks("drive", "read", 2),
    "move_refused": _breaks("drive", "start_move", 1),
    "laser_fails": _breaks("laser", "switch_on", 1),
    "laser_silent": _breaks("laser", "read", 2),
    "laser_stays_on": _breaks("laser", "switch_off", 1),
    "lamp_fails": _breaks("lamp", "switch_on", 1),
    "lamp_silent": _breaks("lamp", "read", 2),
    "lamp_stays_on": _breaks("lamp", "switch_off", 1),
    "line_lamp_silent": _breaks("line lamp", "read", 2),
    "motor_stalls": _motor_stalls,
    "motor_powers_up": _motor_powers_up,
    "temperature_drifts": _temperature_drifts,
    "hold": _somebody_holds,
    "interruption": _somebody_interrupts,
}
KINDS = (*OF_THE_CELL, *_OTHERS)
