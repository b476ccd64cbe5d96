"""The uncertainty of a pressure from the anvil's edge, term by term."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dac_control.gauges.budget import BudgetTerm, rectangle_rms
from dac_control.gauges.diamond_edge.nu0 import Nu0, vacuum_shift_cm1
from dac_control.gauges.diamond_edge.raman_spectrum import AxisConvention
from dac_control.gauges.quoting import raman_axis_note, scale_terms
from dac_control.gauges.scales import Scale

__all__ = ["EdgeCircumstances", "EdgeReading", "edge_terms", "pressure_of"]

ASSESSED_NU0_SIGMA_CM1: Final = 1.0
"""For a scale's own nu0: those of the sources spread from 1332.5 to 1334 cm-1."""

# Minima of the derivative after smoothing by 5 to 20 cm-1 lie up to 3.3 cm-1 from the edge of
# the same spectra; for an edge whose definition nobody recorded, as the half of a rectangle.
_UNKNOWN_DEFINITION_CM1: Final = 3.3 / 3.0**0.5
# No calibration of the edge in the cold is known. The line of unstressed diamond moves by less
# than 1 cm-1 between 300 K and 0 K (1332.7(2) cm-1 at 0 K: Liu et al., Phys. Rev. B 61, 3391,
# 2000); taken as the half-width of a rectangle that grows with the distance from 300 K.
_COLD_CM1: Final = 1.0
_SCALES_MADE_AT_K: Final = 300.0
_STRESS_NOTE: Final = (
    "not stated; scales hold for the stress at the tip of (100) anvils of the sources, which is "
    "not hydrostatic"
)


@dataclass(frozen=True, kw_only=True)
class EdgeReading:
    """An edge with what its axis means."""

    edge_cm1: float
    sigma_cm1: float
    """Statistical standard uncertainty."""
    definition_cm1: float | None = None
    """How far the definitions of the edge differ in this spectrum; None where unknown."""
    temperature_k: float = float("nan")
    laser_nm: float = 532.0
    convention: AxisConvention = "unknown"


@dataclass(frozen=True, kw_only=True)
class EdgeCircumstances:
    """What is known of the gauge beside the spectrum; standard uncertainties."""

    nu0: Nu0 | None
    laser_sigma_nm: float
    axis_sigma_cm1: float | None
    """None where nobody stated it; a pressure is flagged then."""
    stress_sigma_gpa: float | None
    anvil: str


def pressure_of(scale: Scale, reading: EdgeReading, nu0: Nu0) -> float:
    """Pressure in GPa with edge and nu0 in vacuum wavenumbers where their convention is known."""
    edge = _vacuum(reading.edge_cm1, reading.convention, reading.laser_nm)
    reference = _vacuum(nu0.value_cm1, nu0.convention, reading.laser_nm)
    return scale.pressure_gpa(scale.argument(edge, reference))


def edge_terms(
    scale: Scale, reading: EdgeReading, known: EdgeCircumstances, nu0: Nu0
) -> tuple[BudgetTerm, ...]:
    """List what makes a pressure from an edge uncertain, but for the choice of the scale.

    Parameters
    ----------
    scale : Scale
    reading : EdgeReading
    known : EdgeCircumstances
    nu0 : Nu0
        The one in use: that of `known`, or the scale's own.
    """
    edge, reference = reading.edge_cm1, nu0.value_cm1
    per_edge = scale.slope_by_observable(edge, reference)
    per_nu0 = scale.slope_by_reference(edge, reference)
    shared = per_edge + (per_nu0 if nu0.same_axis else 0.0)
    per_nm = 1e7 / reading.laser_nm**2
    definition = reading.definition_cm1
    return (
        _term("photon statistics", per_edge, reading.sigma_cm1, "cm-1", _photons(reading)),
        _term(
            "laser wavelength",
            -shared * per_nm,
            known.laser_sigma_nm,
            "nm",
            f"{per_nm:.1f} cm-1 per nm at {reading.laser_nm:g} nm" + _cancels(nu0),
        ),
        _term(
            "Raman axis",
            shared,
            known.axis_sigma_cm1 or 0.0,
            "cm-1",
            raman_axis_note(known.axis_sigma_cm1) + _cancels(nu0),
        ),
        _air_term(scale, reading, nu0),
        _term("nu0", per_nu0, nu0.sigma_cm1, "cm-1", nu0.describe()),
        _term(
            "definition of the edge",
            per_edge,
            _UNKNOWN_DEFINITION_CM1 if definition is None else definition,
            "cm-1",
            "how the edge was read is not known; up to 3.3 cm-1 between usual ways"
            if definition is None
            else "steepest point, by which scales were made, against the middle of the step",
        ),
        *scale_terms(scale, scale.argument(edge, reference)),
        _cold_term(per_edge, reading.temperature_k),
        _stress_term(known),
    )


