"""What is true now and what was true during an exposure, in words and numbers for tests."""

from collections.abc import Sequence
from typing import Any

from simulators.twin.microscope import Microscope
from simulators.twin.physics import Moment, Physics
from simulators.twin.spectrometer import LitMoment, Spectrometer

__all__ = ["averages", "describe"]


def describe(
    physics: Physics, spectrometer: Spectrometer, microscope: Microscope
) -> dict[str, Any]:
    """Return the true state at the time of `physics`, JSON-able.

    ``r1_nm`` is the true wavelength in air; ``r1_axis_nm`` is where the line lies on the axis
    that the instrument reports, which is what a perfect fit would return.
    """
    now = physics.moment()
    return {
        "lab_time_s": now.lab_s,
        "turns": now.turns,
        "demanded_kn": physics.screw.demanded_kn,
        "force_kn": physics.screw.force_kn,
        "torque_fraction": physics.screw.torque_fraction,
        "equilibrium_gpa": physics.equilibrium_gpa,
        "pressure_gpa": now.pressure_gpa,
        "stage_k": now.stage_k,
        "cell_k": now.cell_k,
        "ruby_k": now.ruby_k,
        "lambda0_nm": physics.ruby.lambda0_nm(now.ruby_k),
        "r1_nm": now.r1_nm,
        "r1_axis_nm": now.r1_nm + spectrometer.axis_error_nm(now.lab_s),
        "line_ratio": physics.ruby.line_ratio(now.ruby_k),
        "hole_um": microscope.hole_um(now.pressure_gpa),
        "light_on": physics.light_on,
    }


def averages(
    nodes: Sequence[tuple[float, Moment]], moments: Sequence[LitMoment]
) -> dict[str, float]:
    """Return means over an exposure of what a test compares a fit with.

    `moments` are what the slit saw at `nodes`, in the same order.
    """
    names = ("turns", "pressure_gpa", "stage_k", "cell_k", "ruby_k", "r1_nm")
    means = {name: sum(w * getattr(m, name) for w, m in nodes) for name in names}
    return means | {
        "r1_axis_nm": sum(m.weight * (m.lines.r1_nm + m.axis_error_nm) for m in moments),
        "r2_axis_nm": sum(m.weight * (m.lines.r2_nm + m.axis_error_nm) for m in moments),
        "fwhm_nm": sum(m.weight * m.lines.fwhm_nm for m in moments),
    }
