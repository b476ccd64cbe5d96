"""Spectra of lines that share axis and detector go through the batch fit together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from dac_control.app.fit.adapter import FITTING_ERRORS
from dac_control.errors import DacError
from dac_control.gauges import RubyFit, Spectrum, SpectrumStack, fit_ruby, fit_ruby_many
from dac_control.gauges.ruby.species import RUBY, Species

__all__ = ["fit_in_groups"]

_SHARED: Final = (
    "averages",
    "gain_e_per_count",
    "read_noise_e",
    "dark_counts",
    "saturation_counts",
)


def fit_in_groups(
    spectra: Sequence[Spectrum],
    temperatures_k: Sequence[float | None],
    *,
    priors: bool = True,
    expected_nm: tuple[float, float] | None = None,
    species: Species = RUBY,
) -> list[RubyFit | Exception]:
    """Fit spectra in groups of one axis and one detector.

    Returns
    -------
    list
        One fit a spectrum, in order; an exception in place of a fit that failed.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, spectrum in enumerate(spectra):
        groups.setdefault(_key(spectrum), []).append(index)
    found: dict[int, RubyFit | Exception] = {}
    for rows in groups.values():
        temperatures = [temperatures_k[row] for row in rows]
        settings = {"priors": priors, "expected_nm": expected_nm, "species": species}
        fits = _fit_group([spectra[row] for row in rows], temperatures, settings)
        found |= dict(zip(rows, fits, strict=True))
    return [found[index] for index in range(len(spectra))]


def _fit_group(
    spectra: Sequence[Spectrum],
    temperatures_k: Sequence[float | None],
    settings: Mapping[str, Any],
) -> Sequence[RubyFit | Exception]:
    if len(spectra) > 1:
        try:
            stack, known = _stack(spectra), _known(temperatures_k)
            fits = fit_ruby_many(stack, temperature_k=known, **settings)
            return [fits[row] for row in range(len(spectra))]
        except (DacError, *FITTING_ERRORS):
            pass  # one of them spoils the batch: one by one it is found, and the others go on
    return [
        _fit_one(spectrum, temperature_k, settings)
        for spectrum, temperature_k in zip(spectra, temperatures_k, strict=True)
    ]


def _fit_one(
    spectrum: Spectrum, temperature_k: float | None, settings: Mapping[str, Any]
) -> RubyFit | Exception:
    try:
        return fit_ruby(spectrum, temperature_k=temperature_k, **settings)
    except (DacError, *FITTING_ERRORS) as error:
        return error


def _stack(spectra: Sequence[Spectrum]) -> SpectrumStack:
    """Exposures may differ: they are recorded, and no weight of the fit depends on them."""
    first = spectra[0]
    return SpectrumStack(
        wavelength_nm=first.wavelength_nm,
        counts=np.stack([spectrum.counts for spectrum in spectra]),
        exposure_s=first.exposure_s,
        **{name: getattr(first, name) for name in _SHARED},
    )


def _known(temperatures_k: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if t is None else t for t in temperatures_k], dtype=np.float64)


def _key(spectrum: Spectrum) -> tuple[Any, ...]:
    shared = (getattr(spectrum, name) for name in _SHARED)
    plain = (value.tobytes() if isinstance(value, np.ndarray) else value for value in shared)
    return spectrum.wavelength_nm.tobytes(), *plain
