"""Sample against control at equal pressures, with a test that knows what both share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.reflectance.bands import in_bands
from dac_control.reflectance.difference_errors import (
    mix,
    noise_covariance,
    pressure_errors,
    shared_errors,
)
from dac_control.reflectance.loading import check_foil
from dac_control.reflectance.matching import Match, match_pressures
from dac_control.reflectance.permutation import SignFlip, sign_flip_test
from dac_control.reflectance.results import AbsoluteReflectance, Reflectance
from dac_control.reflectance.sharing import (
    one_foil,
    one_piece,
    owner_of,
    why_not_tested,
    with_foil_error,
)
from dac_control.reflectance.uncertainty import Scope, finite_list

__all__ = ["Comparison", "compare_with_control"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Bands of wavelengths that a spectrum is gathered in: a reflectance has no finer structure, and
# a noise model that is a little wrong does not decide a test of thousands of pixels.
_BANDS: Final = 16
_SAME_NM: Final = 0.5
_MEAN_ONLY: Final = (
    "Sample and control were measured against pieces of gasket, or by tables of it, that are not "
    "known to be one and the same and may differ in colour, too, so only the mean over wavelengths "
    "and pressures is tested."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What distinguishes the sample from its control, at the pressures where both were seen."""

    sample: str
    control: str
    quantity: str
    """"reflectance", or "ratio to <reference>" where both are relative."""
    pressure_gpa: Vector
    """Of the matched steps, shape (pairs,)."""
    wavelength_nm: Vector
    """Bands, shape (b,)."""
    difference: Matrix
    """Sample less control, shape (pairs, b)."""
    sigma: Matrix
    """Standard uncertainty of each difference, everything that does not cancel included."""
    mean_difference: float
    mean_sigma: float
    """Standard uncertainty of the mean, shared errors included."""
    tested: str
    """"each band", "mean" or "nothing"."""
    not_tested: str
    """Why nothing or no more was tested; empty where each band was."""
    chi2: float | None
    dof: int | None
    p_value: float | None
    """That noise and systematic terms alone make a difference as large; None where nothing was
    tested."""
    sign_flip: SignFlip | None
    """For the case that the noise model is doubted; None where an error is common to all pairs."""
    unmatched: tuple[str, ...]
    """A sentence for each step of the sample without a counterpart."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "sample": self.sample,
            "control": self.control,
            "quantity": self.quantity,
            "pressure_gpa": finite_list(self.pressure_gpa),
            "wavelength_nm": finite_list(self.wavelength_nm),
            "difference": [finite_list(row) for row in self.difference],
            "sigma": [finite_list(row) for row in self.sigma],
            "mean_difference": self.mean_difference,
            "mean_sigma": self.mean_sigma,
            "tested": self.tested,
            "not_tested": self.not_tested or None,
            "chi2": self.chi2,
            "dof": self.dof,
            "p_value": self.p_value,
            "sign_flip_p": None if self.sign_flip is None else self.sign_flip.p_value,
            "sign_flip_floor": None if self.sign_flip is None else self.sign_flip.floor,
            "unmatched": list(self.unmatched),
        }


def compare_with_control(
    sample: Sequence[Reflectance],
    control: Sequence[Reflectance],
    *,
    foil_u: float | None = None,
    bands: int = _BANDS,
) -> Comparison:
    """Compare the steps of a sample with those of a control run.

    Chi squared of all differences with their full covariance: noise and the pressures' random
    errors are independent, terms of one run move all its steps together, and terms of the anvils
    and optics (index, bounces) move sample and control together, and so partly cancel, where both
    were in one cell. So does the reference where both were measured against one piece of it.
    Against two pieces of gasket only the mean is tested, since nobody states how alike their
    colours are, and nothing unless somebody states how alike the pieces are.

    Parameters
    ----------
    sample, control : sequences of AbsoluteReflectance or RelativeReflectance
        One for each step; all of one type, and relative ones against one reference.
    foil_u : float, optional
        Relative standard uncertainty of what one piece of gasket reflects against others; counts
        where the record of a step states none (`Loading.foil_u`).
    bands : int
        At most so many bands of wavelengths.

    Raises
    ------
    ConfigurationError
        Types, references or axes differ.
    LimitError
        `foil_u` is no fraction.
    NotMeasured
        There are no steps, or none at equal pressures or wavelengths.
    """
    if foil_u is not None:
        check_foil(foil_u, "the argument")
    quantity = _quantity(sample, control)
    matches, unmatched = match_pressures(sample, control)
    if not matches:
        raise NotMeasured(
            f"No step of {sample[0].sample} has a counterpart in the control "
            f"{control[0].sample}: {' '.join(unmatched)}"
        )
    untested = why_not_tested(sample, control, foil_u)
    alike = one_foil(sample, control)
    if not one_piece(sample, control):
        sample, control = with_foil_error(sample, foil_u), with_foil_error(control, foil_u)
    usable = _common_wavelengths(sample, control, matches)
    curves = {id(s): in_bands(s, bands, usable) for s in (*sample, *control) if _fits(s, usable)}
    tops = [curves[id(sample[match.sample])] for match in matches]
    bases = [[(curves[id(control[i])], i, w) for i, w in match.weights] for match in matches]
    difference = np.array([top.values - mix(base) for top, base in zip(tops, bases, strict=True)])
    noise = noise_covariance(tops, bases)

    def owner(side: str, index: int, scope: Scope) -> str:
        step = (sample if side == "sample" else control)[index]
        return owner_of(step.evidence, scope, f"{side} {index}", side)

    shared = shared_errors(tops, bases, matches, owner)
    shared += pressure_errors(matches, [curves.get(id(s)) for s in control], difference.shape)
    covariance = noise + sum(np.outer(s.ravel(), s.ravel()) for s in shared)
    flat = difference.ravel()
    mean = np.full(flat.size, 1.0 / flat.size)
    mean_difference = float(mean @ flat)
    mean_sigma = float(np.sqrt(mean @ covariance @ mean))
    tested = "nothing" if untested else "each band" if alike else "mean"
    chi2, dof = None, None
    if tested == "mean":
        chi2, dof, untested = (mean_difference / mean_sigma) ** 2, 1, _MEAN_ONLY
    elif tested == "each band":
        white = np.linalg.solve(np.linalg.cholesky(covariance), flat)
        chi2, dof = float(white @ white), flat.size
    return Comparison(
        sample=sample[0].sample,
        control=control[0].sample,
        quantity=quantity,
        pressure_gpa=np.array([sample[m.sample].pressure.pressure_gpa for m in matches]),
        wavelength_nm=np.mean([top.wavelength_nm for top in tops], axis=0),
        difference=difference,
        sigma=np.sqrt(np.diag(covariance)).reshape(difference.shape),
        mean_difference=mean_difference,
        mean_sigma=mean_sigma,
        tested=tested,
        not_tested=untested,
        chi2=chi2,
        dof=dof,
        p_value=None if chi2 is None else float(chdtrc(dof, chi2)),
        sign_flip=sign_flip_test(difference.mean(axis=1)) if alike else None,
        unmatched=unmatched,
    )


def _quantity(sample: Sequence[Reflectance], control: Sequence[Reflectance]) -> str:
    if not sample or not control:
        raise NotMeasured("A comparison needs at least one step of the sample and of the control.")
    absolute = {isinstance(step, AbsoluteReflectance) for step in (*sample, *control)}
    if len(absolute) > 1:
        raise ConfigurationError(
            "Some of the reflectances are absolute and some relative; compare steps of one type."
        )
    if absolute == {True}:
        return "reflectance"
    references = {step.evidence.reference for step in (*sample, *control)}
    if len(references) > 1:
        raise ConfigurationError(
            f"The reflectances are relative to {' and '.join(sorted(references))}; only those "
            "with one reference can be compared."
        )
    return f"ratio to {references.pop()}"


def _common_wavelengths(
    sample: Sequence[Reflectance], control: Sequence[Reflectance], matches: Sequence[Match]
) -> NDArray[np.bool_]:
    used = [sample[match.sample] for match in matches]
    used += [control[i] for match in matches for i, _weight in match.weights]
    used += [control[i] for match in matches for i in match.neighbours or ()]
    first = used[0].wavelength_nm
    for step in used[1:]:
        other = step.wavelength_nm
        if other.size != first.size or float(np.max(np.abs(other - first))) > _SAME_NM:
            raise ConfigurationError(
                "Sample and control were not measured at the same wavelengths; take both with one "
                "axis."
            )
    usable = np.all([step.usable for step in used], axis=0)
    if not usable.any():
        raise NotMeasured("No wavelength is usable in both the sample and the control.")
    return usable


def _fits(step: Reflectance, usable: NDArray[np.bool_]) -> bool:
    """True for the steps that take part: those usable at all the chosen wavelengths."""
    return step.usable.size == usable.size and bool(np.all(step.usable[usable]))
