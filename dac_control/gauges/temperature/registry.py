"""The temperature corrections by name, and how far they lie apart."""

from functools import lru_cache
from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.budget import rectangle_rms
from dac_control.gauges.temperature.correction import (
    TemperatureCorrection,
    assessed_sigma_nm,
    neglected_sigma_nm,
)
from dac_control.gauges.temperature.formulas import REFERENCE_K, datchi, ragan, vos, zero

__all__ = ["CORRECTIONS", "get_correction", "spread_nm", "spread_sources"]

_DATCHI: Final = "Datchi et al., High Press. Res. 27, 447 (2007), eqs. 2 to 4"
_STATIONARY_K: Final = 69.7
"""Where eq. 4 of Datchi 2007 has its minimum, -0.8864 nm."""

_ALL: Final = (
    TemperatureCorrection(
        name="datchi2007",
        citation=_DATCHI,
        evidence="independent codes",
        range_k=(0.0, 900.0),
        formula=datchi(50.0),
        difference_sigma=assessed_sigma_nm,
        note="as published: constant up to 50 K, a step of 9.5 pm there",
    ),
    TemperatureCorrection(
        name="datchi2007_smooth",
        citation=_DATCHI,
        evidence="independent codes",
        range_k=(0.0, 900.0),
        formula=datchi(_STATIONARY_K),
        difference_sigma=assessed_sigma_nm,
        published=False,
        note="not as published: constant up to 69.7 K, where the cubic is flat, so without the "
        "step; continuous is not the same as truer",
    ),
    TemperatureCorrection(
        name="ragan1992",
        citation="Ragan, Gustavsen, Schiferl, J. Appl. Phys. 72, 5539 (1992)",
        evidence="independent codes",
        range_k=(0.0, 600.0),
        formula=ragan(),
        difference_sigma=assessed_sigma_nm,
        note="a cubic, which moves by 0.05 nm between 0 and 50 K where ruby stands still",
    ),
    TemperatureCorrection(
        name="vos1991",
        citation="Vos, Schouten, J. Appl. Phys. 69, 6744 (1991)",
        evidence="one code",
        range_k=(150.0, 400.0),
        formula=vos(),
        difference_sigma=assessed_sigma_nm,
        note="its range was seen in the paper's abstract",
    ),
    TemperatureCorrection(
        name="none",
        citation="no correction; its uncertainty is 6.8 pm/K, the shift that is neglected "
        "(Yamaoka et al., Proc. Jpn. Acad. B 56, 103, 1980)",
        evidence="one code",
        range_k=(REFERENCE_K - 10.0, REFERENCE_K + 10.0),
        formula=zero(),
        difference_sigma=neglected_sigma_nm,
        published=False,
    ),
)

CORRECTIONS: Final[dict[str, TemperatureCorrection]] = {each.name: each for each in _ALL}
"""Temperature corrections of R1 by name."""


def get_correction(name: str) -> TemperatureCorrection:
    """Look up a temperature correction.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    try:
        return CORRECTIONS[name]
    except KeyError:
        raise ConfigurationError(
            f"There is no temperature correction '{name}'; "
            f"the corrections are {', '.join(CORRECTIONS)}."
        ) from None


def spread_sources(temperature_k: float, reference_k: float) -> tuple[str, ...]:
    """Names of the published corrections that were made for both temperatures."""
    return tuple(
        each.name
        for each in _ALL
        if each.published and each.covers(temperature_k) and each.covers(reference_k)
    )


@lru_cache(maxsize=1024)
def spread_nm(
    correction: TemperatureCorrection, temperature_k: float, reference_k: float = REFERENCE_K
) -> float:
    """Standard uncertainty from the disagreement of the published corrections, in nm.

    The published corrections that are valid at both temperatures span an interval; nothing says
    where in it the truth lies, so it is a rectangle. The one in use is rarely its middle (Datchi
    2007 is an end of it in the cold), so the uncertainty is the root mean square distance of
    its value from the rectangle: the full width over sqrt(3) from an end, half of it from the
    middle. It vanishes where lambda0 was measured at the temperature of the run, and is 0 for
    no correction at all, whose own uncertainty is larger.

    Parameters
    ----------
    correction : TemperatureCorrection
        The one in use.
    temperature_k, reference_k : float
        Of the ruby, and where lambda0 was measured.
    """
    names = spread_sources(temperature_k, reference_k)
    if not names or correction.name == "none":
        return 0.0
    shifts = [_between(CORRECTIONS[name], temperature_k, reference_k) for name in names]
    return rectangle_rms(_between(correction, temperature_k, reference_k), min(shifts), max(shifts))


def _between(correction: TemperatureCorrection, temperature_k: float, reference_k: float) -> float:
    return correction.shift_nm(temperature_k) - correction.shift_nm(reference_k)
