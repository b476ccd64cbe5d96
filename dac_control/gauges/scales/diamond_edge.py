"""Scales of the Raman edge of the diamond anvil: high-frequency edge in cm-1 to pressure.

All were made at room temperature, with the edge where the intensity falls most steeply on the
high-frequency side (minimum of dI/dnu). They measure the stress at the tip of the anvil.
"""

from typing import Final

from dac_control.gauges.scales.forms import FORMS
from dac_control.gauges.scales.scale import Coefficient, Evidence, Scale

__all__ = ["EDGE_LIMITS_CM1", "EDGE_SCALES"]

EDGE_LIMITS_CM1: Final = (1330.0, 2250.0)
"""Where an edge can be: from the line of unstressed diamond to beyond 600 GPa on every scale."""

_WAVELENGTH: Final = (
    "Raman shift in vacuum cm-1; air wavelengths without conversion are 0.57 cm-1 off at the edge"
)


def _scale(
    name: str,
    form: str,
    coefficients: dict[str, tuple[float, float | None]],
    range_gpa: tuple[float, float],
    nu0_cm1: float,
    standard: str,
    citation: str,
    evidence: Evidence,
    *,
    assessed: tuple[float, str] = (0.0, ""),
    note: str = "",
) -> Scale:
    return Scale(
        gauge="diamond_edge",
        name=name,
        form=FORMS[form],
        coefficients=tuple(Coefficient(key, *value) for key, value in coefficients.items()),
        unit="cm-1",
        range_gpa=range_gpa,
        medium=f"the anvil itself; standard {standard}",
        wavelength=_WAVELENGTH,
        citation=citation,
        evidence=evidence,
        note=note,
        reference=nu0_cm1,
        assessed_relative_sigma=assessed[0],
        assessed_reason=assessed[1],
    )


EDGE_SCALES: Final = (
    _scale(
        "akahama2006",
        "bulk",
        {"K0": (547.0, 11.0), "K0_prime": (3.75, 0.20)},
        (0.0, 310.0),
        1334.0,
        "platinum",
        "Akahama, Kawamura, J. Appl. Phys. 100, 043516 (2006)",
        "abstract",
    ),
    _scale(
        "akahama2010",
        "polynomial",
        {"c0": (3141.0, None), "c1": (-4.157, None), "c2": (1.429e-3, None)},
        (200.0, 410.0),
        1334.0,
        "platinum",
        "Akahama, Kawamura, J. Phys. Conf. Ser. 215, 012195 (2010)",
        "independent codes",
        assessed=(
            0.10,
            "11 to 18 % above the other scales at 1918 to 1968 cm-1, taken as the half-width of "
            "a rectangle",
        ),
        note="takes the edge itself, not its ratio to nu0; no pressure below 118 GPa, where the "
        "polynomial turns; suspected to be high above 400 GPa (stiff equation of state of "
        "platinum); coefficients as in FluoRaPressee and in a program of 2016 that moves a Raman "
        "microscope; the former has uncertainties, 3, 0.020 and 1.2e-5, useless without their "
        "correlation",
    ),
    _scale(
        "eremets2023",
        "two_terms",
        {"A": (517.0, None), "B": (764.0, None)},
        (0.0, 500.0),
        1332.5,
        "gold",
        "Eremets et al., Nat. Commun. 14, 907 (2023)",
        "independent codes",
        assessed=(
            0.03,
            "no uncertainty was found; akahama2006 lies 1 to 3 % above and hilberer2026 within "
            "2 % over its range",
        ),
        note="coefficients and nu0 as in myPGM, FluoRaPressee and Peritheos",
    ),
    _scale(
        "hilberer2026",
        "bulk",
        {"K0": (576.521, 7.0), "K0_prime": (3.2571, 0.1)},
        (0.0, 420.0),
        1334.0,
        "gold and rhenium",
        "Hilberer et al. (2026)",
        "disputed",
        note="coefficients from myPGM, the authors' own program; FluoRaPressee has 575(7) and "
        "3.3(1), 0.4 % apart at 420 GPa, from where the uncertainties are; the paper was not seen",
    ),
    _scale(
        "akahama2004",
        "polynomial",
        {"c0": (66.9, None), "c1": (-0.5281, None), "c2": (3.585e-4, None)},
        (0.0, 250.0),
        1334.0,
        "platinum and others",
        "Akahama, Kawamura, J. Appl. Phys. 96, 3748 (2004)",
        "from memory",
        assessed=(0.05, "unverified coefficients, 3 % from akahama2006 at 100 to 300 GPa"),
        note="takes the edge itself, not its ratio to nu0; its range was not checked",
    ),
)
"""All of them, the one to use without other reasons first."""
