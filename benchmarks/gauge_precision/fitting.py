"""The fit that is judged, as arrays: the only module that knows how it is called."""

import inspect
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

import dac_control.gauges
from gauge_precision.cells import Batch, Cell
from gauge_precision.shapes import Array

# What it offers is looked up when it runs: an older package has no fit of many spectra.
gauges = cast(Any, dac_control.gauges)

__all__ = ["Answers", "fit_batch", "fit_spectra", "spectrum_fields"]

_ALWAYS_TRUE: Final = frozenset(("gain_assumed", "dark_assumed"))
"""Flags that speak of what the fit was told and not of the spectrum."""
_SYSTEMATIC_NAMES: Final = ("r1_sigma_sys_nm", "r1_sys_nm", "asymmetry_sigma_nm")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a fit said of many spectra."""

    r1_nm: Array
    """NaN where no line was found, shape (spectra,)."""
    sigma_nm: Array
    ok: NDArray[np.bool_]
    """No disqualifying flag."""
    flags: tuple[tuple[str, ...], ...]
    systematic_nm: Array
    """The fit's own word on a systematic error, NaN where it says none."""

    @staticmethod
    def joined(parts: list["Answers"]) -> "Answers":
        """Put the answers of several batches together."""
        return Answers(
            r1_nm=np.concatenate([part.r1_nm for part in parts]),
            sigma_nm=np.concatenate([part.sigma_nm for part in parts]),
            ok=np.concatenate([part.ok for part in parts]),
            flags=tuple(flags for part in parts for flags in part.flags),
            systematic_nm=np.concatenate([part.systematic_nm for part in parts]),
        )


def spectrum_fields(cell: Cell) -> dict[str, Any]:
    """What the fit is told of the detector."""
    detector = cell.detector
    fields = {
        "exposure_s": 1.0,
        "averages": detector.averages,
        "gain_e_per_count": detector.gain_e_per_count,
        "read_noise_e": detector.read_noise_e,
        "dark_counts": detector.offset_counts,
        "saturation_counts": cell.saturation_counts,
    }
    return fields | dict.fromkeys(cell.untold)


def fit_batch(cell: Cell, batch: Batch) -> Answers:
    """Fit a batch of a cell."""
    fields = spectrum_fields(cell)
    settings = {"temperature_k": cell.temperature_k, "priors": cell.use_priors}
    return fit_spectra(batch.wavelength_nm, batch.counts, fields, settings)


def fit_spectra(
    wavelength_nm: Array, counts: Array, fields: dict[str, Any], settings: dict[str, Any]
) -> Answers:
    """Fit the rows of `counts`, all at once where the package can."""
    many = getattr(gauges, "fit_ruby_many", None)
    if many is not None:
        stack = gauges.SpectrumStack(wavelength_nm=wavelength_nm, counts=counts, **fields)
        fits = many(stack, **settings)
        return _answers(fits, np.asarray(fits.r1_nm), np.asarray(fits.r1_sigma_nm))
    known = inspect.signature(gauges.fit_ruby).parameters
    settings = {name: value for name, value in settings.items() if name in known}
    fits = [
        gauges.fit_ruby(
            gauges.Spectrum(wavelength_nm=wavelength_nm, counts=row, **fields), **settings
        )
        for row in counts
    ]
    r1, sigma = np.array([(fit.r1_nm, fit.r1_sigma_nm) for fit in fits]).T
    return _answers(fits, r1, sigma)


def _answers(fits: Any, r1_nm: Array, sigma_nm: Array) -> Answers:
    if hasattr(fits, "r1_nm"):
        flags = tuple(tuple(fits.flags(k)) for k in range(r1_nm.size))
        ok, systematic = np.asarray(fits.ok, dtype=bool), _systematic(fits)
    else:
        flags = tuple(fit.flags for fit in fits)
        ok = np.array([fit.ok for fit in fits], dtype=bool)
        systematic = np.array([float(_systematic(fit)) for fit in fits])
    return Answers(
        r1_nm=r1_nm,
        sigma_nm=sigma_nm,
        ok=ok,
        flags=tuple(tuple(name for name in row if name not in _ALWAYS_TRUE) for row in flags),
        systematic_nm=np.broadcast_to(systematic, r1_nm.shape),
    )


def _systematic(fit: Any) -> Array:
    for name in _SYSTEMATIC_NAMES:
        if hasattr(fit, name):
            return np.asarray(getattr(fit, name), dtype=np.float64)
    return np.array(np.nan)
