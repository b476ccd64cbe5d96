"""Windows with what was fitted to them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.ruby.leftovers import EXCESS, FREEDOM, SCATTER
from dac_control.gauges.ruby.scoring import Scored, Windows
from dac_control.gauges.ruby.windows import parameters_in_use

__all__ = ["Fitted"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_ROW_FIELDS: Final = ("doublet", "bright", "spikes", "foreign_nm", "unthermal", "largest_ratio")


@dataclass
class Fitted:
    """Windows with what was fitted to them; all arrays have one row a spectrum."""

    windows: Windows
    scored: Scored
    doublet: Mask
    bright: Mask
    spikes: NDArray[np.intp]
    """Pixels masked because they stood out of the model alone."""
    foreign_nm: Array
    """Where a line of something else was masked; NaN where none was."""
    unthermal: Mask
    """R2 is stronger than the temperature allows."""
    largest_ratio: Array
    """Upper limit of R2 to R1 in the fit, from which its prior follows."""

    @property
    def freedom(self) -> Array:
        """Degrees of freedom of the last fit."""
        return self.scored.leftovers[:, FREEDOM]

    @property
    def scatter(self) -> Array:
        """Chi squared per degree of freedom."""
        return self.scored.leftovers[:, SCATTER]

    @property
    def excess(self) -> Array:
        """Chi squared above what noise alone makes of it, in units of its own sigma."""
        return self.scored.leftovers[:, EXCESS]

    @property
    def active(self) -> Mask:
        """Parameters that were fitted, shape (spectra, 11)."""
        return parameters_in_use(self.doublet, self.bright)

    def take(self, rows: Rows) -> "Fitted":
        """Some of the rows; the very object where it is all of them."""
        if rows.size == self.doublet.size:
            return self
        return Fitted(
            self.windows.take(rows),
            self.scored.take(rows),
            *(getattr(self, name)[rows] for name in _ROW_FIELDS),
        )

    def copy(self, rows: Rows) -> "Fitted":
        """Some of the rows, apart from these."""
        scored = {name: getattr(self.scored, name)[rows] for name in Scored.__dataclass_fields__}
        return Fitted(
            self.windows.take(rows),
            Scored(**scored),
            *(getattr(self, name)[rows] for name in _ROW_FIELDS),
        )

    def put(self, rows: Rows, other: "Fitted") -> None:
        """Replace some of the rows; the windows are the same, their masks may differ."""
        self.windows.used[rows] = other.windows.used
        self.scored.put(rows, other.scored)
        for name in _ROW_FIELDS:
            getattr(self, name)[rows] = getattr(other, name)
