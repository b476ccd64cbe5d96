"""What a load curve may say: typed so that nobody takes it for a reading of a gauge."""

from dataclasses import dataclass

__all__ = ["Extrapolated", "Interpolated", "TurnsEstimate"]


@dataclass(frozen=True, kw_only=True)
class Interpolated:
    """A pressure predicted between measured points. It is NOT a measurement.

    It shares no base class with a gauge's result and has no conversion to a number; it may plan
    a step, and it may never be stored under the key of a measured pressure or end a ramp.
    """

    turns: float
    predicted_gpa: float
    """Median of the predictive distribution."""
    sigma_gpa: float
    """Standard deviation of it: points, scatter, error in turns, and spread of the forms."""
    low_gpa: float
    """Lower end of the central 95 % interval."""
    high_gpa: float
    """Upper end of it."""
    form_spread_gpa: float
    """Standard deviation between the forms alone (k = 1)."""


@dataclass(frozen=True, kw_only=True)
class Extrapolated:
    """A pressure predicted outside the measured points. It is NOT a measurement.

    As `Interpolated`, and with how far outside it is. A statistical band of one form does not
    cover this case (a line through 135 to 335 GPa missed the truth at 1.8 times the range by more
    than its 95 % band); the interval here counts other forms, and slopes that none of them has.
    """

    turns: float
    predicted_gpa: float
    """Median of the predictive distribution."""
    sigma_gpa: float
    """Standard deviation of it: points, scatter, error in turns, and spread of the forms."""
    low_gpa: float
    """Lower end of the central 95 % interval."""
    high_gpa: float
    """Upper end of it."""
    form_spread_gpa: float
    """Standard deviation between the forms alone (k = 1)."""
    fraction: float
    """Distance beyond the nearest measured point as a fraction of the measured range of turns."""


@dataclass(frozen=True, kw_only=True)
class TurnsEstimate:
    """Turns at which the load curve expects a pressure; an aim, not a promise."""

    aim_gpa: float
    turns: float
    sigma_turns: float
    """Standard uncertainty (k = 1): that of the pressure over the local slope."""
    fraction: float
    """Distance beyond the measured range as a fraction of it; 0 inside."""
