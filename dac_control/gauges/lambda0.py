"""R1 without pressure: measured on the chip itself, or on a reference ruby beside the cell.

The best reference is taken at the temperature of the run: a `Lambda0` of the same chip measured
in the same cryostat when it is cold, or, at every step, the line of a second ruby outside the
pressure chamber (`ReferenceLine`), which shares axis and temperature with the pressurised one.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from dac_control.errors import ConfigurationError

__all__ = ["CHIP_TO_CHIP_NM", "Lambda0", "ReferenceLine", "ReferenceRuby"]

_LAMBDA0_LIMITS_NM: Final = (685.0, 710.0)
"""Ruby without pressure: 693.4 nm in the cold, 699.6 nm at 900 K."""

CHIP_TO_CHIP_NM: Final = 0.03
"""Scatter of R1 between samples, Vos & Schouten, J. Appl. Phys. 69, 6744 (1991): 0.3 angstrom,
1 kbar. Taken as the standard uncertainty of the offset between two chips that were never
compared."""


@dataclass(frozen=True, kw_only=True)
class Lambda0:
    """R1 of one chip without pressure, measured; there is no default.

    Published values spread over 0.13 nm, that is 0.35 GPa, because every spectrometer has its
    own axis: it must be measured on the one that is used.

    Raises
    ------
    ConfigurationError
        A value is none that R1 without pressure can have.
    """

    value_nm: float
    sigma_nm: float
    """Standard uncertainty, that of the temperature it was taken at included."""
    chip: str
    date: datetime.date | None
    """Day of the measurement; None where nobody said it."""
    temperature_k: float
    """Temperature at which it was measured."""
    axis: str = ""
    """What lamp lines made of the axis that it stands on (`AxisCalibration.describe`); empty for
    the instrument's own axis."""

    def __post_init__(self) -> None:
        what = f"lambda0 of chip '{self.chip}'"
        if not self.chip.strip():
            raise ConfigurationError("lambda0 needs the name of the chip it was measured on.")
        _check_line(what, self.value_nm)
        _check_sigma(what, self.sigma_nm)
        _check_temperature(what, self.temperature_k)

    @property
    def day(self) -> int:
        """Number of its day, to compare; an unknown one is before all others."""
        return 0 if self.date is None else self.date.toordinal()

    @property
    def date_text(self) -> str:
        """Its date for a person."""
        return "date not known" if self.date is None else self.date.isoformat()

    def describe(self) -> str:
        """Chip, date, temperature and value, for a budget or a report."""
        return (
            f"chip '{self.chip}', {self.date_text}, {self.temperature_k:g} K, "
            f"{self.value_nm:.4f} +- {self.sigma_nm:.4f} nm"
        )


@dataclass(frozen=True, kw_only=True)
class ReferenceLine:
    """R1 of a ruby outside the pressure chamber, seen together with the pressurised one.

    Axis errors and temperature enter both lines alike and cancel; what remains is the offset
    between the two chips and the difference of their temperatures.

    Raises
    ------
    ConfigurationError
        A value is none that R1 without pressure can have.
    """

    line_nm: float
    """R1 of the reference, on the axis and at the time of the measurement."""
    sigma_nm: float
    """Its statistical standard uncertainty."""
    temperature_k: float
    """Of the reference ruby."""
    chip: str
    time: datetime.datetime
    """When the line was taken."""
    offset_nm: float = 0.0
    """R1 of the pressurised chip minus R1 of the reference, both without pressure and at one
    temperature; 0 where it was not measured."""
    offset_sigma_nm: float = CHIP_TO_CHIP_NM
    """Its standard uncertainty."""
    temperature_difference_sigma_k: float = 0.0
    """Standard uncertainty of the difference between the two chips' temperatures."""

    def __post_init__(self) -> None:
        what = f"The line of the reference ruby '{self.chip}'"
        if not self.chip.strip():
            raise ConfigurationError("The reference ruby needs a name.")
        _check_line(what, self.line_nm)
        _check_sigma(what, self.sigma_nm)
        _check_temperature(what, self.temperature_k)
        _check_offset(self.chip, self.offset_nm, self.offset_sigma_nm)
        _check_difference(self.chip, self.temperature_difference_sigma_k)

    def describe(self) -> str:
        """Chip, time, temperature, line and offset, for a budget or a report."""
        return (
            f"reference ruby '{self.chip}', {self.time.isoformat(timespec='seconds')}, "
            f"{self.temperature_k:g} K, {self.line_nm:.4f} +- {self.sigma_nm:.4f} nm, offset of "
            f"the chip {self.offset_nm:+.4f} +- {self.offset_sigma_nm:.4f} nm"
        )


