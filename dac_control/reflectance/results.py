"""A reflectance, absolute or relative: two types, and no way from the second to the first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.reflectance.evidence import LINKS, ReflectanceEvidence
from dac_control.reflectance.names import checked_name
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.uncertainty import (
    Term,
    finite_list,
    statistical_sigma,
    systematic_sigma,
)

__all__ = ["AbsoluteReflectance", "Reflectance", "RelativeReflectance"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class AbsoluteReflectance:
    """Reflectance of the sample against diamond, every link of its chain closed.

    Raises
    ------
    ConfigurationError
        A link of the chain is open or missing.
    """

    sample: str
    wavelength_nm: Vector
    """In air, rising, shape (n,)."""
    reflectance: Vector
    """Of the face between diamond and sample, shape (n,); NaN where not usable."""
    terms: tuple[Term, ...]
    """In units of the reflectance."""
    without_bounces: Vector
    """The same with the bounces inside the anvil left out of the model: not a result, but what
    shows how much they matter."""
    count_ratio: Vector
    """Raw: sample over reference, dark-subtracted."""
    pressure: AtPressure
    flags: dict[str, NDArray[np.bool_]]
    evidence: ReflectanceEvidence
    per_reference: Vector | None = None
    """What a reference that reflects more by a fraction would add, over that fraction, shape (n,);
    None in records of earlier versions."""

    def __post_init__(self) -> None:
        checked_name("sample", self.sample)
        closed = {link.name for link in self.evidence.links if link.closed}
        missing = [name for name in LINKS if name not in closed]
        if missing:
            raise ConfigurationError(
                f"The reflectance of {self.sample} cannot be absolute: {', '.join(missing)} "
                "unknown."
            )

    @property
    def usable(self) -> NDArray[np.bool_]:
        """True where there is a value, shape (n,)."""
        return np.isfinite(self.reflectance)

    @property
    def values(self) -> Vector:
        """What is compared with a control: `reflectance`."""
        return self.reflectance

    @property
    def sigma_stat(self) -> Vector:
        """Statistical standard uncertainty, shape (n,)."""
        return statistical_sigma(self.terms, self.reflectance.size)

    @property
    def sigma_sys(self) -> Vector:
        """Systematic standard uncertainty, shape (n,)."""
        return systematic_sigma(self.terms, self.reflectance.size)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        return {
            "kind": "absolute",
            "reflectance": finite_list(self.reflectance),
            "without_bounces": finite_list(self.without_bounces),
            "per_reference": (
                None if self.per_reference is None else finite_list(self.per_reference)
            ),
            **_common_dict(self),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class RelativeReflectance:
    """How much more the sample reflects than the reference, and why no more can be said.

    It has no attribute `reflectance` and nothing here makes an `AbsoluteReflectance` of it: the
    missing link has to be measured, and the readings evaluated again.
    """

    sample: str
    wavelength_nm: Vector
    """In air, rising, shape (n,)."""
    count_ratio: Vector
    """Sample over reference, dark-subtracted, shape (n,); NaN where not usable."""
    terms: tuple[Term, ...]
    """In units of the ratio."""
    pressure: AtPressure
    flags: dict[str, NDArray[np.bool_]]
    evidence: ReflectanceEvidence

    def __post_init__(self) -> None:
        checked_name("sample", self.sample)
        if not self.evidence.open_links:
            raise ConfigurationError(
                f"The reflectance of {self.sample} is called relative, but no link is open."
            )

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is relative, one for each open link."""
        return tuple(link.reason for link in self.evidence.open_links)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """True where there is a value, shape (n,)."""
        return np.isfinite(self.count_ratio)

    @property
    def values(self) -> Vector:
        """What is compared with a control: `count_ratio`."""
        return self.count_ratio

    @property
    def sigma_stat(self) -> Vector:
        """Statistical standard uncertainty of the ratio, shape (n,)."""
        return statistical_sigma(self.terms, self.count_ratio.size)

    @property
    def sigma_sys(self) -> Vector:
        """Systematic standard uncertainty of the ratio, shape (n,)."""
        return systematic_sigma(self.terms, self.count_ratio.size)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        return {"kind": "relative", "reasons": list(self.reasons), **_common_dict(self)}


Reflectance = AbsoluteReflectance | RelativeReflectance


def _common_dict(result: Reflectance) -> dict[str, Any]:
    return {
        "sample": result.sample,
        "wavelength_nm": finite_list(result.wavelength_nm),
        "count_ratio": finite_list(result.count_ratio),
        "sigma_stat": finite_list(result.sigma_stat),
        "sigma_sys": finite_list(result.sigma_sys),
        "terms": [term.to_dict() for term in result.terms],
        "pressure": result.pressure.to_dict(),
        "left_out": {name: int(mask.sum()) for name, mask in result.flags.items() if mask.any()},
        "evidence": result.evidence.to_dict(),
    }
