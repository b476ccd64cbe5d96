"""From spectra to R1 lines: search, fit, and try the next candidate where one is no ruby."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.ruby.candidates import CandidateFitter
from dac_control.gauges.ruby.engine import Engine, get_engine, warm_up
from dac_control.gauges.ruby.result import RubyFit, RubyFits
from dac_control.gauges.ruby.species import RUBY, Species
from dac_control.gauges.spectrum import Spectrum, SpectrumStack

__all__ = ["fit_ruby", "fit_ruby_many"]

# Spectra that are fitted in one go: many enough to hide the cost of array operations, few
# enough to stay in the processor's cache and to keep two threads busy to the end.
_CHUNK: Final = 512
_THREADS: Final = 2
_KEPT_BYTES: Final = 16 << 20
"""What the allocator is to keep from chunk to chunk. glibc hands back what is free beyond twice the
largest block that it has seen freed, and clean pages for every chunk cost a tenth of the time."""


def fit_ruby(
    spectrum: Spectrum,
    *,
    temperature_k: float | None,
    expected_nm: tuple[float, float] | None = None,
    priors: bool = True,
    species: Species = RUBY,
) -> RubyFit:
    """Find and fit the ruby lines of one spectrum, in the calling thread.

    Fisher scoring of one or two lines on a parabola, with the weights of photon and read noise.
    A poor spectrum is no error: its fit says so in `flags`.

    Parameters
    ----------
    spectrum : Spectrum
    temperature_k : float or None
        Of the ruby; decides whether R2 can be there, and how strong. None where unknown.
    expected_nm : tuple of float, optional
        Lines between these wavelengths come first; another one is flagged ``outside_window``.
    priors : bool
        Weak priors on splitting (29.7 +- 4 cm-1), width ratio (1 +- 0.3) and, where the temperature
        is known, ratio of the areas (its usual value +- a third) of R2 and R1.
    species : Species
        What shines; without a partner the temperature plays no part.

    Raises
    ------
    NotMeasured
        The temperature is no temperature.
    ConfigurationError
        The expected window is empty.
    """
    stack = SpectrumStack.of([spectrum])
    fitter = _fitter(stack, species, priors)
    return fitter.fit(stack, _temperatures(temperature_k, 1), _window(expected_nm, 1))[0]


def fit_ruby_many(
    stack: SpectrumStack,
    *,
    temperature_k: ArrayLike | None,
    expected_nm: tuple[ArrayLike, ArrayLike] | None = None,
    priors: bool = True,
    species: Species = RUBY,
    threads: int = _THREADS,
    progress: Callable[[int], None] | None = None,
) -> RubyFits:
    """Find and fit the ruby lines of many spectra, chunks of them side by side in threads.

    Parameters
    ----------
    stack : SpectrumStack
    temperature_k : float, array of shape (spectra,), or None
        NaN or None where unknown.
    expected_nm : tuple of float or of arrays of shape (spectra,), optional
    priors, species
        As for `fit_ruby`.
    threads : int
        Number of threads; 1 keeps to the calling one.
    progress : callable, optional
        Called in the calling thread with the number of spectra done so far.

    Returns
    -------
    fits : RubyFits
        One row a spectrum.

    Raises
    ------
    NotMeasured, ConfigurationError
        As for `fit_ruby`.
    """
    spectra = len(stack)
    temperature, window = _temperatures(temperature_k, spectra), _window(expected_nm, spectra)
    fits = RubyFits.empty(spectra, _range(stack))
    fitter = _fitter(stack, species, priors)

    def fit(rows: slice) -> tuple[slice, RubyFits]:
        expected = None if window is None else (window[0][rows], window[1][rows])
        return rows, fitter.fit(stack, temperature[rows], expected, rows)

    if spectra > _CHUNK:
        np.empty(_KEPT_BYTES, dtype=np.uint8)
    if threads > 1 and spectra > _CHUNK:
        # numba cannot compile in two threads at once where nothing is compiled yet
        _warmed_up(get_engine())
    done = 0
    for rows, part in _each(fit, _slices(spectra), threads):
        fits.put(np.arange(rows.start, rows.stop), part)
        done += len(part)
        if progress is not None:
            progress(done)
    return fits


@cache
def _warmed_up(engine: Engine) -> Engine:
    return warm_up(engine)


def _each(
    work: Callable[[slice], tuple[slice, RubyFits]], parts: list[slice], threads: int
) -> Iterator[tuple[slice, RubyFits]]:
    if threads <= 1 or len(parts) <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="ruby-fit") as pool:
        yield from pool.map(work, parts)


def _slices(spectra: int) -> list[slice]:
    return [slice(a, min(a + _CHUNK, spectra)) for a in range(0, spectra, _CHUNK)]


def _fitter(stack: SpectrumStack, species: Species, priors: bool) -> CandidateFitter:
    return CandidateFitter(stack, get_engine(), species, priors=priors)


def _range(stack: SpectrumStack) -> tuple[float, float]:
    return float(stack.wavelength_nm[0]), float(stack.wavelength_nm[-1])


def _temperatures(temperature_k: ArrayLike | None, spectra: int) -> NDArray[np.float64]:
    if temperature_k is None:
        return np.full(spectra, np.nan)
    values = np.asarray(temperature_k, dtype=np.float64)
    known = values[~np.isnan(values)] if values.ndim else values.reshape(1)
    wrong = known[~((known > 0.0) & (known < 5000.0))]
    if wrong.size:
        raise NotMeasured(
            f"The ruby temperature is {float(wrong[0])} K, which is no temperature; without it R2 "
            "cannot be predicted, so check the sensor at the cell."
        )
    if values.shape not in ((), (spectra,)):
        raise ConfigurationError(
            f"There are {spectra} spectra and temperatures of shape {values.shape}; "
            "give one, or one a spectrum."
        )
    return np.full(spectra, values)


def _window(
    expected_nm: tuple[ArrayLike, ArrayLike] | None, spectra: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    if expected_nm is None:
        return None
    low, high = (
        np.broadcast_to(np.asarray(limit, dtype=np.float64), (spectra,)) for limit in expected_nm
    )
    if not (low < high).all():
        raise ConfigurationError(
            f"The ruby line is expected between {expected_nm[0]} and {expected_nm[1]} nm; "
            "give the shorter wavelength first."
        )
    return low, high
