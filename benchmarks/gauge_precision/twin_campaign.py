"""Ruby as the simulated laboratory shows it, up to where its lines are buried: who believes it?

The twin of `simulators` draws what nobody told the fit of: lines skewed by the gradient over the
chip, a wing of phonons, sidebands and N lines, luminescence of the diamonds with fringes upon it,
neon of the room, cosmic rays, a pattern of the dark, gain and offset that differ from the papers.
Beyond some 100 GPa the chip fades and the diamonds shine, so that at 200 GPa nothing of ruby is
left but the photons' noise. A reading there must not pass for a measurement; neither may one of a
spectrum in which no ruby shines at all.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gauge_precision.figures import gross_errors
from gauge_precision.fitting import Answers, fit_spectra
from gauge_precision.shapes import Array
from simulators.twin.anvil_light import AnvilLight, fringes
from simulators.twin.draws import certificates, draw, generators
from simulators.twin.further_draws import draw_further
from simulators.twin.ruby import Ruby
from simulators.twin.settings import TwinSettings
from simulators.twin.spectrometer import LitMoment, Spectrometer

__all__ = ["BINS_GPA", "TEMPERATURES_K", "TwinBatch", "TwinBin", "answered", "bins", "draw_twins"]

TEMPERATURES_K: Final = (5.0, 80.0, 300.0)
BINS_GPA: Final = (0.0, 25.0, 50.0, 75.0, 100.0, 130.0, 160.0, 200.0, 300.0, 400.0)
_PRESET: Final = "bevelled_realistic"
_EACH: Final = 100
"""Spectra of one twin."""
_NO_RUBY: Final = 0.1
"""Share of the spectra from which the chip is missing."""
_BRIGHTEST: Final = (0.01, 0.7)
"""Share of full scale that the brightest pixel is exposed for, luminescence included,"""
_EXPOSURE_S: Final = (0.02, 60.0)
"""as far as these times allow."""
_LIGHT_MW: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class TwinBatch:
    """Spectra of some twins, all at one temperature of the cell, with their truth."""

    wavelength_nm: Array
    counts: Array
    """Shape (spectra, pixels)."""
    r1_nm: Array
    """Of the mean line, on the axis that the spectrometer reports; NaN where no ruby shines."""
    pressure_gpa: Array
    temperature_k: float
    seeds: NDArray[np.intp]
    papers: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TwinBin:
    """What became of the spectra between two pressures at one temperature; errors in pm."""

    temperature_k: float
    from_gpa: float
    to_gpa: float
    spectra: int
    ok: float
    """Share of the spectra with ruby that nothing disqualifies."""
    silent: int
    """Gross errors that nothing disqualifies, readings of no ruby at all among them; sigma is that
    of photons and line shape together, since fringes move a line as skewness does."""
    of_nothing: int
    """Those of spectra without ruby."""
    beyond_photons: int
    """Errors beyond 0.1 nm and 5 times the photons' sigma alone that nothing disqualifies."""
    bias_pm: float
    stated_stat_pm: float
    stated_sys_pm: float
    within: float
    """Share of the errors within two of the combined standard uncertainties."""
    pull_rms: float
    """Root mean square of error over combined standard uncertainty."""
    silent_at: tuple[str, ...]
    """Seed and number in its batch of the first of the silent ones."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.__dict__}


def draw_twins(spectra: int, seed: int) -> Iterator[TwinBatch]:
    """Draw spectra, a third at each temperature, of as many twins as it takes."""
    twins = max(1, round(spectra / len(TEMPERATURES_K) / _EACH))
    for nth, temperature_k in enumerate(TEMPERATURES_K):
        seeds = seed + len(TEMPERATURES_K) * np.arange(twins) + nth
        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(lambda own, t=temperature_k: _one_twin(int(own), t), seeds))
        yield replace(
            parts[0],
            counts=np.concatenate([part.counts for part in parts]),
            r1_nm=np.concatenate([part.r1_nm for part in parts]),
            pressure_gpa=np.concatenate([part.pressure_gpa for part in parts]),
            seeds=np.concatenate([part.seeds for part in parts]),
        )


def answered(batch: TwinBatch) -> Answers:
    """Fit a batch with what the papers of the instruments say."""
    fields = {
        "exposure_s": 1.0,
        "averages": 1,
        "gain_e_per_count": batch.papers["gain_e_per_count"],
        "read_noise_e": batch.papers["read_noise_e"],
        "dark_counts": batch.papers["dark_counts"],
        "saturation_counts": float(batch.papers["full_scale_counts"]),
    }
    settings = {"temperature_k": batch.temperature_k}
    return fit_spectra(batch.wavelength_nm, batch.counts, fields, settings)


def bins(batch: TwinBatch, answers: Answers) -> Iterator[TwinBin]:
    """What became of a batch, from pressure to pressure."""
    for low, high in pairwise(BINS_GPA):
        here = (batch.pressure_gpa >= low) & (batch.pressure_gpa < high)
        yield _bin(batch, answers, np.flatnonzero(here), low, high)


def _bin(
    batch: TwinBatch, answers: Answers, rows: NDArray[np.intp], low: float, high: float
) -> TwinBin:
    truth, ok = batch.r1_nm[rows], answers.ok[rows]
    error, sigma = answers.r1_nm[rows] - truth, answers.sigma_nm[rows]
    combined = np.hypot(sigma, answers.systematic_nm[rows])
    ruby = np.isfinite(truth)
    nothing = ok & ~ruby
    silent = (gross_errors(error, combined) & ok) | nothing
    good = ok & ruby & ~silent
    e, both = error[good], combined[good]

    def middle(values: Array) -> float:
        return 1e3 * float(np.median(values)) if values.size else float("nan")

    return TwinBin(
        temperature_k=batch.temperature_k,
        from_gpa=low,
        to_gpa=high,
        spectra=rows.size,
        ok=float(ok[ruby].mean()) if ruby.any() else float("nan"),
        silent=int(silent.sum()),
        of_nothing=int(nothing.sum()),
        beyond_photons=int(((gross_errors(error, sigma) & ok) | nothing).sum()),
        bias_pm=middle(e),
        stated_stat_pm=middle(sigma[good]),
        stated_sys_pm=middle(answers.systematic_nm[rows][good]),
        within=float(np.mean(np.abs(e) <= 2.0 * both)) if e.size else float("nan"),
        pull_rms=float(np.sqrt(np.mean((e / both) ** 2))) if e.size else float("nan"),
        silent_at=tuple(f"{batch.seeds[row]}/{row}" for row in rows[silent][:3]),
    )


def _one_twin(seed: int, temperature_k: float) -> TwinBatch:
    settings = TwinSettings.preset(_PRESET)
    streams = generators(seed)
    drawn, further = draw(settings, streams["draws"]), draw_further(settings, streams["further"])
    c0, c1, c2, c3 = settings.spectrometer.coefficients
    index = np.arange(settings.spectrometer.pixels, dtype=np.float64)
    axis_nm = c0 + index * (c1 + index * (c2 + index * c3))
    waves = fringes(axis_nm, settings.disturbance.etalon, further.etalon_phase)
    spectrometer = Spectrometer(
        settings.spectrometer,
        drawn,
        noise=True,
        cosmic_rate=settings.cosmic_rate,
        rng=streams["spectrometer"],
        pattern_rng=streams["pattern"],
        shape=settings.shape,
        anvil_light=AnvilLight(settings.anvil, waves),
        axis_bend_nm=further.axis_bend_nm,
    )
    ruby, random = Ruby(settings.ruby, drawn, further), np.random.default_rng((seed, 7))
    chip_k = ruby.temperature_k(temperature_k, _LIGHT_MW)
    shift_nm = spectrometer.axis_error_nm(0.0)
    full_e = settings.spectrometer.full_scale * settings.spectrometer.gain_e_per_count
    counts = np.empty((_EACH, axis_nm.size))
    truth = np.full(_EACH, np.nan)
    pressure = random.uniform(BINS_GPA[0], BINS_GPA[-1], _EACH)
    # half of them where ruby can be seen well
    pressure[::2] *= 0.4
    for row, p_gpa in enumerate(pressure):
        lines = ruby.lines(float(p_gpa), chip_k)
        if random.random() < _NO_RUBY:
            lines = replace(lines, brightness=0.0)
        else:
            truth[row] = spectrometer.bent_nm(lines.r1_nm) + shift_nm
        lit = LitMoment(
            weight=1.0,
            lines=lines,
            axis_error_nm=shift_nm,
            light_mw=_LIGHT_MW,
            pressure_gpa=float(p_gpa),
        )
        per_s = spectrometer.mean_electrons([lit], 1.0).max()
        share = np.exp(random.uniform(*np.log(_BRIGHTEST)))
        exposure_s = float(np.clip(share * full_e / per_s, *_EXPOSURE_S))
        counts[row] = spectrometer.expose([lit], exposure_s)
    return TwinBatch(
        wavelength_nm=spectrometer.axis_nm,
        counts=counts,
        r1_nm=truth,
        pressure_gpa=pressure,
        temperature_k=temperature_k,
        seeds=np.full(_EACH, seed),
        papers=certificates(drawn, settings, further),
    )
