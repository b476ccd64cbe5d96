"""Recorded spectra in place of the twin's, so that a whole chain runs on real light.

A recording keeps its own axis. A spectrometer states its axis as a cubic in the pixel index,
so that cubic is fitted to the recording's; its samples become pixels, one for one, none
resampled. See `ReplayLight`.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulators.spectrum_file import find_recordings, read_two_columns

__all__ = ["Recording", "ReplayLight", "load_recording"]

NEAR_LINES_NM = 10.0
"""Half the region about the strongest line in which the axis must be right."""
AXIS_TOLERANCE_NM = 1e-3
PRINTED_TOLERANCE = 0.25
"""Of the last printed digit: how far the mean of rounded values can stray (a beat of the pixel
pitch with the digit), which says nothing against a cubic."""
FAR_WEIGHTS = (1.0, 1e-2, 1e-4)
"""Weights of the axis outside that region: the first that fits inside it is taken."""
SMOOTHING_SAMPLES = 15
"""A printed axis scatters by half its last digit about the true one, so means are judged."""
EDGE_SAMPLES = 15
TOP_FRACTION = 0.9
"""Brightest pixel of a recording that had to be scaled, of full scale: below saturation."""
FAINT_COUNTS = 50.0
"""Recordings that peak below this are no counts but normalised, and would round to nothing."""
SAME_TURNS = 1e-6
"""A screw that is nearer than this to where it was has not been turned."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recorded spectrum as a detector of a given number of pixels would see it."""

    name: str
    counts: NDArray[np.uint16]
    """Shape (pixels,)."""
    coefficients: tuple[float, float, float, float]
    """Wavelength in nm as a cubic in the pixel index, each exactly a 32-bit float."""
    scale: float
    """Counts served per count recorded; 1 unless they would not fit 16 bits."""
    offset: float
    """Counts added before scaling; 0 unless some were negative."""
    axis_error_nm: float
    """Largest deviation of the cubic from the recorded axis about the strongest line."""


class ReplayLight:
    """A light source for the spectrometer simulator that shows recorded spectra in turn.

    The first spectrum shows the first recording; each later one shows the next recording if
    the screw was turned since the spectrum before; the last one stays. The axis is that of
    the recording which the next spectrum would show, so that a client may read it before or
    after the spectrum. Exposures do not change the counts.

    Parameters
    ----------
    paths : Path or str, or several
        Files, or folders of them in alphabetical order.
    turns : callable
        Where the screw stands, in turns.
    pixels, full_scale : int
        The detector's size and range.

    Raises
    ------
    ValueError
        If a file is not a spectrum; names the file and the line.
    OSError
        If a file cannot be read.
    """

    def __init__(
        self,
        paths: Path | str | Iterable[Path | str],
        turns: Callable[[], float],
        *,
        pixels: int = 2068,
        full_scale: int = 65535,
    ) -> None:
        self._recordings = [
            load_recording(file, pixels=pixels, full_scale=full_scale)
            for file in find_recordings(paths)
        ]
        self._turns = turns
        self._pixels = pixels
        self._full_scale = full_scale
        self._shown = 0
        self._shown_at_turns: float | None = None
        self._lock = threading.Lock()

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self._pixels

    @property
    def full_scale(self) -> int:
        """Counts at which a pixel clips."""
        return self._full_scale

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """All recordings in the order in which they are shown."""
        return tuple(self._recordings)

    @property
    def current(self) -> Recording:
        """The recording that a spectrum taken now would show."""
        with self._lock:
            return self._recordings[self._next_index(self._turns())]

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Axis of the current recording, lowest order first."""
        return self.current.coefficients

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        """Return the counts of the current recording, shape (pixels,); time plays no part."""
        del start_lab_s, exposure_s
        with self._lock:
            turns = self._turns()
            self._shown = self._next_index(turns)
            self._shown_at_turns = turns
            return self._recordings[self._shown].counts.copy()

    def _next_index(self, turns: float) -> int:
        if self._shown_at_turns is None or abs(turns - self._shown_at_turns) < SAME_TURNS:
            return self._shown
        return min(self._shown + 1, len(self._recordings) - 1)


def load_recording(path: Path | str, *, pixels: int = 2068, full_scale: int = 65535) -> Recording:
    """Read a two-column file and lay it on a detector.

    A longer recording is cut to `pixels` consecutive samples around its strongest line; a
    shorter one is centred and continued at the level of its edges, its axis by the cubic.

    Raises
    ------
    ValueError
        If the file is not a spectrum, or no rising cubic describes its axis.
    """
    path = Path(path)
    axis_nm, intensity = read_two_columns(path)
    peak = int(np.argmax(intensity))
    first = int(np.clip(peak - pixels // 2, 0, max(0, axis_nm.size - pixels)))
    axis_nm, intensity = axis_nm[first : first + pixels], intensity[first : first + pixels]
    before = (pixels - axis_nm.size) // 2
    coefficients, error_nm = _fit_axis(path, axis_nm, axis_nm[peak - first], before, pixels)
    c0, c1, c2, c3 = (float(value) for value in coefficients)
    offset, scale = _fit_range(intensity, full_scale)
    counts = np.rint((_pad(intensity, before, pixels) + offset) * scale)
    return Recording(
        name=path.name,
        counts=np.clip(counts, 0, full_scale).astype(np.uint16),
        coefficients=(c0, c1, c2, c3),
        scale=scale,
        offset=offset,
        axis_error_nm=error_nm,
    )


def _pad(intensity: NDArray[np.float64], before: int, pixels: int) -> NDArray[np.float64]:
    after = pixels - intensity.size - before
    left, right = np.median(intensity[:EDGE_SAMPLES]), np.median(intensity[-EDGE_SAMPLES:])
    return np.concatenate([np.full(before, left), intensity, np.full(after, right)])


def _fit_range(intensity: NDArray[np.float64], full_scale: int) -> tuple[float, float]:
    """Return offset and scale that bring the recording into the detector's range."""
    offset = max(0.0, -float(intensity.min()))
    top = float(intensity.max()) + offset
    if FAINT_COUNTS <= top <= full_scale:
        return offset, 1.0
    return offset, TOP_FRACTION * full_scale / top if top > 0 else 1.0


