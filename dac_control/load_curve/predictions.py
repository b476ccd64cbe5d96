"""What a load curve may say: typed so that nobody takes it for a reading of a gauge."""

from dataclasses import dataclass

__all__ = ["Extrapolated", "Interpolated", "TurnsEstimate"]


@dataclass(frozen=True, kw_only=True)
class Interpolated:
    """A pressure predicted between measured points. It is NOT a measurement.

    It shares no base class and no attribute that says so with a gauge's result; it may plan a
    step, and it may never be stored under the key of a measured pressure or end a ramp.
    """

    turns: float
    pressure_gpa: float
    sigma_gpa: float
    """Standard uncertainty (k = 1): points, intrinsic scatter and spread of the model forms."""
    form_spread_gpa: float
    """Part of `sigma_gpa` that comes from the choice of the model form alone."""


@dataclass(frozen=True, kw_only=True)
class Extrapolated:
    """A pressure predicted outside the measured points. It is NOT a measurement.

    As `Interpolated`, and with how far outside it is. A statistical band does not cover this
    case (a line through 135 to 335 GPa missed the truth at 1.8 times the range by more than its
    95 % band), hence `form_spread_gpa`.
    """

    turns: float
    pressure_gpa: float
    sigma_gpa: float
    """Standard uncertainty (k = 1): points, intrinsic scatter and spread of the model forms."""
    form_spread_gpa: float
    """Part of `sigma_gpa` that comes from the choice of the model form alone."""
    fraction: float
    """Distance beyond the nearest measured point as a fraction of the measured range of turns."""


@dataclass(frozen=True, kw_only=True)
class TurnsEstimate:
    """Turns at which the load curve expects a pressure; an aim, not a promise."""

    pressure_gpa: float
    turns: float
    sigma_turns: float
    """Standard uncertainty (k = 1): that of the pressure over the local slope."""
    fraction: float
    """Distance beyond the measured range as a fraction of it; 0 inside."""
