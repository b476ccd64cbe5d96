"""Tables of the station file on the ruby: ``[gauge]`` and what is under it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from dac_control.app.tables import NonNegative, Positive, Strict
from dac_control.gauges import CORRECTIONS, SCALES
from dac_control.gauges.lambda0 import CHIP_TO_CHIP_NM

__all__ = ["Gauge", "LambdaZero", "ReferenceTable", "StrengthRatio"]


class LambdaZero(Strict):
    """``[gauge.lambda0]``: ruby line at zero pressure, measured, never assumed."""

    value_nm: Annotated[float, Field(gt=690, lt=698, strict=True)]
    sigma_nm: Positive
    chip: str
    date: date
    temperature_k: Positive
    axis: str = ""
    """Which lamp lines put its axis right, and when; empty for the instrument's own axis, from
    which it is moved where an axis was calibrated."""


# Any ruby's line, as the scales have it at room temperature: where `measure_lambda0` looks for the
# first one of a station. Nothing that rests on a lambda0 runs with it.
_NOT_MEASURED = LambdaZero(
    value_nm=694.25,
    sigma_nm=0.1,
    chip="not measured yet",
    date=date(1970, 1, 1),
    temperature_k=296.0,
)


def _known_scale(name: str) -> str:
    if name not in SCALES:
        raise ValueError(f"no such ruby scale; there are {', '.join(SCALES)}")
    return name


def _known_correction(name: str) -> str:
    if name not in CORRECTIONS:
        raise ValueError(f"no such temperature correction; there are {', '.join(CORRECTIONS)}")
    return name


def _always_several(found: Any) -> Any:
    return (found,) if isinstance(found, Mapping) else found


class StrengthRatio(Strict):
    """``[gauge.strength_ratio]``: R2 over R1 of the chip without the thermal factor."""

    value: Annotated[float, Field(gt=0, lt=5, strict=True)]
    sigma: Positive
    """Standard uncertainty, absolute."""


class ReferenceTable(Strict):
    """``[gauge.reference_ruby]``: a chip outside the pressure chamber, seen at every step."""

    chip: Annotated[str, Field(min_length=1)]
    offset_nm: Annotated[float, Field(gt=-0.5, lt=0.5, strict=True)] = 0.0
    """R1 of the pressurised chip less R1 of this one, both unloaded and at one temperature."""
    offset_sigma_nm: Annotated[float, Field(ge=0, lt=1, strict=True)] = CHIP_TO_CHIP_NM
    """Its standard uncertainty; by default the scatter between chips that nobody compared."""
    temperature_difference_sigma_k: Annotated[float, Field(ge=0, lt=100, strict=True)]
    """How far the temperatures of the two chips may differ, as a standard uncertainty."""


class Gauge(Strict):
    """``[gauge]``: how light becomes pressure.

    What is optional and not stated is a term of 0 in the budget that says so.
    """

    name: Literal["ruby"] = "ruby"
    scale: Annotated[str, AfterValidator(_known_scale)]
    temperature_correction: Annotated[str, AfterValidator(_known_correction)] = "datchi2007"
    lambda0: Annotated[
        tuple[LambdaZero, ...], Field(min_length=1), BeforeValidator(_always_several)
    ] = (_NOT_MEASURED,)
    """One table, or ``[[gauge.lambda0]]`` for each temperature that it was measured at. A new
    station has none: then only what rests on none may run, `measure_lambda0` first of all."""
    axis_sigma_nm: NonNegative
    """Standard uncertainty of the wavelength axis since lambda0 was measured on it."""
    temperature_sigma_k: NonNegative
    """Standard uncertainty of the cell's sensor."""
    axis_offset_sigma_nm: NonNegative | None = None
    """Standard uncertainty of the whole axis on the day of lambda0."""
    axis_offset_correlation: Annotated[float, Field(ge=-1, le=1, strict=True)] = 1.0
    """Of that error in the line with that in lambda0; 1 for one spectrometer."""
    axis_dispersion_sigma: NonNegative | None = None
    """Relative standard uncertainty of distances on the axis."""
    uniaxial_stress_gpa: NonNegative | None = None
    """Uniaxial stress at the chip."""
    gradient_gpa: NonNegative | None = None
    """Largest difference of pressure across the chip."""
    strength_ratio: StrengthRatio | None = None
    """Makes the chip a thermometer."""
    reference_ruby: ReferenceTable | None = None
    """Its line at every step stands in for lambda0 there."""

    @property
    def lambda0_known(self) -> bool:
        """True where somebody has stated one."""
        return self.lambda0 != (_NOT_MEASURED,)

    @field_validator("lambda0")
    @classmethod
    def _one_chip(cls, several: tuple[LambdaZero, ...]) -> tuple[LambdaZero, ...]:
        chips = sorted({each.chip for each in several})
        if len(chips) > 1:
            raise ValueError(f"these are of the chips {', '.join(chips)}; give those of one chip")
        return several
