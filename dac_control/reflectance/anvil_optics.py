"""Light that enters through the table, meets the culet, and comes back more than once.

An anvil is thousands of wavelengths thick and a fraction of a degree out of parallel, so its
bounces add as intensities. With the table reflectance ``R1``, the internal transmittance ``a`` of
the way to the culet and back, and the culet reflectance ``R``,

``M = t R1 + (1 - R1)**2 a R / (1 - f R1 a R)``

is what comes back of the incident light: the sum over k of ``(1 - R1)**2 a R (f R1 a R)**k``, the
plate with incoherent bounces of G. G. Stokes (Proc. R. Soc. 11, 545, 1862), with two shares that
the optics decide: `t` of the light from the table that reaches the detector, and `f` of the light
that still does after each further round trip. ``t = f = 1`` is the full sum, whose omission the
erratum Science 357, eaao5843 (2017) had to repair; ``t = f = 0`` is an ideal confocal pinhole.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError

__all__ = ["MultipleReflections", "culet_from_total", "total_from_culet"]

Vector = NDArray[np.float64]

_RECTANGLE_U: Final = 1.0 / np.sqrt(12.0)


@dataclass(frozen=True, kw_only=True)
class MultipleReflections:
    """Which of the bounces inside the anvil reach the detector."""

    bounce_share: float
    """Of the light of each further round trip, 0 to 1."""
    bounce_share_u: float
    table_share: float
    """Of the light that the table reflects, 0 to 1."""
    table_share_u: float

    def __post_init__(self) -> None:
        shares = (self.bounce_share, self.table_share)
        sigmas = (self.bounce_share_u, self.table_share_u)
        if not all(0.0 <= share <= 1.0 for share in shares) or not all(
            0.0 <= sigma <= 1.0 for sigma in sigmas
        ):
            raise ConfigurationError(
                f"The shares of bounces and of the table that reach the detector are {shares} "
                f"with uncertainties {sigmas}; all lie between 0 and 1."
            )

    @classmethod
    def all_collected(cls) -> "MultipleReflections":
        """Everything comes back: a wide field and a detector without a pinhole."""
        return cls(bounce_share=1.0, bounce_share_u=0.0, table_share=1.0, table_share_u=0.0)

    @classmethod
    def confocal(cls, leak_u: float = 0.05) -> "MultipleReflections":
        """A pinhole rejects what does not come straight from the culet.

        Parameters
        ----------
        leak_u : float
            Standard uncertainty of both shares; the default is assessed, measure it by looking
            at the table.
        """
        return cls(bounce_share=0.0, bounce_share_u=leak_u, table_share=0.0, table_share_u=leak_u)

    @classmethod
    def unknown(cls) -> "MultipleReflections":
        """Nobody looked: anything between none and all, a rectangle."""
        return cls(
            bounce_share=0.5,
            bounce_share_u=_RECTANGLE_U,
            table_share=0.5,
            table_share_u=_RECTANGLE_U,
        )

    @property
    def known(self) -> bool:
        """True where somebody determined both shares, to a tenth or better."""
        return max(self.bounce_share_u, self.table_share_u) <= 0.1

    @property
    def order(self) -> str:
        """How many bounces the model sums, in words."""
        if self.bounce_share == 0.0:
            return "first only"
        return "all" if self.bounce_share == 1.0 else f"all, {self.bounce_share:.0%} collected"


def total_from_culet(
    culet: Vector, table: Vector, double_pass: Vector, bounce_share: float, table_share: float
) -> Vector:
    """Return what comes back of the incident light.

    Parameters
    ----------
    culet, table : array, shape (n,)
        Reflectances of the face against the sample and of the face against air.
    double_pass : array, shape (n,)
        Internal transmittance of the way from the table to the culet and back.
    bounce_share, table_share : float
        See the module.
    """
    once = (1.0 - table) ** 2 * double_pass * culet
    return table_share * table + once / (1.0 - bounce_share * table * double_pass * culet)


def culet_from_total(
    total: Vector, table: Vector, double_pass: Vector, bounce_share: float, table_share: float
) -> Vector:
    """Solve `total_from_culet` for the reflectance of the culet."""
    above = total - table_share * table
    return above / (double_pass * ((1.0 - table) ** 2 + bounce_share * table * above))
