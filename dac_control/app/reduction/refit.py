"""The stored spectra of a run fitted again."""

from collections.abc import Sequence

from dac_control.app.fit.detector import detector_of
from dac_control.app.fit.loading import run_frames
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.ruby_groups import fit_in_groups
from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges import RubyFit, Spectrum
from dac_control.records import Run
from dac_control.spectrum_files import FileFrame

__all__ = ["refit_stream"]


def refit_stream(run: Run, stream: str) -> list[RubyFit | DacError]:
    """Fit the spectra of a stream with their detector, darks and temperatures.

    The lines are looked for anew: where the plan expected them is not in the record.

    Returns
    -------
    list
        One entry a row of the stream's table: a fit, or why there is none. Empty where the run
        recorded no spectra.
    """
    frames = list(run_frames(run, stream))
    spectra = [_spectrum(frame) for frame in frames]
    rows = [row for row, spectrum in enumerate(spectra) if isinstance(spectrum, Spectrum)]
    found: list[RubyFit | DacError] = [
        each if isinstance(each, DacError) else NotMeasured("The fit gave nothing.")
        for each in spectra
    ]
    usable = [each for each in spectra if isinstance(each, Spectrum)]
    fits = fit_in_groups(usable, [_temperature_k(frames[row]) for row in rows], priors=True)
    for row, fit in zip(rows, _as_foreseen(fits), strict=True):
        found[row] = fit
    return found


def _spectrum(frame: FileFrame) -> Spectrum | DacError:
    try:
        detector = detector_of(frame, FitOptions())
        return Spectrum(wavelength_nm=frame.axis, **detector.arguments())
    except (NotMeasured, ConfigurationError) as error:
        return error


def _temperature_k(frame: FileFrame) -> float | None:
    found = frame.metadata.get("temperature_k")
    return float(found) if found is not None and found > 0.0 else None


def _as_foreseen(fits: Sequence[RubyFit | Exception]) -> list[RubyFit | DacError]:
    return [
        each if isinstance(each, RubyFit | DacError) else NotMeasured(f"The fit failed: {each}.")
        for each in fits
    ]
