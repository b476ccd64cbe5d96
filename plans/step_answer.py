"""Does the cell still answer as a cell does? Pure: judges the end of each step."""

from dac_control.errors import RampHeld
from plans.branch_points import BranchPoints
from plans.step_prediction import Point

__all__ = ["check_answer"]


def check_answer(branch: BranchPoints, there: Point) -> None:
    """Compare the measured end of a step with the branch that it was made on.

    Parameters
    ----------
    branch : BranchPoints
        As it was before the step.
    there : Point
        Where the step ended.

    Raises
    ------
    RampHeld
        For a pressure above its limit, a step that changed it too much, one that falls against
        the direction of the screw, or one that has not answered for too many turns.
    """
    limits, here = branch.limits, branch.here
    change_gpa = there.pressure_gpa - here.pressure_gpa
    if there.pressure_gpa > limits.pressure_limit_gpa:
        raise RampHeld(
            f"The ramp holds: {there.pressure_gpa:.2f} GPa were measured, above the limit of "
            f"{limits.pressure_limit_gpa} GPa."
        )
    if abs(change_gpa) > limits.max_step_gpa:
        raise RampHeld(
            f"The ramp holds: the step to {there.turns:.5f} turns changed the pressure by "
            f"{change_gpa:+.2f} GPa, more than max_step_gpa ({limits.max_step_gpa}). "
            "Look at the cell; use a smaller probe_turns or max_step_turns."
        )
    silent = branch.turns_without_answer(there)
    if silent > branch.settings.max_dead_band_turns:
        since = "the pressure last answered" if branch.engaged else "the branch began"
        raise RampHeld(
            f"The ramp holds: {silent:.3f} turns since {since} and the pressure has not answered; "
            "is the coupling engaged? (max_dead_band_turns is "
            f"{branch.settings.max_dead_band_turns})"
        )
    fallen_gpa = branch.fallen_gpa(there)
    if fallen_gpa > limits.max_step_gpa / 2:
        raise RampHeld(
            f"The ramp holds: {there.pressure_gpa:.2f} GPa were measured, {fallen_gpa:.2f} GPa "
            "behind the furthest of this branch and against the direction of the screw; the "
            "gasket may have failed."
        )
