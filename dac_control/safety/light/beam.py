"""From the power at a lamp's or laser's head to what falls on the specimen. Pure."""

import math
from dataclasses import dataclass

from dac_control.errors import LimitError

__all__ = ["Beam", "Charge", "area_of_spot_um2", "charge"]


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What one exposure costs."""

    power_at_cell_mw: float
    intensity_mw_per_um2: float
    energy_mj: float
    open_s: float


@dataclass(frozen=True, kw_only=True)
class Beam:
    """The optics between one light and the specimen.

    Raises
    ------
    LimitError
        For an area or transmission that no optics have.
    """

    light: str
    """Label of the light: its wavelength, ``532nm``, or ``lamp``."""
    area_um2: float
    """Area over which its power is spread on the specimen."""
    transmission: float
    """Part of the power at the head that arrives there."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.area_um2) and self.area_um2 > 0):
            raise LimitError(
                f"The spot of {self.light} must have an area above 0, not {self.area_um2} um2."
            )
        if not 0 < self.transmission <= 1:
            raise LimitError(
                f"The optics of {self.light} must pass a part between 0 and 1 of its power, not "
                f"{self.transmission}."
            )

    def charge(self, power_mw: float, open_s: float) -> Charge:
        """What `open_s` seconds at `power_mw` at the head cost the specimen."""
        return charge(
            power_mw=power_mw,
            transmission=self.transmission,
            area_um2=self.area_um2,
            open_s=open_s,
        )

    def head_power_mw(self, intensity_mw_per_um2: float) -> float:
        """Power at the head in mW that makes an intensity on the specimen."""
        return intensity_mw_per_um2 * self.area_um2 / self.transmission


def charge(*, power_mw: float, transmission: float, area_um2: float, open_s: float) -> Charge:
    """Turn a power at the head and a time into what falls on a spot.

    Intensity is the mean over the spot: power over area. Energy is power times time, mW s = mJ.

    Parameters
    ----------
    power_mw : float
        Power at the head.
    transmission : float
        Part of it that arrives.
    area_um2 : float
        Area of the spot.
    open_s : float
        Laboratory seconds.
    """
    at_cell_mw = power_mw * transmission
    return Charge(
        power_at_cell_mw=at_cell_mw,
        intensity_mw_per_um2=at_cell_mw / area_um2,
        energy_mj=at_cell_mw * open_s,
        open_s=open_s,
    )


def area_of_spot_um2(diameter_um: float) -> float:
    """Area of a round spot in um2."""
    return math.pi / 4.0 * diameter_um**2
