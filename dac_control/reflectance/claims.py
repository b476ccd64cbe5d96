"""The sentences of a report: what the data show, and what they leave open.

None of them says what the sample is. A high reflectance has many causes; that carriers are free is
shown by conduction, or by a gap that was followed until it closed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dac_control.reflectance.comparison import Comparison
from dac_control.reflectance.drude_result import DrudeFit
from dac_control.reflectance.results import AbsoluteReflectance, Reflectance

__all__ = [
    "NOT_SHOWN",
    "describe_comparison",
    "describe_drude",
    "describe_reflectance",
    "statement",
]

NOT_SHOWN: Final = (
    "Reflectance alone does not show what the sample is; conduction or the course of its gap "
    "with pressure would."
)
"""Ends every statement."""

# A difference that noise makes less often than this is called one: 3 standard deviations.
_RARE: Final = 0.0027


def describe_reflectance(result: Reflectance) -> tuple[str, ...]:
    """Say how much the sample reflects, and of what."""
    usable = np.flatnonzero(result.usable)
    middle = int(usable[usable.size // 2])
    value = float(result.values[middle])
    stat, sys = float(result.sigma_stat[middle]), float(result.sigma_sys[middle])
    spread = result.values[usable]
    where = f"At {result.pressure.text} {result.sample}"
    number = f"{value:.3f} ± {stat:.3f} (statistical) ± {sys:.3f} (systematic)"
    at = f"at {result.wavelength_nm[middle]:.1f} nm"
    band = (
        f"{float(np.min(spread)):.3f} to {float(np.max(spread)):.3f} over "
        f"{result.evidence.n_wavelengths} wavelengths from {result.evidence.lowest_nm:.0f} to "
        f"{result.evidence.highest_nm:.0f} nm"
    )
    if isinstance(result, AbsoluteReflectance):
        return (f"{where} reflects {number} of the light inside the diamond {at}, {band}.",)
    against = result.evidence.reference
    return (
        f"{where} gives {number} times the light of the reference ({against}) {at}, {band}.",
        f"The result is relative because {_joined(result.reasons)}.",
    )


def describe_drude(fit: DrudeFit, asked_ev: float = 2.0) -> tuple[str, ...]:
    """Say what a Drude fit fixes and what it cannot.

    Parameters
    ----------
    fit : DrudeFit
    asked_ev : float
        The standard uncertainty of the plasma energy that somebody would like to quote.
    """
    return fit.statement(asked_ev)


def describe_comparison(comparison: Comparison) -> tuple[str, ...]:
    """Say whether the sample differs from its control, or why that is not tested."""
    c = comparison
    pairs = c.pressure_gpa.size
    steps = "one pressure" if pairs == 1 else f"{pairs} pressures"
    where = (
        f"At {steps} from {float(np.min(c.pressure_gpa)):.4g} to "
        f"{float(np.max(c.pressure_gpa)):.4g} GPa the {c.quantity} of {c.sample}"
    )
    mean = f"{c.mean_difference:+.3f} ± {c.mean_sigma:.3f}"
    if c.p_value is None:
        less = f"{where} less that of the control ({c.control}) is {mean} in the mean"
        uncharged = "what two pieces of gasket differ by is not in that uncertainty"
        return (f"{less}; {uncharged}.", c.not_tested, *c.unmatched)
    verdict = "differs from" if c.p_value < _RARE else "is not distinguished from"
    freedom = "1 degree" if c.dof == 1 else f"{c.dof} degrees"
    found = [
        f"{where} {verdict} that of the control ({c.control}): mean difference {mean}, chi squared "
        f"{c.chi2:.4g} with {freedom} of freedom, p = {c.p_value:.2g}."
    ]
    found += [c.not_tested] if c.not_tested else []
    flip = c.sign_flip
    if flip is None:
        return (*found, *c.unmatched)
    if flip.floor > _RARE:
        found.append(
            f"Without a model of the noise {steps} cannot give a p below {flip.floor:.2g}; the "
            f"sign-flip test gives {flip.p_value:.2g}."
        )
    else:
        found.append(f"Without a model of the noise the sign-flip test gives {flip.p_value:.2g}.")
    return tuple(found) + c.unmatched


def statement(
    results: Sequence[Reflectance],
    *,
    fit: DrudeFit | None = None,
    comparison: Comparison | None = None,
    asked_ev: float = 2.0,
) -> tuple[str, ...]:
    """Return the whole statement of a report, sentence by sentence, limitations included.

    Parameters
    ----------
    results : sequence of AbsoluteReflectance or RelativeReflectance
    fit : DrudeFit, optional
    comparison : Comparison, optional
    asked_ev : float
        See `describe_drude`.
    """
    found: list[str] = []
    for result in results:
        found += describe_reflectance(result)
        found += [s for s in result.evidence.reservations() if s not in found]
    if fit is not None:
        found += describe_drude(fit, asked_ev)
    if comparison is not None:
        found += describe_comparison(comparison)
    found.append(NOT_SHOWN)
    return tuple(found)


def _joined(reasons: Sequence[str]) -> str:
    return "; and because ".join(reasons)
