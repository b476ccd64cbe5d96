"""The uncertainty of a ruby pressure, term by term, statistical and systematic apart.

Every term is listed even where it is zero; its note then says why, or how to state it.
"""

import math
from dataclasses import replace
from typing import Final

from dac_control.gauges.budget import BudgetTerm, Kind
from dac_control.gauges.quoting import scale_terms
from dac_control.gauges.raman_axis import raman_axis_terms
from dac_control.gauges.ruby_gauge.line import RubyLine
from dac_control.gauges.temperature import REFERENCE_K

__all__ = ["ruby_budget"]

# Feng et al., Rev. Sci. Instrum. 81, 041301 (2010): at 4.5 K the pressure coefficient of R1
# differs by 6 % from the room-temperature scale, the abstract gives no sign. Taken as the
# half-width of a rectangle that grows linearly with the distance from where a scale was made.
_COLD_COEFFICIENT: Final = 0.06
_COLD_SPAN_K: Final = 296.0 - 4.5
_COLD_NOTE: Final = (
    "Feng et al., Rev. Sci. Instrum. 81, 041301 (2010): 6 % between 296 and 4.5 K without a "
    "sign, as a rectangle that shrinks to nothing at the temperature of the scale"
)

# He & Clarke, J. Am. Ceram. Soc. 78, 1347 (1995): R1 moves by 2.56, 3.50 and 1.53 cm-1 per GPa
# of stress along a, m and c. Stress t along c, taken off its mean, is 2t/3 along c and -t/3
# across: (2/3 * 1.53 - (2.56 + 3.50) / 3) / 7.59 = -0.13 GPa per GPa; along m it is +0.13.
# The review of Cook & Michaels (NIST, 2017) gives 3.0 and 1.6 along a and c, that is -0.12.
_PER_UNIAXIAL_STRESS: Final = 0.13

_OFFSET_IN_LINE: Final = "wavelength axis offset, in the line"
_OFFSET_IN_LAMBDA0: Final = "wavelength axis offset, in lambda0"


def ruby_budget(line: RubyLine) -> tuple[BudgetTerm, ...]:
    """List what makes a ruby pressure uncertain."""
    return (
        *_line_terms(line),
        *_axis_terms(line),
        *raman_axis_terms(line.scale, line.line_nm, line.zero.value_nm, line.raman_axis),
        *_temperature_terms(line),
        *_scale_terms(line),
        *_stress_terms(line),
    )


def _line_terms(line: RubyLine) -> list[BudgetTerm]:
    zero = line.zero
    asymmetry = (
        f"the mean of the line may lie {line.asymmetry_sigma_nm * 1e3:.2g} pm away: what its "
        "skewness and misfit say, or leave open"
        if line.asymmetry_sigma_nm > 0.0
        else "not stated: the line comes without its spectrum"
    )
    seen = (
        zero.about
        if zero.simultaneous
        else "no reference ruby: lambda0 is a stored one and shared by all spectra"
    )
    photons = f"R1 known to {line.sigma_nm * 1e3:.2g} pm from the fit"
    table: tuple[tuple[str, Kind, float, float, str], ...] = (
        ("photon statistics", "statistical", line.per_line, line.sigma_nm, photons),
        ("reference line", "statistical", line.per_lambda0, zero.sigma_stat_nm, seen),
        ("line asymmetry", "systematic", line.per_line, line.asymmetry_sigma_nm, asymmetry),
        ("lambda0", "systematic", line.per_lambda0, zero.sigma_nm, zero.about),
    )
    return [
        BudgetTerm.from_input(name, kind, sensitivity=c, u=u, unit="nm", note=note)
        for name, kind, c, u, note in table
    ]


def _axis_terms(line: RubyLine) -> list[BudgetTerm]:
    drift_nm, drift_note = line.stated.axis_sigma_nm, "since lambda0 was taken on the same axis"
    if line.zero.simultaneous:
        drift_nm, drift_note = 0.0, "part of the offset: line and reference line drift alike"
    relative = line.stated.axis_dispersion_sigma
    dispersed = (
        "not stated; axis_dispersion_sigma states the relative error of distances on the axis"
        if relative is None
        else f"relative error {relative:.2g} of the distance between line and lambda0"
    )
    distance_nm = line.line_nm - line.zero.source_nm
    return [
        _systematic("wavelength axis drift", line.per_line, drift_nm, "nm", drift_note),
        *_offset_terms(line),
        _systematic(
            "wavelength axis dispersion",
            line.per_line * distance_nm,
            relative or 0.0,
            "nm/nm",
            dispersed,
        ),
    ]