def _fit_axis(
    path: Path, axis_nm: NDArray[np.float64], line_nm: float, before: int, pixels: int
) -> tuple[NDArray[np.float64], float]:
    """Return the cubic that describes the axis about the line, and its largest error there."""
    index = np.arange(axis_nm.size) + before
    near = np.abs(axis_nm - line_nm) <= NEAR_LINES_NM
    tolerance_nm = max(AXIS_TOLERANCE_NM, PRINTED_TOLERANCE * _last_digit(axis_nm))
    for degree in (3, 2, 1):
        rising: list[tuple[NDArray[np.float64], float]] = []
        for far_weight in FAR_WEIGHTS:
            weights = np.where(near, 1.0, far_weight)
            coefficients = _as_cubic(index, axis_nm, degree, weights)
            whole_nm = np.polynomial.polynomial.polyval(np.arange(pixels), coefficients)
            if np.all(np.diff(whole_nm) > 0):
                error_nm = _largest_deviation(whole_nm[index][near] - axis_nm[near])
                rising.append((coefficients, error_nm))
        if rising:
            good = [fit for fit in rising if fit[1] <= tolerance_nm]
            return good[0] if good else min(rising, key=lambda fit: fit[1])
    raise ValueError(f"{path}: no smooth rising axis fits the first column.")


def _as_cubic(
    index: NDArray[np.intp], axis_nm: NDArray[np.float64], degree: int, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    fit = np.polynomial.Polynomial.fit(index, axis_nm, degree, w=weights).convert()
    coefficients = np.zeros(4)
    coefficients[: fit.coef.size] = fit.coef.astype(np.float32)  # what the wire carries
    return coefficients


def _last_digit(values: NDArray[np.float64]) -> float:
    """Return the step to which the values were rounded, 0 if finer than 1e-5."""
    for decimals in range(6):
        if np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-9):
            return 10.0**-decimals
    return 0.0


def _largest_deviation(residual_nm: NDArray[np.float64]) -> float:
    samples = min(SMOOTHING_SAMPLES, residual_nm.size)
    means = np.convolve(residual_nm, np.full(samples, 1 / samples), mode="valid")
    return float(np.abs(means).max())
