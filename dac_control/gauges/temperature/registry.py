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

__all__ = [
    "CORRECTIONS",
    "get_correction",
    "nearest_compared_k",
    "spread_nm",
    "spread_sources",
]

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

_PUBLISHED: Final = tuple(each for each in _ALL if each.published)
_COMPARED_K: Final = (
    sorted(each.range_k[0] for each in _PUBLISHED)[1],
    sorted(each.range_k[1] for each in _PUBLISHED)[-2],
)
"""Between these two or more published corrections were made: 0 to 600 K."""


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


def nearest_compared_k(temperature_k: float) -> float:
    """The nearest temperature for which two or more published corrections were made."""
    return min(max(temperature_k, _COMPARED_K[0]), _COMPARED_K[1])


def spread_sources(temperature_k: float, reference_k: float) -> tuple[str, ...]:
    """Names of the published corrections that are compared between two temperatures.

    Those that were made for both; where that are fewer than two, those that were made for the
    nearest temperatures at which there are two.
    """
    places = [nearest_compared_k(each) for each in (temperature_k, reference_k)]
    return tuple(each.name for each in _PUBLISHED if all(each.covers(k) for k in places))


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
    no correction at all, whose own uncertainty is larger. Beyond the temperatures at which there
    are two sources it stays what it is at the nearest: that fewer sources reach so far makes
    nothing surer.

    Parameters
    ----------
    correction : TemperatureCorrection
        The one in use.
    temperature_k, reference_k : float
        Of the ruby, and where lambda0 was measured.
    """
    if correction.name == "none":
        return 0.0
    there, since = nearest_compared_k(temperature_k), nearest_compared_k(reference_k)
    names = spread_sources(there, since)
    shifts = [_between(CORRECTIONS[name], there, since) for name in names]
    return rectangle_rms(_between(correction, there, since), min(shifts), max(shifts))


def _between(correction: TemperatureCorrection, temperature_k: float, reference_k: float) -> float:
    return correction.shift_nm(temperature_k) - correction.shift_nm(reference_k)
