"""What stands behind a reflectance: the links of its chain, and what a report must print."""

from dataclasses import dataclass
from typing import Any

from dac_control.reflectance.loading import Loading

__all__ = ["LINKS", "Link", "ReflectanceEvidence"]

LINKS = (
    "pressure",
    "lamp drift",
    "reference reflectance",
    "anvil absorption",
)
"""Each must be closed before a reflectance is absolute; dark, exposure and multiple reflections
are part of every result."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link between the counts and an absolute reflectance."""

    name: str
    closed: bool
    reason: str
    """How it was closed, or why it is open; begins with a small letter, ends without a stop."""


@dataclass(frozen=True, kw_only=True)
class ReflectanceEvidence:
    """What a report prints beside a reflectance."""

    n_wavelengths: int
    """Usable ones."""
    n_left_out: int
    lowest_nm: float
    highest_nm: float
    reference: str
    """Name of what the sample was compared with."""
    reference_source: str
    """Where its reflectance comes from; empty where unknown."""
    reference_measured_to_gpa: float | None
    absorption: str
    """"measured", "not measured", "cannot be measured" or "measured at another pressure"."""
    absorption_through: str
    """The spot that the light of the transmission passed; empty where there was none."""
    multiple_reflections: str
    """How many bounces inside the anvil the model sums."""
    bounces_known: bool
    """False where nobody determined how many of them reach the detector."""
    gain_assumed: bool
    links: tuple[Link, ...]
    n_impossible: int = 0
    """Wavelengths with a reflectance below 0 or above 1 by more than its uncertainty explains."""
    reference_beyond: str = ""
    """Who measured the gasket at this pressure, where nobody has published one; else empty."""
    reference_pressure_assumed: bool = False
    """True for a gasket that was taken to stand at the pressure of the sample's gauge."""
    reference_outside: bool = False
    """True for a mirror in place of the cell, which is the same thing for every loading."""
    loading: Loading | None = None
    """Which anvils and which piece of gasket; None where it is not on record."""

    @property
    def open_links(self) -> tuple[Link, ...]:
        """Those that are not closed."""
        return tuple(link for link in self.links if not link.closed)

    def limitations(self) -> tuple[str, ...]:
        """Return one full sentence for each thing that this reflectance cannot show."""
        relative = [f"The reflectance is relative: {link.reason}." for link in self.open_links]
        return tuple(relative) + self.reservations()

    def reservations(self) -> tuple[str, ...]:
        """Return the limitations that absolute and relative reflectances share."""
        found: list[str] = []
        if self.n_wavelengths < 10:
            plural = "" if self.n_wavelengths == 1 else "s"
            found.append(f"{self.n_wavelengths} wavelength{plural} do not make a spectrum.")
        if self.n_left_out:
            found.append(
                f"{self.n_left_out} of {self.n_left_out + self.n_wavelengths} wavelengths were "
                "left out; the record says why."
            )
        if self.absorption == "measured" and self.absorption_through == "sample":
            found.append(
                "The transmission passed through the sample: what the sample absorbs was taken "
                "for the absorption of the anvils."
            )
        if self.n_impossible:
            found.append(
                f"At {self.n_impossible} wavelengths the reflectance lies below 0 or above 1 by "
                "more than 3 standard uncertainties: a link of the chain is wrong."
            )
        if not self.bounces_known:
            found.append(
                "How much of the light that bounces inside the anvil reaches the detector was "
                "not determined."
            )
        if self.reference_pressure_assumed and not self.open_links:
            found.append(
                f"The {self.reference} was taken to stand at the pressure of the gauge, and the "
                "gradient between the two is not charged; within_gpa of [gasket_reflectance] "
                "states it."
            )
        if self.reference_beyond and not self.open_links:
            found.append(
                f"No reflectance of {self.reference} at this pressure is published; that used here "
                f"is from: {self.reference_beyond.rstrip('.')}."
            )
        if self.gain_assumed:
            found.append(
                "The gain of the detector is unknown; one electron per count was assumed for the "
                "photon noise."
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "n_wavelengths": self.n_wavelengths,
            "n_left_out": self.n_left_out,
            "lowest_nm": self.lowest_nm,
            "highest_nm": self.highest_nm,
            "reference": self.reference,
            "reference_source": self.reference_source,
            "reference_measured_to_gpa": self.reference_measured_to_gpa,
            "absorption": self.absorption,
            "absorption_through": self.absorption_through,
            "multiple_reflections": self.multiple_reflections,
            "bounces_known": self.bounces_known,
            "gain_assumed": self.gain_assumed,
            "n_impossible": self.n_impossible,
            "reference_beyond": self.reference_beyond,
            "reference_pressure_assumed": self.reference_pressure_assumed,
            "reference_outside": self.reference_outside,
            "loading": None if self.loading is None else self.loading.to_dict(),
            "links": [
                {"name": link.name, "closed": link.closed, "reason": link.reason}
                for link in self.links
            ],
            "limitations": list(self.limitations()),
        }
