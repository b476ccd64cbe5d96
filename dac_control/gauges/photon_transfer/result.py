"""What a photon transfer measurement found, for `Spectrum` and for the record."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from dac_control.errors import ConfigurationError

__all__ = ["PhotonTransfer", "TransferPoint"]


@dataclass(frozen=True, kw_only=True)
class TransferPoint:
    """Light and variance of one group of pixels in one pair."""

    pair: int
    group: int
    """Place of the group in its pair, the same pixels in every pair; -1 for a pair of darks."""
    exposure_s: float
    light_counts: float
    """Mean light of the group; 0 for a pair of darks."""
    dark_current_counts: float
    """Counts that the dark current gave, offset excluded."""
    highest_counts: float
    """Largest raw counts of a pixel of the group."""
    variance_counts2: float
    """Variance of one exposure of one pixel."""
    pixels: int
    used: bool = True
    """False where the fit left it out: saturated, or above the full well."""

    @property
    def level_counts(self) -> float:
        """Everything that makes shot noise, in counts."""
        return self.light_counts + self.dark_current_counts


@dataclass(frozen=True, kw_only=True)
class PhotonTransfer:
    """Gain and noise of a detector with their uncertainties, and how far to trust them."""

    gain_e_per_count: float
    gain_sigma_e_per_count: float
    read_noise_e: float
    """Noise of one exposure without light, rounding to whole counts included."""
    read_noise_sigma_e: float
    correlation: float
    """Between the errors of gain and read noise."""
    dark_current_e_per_s: float
    offset_counts: float
    full_well_e: float | None
    """Light at which the variance falls below the line; None where it was not reached."""
    highest_level_counts: float
    """Up to here light and variance follow the line."""
    saturation_counts: float | None
    """Raw counts that a pixel cannot exceed, as stated or as seen; None where not reached."""
    nonlinearity: float
    """Largest relative deviation of counts per second from their mean, over the exposures used."""
    nonlinearity_sigma: float
    source_drift: float | None
    """Relative change of the lamp between repeats of an exposure; None without repeats."""
    neighbour_correlation: float
    """Of the noise of neighbouring pixels."""
    chi2_reduced: float
    flags: tuple[str, ...]
    """Of ``nonlinear``, ``source_drifts``, ``source_drift_unknown``, ``neighbours_correlated``,
    ``excess_scatter``, ``full_well_not_reached``."""
    instrument: str
    time: datetime.datetime
    averages: int
    points: tuple[TransferPoint, ...]

    def describe(self) -> str:
        """Instrument, day, gain and read noise, for a budget or a report."""
        return (
            f"{self.instrument}, {self.time.date().isoformat()}: "
            f"{self.gain_e_per_count:.4g} +- {self.gain_sigma_e_per_count:.2g} electrons per "
            f"count, read noise {self.read_noise_e:.3g} +- {self.read_noise_sigma_e:.2g} electrons"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self) | {
            "flags": list(self.flags),
            "time": self.time.isoformat(),
            "points": [asdict(point) for point in self.points],
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "PhotonTransfer":
        """Build it again from `to_dict`; further keys are not looked at.

        Raises
        ------
        ConfigurationError
            Something is missing or of the wrong kind.
        """
        try:
            values = {field.name: found[field.name] for field in fields(cls)}
            values["time"] = datetime.datetime.fromisoformat(str(found["time"]))
            values["flags"] = tuple(str(flag) for flag in found["flags"])
            names = {field.name for field in fields(TransferPoint)}
            values["points"] = tuple(
                TransferPoint(**{k: v for k, v in point.items() if k in names})
                for point in found["points"]
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"This is no stored photon transfer measurement ({error!r}); measure the gain "
                "again with the plan measure_gain."
            ) from error
        return cls(**values)
