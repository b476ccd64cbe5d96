"""Spectra with what is known of each, out of files and out of run folders."""

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dac_control.app.fit.sources import Source
from dac_control.errors import RecordError, SpectrumFileError
from dac_control.spectrum_files import FileFrame, SpectrumFile, read_spectrum_file

if TYPE_CHECKING:
    from dac_control.records import Run

__all__ = ["load", "run_frames"]

_STREAMS: Final = ("primary", "dwell")
_DETECTOR: Final = ("gain_e_per_count", "read_noise_e", "dark_counts", "saturation_counts")


def load(
    source: Source, dataset: str | None, gauge: str = "ruby", *, own_only: bool = False
) -> SpectrumFile:
    """Read a file, or every spectrum that a run stored for a gauge.

    A gauge with a spectrometer of its own has them in a stream of its own name; any other looks at
    the spectra of the ruby, unless `own_only` says that these are of no use to it.

    Raises
    ------
    SpectrumFileError
        It cannot be read, or the run has no spectra; the text says why.
    """
    if not source.run:
        return read_spectrum_file(source.path, dataset=dataset)
    from dac_control.records import open_run  # half a second, for runs only

    try:
        run = open_run(source.path)
        own = f"{gauge}_spectrometer" in run.start.get("devices", {})
        if own_only and not own:
            raise SpectrumFileError(
                f"The run {run.folder} holds no spectra for the gauge '{gauge}', only those of "
                f"{run.start.get('gauge') or 'ruby'} in nm. Where these are Raman spectra, give "
                "the wavelength of the laser with --laser-nm."
            )
        streams = (gauge,) if own else _STREAMS
        frames = tuple(frame for stream in streams for frame in run_frames(run, stream))
    except RecordError as error:
        raise SpectrumFileError(str(error)) from error
    if not frames:
        of_gauge = f" for the gauge '{gauge}'" if own else ""
        raise SpectrumFileError(f"The run {run.folder} holds no spectra{of_gauge}.")
    return SpectrumFile(path=Path(source.path), kind="run", frames=frames)


def run_frames(run: "Run", stream: str) -> Iterator[FileFrame]:
    """Spectra of a stream, row by row of its table; none where the run recorded no spectra.

    Parameters
    ----------
    run : Run
    stream : str
        ``primary`` or ``dwell``, or that of a gauge with a spectrometer of its own.
    """
    spectrometer = "spectrometer" if stream in _STREAMS else f"{stream}_spectrometer"
    if stream not in run.streams or spectrometer not in run.start.get("devices", {}):
        return
    table = run.table(stream)
    columns = {
        name: table.get(run.key(spectrometer, attribute))
        for name, attribute in (
            ("counts", "spectrum"),
            ("axis", "wavelength_nm"),
            ("exposure_s", "exposure_s"),
            ("averages", "averages"),
            ("saturated", "saturated"),
        )
    }
    counts, axis = columns["counts"], columns["axis"]
    if counts is None or axis is None:
        return
    detector, darks = _detector(run, stream, spectrometer), _darks(run, spectrometer)
    temperatures = _temperatures(run, stream, table)
    shared: dict[str, Any] = {"start": run.start}
    laser_nm = (run.start.get("raman_laser_nm") or {}).get(stream)
    if laser_nm is not None:
        shared["laser_vacuum_nm"] = float(laser_nm)
    counting = _rows_of_steps(run, stream, len(counts))
    for row in range(len(counts)):
        of_step = row in counting
        metadata: dict[str, Any] = {**shared, **detector, "of_step": of_step}
        for name in ("exposure_s", "averages"):
            value = _number(columns[name], row)
            if value is not None:
                metadata[name] = int(value) if name == "averages" else value
        dark = darks.get(metadata.get("exposure_s"))
        if dark is not None and dark.shape == np.shape(counts[row]):
            metadata["dark_counts"] = dark
        if "saturation_counts" not in metadata and _number(columns["saturated"], row):
            # The instrument says that pixels were full, but not at how many counts: the highest.
            metadata["saturation_counts"] = float(np.max(counts[row]))
        if (temperature := _number(temperatures, row)) is not None:
            metadata["temperature_k"] = temperature
        yield FileFrame(
            axis=np.ravel(axis[row]),
            axis_unit="nm",
            counts=np.ravel(counts[row]),
            label=_label(run, stream, table, row, of_step=of_step),
            metadata=metadata,
        )


def _rows_of_steps(run: "Run", stream: str, rows: int) -> Collection[int]:
    """Rows that count for a step; the others lie between."""
    if stream in _STREAMS:
        return range(rows if stream == "primary" else 0)
    from dac_control.records.gauge_series import read_gauges  # for runs only

    return {int(row) for each in read_gauges(run) if each.gauge == stream for row in each.events}


def _label(run: "Run", stream: str, table: dict[str, Any], row: int, *, of_step: bool) -> str:
    number = _number(table.get(f"{run.start['devices'].get('step')}_number"), row)
    sequence = int(table["seq_num"][row])
    if of_step:
        return f"step {sequence if number is None else int(number)}"
    of_which = "" if number is None else f" of step {int(number)}"
    return f"{stream} {sequence}{of_which}"


def _detector(run: "Run", stream: str, spectrometer: str) -> dict[str, float]:
    device = run.start["devices"][spectrometer]
    stored = run.descriptor(stream).get("configuration", {}).get(device, {}).get("data", {})
    found: dict[str, float] = {}
    for name in _DETECTOR:
        value = stored.get(f"{device}_{name}")
        if isinstance(value, int | float) and math.isfinite(value):
            found[name] = float(value)
    return found


def _darks(run: "Run", spectrometer: str) -> dict[Any, Any]:
    """Spectra with the light closed by their exposure, the last of each, as the gauge used them."""
    if "dark" not in run.streams:
        return {}
    table = run.table("dark")
    exposure = table.get(run.key(spectrometer, "exposure_s"))
    counts = table.get(run.key(spectrometer, "spectrum"))
    if exposure is None or counts is None:
        return {}
    return {
        _number(exposure, row): np.asarray(counts[row], dtype=np.float64)
        for row in range(len(counts))
    }


def _temperatures(run: "Run", stream: str, table: dict[str, Any]) -> Any:
    """Column of the temperature that the gauge used, else of the cell's."""
    devices = run.start.get("devices", {})
    gauge = "ruby" if stream in _STREAMS else stream
    for role, attribute in ((gauge, "temperature_k"), ("cryostat", "cell_temperature_k")):
        column = table.get(f"{devices.get(role)}_{attribute}")
        if column is not None:
            return column
    return None


def _number(column: Any, row: int) -> float | None:
    if column is None:
        return None
    try:
        value = float(column[row])
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
