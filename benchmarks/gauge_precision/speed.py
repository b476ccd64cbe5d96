"""How fast: many spectra, one live spectrum, the first of a process; beside lmfit and curve_fit."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from dac_control import gauges
from gauge_precision.campaigns import doublet, drawn_doublet
from gauge_precision.cells import Batch, Cell
from gauge_precision.fitting import fit_spectra, spectrum_fields
from gauge_precision.given_start import GivenStart
from gauge_precision.printing import Verdict, at_least, at_most, print_rows
from gauge_precision.rivals import Rival, by_curve_fit, by_lmfit
from gauge_precision.shapes import Array

__all__ = ["batch_rate", "run_speed"]

_WINDOW_NM: Final = (4.5, 3.5)
"""Below and above the start: what the package cuts out for itself."""
_CLEAN: Final = doublet("speed: clean", 1e4, 0.5, background="sloped")
_ROBUST: Final = drawn_doublet(
    "speed: robust", 3e4, 0.5, spikes=True, full_scale=0.6, changes={"ratio": 0.6}
)
_WARM_UP: Final = 100
_ONE_TIMING_S: Final = 4.0
_ENGINE_VARIABLE: Final = "DAC_CONTROL_ENGINE"

_FIRST_FIT: Final = """
import sys, time
began = time.perf_counter()
import numpy as np
from dac_control.gauges import Spectrum, fit_ruby
imported = time.perf_counter()
data = np.load(sys.argv[1])
spectrum = Spectrum(wavelength_nm=data["x"], counts=data["y"], exposure_s=1.0, averages=1,
                    gain_e_per_count=1.0, read_noise_e=5.0, dark_counts=300.0)
ready = time.perf_counter()
fit = fit_ruby(spectrum, temperature_k=296.0)
done = time.perf_counter()
assert fit.ok
print(imported - began, done - ready)
"""


def run_speed(spectra: int, repeats: int, seed: int, scratch: Path) -> dict[str, Any]:
    """Measure everything and print it."""
    verdicts = [
        *_rates(spectra, repeats, seed),
        *_ratios(min(spectra, 4000), repeats, seed),
        *_live(min(spectra, 5000), seed),
        *_first_fit(scratch, seed),
    ]
    rows = [(v.name, f"{v.value:.4g}", v.target, v.mark) for v in verdicts]
    title = f"Speed, {os.cpu_count()} cores (spectra of 1024 pixels, seed {seed})"
    print_rows(title, ("figure", "measured", "target", "verdict"), rows)
    return {"verdicts": verdicts}


def batch_rate(kind: str, spectra: int, repeats: int, seed: int) -> float:
    """Spectra a second of the package, search, errors and flags included; best of `repeats`."""
    cell = {"clean": _CLEAN, "robust": _ROBUST}[kind]
    batch = _draw(cell, spectra, seed)
    batch = _affordable(cell, batch)
    times = [_seconds(lambda: _fit(cell, batch)) for _ in range(repeats)]
    return batch.counts.shape[0] / min(times)


def _rates(spectra: int, repeats: int, seed: int) -> list[Verdict]:
    figures = [
        at_least("spectra/s, clean", batch_rate("clean", spectra, repeats, seed), 20_000),
        at_least(
            "spectra/s, spikes and saturation", batch_rate("robust", spectra, repeats, seed), 10_000
        ),
    ]
    script = Path(sys.argv[0]).resolve()
    few = max(spectra // 4, 100)
    words = ["rate", "--spectra", str(few), "--repeats", str(repeats), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, str(script), *words],
        env={**os.environ, _ENGINE_VARIABLE: "numpy"},
        capture_output=True,
        text=True,
        check=True,
    )
    rate = json.loads(done.stdout)["spectra_per_s"]
    return [*figures, at_least("spectra/s, NumPy only", rate, 4_000)]


def _ratios(spectra: int, repeats: int, seed: int) -> list[Verdict]:
    """Medians of ratios of neighbouring timings: this machine's pace wanders within a minute."""
    batch = _draw(_CLEAN, spectra, seed)
    tasks = [_windowed(_CLEAN, batch, row) for row in range(min(spectra, 240))]
    rivals: list[tuple[str, Callable[[], Rival], int, float]] = [
        ("lmfit", by_lmfit, 12, 400.0),
        ("curve_fit", lambda: by_curve_fit(analytic=False), 60, 30.0),
        ("curve_fit, analytic Jacobian", lambda: by_curve_fit(analytic=True), 120, 15.0),
    ]
    given = GivenStart(
        [_windowed(_CLEAN, batch, row) for row in range(spectra)], _CLEAN.detector.read_noise_e
    )
    given.fit()
    batch = _affordable(_CLEAN, batch)
    whole = batch.counts.shape[0]
    verdicts: list[Verdict] = []
    for name, make, count, target in rivals:
        try:
            rival = make()
        except ImportError:
            print(f"{name} is not installed: no ratio.")
            continue
        alone: list[float] = []
        ratios: list[float] = []
        for _ in range(repeats):
            fit_s = _seconds(given.fit) / spectra
            ours_s = _seconds(lambda: _fit(_CLEAN, batch)) / whole
            theirs_s = _seconds(lambda: [rival(*task) for task in tasks[:count]]) / count  # noqa: B023
            alone.append(theirs_s / fit_s)
            ratios.append(theirs_s / ours_s)
        said = f"times faster than {name}"
        verdicts.append(
            at_least(f"{said}, same window and start", statistics.median(alone), target)
        )
        verdicts.append(
            at_least(f"{said}, search and flags too", statistics.median(ratios), target)
        )
    return verdicts


