"""What a fit of a Drude model fixes, and what it leaves open."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.drude import DrudeParameters
from dac_control.reflectance.identifiability import Identifiability
from dac_control.reflectance.profile import Interval

__all__ = ["DrudeFit"]

Matrix = NDArray[np.float64]

# Relative uncertainty of a parameter up to which a symmetric ± describes it: beyond, the two sides
# of the interval differ by more than a third.
_SMALL: Final = 0.2
# A misfit rarer than this is none of the noise.
_MISFIT: Final = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class DrudeFit:
    """Parameters that make a Drude model reflect like the sample, and how far they are fixed."""

    parameters: DrudeParameters
    """Best values: one point of the intervals below, no more."""
    others: tuple[DrudeParameters, ...]
    """Other minima that the data do not exclude at 95 %."""
    free: tuple[str, ...]
    """Names of the parameters that were fitted."""
    covariance_stat: Matrix
    """Of the logarithms of the free parameters, from noise; shape (k, k)."""
    covariance_sys: Matrix
    """The same from the systematic terms."""
    intervals_95: dict[str, Interval]
    """Profile likelihood, statistical and systematic uncertainty together."""
    chi2: float
    dof: int
    p_value: float
    """Of `chi2`; NaN without degrees of freedom."""
    identifiability: Identifiability
    n_wavelengths: int
    """That were measured, before they were gathered in bands."""
    at_bound: tuple[str, ...]
    """Parameters whose best value is the end of the search: they have none."""

    @property
    def determined(self) -> bool:
        """True where ± is a fair description of the plasma energy and something tested the model.

        False with no degree of freedom, an open interval, a second minimum, a misfit, or an
        uncertainty of more than a fifth of the value: then only the interval may be quoted.
        """
        interval = self.intervals_95["plasma_ev"]
        closed = np.isfinite(interval.low) and np.isfinite(interval.high)
        return bool(
            self.dof > 0
            and self.p_value > _MISFIT
            and closed
            and not self.at_bound
            and not self.others
            and self._relative_sigma(0) <= _SMALL
        )

    @property
    def plasma_sigma_stat_ev(self) -> float:
        """Statistical standard uncertainty; NaN unless `determined`."""
        return self._sigma(self.covariance_stat)

    @property
    def plasma_sigma_sys_ev(self) -> float:
        """Systematic standard uncertainty; NaN unless `determined`."""
        return self._sigma(self.covariance_sys)

    def statement(self, asked_ev: float = 2.0) -> tuple[str, ...]:
        """Say what the fit shows and what it cannot, in full sentences."""
        interval = self.intervals_95["plasma_ev"]
        found = [f"The 95 % interval of the plasma energy is {interval.text('eV')}."]
        found += [
            f"A plasma energy of {one.plasma_ev:.3g} eV with a scattering time of "
            f"{one.tau_fs:.3g} fs fits as well as {self.parameters.plasma_ev:.3g} eV with "
            f"{self.parameters.tau_fs:.3g} fs."
            for one in self.others
        ]
        if self.determined:
            found.append(
                f"The plasma energy is {self.parameters.plasma_ev:.3g} eV ± "
                f"{self.plasma_sigma_stat_ev:.2g} eV (statistical) ± "
                f"{self.plasma_sigma_sys_ev:.2g} eV (systematic)."
            )
        if self.dof > 0:
            found.append(
                f"Chi squared is {self.chi2:.3g} with {self.dof} degrees of freedom "
                f"(p = {self.p_value:.2g})."
            )
        if self.dof > 0 and self.p_value <= _MISFIT:
            found.append("A Drude model does not describe these data.")
        return tuple(found) + self.identifiability.statement(asked_ev)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it; what is not finite is None."""
        numbers = {
            "p_value": self.p_value,
            "plasma_sigma_stat_ev": self.plasma_sigma_stat_ev,
            "plasma_sigma_sys_ev": self.plasma_sigma_sys_ev,
        }
        return {
            "plasma_ev": self.parameters.plasma_ev,
            "tau_fs": self.parameters.tau_fs,
            "eps_inf": self.parameters.eps_inf,
            "others": [
                {"plasma_ev": o.plasma_ev, "tau_fs": o.tau_fs, "eps_inf": o.eps_inf}
                for o in self.others
            ],
            "free": list(self.free),
            "intervals_95": {k: v.to_list() for k, v in self.intervals_95.items()},
            "covariance_log_stat": _finite_rows(self.covariance_stat),
            "covariance_log_sys": _finite_rows(self.covariance_sys),
            "chi2": self.chi2,
            "dof": self.dof,
            **{k: float(v) if np.isfinite(v) else None for k, v in numbers.items()},
            "determined": self.determined,
            "n_wavelengths": self.n_wavelengths,
            "at_bound": list(self.at_bound),
            "identifiability": self.identifiability.to_dict(),
            "statement": list(self.statement()),
        }

    def _relative_sigma(self, which: int) -> float:
        total = self.covariance_stat[which, which] + self.covariance_sys[which, which]
        return float(np.sqrt(total))

    def _sigma(self, covariance: Matrix) -> float:
        if not self.determined:
            return float("nan")
        return float(self.parameters.plasma_ev * np.sqrt(covariance[0, 0]))


def _finite_rows(matrix: Matrix) -> list[list[float | None]]:
    return [[float(v) if np.isfinite(v) else None for v in row] for row in matrix]
