"""Results as JSON documents and as rows of a table."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import FileResult, SpectrumResult

__all__ = ["as_csv", "as_document"]

_PRESSURE: Final = ("pressure_gpa", "sigma_stat_gpa", "sigma_sys_gpa")
_FROM_MEASUREMENT: Final = ("scale", "in_range", "range_note", "reference")


def as_document(file: FileResult, adapter: GaugeAdapter, options: FitOptions) -> dict[str, Any]:
    """One file as the JSON document has it.

    A file of one spectrum is that spectrum; of several, values are null at the top and in the
    list ``spectra`` one by one.
    """
    head: dict[str, Any] = {"file": str(file.path), "ok": file.ok}
    if len(file.spectra) == 1:
        return head | _spectrum(file.spectra[0], file, adapter, options)
    values = {adapter.key: None, "sigma": None, **dict.fromkeys(_PRESSURE), "flags": []}
    if not file.spectra:
        more = {"gauge": options.gauge, "kind": file.kind}
        return head | values | {"flags": ["unreadable"], "message": file.error} | more
    good = sum(each.reading.ok for each in file.spectra)
    spectra = [
        {"label": each.frame.label, "ok": each.reading.ok} | _spectrum(each, file, adapter, options)
        for each in file.spectra
    ]
    message = f"{good} of {len(spectra)} spectra were fitted; see spectra."
    more = {"gauge": options.gauge, "kind": file.kind, "spectra": spectra}
    return head | values | {"message": message} | more


def _spectrum(
    each: SpectrumResult, file: FileResult, adapter: GaugeAdapter, options: FitOptions
) -> dict[str, Any]:
    reading, detector, measurement = each.reading, each.detector, each.reading.measurement
    document: dict[str, Any] = {
        adapter.key: reading.observable,
        "sigma": reading.sigma,
        **{name: getattr(measurement, name, None) for name in _PRESSURE},
        "flags": list(reading.flags),
        "message": reading.message,
        f"sigma_{adapter.key.rpartition('_')[2]}": reading.sigma,
        "gauge": options.gauge,
        **{name: getattr(measurement, name, None) for name in _FROM_MEASUREMENT},
        "temperature_k": each.temperature_k if measurement is None else measurement.temperature_k,
        "budget": [] if measurement is None else [vars(term) for term in measurement.budget],
        "alternatives": (
            [] if measurement is None else [vars(other) for other in measurement.alternatives]
        ),
        **reading.details,
        "kind": file.kind,
        "axis_unit": options.axis or each.frame.axis_unit,
        "pixels": each.frame.counts.size,
    }
    if detector is not None:
        document |= {
            "exposure_s": detector.exposure_s,
            "averages": detector.averages,
            "gain_e_per_count": detector.gain_e_per_count,
            "read_noise_e": detector.read_noise_e,
        }
    return plain(document)


def plain(value: Any) -> Any:
    """Return a value as JSON takes it; what is not finite is None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_csv(documents: Sequence[Mapping[str, Any]], key: str) -> str:
    """One row a spectrum, with a line of headings; numbers with a decimal point."""
    sigma = f"sigma_{key.rpartition('_')[2]}"
    columns = ("file", "spectrum", "ok", key, sigma, *_PRESSURE, "gauge", "scale", "in_range",
               "other_scales_gpa", "temperature_k", "flags", "message")  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for document in documents:
        for row in document.get("spectra") or [document]:
            cells = {**row, "file": document["file"], "spectrum": row.get("label", "")}
            cells["flags"] = " ".join(row["flags"])
            cells["other_scales_gpa"] = "; ".join(
                f"{other['scale']} {other['pressure_gpa']:.3f}"
                for other in row.get("alternatives", ())
                if other["scale"] != row["scale"] and other["pressure_gpa"] is not None
            )
            writer.writerow(["" if cells.get(c) is None else cells.get(c) for c in columns])
    return text.getvalue()
