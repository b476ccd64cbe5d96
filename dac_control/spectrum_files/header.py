"""What the lines around the numbers say: exposure, averages, dark, axis, in several languages."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from dac_control.spectrum_files.axis_unit import unit_from_text
from dac_control.spectrum_files.model import AxisUnit

__all__ = ["axis_unit_of", "entries", "metadata_of"]

_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_ENTRY: Final = re.compile(r"^[\s#%!;/*\"']*([^:=\t;,]{2,60}?)[\"']?\s*(?:[:=]+|\t|;|,)\s*(.*)$")

# Seconds in a unit of time. Order matters: "ms" before "s".
_TIMES: Final = (
    (r"µs|μs|us|usec|usecs|microsec\w*|mikrosek\w*", 1e-6),
    (r"ms|msec|msecs|millisec\w*|millisek\w*", 1e-3),
    (r"s|sec|secs|second\w*|sek\w*|secondes?|segundos?|secondi", 1.0),
    (r"min|minutes?|minuten", 60.0),
)
_TIME_UNIT: Final = tuple(
    (re.compile(rf"(?<![a-zµμ])(?:{words})(?![a-z])", re.IGNORECASE), scale)
    for words, scale in _TIMES
)

_EXPOSURE: Final = re.compile(
    r"^(?:detector )?(?:exposure|integration|acq(?:uisition|\.)?)[ _-]?(?:time|duration)?\b"
    r"|^(?:belichtungs|integrations|mess)zeit"
    r"|^temps d.?(?:exposition|int.gration|acquisition)|^tempo d.?(?:esposizione|integrazione)"
    r"|^tiempo de (?:exposici|integraci|adquisici)|^tempo de (?:exposi|integra)"
    r"|^время (?:экспозиции|накопления|интегрирования)|^露光時間|^積分時間|^曝光时间|^积分时间",
    re.IGNORECASE,
)
_NOT_EXPOSURE: Final = re.compile(r"cycle|mode|unit|date|acquired", re.IGNORECASE)
_AVERAGED: Final = re.compile(
    r"^(?:scans? to average|spectra averaged|averages?$|averaged? (?:scans|spectra)"
    r"|number of averages|no\.? of averages|#?accumulations$|averaging$|mittelung|anzahl mittel"
    r"|moyennes?$|nombre de moyennes)",
    re.IGNORECASE,
)
_SUMMED: Final = re.compile(r"^number of accumulations", re.IGNORECASE)
_DARK: Final = re.compile(r"dark", re.IGNORECASE)
_DARK_OPTION: Final = re.compile(r"electric|correct|subtract", re.IGNORECASE)
_YES: Final = re.compile(r"^(?:true|yes|on|ja|oui|enabled|1)\b", re.IGNORECASE)
_CENTRE: Final = re.compile(
    r"^(?:(?:wavelength|centre|center|central)\b.*\bnm\b|spectro\b)", re.IGNORECASE
)
_LASER: Final = re.compile(r"^(?:laser|excitation|anregung)\b(?!.*(?:power|mw|%))", re.IGNORECASE)
_INSTRUMENT: Final = re.compile(r"(?:spectrometers?|model|instrument)$", re.IGNORECASE)
_RANGE_KEY: Final = re.compile(r"^range \(", re.IGNORECASE)
_AXIS_KEY: Final = re.compile(
    r"^(?:x[ _-]?axis|axis ?unit|axis ?type|x[ _-]?units?|xunits?|achse)", re.IGNORECASE
)


def entries(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Return what looks like ``key: value`` (or ``=``, tab, semicolon), stripped."""
    found: list[tuple[str, str]] = []
    for line in lines:
        match = _ENTRY.match(line[:400])
        if match:
            found.append((match[1].strip(), match[2].strip().strip('"').strip()))
    return found


def metadata_of(header: list[tuple[str, str]]) -> dict[str, Any]:
    """Read what a fit can use out of a header; see `FileFrame.metadata`."""
    found: dict[str, Any] = {}
    for key, value in header:
        for name, read in _READERS:
            if name not in found and (result := read(key, value)) is not None:
                found[name] = result
    if "averages" in found:
        return found
    for key, value in header:
        count = _count(value) if _SUMMED.search(key) else None
        if count is not None:
            # Andor's camera software adds accumulations up; it does not average them.
            return found | {"averages": count, "summed": True}
    return found


def axis_unit_of(header: list[tuple[str, str]], heading: str) -> AxisUnit | None:
    """Unit of the axis: what the header declares, else what the columns' heading says.

    An entry such as "Wavelength (nm): 734.84" is where the grating stood, not the axis.
    """
    for key, value in header:
        if _AXIS_KEY.match(key):
            unit = unit_from_text(value)
        elif _RANGE_KEY.match(key):
            unit = unit_from_text(key)
        else:
            continue
        if unit is not None:
            return unit
    return unit_from_text(heading) if heading else None


def _number(text: str) -> float | None:
    match = _NUMBER.search(text)
    return float(match[0].replace(",", ".")) if match else None


def _count(text: str) -> int | None:
    value = _number(text)
    return int(value) if value is not None and 1.0 <= value < 1e9 else None


def _exposure_s(key: str, value: str) -> float | None:
    if not _EXPOSURE.search(key) or _NOT_EXPOSURE.search(key):
        return None
    number = _number(value)
    if number is None or not 0.0 < number < 1e9:
        return None
    behind = value[_NUMBER.search(value).end() :]  # pyright: ignore[reportOptionalMemberAccess]
    for place in (key, behind[:12]):
        for pattern, scale in _TIME_UNIT:
            if pattern.search(place):
                return number * scale
    return None


def _averages(key: str, value: str) -> int | None:
    return _count(value) if _AVERAGED.search(key) else None


def _dark_subtracted(key: str, value: str) -> bool | None:
    if _DARK.search(key) and _DARK_OPTION.search(key):
        return True if _YES.match(value) else None
    if key.lower() == "data type" and re.search(r"bg|background", value, re.IGNORECASE):
        return True
    return None


def _boxcar_px(key: str, value: str) -> int | None:
    if not re.search(r"boxcar|smoothing", key, re.IGNORECASE):
        return None
    return _count(value)


def _nanometres(pattern: re.Pattern[str]) -> Callable[[str, str], float | None]:
    def read(key: str, value: str) -> float | None:
        number = _number(value) if pattern.search(key) else None
        return number if number is not None and 180.0 < number < 2500.0 else None

    return read


def _instrument(key: str, value: str) -> str | None:
    return value[:60] if value and _INSTRUMENT.match(key) else None


_READERS: Final[tuple[tuple[str, Callable[[str, str], Any]], ...]] = (
    ("exposure_s", _exposure_s),
    ("averages", _averages),
    ("dark_subtracted", _dark_subtracted),
    ("boxcar_px", _boxcar_px),
    ("centre_nm", _nanometres(_CENTRE)),
    ("laser_nm", _nanometres(_LASER)),
    ("instrument", _instrument),
)
