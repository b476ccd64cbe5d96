"""Which anvils and which piece of gasket the light met.

Each loading of a cell has a gasket of its own. How much two pieces of one foil differ is not
published: Song, Chuvashova and Silvera (Appl. Phys. Lett. 120, 011601, 2022) name cupping of the
anvils and a surface that roughens with pressure, and no number. So it is stated by those who looked
at several pieces, or it is unknown.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from dac_control.errors import LimitError

__all__ = ["PIECE", "Loading", "check_foil"]

PIECE: Final = "this piece of the reference"
"""Name of the term of a budget that `Loading.foil_u` makes."""


@dataclass(frozen=True, kw_only=True)
class Loading:
    """One loading of one cell.

    Raises
    ------
    LimitError
        As `check_foil` has it.
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
        check_foil(self.foil_u, self.foil_source)

    @property
    def known(self) -> bool:
        """True where it is on record which loading it was."""
        return bool(self.cell and self.specimen)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self)


def check_foil(foil_u: float | None, source: str) -> None:
    """Refuse what cannot be how much pieces of a foil differ.

    Raises
    ------
    LimitError
        `foil_u` is no fraction, or stands without its source, or the source without it.
    """
    if (foil_u is None) != (not source.strip()):
        raise LimitError(
            "foil_u and foil_source belong together: how much pieces of this foil differ, and "
            "which ones were compared, and how.",
            key="foil_source" if foil_u is None else "foil_u",
        )
    if foil_u is not None and not 0.0 < foil_u < 1.0:
        raise LimitError(
            f"foil_u is {foil_u}; it is a fraction between 0 and 1, for example 0.05 where pieces "
            "of this foil differ by 5 %.",
            key="foil_u",
        )
