"""What the stressed anvils swallow: measured on these anvils where light passes, or unknown.

Optical densities of other stones do not stand in for it: absorption under stress differs from
anvil to anvil, and the result of 2017 rested on densities of natural diamonds of another study.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.reflectance.diamond import diamond_index, face_reflectance
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.reading import Light, LightReading

__all__ = [
    "Absorption",
    "AbsorptionMeasured",
    "AbsorptionUnknown",
    "absorption_from_transmission",
]

Vector = NDArray[np.float64]

# Transmitted light weaker than this many standard deviations shows nothing of the anvils.
_SEEN_SIGMA: Final = 5.0
# Standard deviation of a share that may be anything from 0 to 1 (GUM, 4.3.7).
_RECTANGLE_U: Final = 1.0 / np.sqrt(12.0)


@dataclass(frozen=True)
class AbsorptionUnknown:
    """The absorption of these anvils at this pressure is not known."""

    state: Literal["cannot be measured", "not measured"]
    reason: str

    @classmethod
    def behind_opaque_sample(cls) -> "AbsorptionUnknown":
        """Nothing passes the sample, so no light tells of the anvils."""
        return cls(
            "cannot be measured",
            "no light passes the sample, so the absorption of the anvils cannot be measured",
        )

    @classmethod
    def not_measured(cls) -> "AbsorptionUnknown":
        """Nobody took the transmission."""
        return cls("not measured", "the absorption of these anvils was not measured")


@dataclass(frozen=True, kw_only=True, eq=False)
class AbsorptionMeasured:
    """Transmission through both stressed anvils relative to the same anvils unstressed."""

    wavelength_nm: Vector
    """Shape (n,), rising."""
    transmission: Vector
    """Internal, of both anvils together, shape (n,); NaN where no light came through."""
    sigma_stat: Vector
    """Standard uncertainty of `transmission` from the counts, shape (n,)."""
    interface_u: float
    """Standard uncertainty of ln(transmission) because the faces against the sample may reflect
    otherwise than when the anvils were unstressed."""
    lamp_u: float = 0.0
    """Relative standard uncertainty of the lamp between the two readings."""
    pressure: AtPressure
    through: str
    """The spot that the light passed; what absorbs there besides the anvils counts as theirs."""
    near_share: float = 0.5
    """Share of the optical density that lies in the anvil that the reflection is seen through."""
    near_share_u: float = _RECTANGLE_U
    """The default says that it may be anything from none to all."""
    gasket_share: float = 0.5
    """Optical density over the gasket, relative to that over the sample: 1 if equally stressed."""
    gasket_share_u: float = _RECTANGLE_U

    def __post_init__(self) -> None:
        shares = (self.near_share, self.gasket_share)
        sigmas = (self.near_share_u, self.gasket_share_u, self.interface_u, self.lamp_u)
        if not all(0.0 <= share <= 1.0 for share in shares) or not all(
            np.isfinite(sigma) and sigma >= 0.0 for sigma in sigmas
        ):
            raise ConfigurationError(
                f"The shares of the absorption are {shares} with uncertainties {sigmas}; shares "
                "lie between 0 and 1, uncertainties are finite and not negative."
            )


Absorption = AbsorptionMeasured | AbsorptionUnknown


def absorption_from_transmission(
    stressed: LightReading,
    unstressed: LightReading,
    *,
    pressure: AtPressure,
    interface_u: float | None = None,
    lamp_u: float = 0.0,
    near_share: float = 0.5,
    near_share_u: float = _RECTANGLE_U,
    gasket_share: float = 0.5,
    gasket_share_u: float = _RECTANGLE_U,
) -> Absorption:
    """Compare what passes the cell now with what passed the same anvils without stress.

    Parameters
    ----------
    stressed : LightReading
        Transmission through both anvils where light passes, at the pressure of the sample.
    unstressed : LightReading
        The same path through the same anvils at (nearly) no pressure, with the same lamp.
    pressure : AtPressure
        Of `stressed`.
    interface_u : float, optional
        See `AbsorptionMeasured`. Unless given: the index of the sample may be anything between
        1 and that of diamond, now and then.
    lamp_u : float
        Relative standard uncertainty of the lamp between the two readings.
    near_share, near_share_u, gasket_share, gasket_share_u : float
        See `AbsorptionMeasured`.

    Returns
    -------
    AbsorptionMeasured or AbsorptionUnknown
        Unknown, "cannot be measured", where no light passes at any wavelength.

    Raises
    ------
    ConfigurationError
        The two readings have different axes.
    """
    now, before = stressed.light(), unstressed.light()
    now.require_axis_of(before)
    seen = now.usable & before.usable & _seen(now) & _seen(before)
    if not seen.any():
        return AbsorptionUnknown.behind_opaque_sample()
    ratio, sigma = np.full(seen.size, np.nan), np.full(seen.size, np.nan)
    ratio[seen] = now.rate[seen] / before.rate[seen]
    sigma[seen] = ratio[seen] * np.hypot(
        _sigma(now)[seen] / now.rate[seen], _sigma(before)[seen] / before.rate[seen]
    )
    if interface_u is None:
        interface_u = _unknown_interfaces(now.wavelength_nm)
    return AbsorptionMeasured(
        wavelength_nm=now.wavelength_nm,
        transmission=ratio,
        sigma_stat=sigma,
        interface_u=interface_u,
        lamp_u=lamp_u,
        pressure=pressure,
        through=stressed.spot,
        near_share=near_share,
        near_share_u=near_share_u,
        gasket_share=gasket_share,
        gasket_share_u=gasket_share_u,
    )


def _sigma(light: Light) -> Vector:
    return np.hypot(light.sigma_rate, light.sigma_dark_rate)


def _seen(light: Light) -> NDArray[np.bool_]:
    return light.rate > _SEEN_SIGMA * _sigma(light)


def _unknown_interfaces(wavelength_nm: Vector) -> float:
    """Uncertainty of ln(transmission) with two faces whose other side has any index.

    Each state lies in a rectangle from all that two faces against nothing take to nothing; the
    difference of two such has the variance of both.
    """
    face = face_reflectance(diamond_index(wavelength_nm))
    width = -2.0 * float(np.log1p(-np.max(face)))
    return width * _RECTANGLE_U * float(np.sqrt(2.0))
