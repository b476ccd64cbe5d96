"""The ruby scales: shift of R1 to pressure.

Not among them: Wei et al., J. Appl. Phys. 110, 043513 (2011), whose coefficients move with
temperature. They were found in one program only, and no source found says for which pressures
and temperatures they hold, so no result on them could be called in or out of range.
"""

from typing import Final

from dac_control.gauges.scales.forms import FORMS
from dac_control.gauges.scales.scale import ROOM_K, Coefficient, Evidence, Scale

__all__ = ["RUBY_SCALES"]

_WAVELENGTH: Final = "a ratio: air or vacuum, if line and lambda0 are of the same kind"
_SPREAD: Final = (
    "the source states no uncertainty that we know; the hydrostatic scales spread by 1 % at 100 GPa"
)
_HYDROSTATIC: Final = (0.01, _SPREAD)
_NONE: Final = (0.0, "")


def _scale(
    name: str,
    form: str,
    coefficients: dict[str, tuple[float, float | None]],
    range_gpa: tuple[float, float],
    medium: str,
    citation: str,
    evidence: Evidence,
    *,
    assessed: tuple[float, str] = _HYDROSTATIC,
    note: str = "",
    range_k: tuple[float, float] = ROOM_K,
    reference: float | None = None,
) -> Scale:
    return Scale(
        gauge="ruby",
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
        reference=reference,
        assessed_relative_sigma=assessed[0],
        assessed_reason=assessed[1],
    )


RUBY_SCALES: Final = (
    _scale(
        "ruby2020",
        "quadratic",
        {"A": (1870.0, 10.0), "C": (5.63, 0.03)},
        (0.0, 150.0),
        "various, quasi-hydrostatic",
        "Shen et al., High Press. Res. 40, 299 (2020), eq. 3",
        "abstract",
        assessed=_NONE,
        note="endorsed by AIRAPT; lambda0 near 694.25 nm",
        reference=694.25,
    ),
    _scale(
        "mao1986",
        "power",
        {"A": (1904.0, None), "B": (7.665, None)},
        (0.0, 80.0),
        "argon",
        "Mao, Xu, Bell, J. Geophys. Res. 91, 4673 (1986)",
        "independent codes",
    ),
    _scale(
        "dewaele2008",
        "power",
        {"A": (1920.0, 20.0), "B": (9.61, 0.05)},
        (0.0, 200.0),
        "helium",
        "Dewaele et al., Phys. Rev. B 78, 104102 (2008), caption of fig. 3",
        "independent codes",
        assessed=_NONE,
        note="the uncertainties were seen in one program only",
    ),
    _scale(
        "dorogokupets2007",
        "quadratic",
        {"A": (1884.0, None), "C": (5.5, None)},
        (0.0, 150.0),
        "shock-wave and static data",
        "Dorogokupets, Oganov, Phys. Rev. B 75, 024115 (2007), eq. 16",
        "independent codes",
    ),
    _scale(
        "chijioke2005",
        "power",
        {"A": (1876.0, 6.7), "B": (10.71, 0.14)},
        (0.0, 150.0),
        "various, corrected for strength",
        "Chijioke et al., J. Appl. Phys. 98, 114905 (2005)",
        "abstract",
        assessed=_NONE,
    ),
    _scale(
        "jacobsen2008",
        "power",
        {"A": (1904.0, None), "B": (10.32, 0.07)},
        (0.0, 118.0),
        "helium, MgO",
        "Jacobsen et al., Am. Mineral. 93, 1823 (2008)",
        "abstract",
        assessed=(0.01, "A was held fixed in the paper, so 1 % is added for it"),
    ),
    _scale(
        "holzapfel2005",
        "holzapfel",
        {"A": (1845.0, None), "B": (14.7, None), "C": (7.5, None)},
        (0.0, 150.0),
        "various",
        "Holzapfel, High Press. Res. 25, 87 (2005)",
        "independent codes",
        note="coefficients as in myPGM and Peritheos; the upper limit of its range was not checked "
        "against the paper",
    ),
    _scale(
        "liu2013",
        "power",
        {"A": (1904.0, None), "B": (9.827, None)},
        (0.0, 150.0),
        "various",
        "Liu, Bi, Xu, Chin. Phys. B 22, 056201 (2013)",
        "one code",
        note="its range and medium were not found; taken as those of ruby2020, which it follows "
        "within 1 %",
    ),
    _scale(
        "mao1978",
        "power",
        {"A": (1904.0, None), "B": (5.0, None)},
        (6.0, 100.0),
        "none, non-hydrostatic",
        "Mao et al., J. Appl. Phys. 49, 3276 (1978), eq. 3",
        "independent codes",
        assessed=(
            0.05,
            "made without a pressure medium: 1 % at 16 GPa and 11 % at 100 GPa below ruby2020, "
            "about half of which is taken",
        ),
    ),
    _scale(
        "dewaele2004",
        "power",
        {"A": (1904.0, None), "B": (9.5, None)},
        (0.0, 150.0),
        "helium",
        "Dewaele, Loubeyre, Mezouar, Phys. Rev. B 70, 094112 (2004), eq. 1",
        "disputed",
        note="public programs print B = 9.61 under this citation, others 9.5",
    ),
    _scale(
        "piermarini1975",
        "linear",
        # Published as 2.740(16) GPa per nm; times lambda0 = 694.24 nm it takes a ratio.
        {"A": (2.740 * 694.24, 0.016 * 694.24)},
        (0.0, 19.5),
        "methanol-ethanol",
        "Piermarini et al., J. Appl. Phys. 46, 2774 (1975)",
        "one code",
        assessed=_NONE,
        note="another program prints 2.746 GPa/nm; 2.8 % below ruby2020 at 16 GPa",
        reference=694.24,
    ),
    _scale(
        "feng2010",
        "logarithm",
        {"A": (1762.0, None)},
        (0.0, 16.0),
        "helium, methanol-ethanol",
        "Feng, Jaramillo, Wang, Ren, Rosenbaum, Rev. Sci. Instrum. 81, 041301 (2010)",
        "from memory",
        assessed=(
            0.06 / 3.0**0.5,
            "its abstract differs by 6 % from the room-temperature scales and gives no sign; "
            "taken as the half-width of a rectangle",
        ),
        note="made at 4.5 K against silver; formula and coefficient are unverified, "
        "the temperature, the range and the 6 % are the abstract's",
        range_k=(4.0, 6.0),
    ),
)
"""All of them, the one to use without other reasons first."""
