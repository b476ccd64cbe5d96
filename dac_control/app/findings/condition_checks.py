"""Checks of what the pressures were measured under: temperature, references, axis, dark."""

import datetime
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.ruby_temperature import ruby_temperature
from dac_control.app.findings.text import number
from dac_control.errors import RecordError
from dac_control.records import Run

__all__ = ["CONDITION_CHECKS"]

SAME_TEMPERATURE_K = 5.0
"""Within it a temperature correction of ruby stays below 0.02 GPa from 5 to 100 K, and below
0.1 GPa at room temperature (Datchi et al., High Press. Res. 27 (2007) 447: 7 pm/K there)."""


AXIS_LIMIT_H = 24.0
"""A lamp calibration older than this is called old where the run states no limit of its own: the
axis of a spectrometer moves by about 5 pm/K, and a laboratory goes through its day."""


def _lambda0(evidence: Evidence) -> Check | None:
    references = _lambda0_temperatures(evidence.start)
    temperatures = evidence.steps.cell_temperature_k[evidence.steps.measured]
    clause = "λ0 at the temperature of the run"
    if not references:
        return Check(clause, False, "The record does not say at which temperature λ0 was measured.")
    if temperatures.size == 0 or not np.any(np.isfinite(temperatures)):
        return None
    low, high = float(np.nanmin(temperatures)), float(np.nanmax(temperatures))
    correction = evidence.start.get("temperature_correction") or "not named"
    reference = min(references, key=lambda each: max(abs(low - each), abs(high - each)))
    if max(abs(low - reference), abs(high - reference)) <= SAME_TEMPERATURE_K:
        text = f"λ0 was measured at {number(reference, 1)} K, the temperature of the run."
        return Check(clause, True, text)
    measured_at = " and ".join(f"{number(each, 1)} K" for each in references)
    text = (
        f"λ0 was measured at {measured_at} and the pressures at "
        f"{_span(low, high, 1)} K: the temperature correction ({correction}) is not checked by "
        "this run."
    )
    return Check(clause, False, text)


def _lambda0_temperatures(start: Mapping[str, Any]) -> list[float]:
    """Where λ0 was measured; several times, or once, as in records of earlier versions."""
    found = (start.get("gauge_settings") or {}).get("lambda0") or start.get("lambda0") or {}
    several = [found] if isinstance(found, Mapping) else list(found)
    temperatures = [each.get("temperature_k") for each in several if isinstance(each, Mapping)]
    return [float(each) for each in temperatures if isinstance(each, (int, float))]


def _axis(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    clause = "wavelength axis calibrated"
    found = _calibration(evidence.start, "axis")
    used = _axis_in_use(evidence.run)
    time = _time(found.get("time"))
    if not found and not used:
        text = (
            "The wavelength axis was not calibrated with a lamp for this run: it is the "
            "instrument's own, with the uncertainty that the station file states."
        )
        return Check(clause, False, text)
    if time is None:
        text = (
            f"The axis was calibrated ({used or 'no details'}), and the record does not say when."
        )
        return Check(clause, False, text)
    age_h = (float(evidence.start.get("time") or math.nan) - time.timestamp()) / 3600.0
    limit_h = float(found.get("limit_h") or AXIS_LIMIT_H)
    whose = "that are allowed" if found.get("limit_h") else "that this page goes by"
    lab_h = evidence.steps.lab_time_h
    aged_h = age_h + float(lab_h[-1] - lab_h[0])
    text = (
        f"The axis was calibrated with a lamp {number(age_h, 1)} h before the run and was "
        f"{number(aged_h, 1)} h old at its last step"
    )
    if not (0 <= age_h and aged_h <= limit_h):
        return Check(clause, False, f"{text}; more than {number(limit_h, 0)} h are too long.")
    return Check(clause, True, f"{text}, within the {number(limit_h, 0)} h {whose}.")


def _ages(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    clause = "age of calibrations limited"
    stated = evidence.start.get("calibration_ages") or {}
    free = [what for key, what in _AGES.items() if key not in stated]
    if not free:
        text = "The station file states how old axis, λ0 and the detector's gain may be."
        return Check(clause, True, text)
    text = (
        f"Nothing limited the age of {' and of '.join(free)}: the station file states no such "
        "limit in [calibrations], so nobody was kept from measuring with an old one."
    )
    return Check(clause, False, text)


_AGES = {
    "max_axis_age_h": "the wavelength axis",
    "max_lambda0_age_d": "λ0",
    "max_gain_age_d": "the detector's gain",
}


def _calibration(start: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found = start.get("calibrations")
    each = found.get(kind) if isinstance(found, Mapping) else None
    return each if isinstance(each, Mapping) else {}


def _axis_in_use(run: Run) -> str:
    """What the spectrometer said of its axis when the steps were measured; empty for its own."""
    device = (run.start.get("devices") or {}).get("spectrometer")
    if device is None or "primary" not in run.streams:
        return ""
    stated = run.descriptor("primary").get("configuration", {}).get(device, {}).get("data", {})
    return str(stated.get(f"{device}_axis_calibration") or "")


def _time(text: object) -> datetime.datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _dark(evidence: Evidence) -> Check | None:
    if evidence.steps.count == 0:
        return None
    clause = "dark spectrum recorded"
    if len(evidence.run.table("dark").get("seq_num", ())):
        return Check(clause, True, "A dark spectrum was taken with the light closed.")
    text = (
        "No dark spectrum was recorded (the light could not be closed, or nobody did): the "
        "detector's offset is the one that the station file states."
    )
    return Check(clause, False, text)


def _warmest(evidence: Evidence) -> Check | None:
    limit_k = _stands_k(evidence.start)
    known = _cell_temperatures_k(evidence.run)
    if known.size == 0:
        if evidence.steps.count == 0:
            return None
        text = "The temperature of the cell was not recorded."
        return Check("specimen never too warm", False, text)
    highest = float(np.max(known))
    said = f"The highest temperature at the cell was {number(highest, 2)} K"
    if limit_k is None:
        text = f"{said}; nobody stated what the specimen stands (specimen.max_temperature_k)."
        return Check("specimen never too warm", False, text)
    limit = f"the {number(limit_k, 0)} K that the specimen stands"
    if highest > limit_k:
        return Check("specimen never too warm", False, f"{said}, above {limit}.")
    return Check("specimen never too warm", True, f"{said}, below {limit}.")


def _cell_temperatures_k(run: Run) -> NDArray[np.float64]:
    """Every reading of the cell's sensor in any stream, shape (n,)."""
    found: list[float] = []
    for stream in run.streams:
        try:
            column = run.column("cryostat", "cell_temperature_k", stream)
        except RecordError:
            continue
        found += [float(value) for value in column if value is not None]
    known = np.array(found, dtype=float)
    return known[np.isfinite(known)]


def _stands_k(start: Mapping[str, Any]) -> float | None:
    """What the specimen stands: by its table, or by what older records of ramps say beside it."""
    specimen = start.get("specimen")
    stated = specimen.get("max_temperature_k") if isinstance(specimen, Mapping) else None
    found = start.get("max_temperature_k") if stated is None else stated
    return float(found) if isinstance(found, (int, float)) else None


def _span(low: float, high: float, digits: int) -> str:
    first, last = number(low, digits), number(high, digits)
    return first if first == last else f"{first} to {last}"


CONDITION_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    _lambda0,
    ruby_temperature,
    _warmest,
    _axis,
    _ages,
    _dark,
)