def _term(name: str, sensitivity: float, u: float, unit: str, note: str) -> BudgetTerm:
    kind = "statistical" if name == "photon statistics" else "systematic"
    return BudgetTerm.from_input(name, kind, sensitivity=sensitivity, u=u, unit=unit, note=note)


def _photons(reading: EdgeReading) -> str:
    return f"edge known to {reading.sigma_cm1:.2g} cm-1 from the fit"


def _cancels(nu0: Nu0) -> str:
    return "; nu0 was measured with it and moves along" if nu0.same_axis else ""


def _vacuum(shift_cm1: float, convention: AxisConvention, laser_nm: float) -> float:
    return vacuum_shift_cm1(shift_cm1, laser_nm) if convention == "air" else shift_cm1


def _air_term(scale: Scale, reading: EdgeReading, nu0: Nu0) -> BudgetTerm:
    """Uncertainty where a convention is unknown: the value stands for vacuum, and may be air."""
    laser = reading.laser_nm
    edge = _vacuum(reading.edge_cm1, reading.convention, laser)
    reference = _vacuum(nu0.value_cm1, nu0.convention, laser)
    moved_edge = vacuum_shift_cm1(edge, laser) if reading.convention == "unknown" else edge
    moved_nu0 = vacuum_shift_cm1(reference, laser) if nu0.convention == "unknown" else reference
    if nu0.same_axis:
        # On one axis both are of one kind: either both move or neither.
        moves = [(moved_edge, moved_nu0)]
    else:
        moves = [(moved_edge, reference), (edge, moved_nu0)]
    moves = [move for move in moves if move != (edge, reference)]
    sigma = 0.0
    if moves:
        here = scale.pressure_gpa(scale.argument(edge, reference))
        there = [scale.pressure_gpa(scale.argument(*move)) for move in moves]
        sigma = float(np.sqrt(sum(rectangle_rms(here, *sorted((here, p))) ** 2 for p in there)))
    unknown = [
        name
        for name, convention in (("edge", reading.convention), ("nu0", nu0.convention))
        if convention == "unknown"
    ]
    note = (
        f"unknown for {' and '.join(unknown)}, taken as vacuum; air shifts are "
        f"{reading.edge_cm1 - vacuum_shift_cm1(reading.edge_cm1, laser):.2f} cm-1 larger"
        if unknown
        else "known for edge and nu0"
    )
    return BudgetTerm("air or vacuum", "systematic", sigma, note).evenly()


def _cold_term(per_edge: float, temperature_k: float) -> BudgetTerm:
    known = bool(np.isfinite(temperature_k))
    distance = abs(temperature_k - _SCALES_MADE_AT_K) if known else _SCALES_MADE_AT_K
    share = min(1.0, distance / _SCALES_MADE_AT_K)
    where = f"used at {temperature_k:.4g} K" if known else "used at an unknown temperature"
    return _term(
        "scale of 300 K used cold",
        per_edge,
        _COLD_CM1 * share / float(np.sqrt(3.0)),
        "cm-1",
        f"{where}; no calibration in the cold is known, the line of unstressed diamond moves by "
        "less than 1 cm-1 (Liu et al., Phys. Rev. B 61, 3391, 2000)",
    ).evenly()


def _stress_term(known: EdgeCircumstances) -> BudgetTerm:
    stated = known.stress_sigma_gpa
    note = _STRESS_NOTE if stated is None else "stated"
    anvil = f"; anvil: {known.anvil}" if known.anvil else ""
    return BudgetTerm("stress state of the anvil", "systematic", stated or 0.0, note + anvil)