def _windowed(cell: Cell, batch: Batch, row: int) -> tuple[Array, Array, Array, Array]:
    """What a rival gets for nothing: window and start."""
    x, y = batch.wavelength_nm, batch.counts[row] - cell.detector.offset_counts
    place = float(x[int(np.argmax(y))])
    inside = (x > place - _WINDOW_NM[0]) & (x < place + _WINDOW_NM[1])
    x, y = x[inside], y[inside]
    level = float(np.percentile(y, 20))
    sigma = np.sqrt(np.maximum(y, 1.0) + cell.detector.read_noise_e**2)
    start = np.array((place, 0.4, 0.5, float(y.max()) - level, 0.6, 29.7, 1.0, level, 0.0))
    return x, y, sigma, start


def _live(spectra: int, seed: int) -> list[Verdict]:
    batch, fields = _draw(_CLEAN, spectra, seed), spectrum_fields(_CLEAN)
    times: list[float] = []
    for row in batch.counts:
        began = time.perf_counter()
        spectrum = gauges.Spectrum(wavelength_nm=batch.wavelength_nm, counts=row, **fields)
        gauges.fit_ruby(spectrum, temperature_k=296.0)
        times.append(1e3 * (time.perf_counter() - began))
    warm = np.array(times[min(20, len(times) // 2) :])
    median, high = (float(value) for value in np.percentile(warm, (50, 99)))
    return [
        at_most("one live fit, median, ms", median, 2.0),
        at_most("one live fit, 99th percentile, ms", high, 2.0),
    ]


def _first_fit(scratch: Path, seed: int) -> list[Verdict]:
    batch, file = _draw(_CLEAN, 1, seed), scratch / "first.npz"
    np.savez(file, x=batch.wavelength_nm, y=batch.counts[0])
    found: list[tuple[float, float]] = []
    for _ in range(4):
        words = [sys.executable, "-c", _FIRST_FIT, str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        imports, fit = map(float, done.stdout.split())
        found.append((imports, fit))
    # The first process may have had to compile.
    imports, fit = np.median(np.array(found[1:]), axis=0)
    return [
        at_most("first fit of a process, s", float(fit), 1.0),
        at_most("first fit of a process with imports, s", float(fit + imports), 1.0),
    ]


def _draw(cell: Cell, spectra: int, seed: int) -> Batch:
    parts = list(cell.batches(seed, spectra))
    return Batch(
        wavelength_nm=parts[0].wavelength_nm,
        counts=np.concatenate([part.counts for part in parts]),
        r1_nm=np.concatenate([part.r1_nm for part in parts]),
    )


def _part(batch: Batch, spectra: int) -> Batch:
    return Batch(
        wavelength_nm=batch.wavelength_nm,
        counts=batch.counts[:spectra],
        r1_nm=batch.r1_nm[:spectra],
    )


def _affordable(cell: Cell, batch: Batch) -> Batch:
    """As many of the spectra as one timing may cost; the first of them warm the code up."""
    few = _part(batch, _WARM_UP)
    _fit(cell, few)
    pace_s = _seconds(lambda: _fit(cell, few)) / few.counts.shape[0]
    return _part(batch, max(_WARM_UP, int(_ONE_TIMING_S / pace_s)))


def _fit(cell: Cell, batch: Batch) -> None:
    settings = {"temperature_k": cell.temperature_k}
    fit_spectra(batch.wavelength_nm, batch.counts, spectrum_fields(cell), settings)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
