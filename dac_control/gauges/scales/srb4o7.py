"""Scales of the 0-0 line of Sm2+:SrB4O7: shift in nm to pressure.

The line hardly moves with temperature (no shift to 500 K), but no source was found for its
temperature dependence below 296 K.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.scales.forms import FORMS
from dac_control.gauges.scales.scale import ROOM_K, Coefficient, Evidence, Scale

__all__ = ["SRB4O7_SCALES"]

Vector = NDArray[np.float64]

_WAVELENGTH: Final = "air or vacuum, if line and lambda0 are of the same kind (0.03 % of the shift)"
_SPREAD: Final = (
    0.02,
    "no uncertainty is known to us; the scales of this line spread by 3.5 % at a shift of 5 nm, "
    "taken as the half-width of a rectangle",
)
_RASHCHENKO: Final = "Rashchenko et al., J. Appl. Phys. 117, 145902 (2015)"
_PART: Final = (
    "the two formulas under this citation part above 10 nm (97 against 91 GPa at 30 nm); "
    "their difference is in the budget as the half-width of a rectangle"
)


def _scale(
    name: str,
    form: str,
    coefficients: dict[str, tuple[float, float | None]],
    range_gpa: tuple[float, float],
    lambda0_nm: float,
    citation: str,
    evidence: Evidence,
    *,
    medium: str = "helium",
    assessed: tuple[float, str] = (0.0, ""),
    range_k: tuple[float, float] = ROOM_K,
    note: str = "",
) -> Scale:
    return Scale(
        gauge="srb4o7",
        name=name,
        form=FORMS[form],
        coefficients=tuple(Coefficient(key, *value) for key, value in coefficients.items()),
        unit="nm",
        range_gpa=range_gpa,
        range_k=range_k,
        medium=medium,
        wavelength=_WAVELENGTH,
        citation=citation,
        evidence=evidence,
        note=note,
        reference=lambda0_nm,
        assessed_relative_sigma=assessed[0],
        assessed_reason=assessed[1],
    )


def _distance(scale: Scale, other: Scale) -> Callable[[Vector], Vector]:
    """Difference of two scales for the same line, as a rectangle's sigma, by argument."""

    def sigma_gpa(x: Vector) -> Vector:
        line_nm = scale.observable(x, scale.reference)
        there = other.pressure_gpa(other.argument(line_nm, other.reference))
        return np.abs(scale.pressure_gpa(x) - there) / np.sqrt(3.0)

    return sigma_gpa


_RATIONAL: Final = _scale(
    "rashchenko2015",
    "rational",
    {"A": (4.20, None), "B": (0.020, None), "C": (0.036, None)},
    (0.0, 120.0),
    685.51,
    _RASHCHENKO,
    "independent codes",
    assessed=_SPREAD,
    note=_PART,
)
_POWER: Final = _scale(
    "rashchenko2015_power",
    "power",
    {"A": (2836.0, 21.0), "B": (-14.3, 0.9)},
    (0.0, 60.0),
    685.51,
    _RASHCHENKO,
    "independent codes",
    note=f"{_PART}; its range, to 60 GPa, is from memory; one program has the exponent with the "
    "wrong sign",
)

SRB4O7_SCALES: Final = (
    replace(_RATIONAL, extra_sigma_gpa=("form", _distance(_RATIONAL, _POWER))),
    _scale(
        "datchi1997",
        "rational",
        {"A": (4.032, None), "B": (9.29e-3, None), "C": (2.32e-2, None)},
        (0.0, 130.0),
        685.41,
        "Datchi, LeToullec, Loubeyre, J. Appl. Phys. 81, 3333 (1997), eq. 4",
        "independent codes",
        medium="helium to 124 GPa, water to 130 GPa",
        assessed=_SPREAD,
        range_k=(ROOM_K[0], 900.0),
        note="above 500 K lambda0 must be that of the hot sensor",
    ),
    _scale(
        "datchi2007",
        "rational",
        {"A": (3.989, 0.006), "B": (0.006915, 0.000074), "C": (0.0166, 0.001)},
        (0.0, 124.0),
        685.44,
        "Datchi et al., High Press. Res. 27, 447 (2007)",
        "independent codes",
        note="the uncertainties were seen in one program only; the range is that of the data of "
        "1997, which it evaluates again",
    ),
    replace(_POWER, extra_sigma_gpa=("form", _distance(_POWER, _RATIONAL))),
)
"""All of them, the one to use without other reasons first."""
