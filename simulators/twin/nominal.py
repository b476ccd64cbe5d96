"""The cell as it was designed: its load curve, and a screw whose zero was set for it."""

from simulators.twin.cell import LoadCurve
from simulators.twin.draws import Drawn
from simulators.twin.screw import ScrewConstants, preload_offset_turns
from simulators.twin.settings import TwinSettings

__all__ = ["load_curve", "screw_constants"]


def load_curve(settings: TwinSettings, pmax_gpa: float, f0_kn: float) -> LoadCurve:
    """Return the curve of a cell of this kind."""
    cell = settings.cell
    return LoadCurve(
        pmax_gpa=pmax_gpa,
        f0_kn=f0_kn,
        exponent=cell.exponent,
        cupping_gpa=cell.cupping_gpa,
        cupping_part=cell.cupping_part,
    )


def screw_constants(settings: TwinSettings, drawn: Drawn) -> ScrewConstants:
    """Give the twin's own friction and gap, and a zero that was set for a nominal cell."""
    screw, cell = settings.screw, settings.cell
    kn_per_turn = screw.stiffness_kn_per_mm * screw.pitch_mm
    nominal = load_curve(settings, cell.pmax_gpa, cell.f0_kn)
    carried_kn = nominal.force_kn(screw.preload_gpa)
    return ScrewConstants(
        kn_per_turn=kn_per_turn,
        backlash_turns=drawn.backlash_turns,
        friction_coefficient=drawn.friction_coefficient,
        stick_force_kn=screw.stick_force_kn,
        stall_force_kn=screw.stall_force_kn,
        offset_turns=preload_offset_turns(
            settings.gasket.force_kn(carried_kn),
            kn_per_turn=kn_per_turn,
            backlash_turns=screw.backlash_turns,
            friction_coefficient=screw.friction_coefficient,
            stick_force_kn=screw.stick_force_kn,
        ),
    )