@dataclass(frozen=True, kw_only=True)
class ReferenceRuby:
    """A ruby outside the pressure chamber, to be measured at every step.

    Raises
    ------
    ConfigurationError
        The offset or an uncertainty is none.
    """

    chip: str
    offset_nm: float = 0.0
    """R1 of the pressurised chip minus R1 of this one, both without pressure and at one
    temperature; 0 where it was not measured."""
    offset_sigma_nm: float = CHIP_TO_CHIP_NM
    """Its standard uncertainty: without a measurement, the scatter between chips."""
    temperature_difference_sigma_k: float
    """Standard uncertainty of the difference between the two chips' temperatures; there is no
    default, since only the builder of the stage can know it."""

    def __post_init__(self) -> None:
        if not self.chip.strip():
            raise ConfigurationError("The reference ruby needs a name.")
        _check_offset(self.chip, self.offset_nm, self.offset_sigma_nm)
        _check_difference(self.chip, self.temperature_difference_sigma_k)

    def seen(
        self, line_nm: float, sigma_nm: float, temperature_k: float, time: datetime.datetime
    ) -> ReferenceLine:
        """Return the reference of one step.

        Parameters
        ----------
        line_nm, sigma_nm : float
            R1 of the reference ruby and its statistical uncertainty.
        temperature_k : float
            Of the reference ruby.
        time : datetime.datetime
            When it was taken.
        """
        return ReferenceLine(
            line_nm=line_nm,
            sigma_nm=sigma_nm,
            temperature_k=temperature_k,
            chip=self.chip,
            time=time,
            offset_nm=self.offset_nm,
            offset_sigma_nm=self.offset_sigma_nm,
            temperature_difference_sigma_k=self.temperature_difference_sigma_k,
        )


def _check_line(what: str, value_nm: float) -> None:
    low, high = _LAMBDA0_LIMITS_NM
    if not low <= value_nm <= high:
        raise ConfigurationError(
            f"{what} is {value_nm} nm; R1 of ruby without pressure lies between {low:g} and "
            f"{high:g} nm."
        )


def _check_sigma(what: str, sigma_nm: float) -> None:
    if not 0.0 < sigma_nm < 1.0:
        raise ConfigurationError(
            f"{what} has the uncertainty {sigma_nm} nm; give a standard uncertainty above 0 and "
            "below 1 nm."
        )


def _check_temperature(what: str, temperature_k: float) -> None:
    if not 0.0 < temperature_k <= 900.0:
        raise ConfigurationError(
            f"{what} was measured at {temperature_k} K; give a temperature above 0 and up to 900 K."
        )


def _check_offset(chip: str, offset_nm: float, sigma_nm: float) -> None:
    if not -0.5 < offset_nm < 0.5:
        raise ConfigurationError(
            f"The offset of the chip from the reference ruby '{chip}' is {offset_nm} nm; chips "
            f"scatter by {CHIP_TO_CHIP_NM} nm, so it lies between -0.5 and 0.5 nm."
        )
    if not 0.0 <= sigma_nm < 1.0:
        raise ConfigurationError(
            f"The offset of the chip from the reference ruby '{chip}' has the uncertainty "
            f"{sigma_nm} nm; give 0 or more and below 1 nm."
        )


def _check_difference(chip: str, sigma_k: float) -> None:
    if not 0.0 <= sigma_k < 100.0:
        raise ConfigurationError(
            f"The temperature of the reference ruby '{chip}' differs from that of the chip by an "
            f"uncertainty of {sigma_k} K; give 0 or more and below 100 K."
        )
