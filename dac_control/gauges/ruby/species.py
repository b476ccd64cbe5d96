"""What shines: where its line can be, and whether it has a partner."""

from dataclasses import dataclass
from typing import Final

__all__ = ["RUBY", "SRB4O7", "Species"]


@dataclass(frozen=True, kw_only=True)
class Species:
    """A fluorescent sensor of pressure."""

    name: str
    search_nm: tuple[float, float]
    """Wavelengths between which its line can be."""
    has_partner: bool
    """True for the doublet of ruby, False for one line that stands alone."""


RUBY: Final = Species(name="ruby", search_nm=(690.0, 800.0), has_partner=True)
"""A cold ruby without pressure lies at 693.4 nm, one at 300 GPa near 780 nm."""

SRB4O7: Final = Species(name="srb4o7", search_nm=(684.0, 730.0), has_partner=False)
"""The 0-0 line of Sm:SrB4O7: 685.4 nm without pressure, near 720 nm at 130 GPa."""