def _offset_terms(line: RubyLine) -> list[BudgetTerm]:
    """One error in two inputs: as good as nothing while the two are correlated."""
    stated, r = line.stated, line.stated.axis_offset_correlation
    offset_nm = stated.axis_offset_sigma_nm or 0.0
    if line.zero.simultaneous:
        # the reference line has the axis of the moment, so what drifted is an offset of both
        offset_nm, r = math.hypot(offset_nm, stated.axis_sigma_nm), 1.0
    note = "not stated; axis_offset_sigma_nm states the error of the whole axis"
    if stated.axis_offset_sigma_nm is not None or line.zero.simultaneous:
        a, b = line.per_line, line.per_lambda0
        rest_gpa = offset_nm * math.sqrt(max(0.0, a * a + b * b + 2.0 * r * a * b))
        note = (
            f"{offset_nm * 1e3:.3g} pm in line and lambda0 with correlation coefficient {r:g}: "
            f"{rest_gpa:.2g} GPa for both together"
        )
    return [
        BudgetTerm.from_input(
            name,
            "systematic",
            sensitivity=sensitivity,
            u=offset_nm,
            unit="nm",
            note=note,
            correlated=((other, r),),
        )
        for name, other, sensitivity in (
            (_OFFSET_IN_LINE, _OFFSET_IN_LAMBDA0, line.per_line),
            (_OFFSET_IN_LAMBDA0, _OFFSET_IN_LINE, line.per_lambda0),
        )
    ]


def _temperature_terms(line: RubyLine) -> list[BudgetTerm]:
    correction, zero = line.correction, line.zero
    u_k, c = zero.temperature_sigma_k, line.per_lambda0
    sensor = (
        f"{u_k:g} K between the chip and the reference ruby"
        if zero.simultaneous
        else f"{u_k:g} K at the ruby"
    )
    seam = f"{correction.name}, {correction.citation}; our assessment of its own error"
    way_gpa = _other_way_gpa(line)
    way = (
        f"taking the shift off the line instead gives {way_gpa:+.3g} GPa; a rectangle between "
        "the two ways"
    )
    return [
        _systematic("temperature sensor", c * zero.slope_nm_per_k, u_k, "K", sensor),
        _systematic("temperature correction", c, zero.correction_sigma_nm, "nm", seam),
        _systematic(
            "spread between corrections", c, zero.spread_nm, "nm", zero.spread_sentence
        ).evenly(),
        # the pressure stands at one end of the rectangle, so the full width over sqrt(3)
        replace(
            _systematic(
                "way of applying the shift", 1.0, abs(way_gpa) / math.sqrt(3.0), "GPa", way
            ),
            between_gpa=(min(way_gpa, 0.0), max(way_gpa, 0.0)),
        ),
    ]


def _scale_terms(line: RubyLine) -> list[BudgetTerm]:
    scale = line.scale
    distance_k = abs(min(line.temperature_k, REFERENCE_K) - line.scale_k)
    share = min(1.0, distance_k / _COLD_SPAN_K)
    cold = _COLD_COEFFICIENT * share * abs(line.pressure_gpa) / math.sqrt(3.0)
    in_the_cold = BudgetTerm("pressure coefficient in the cold", "systematic", cold, _COLD_NOTE)
    return [*scale_terms(scale, line.argument), in_the_cold.evenly()]


def _stress_terms(line: RubyLine) -> list[BudgetTerm]:
    stress_gpa, gradient_gpa = line.stated.uniaxial_stress_gpa, line.stated.gradient_gpa
    stress = (
        "not stated; uniaxial_stress_gpa states the uniaxial stress at the chip"
        if stress_gpa is None
        else "0.13 GPa per GPa of uniaxial stress, He & Clarke, J. Am. Ceram. Soc. 78, 1347 (1995)"
    )
    gradient = (
        "not stated; gradient_gpa states the difference of pressure across the chip"
        if gradient_gpa is None
        else f"{gradient_gpa:g} GPa across the chip, as the full width of a rectangle"
    )
    return [
        _systematic("deviatoric stress", _PER_UNIAXIAL_STRESS, stress_gpa or 0.0, "GPa", stress),
        _systematic(
            "gradient across the chip",
            1.0,
            (gradient_gpa or 0.0) / math.sqrt(12.0),
            "GPa",
            gradient,
        ).evenly(),
    ]


def _other_way_gpa(line: RubyLine) -> float:
    """Pressure if the shift were taken off the line, minus the pressure as it is defined here.

    Counted from the temperature of the scale, whatever the temperature of lambda0: a lambda0
    measured in the cold does not tell whether a shift or a ratio is kept under pressure.
    """
    shift_nm = line.zero.shift_nm - line.correction.shift_nm(line.scale_k)
    other = line.scale.pressure_gpa(
        line.scale.argument(line.line_nm - shift_nm, line.zero.value_nm - shift_nm)
    )
    difference = other - line.pressure_gpa
    return difference if math.isfinite(difference) else abs(line.pressure_gpa)


def _systematic(name: str, sensitivity: float, u: float, unit: str, note: str) -> BudgetTerm:
    return BudgetTerm.from_input(
        name, "systematic", sensitivity=sensitivity, u=u, unit=unit, note=note
    )
