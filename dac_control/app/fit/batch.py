"""Many files through one gauge: read by several threads, fitted in groups, in order."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.axes import UsableAxis, axis_in
from dac_control.app.fit.detector import Detector, detector_of
from dac_control.app.fit.loading import load
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import FileResult, Reading, SpectrumResult
from dac_control.app.fit.sources import Source
from dac_control.errors import ConfigurationError, DacError, NotMeasured, SpectrumFileError
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.spectrum_files import FileFrame, SpectrumFile

__all__ = ["fit_files"]

_FILES_AT_ONCE: Final = 512
"""Enough for a batch fit to pay, few enough to hold in memory."""
_READERS: Final = 4


def fit_files(
    sources: Sequence[Source],
    adapter: GaugeAdapter,
    options: FitOptions,
    *,
    keep: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Iterator[FileResult]:
    """Read and fit files; one result each, in order, whatever is wrong with any of them.

    Parameters
    ----------
    keep : bool
        Keep the spectra in the results, for pictures.
    progress : callable, optional
        Called with the number of files that were done since the last call.
    """
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read-spectra") as pool:
        for part in _batches(sources):
            read = list(pool.map(lambda source: _read(source, options, adapter), part))
            for file in _fit_part(part, read, adapter, options, keep):
                yield file
                if progress is not None:
                    progress(1)


def _batches(sources: Sequence[Source]) -> Iterator[Sequence[Source]]:
    for start in range(0, len(sources), _FILES_AT_ONCE):
        yield sources[start : start + _FILES_AT_ONCE]


def _read(source: Source, options: FitOptions, adapter: GaugeAdapter) -> SpectrumFile | str:
    try:
        # an axis in nm is no Raman shift, of as many spectra as there are
        no_shift = adapter.unit == "cm-1" and options.laser_nm is None and options.axis is None
        return load(source, options.dataset, options.gauge, own_only=no_shift)
    except SpectrumFileError as error:
        return str(error)
    except MemoryError:
        return f"{source.path} is too large for the memory of this computer."


def _fit_part(
    part: Sequence[Source],
    read: Sequence[SpectrumFile | str],
    adapter: GaugeAdapter,
    options: FitOptions,
    keep: bool,
) -> Iterator[FileResult]:
    frames = [frame for file in read if isinstance(file, SpectrumFile) for frame in file.frames]
    found = iter(_fit_frames(frames, adapter, options, keep))
    for source, file in zip(part, read, strict=True):
        if isinstance(file, str):
            yield FileResult(path=source.path, error=file)
        else:
            yield FileResult(
                path=source.path,
                kind=file.kind,
                spectra=tuple(next(found) for _ in file.frames),
            )


def _fit_frames(
    frames: Sequence[FileFrame], adapter: GaugeAdapter, options: FitOptions, keep: bool
) -> list[SpectrumResult]:
    prepared = [_prepare(frame, adapter, options) for frame in frames]
    usable = [each for each in prepared if not isinstance(each, Reading)]
    with np.errstate(all="ignore"):
        fits = iter(
            adapter.fit([each[0] for each in usable], [each[3] for each in usable])
            if usable
            else []
        )
        results: list[SpectrumResult] = []
        for frame, each in zip(frames, prepared, strict=True):
            if isinstance(each, Reading):
                results.append(SpectrumResult(frame=frame, reading=each))
                continue
            spectrum, detector, axis, temperature_k = each
            results.append(
                SpectrumResult(
                    frame=frame,
                    reading=_reading(adapter, next(fits), temperature_k, frame, axis),
                    detector=detector,
                    spectrum=spectrum if keep else None,
                    temperature_k=temperature_k,
                )
            )
    return results


Prepared = tuple[Any, Detector, UsableAxis, float | None]


def _prepare(frame: FileFrame, adapter: GaugeAdapter, options: FitOptions) -> Prepared | Reading:
    try:
        detector = detector_of(frame, options)
        with np.errstate(all="ignore"):
            axis = axis_in(adapter.unit, frame, options, adapter.window)
            spectrum = adapter.spectrum(axis, detector)
    except (NotMeasured, ConfigurationError) as error:
        message = " ".join((str(error), *frame.notes))
        return Reading(ok=False, flags=("no_spectrum",), message=message)
    temperature_k = options.temperature_k
    if temperature_k is None:
        said = frame.metadata.get("temperature_k")
        temperature_k = float(said) if said is not None and said > 0.0 else None
    return spectrum, detector, axis, temperature_k


def _reading(
    adapter: GaugeAdapter,
    fit: Any,
    temperature_k: float | None,
    frame: FileFrame,
    axis: UsableAxis,
) -> Reading:
    flags = axis.flags
    if isinstance(fit, Exception):
        sentence = str(fit) if isinstance(fit, DacError) else f"The fit failed: {fit}."
        return Reading(ok=False, flags=(*flags, "fit_failed"), message=sentence)
    try:
        reading = adapter.read(fit, temperature_k, frame.metadata, axis.raman)
    except DacError as error:
        return Reading(ok=False, flags=(*flags, "fit_failed"), message=str(error), fit=fit)
    remarks = (*_remarks(frame, flags, adapter), _about_laser(reading, axis.raman))
    message = " ".join(part for part in (reading.message, *remarks) if part)
    return Reading(**{**reading.__dict__, "flags": (*reading.flags, *flags), "message": message})


def _remarks(frame: FileFrame, flags: tuple[str, ...], adapter: GaugeAdapter) -> tuple[str, ...]:
    remarks = list(frame.notes)
    if "axis_assumed" in flags:
        remarks.append(
            f"Nothing says what the axis is; it was taken for {adapter.unit}, or give --axis."
        )
    if frame.counts.size > 1 and float(np.ptp(frame.counts)) == 0.0:
        remarks.append(
            f"Every pixel has {frame.counts[0]:g} counts: the shutter was closed, the detector "
            "saturated, or nothing was read out."
        )
    boxcar = frame.metadata.get("boxcar_px", 0)
    if boxcar > 1:
        remarks.append(
            f"The program smoothed the spectrum (boxcar {boxcar}), so sigma is too small."
        )
    return tuple(remarks)


def _about_laser(reading: Reading, axis: RamanAxis | None) -> str:
    """What a reader must know of wavelengths that come from a Raman shift."""
    if axis is None or not reading.ok:
        return ""
    laser = f"Wavelengths are those of a laser of {axis.laser_nm:g} ± {axis.laser_sigma_nm:g} nm"
    if reading.measurement is None:
        return f"{laser}, which moves every line."
    held = f"{laser} in air; that is in ± sys"
    if axis.convention == "unknown":
        held = f"{laser} in air; that, and shifts reckoned in vacuum instead, are in ± sys"
    if axis.holds_lambda0:
        return f"{held}, but for what line and lambda0 share."
    return (
        f"{held} in full: lambda0 is taken to come from elsewhere. If it was read on the same axis "
        "with the same laser, give --lambda0-same-laser."
    )
