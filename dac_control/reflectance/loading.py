"""Which anvils and which piece of gasket the light met.

Each loading of a cell has a gasket of its own. How much two pieces of one foil differ is not
published: Song, Chuvashova and Silvera (Appl. Phys. Lett. 120, 011601, 2022) name cupping of the
anvils and a surface that roughens with pressure, and no number. So it is stated by those who looked
at several pieces, or it is unknown.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from dac_control.errors import ConfigurationError

__all__ = ["PIECE", "Loading"]

PIECE: Final = "this piece of the reference"
"""Name of the term of a budget that `Loading.foil_u` makes."""


@dataclass(frozen=True, kw_only=True)
class Loading:
    """One loading of one cell.

    Raises
    ------
    ConfigurationError
        `foil_u` is no fraction, or nobody says where it comes from.
    """

    cell: str
    """The cell with its anvils, in words that change with them; empty where it is not on record."""
    specimen: str
    """Identity of what was loaded, and so of the piece of gasket around it."""
    foil_u: float | None = None
    """Relative standard uncertainty of what one piece of this foil reflects, against others."""
    foil_source: str = ""
    """Where `foil_u` comes from."""

    def __post_init__(self) -> None:
        if self.foil_u is None:
            return
        if not (np.isfinite(self.foil_u) and 0.0 < self.foil_u < 1.0):
            raise ConfigurationError(
                f"foil_u is {self.foil_u}; it is a fraction between 0 and 1, for example 0.05 "
                "where pieces of this foil differ by 5 %."
            )
        if not self.foil_source.strip():
            raise ConfigurationError(
                f"foil_u = {self.foil_u:g} needs foil_source: which pieces of this foil were "
                "compared, and how."
            )

    @property
    def known(self) -> bool:
        """True where it is on record which loading it was."""
        return bool(self.cell and self.specimen)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self)
