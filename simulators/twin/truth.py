"""What is true now and what was true during an exposure, in words and numbers for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulators.twin.anvil import vibron_cm1
from simulators.twin.gasket import gasket_um
from simulators.twin.optics import Optics
from simulators.twin.physics import Moment, Physics
from simulators.twin.settings import TwinSettings
from simulators.twin.spectrometer import LitMoment

__all__ = ["averages", "describe"]

REFLECTANCE_NM = 600.0


def describe(physics: Physics, optics: Optics, settings: TwinSettings) -> dict[str, Any]:
    """Return the true state at the time of `physics`, JSON-able.

    ``r1_nm`` is the true wavelength in air; ``r1_axis_nm`` is where the line lies on the axis
    that the instrument reports, which is what a perfect fit would return. Both are of the chip,
    wherever the optics look.
    """
    now = physics.moment()
    spectrometer = optics.spectrometer
    return {
        "lab_time_s": now.lab_s,
        "turns": now.turns,
        "demanded_kn": physics.screw.demanded_kn,
        "force_kn": physics.slip.force_kn,
        "torque_fraction": physics.screw.torque_fraction,
        "equilibrium_gpa": physics.equilibrium_gpa,
        "pressure_gpa": now.pressure_gpa,
        "chip_gpa": physics.ruby.chip_gpa(now.pressure_gpa),
        "peak_gpa": now.peak_gpa,
        "stage_k": now.stage_k,
        "cell_k": now.cell_k,
        "ruby_k": now.ruby_k,
        "lambda0_nm": physics.ruby.lambda0_nm(now.ruby_k),
        "r1_nm": now.r1_nm,
        "r1_axis_nm": spectrometer.bent_nm(now.r1_nm) + spectrometer.axis_error_nm(now.lab_s),
        "line_ratio": physics.ruby.line_ratio(now.ruby_k),
        "light_on": physics.light_on,
        "light_mw": physics.power_mw,
        "spot": optics.view.spot,
        "jumps": physics.slip.jumps,
        **_optical(now, optics, settings),
        **_failure(now, physics, settings),
    }


def _optical(now: Moment, optics: Optics, settings: TwinSettings) -> dict[str, Any]:
    """Edges, vibron, sample and picture."""
    look = optics.look(now)
    near_gpa, far_gpa = optics.raman.pressures_gpa(now.pressure_gpa)
    broken = now.condition.fractured(now.lab_s)
    at = np.array([REFLECTANCE_NM])
    there = optics.sample.contents == "hydrogen" and not now.condition.failure
    return {
        "edge_cm1": None if broken else optics.anvil.edge_cm1(near_gpa, now.cell_k),
        "far_edge_cm1": optics.anvil.edge_cm1(far_gpa, now.cell_k),
        "nu0_cm1": optics.anvil.nu0_cm1,
        "vibron_cm1": vibron_cm1(now.pressure_gpa) if there else None,
        "contents": optics.sample.contents,
        "appearance": optics.sample.appearance(now.pressure_gpa),
        "reflectance": float(optics.vis.white.reflectance("sample", now, at)[0]),
        "reflectance_at_nm": REFLECTANCE_NM,
        "hole_um": 2.0 * float(np.sqrt(np.prod(look.semi_um))),
        "hole_axes_um": [2.0 * value for value in look.semi_um],
        "gasket_um": gasket_um(settings.gasket, now.peak_gpa),
        "defocus_um": optics.defocus_um(now),
        "lamp": look.light,
        "ice": now.condition.ice(now.lab_s, settings.disturbance.ice_s),
    }


def _failure(now: Moment, physics: Physics, settings: TwinSettings) -> dict[str, Any]:
    """What is broken."""
    condition = now.condition
    failed = bool(condition.failure)
    return {
        "failure": condition.failure or None,
        "failed_lab_s": condition.failed_s if failed else None,
        "failed_gpa": condition.failed_gpa if failed else None,
        "survival": physics.hazard.survived if settings.failure.hazard else 1.0,
        "chip_lost": now.lab_s >= condition.chip_lost_s,
        "helium_out": now.lab_s >= condition.helium_out_s,
        "lamp_dead": now.lab_s >= condition.lamp_dead_s,
    }


def averages(
    nodes: Sequence[tuple[float, Moment]],
    moments: Sequence[LitMoment],
    optics: Optics,
) -> dict[str, float]:
    """Return means over an exposure of what a test compares a fit with.

    `moments` are what the slit saw at `nodes`, in the same order; lines and width are those of
    the ruby that the optics look at.
    """
    names = ("turns", "pressure_gpa", "stage_k", "cell_k", "ruby_k", "r1_nm")
    means = {name: sum(w * getattr(m, name) for w, m in nodes) for name in names}

    def shown_nm(true_nm: float, moment: LitMoment) -> float:
        return optics.spectrometer.bent_nm(true_nm) + moment.axis_error_nm

    return means | {
        "r1_axis_nm": sum(m.weight * shown_nm(m.lines.r1_nm, m) for m in moments),
        "r2_axis_nm": sum(m.weight * shown_nm(m.lines.r2_nm, m) for m in moments),
        "fwhm_nm": sum(m.weight * m.lines.fwhm_nm for m in moments),
    }
