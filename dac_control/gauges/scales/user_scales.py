"""Scales of a user's own: a few lines of TOML each, a formula or a table of points.

::

    [[scale]]
    gauge = "ruby"
    name = "ours2026"
    form = "power"
    coefficients = { A = [1890.0, 5.0], B = [9.8, 0.1] }   # value, or [value, sigma]
    range_gpa = [0, 120]
    citation = "our beam time of March 2026"

    [[scale]]
    gauge = "h2_vibron"
    name = "vibron2026"
    form = "table"
    observable_cm1 = [4200.0, 4230.0, 4245.0]               # observable_nm for a line
    pressure_gpa = [10.0, 20.0, 30.0]
    sigma_gpa = 0.5
    citation = "our beam time of March 2026"

    [[scale]]
    gauge = "our_sensor"                                    # a line that is not built in
    name = "sensor2026"
    form = "quadratic"
    unit = "nm"
    coefficients = { A = [2000.0, 20.0], C = [2.0, 0.1] }
    reference = 617.8
    range_gpa = [0, 50]
    citation = "our beam time of March 2026"

May be added to each: ``medium``, ``range_k``, ``note``, ``reference`` (lambda0 or nu0 of the
source), ``unit`` ("nm" or "cm-1", for a formula of a gauge that is not built in).
"""

import math
import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError
from dac_control.gauges.scales.entry import Entry, entries_of
from dac_control.gauges.scales.forms import FORMS, table_form
from dac_control.gauges.scales.registry import BUILT_IN
from dac_control.gauges.scales.scale import ROOM_K, Coefficient, Scale, Unit

__all__ = ["load_scales"]

_COMMON: Final = frozenset(
    ("gauge", "name", "form", "citation", "medium", "range_k", "note", "reference")
)
_FORMULA: Final = _COMMON | {"coefficients", "range_gpa", "unit"}
_TABLE: Final = _COMMON | {"observable_cm1", "observable_nm", "pressure_gpa", "sigma_gpa"}
_UNITS: Final[dict[str, Unit]] = {"ruby": "nm", "srb4o7": "nm", "diamond_edge": "cm-1"}
_ASSESSED: Final = (0.01, "the file states no uncertainty; 1 % is our assessment")


def load_scales(path: Path) -> tuple[Scale, ...]:
    """Read a file of scales. Nothing is registered; see `register` for that.

    Raises
    ------
    ConfigurationError
        In one sentence, with file, line, scale and key: the file is no TOML, a key is missing,
        unknown or of the wrong kind, a name is built in or taken twice, or the formula or the
        table does not rise or fall all the way.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file of scales.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as UTF-8 text: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is no valid TOML: {error}.") from None
    scales: dict[str, Scale] = {}
    for entry in entries_of(path, text, data):
        scale = _scale(entry)
        if scale.name in scales:
            raise entry.error("name", "is used by another scale of this file; give it another")
        scales[scale.name] = scale
    return tuple(scales.values())


def _scale(entry: Entry) -> Scale:
    name, form = entry.text("name"), entry.text("form")
    if name in BUILT_IN:
        raise entry.error("name", "belongs to a built-in scale; give yours another")
    if form == "table":
        entry.only(_TABLE)
        return _from_table(entry, name)
    if form not in FORMS:
        known = ", ".join((*FORMS, "table"))
        raise entry.error("form", f"is no form of scale; the forms are {known}")
    entry.only(_FORMULA)
    return _from_formula(entry, name, form)


def _from_formula(entry: Entry, name: str, form: str) -> Scale:
    gauge = entry.text("gauge")
    coefficients = _coefficients(entry, form)
    stated = all(coefficient.sigma is not None for coefficient in coefficients)
    assessed, reason = (0.0, "") if stated else _ASSESSED
    scale = Scale(
        form=FORMS[form],
        coefficients=coefficients,
        unit=_unit(entry, gauge),
        range_gpa=entry.pair("range_gpa"),
        assessed_relative_sigma=assessed,
        assessed_reason=reason,
        **_described(entry, gauge, name),
    )
    _check_on_its_range(entry, scale)
    return scale


def _from_table(entry: Entry, name: str) -> Scale:
    units: dict[str, Unit] = {"observable_nm": "nm", "observable_cm1": "cm-1"}
    given = [key for key in units if entry.has(key)]
    if len(given) != 1:
        raise entry.error("form", "is a table: give observable_cm1 or observable_nm, one of them")
    observable, pressure = entry.numbers(given[0]), entry.numbers("pressure_gpa")
    if observable.size != pressure.size:
        raise entry.error(
            "pressure_gpa", f"has {pressure.size} numbers, {given[0]} has {observable.size}"
        )
    if observable.size < 2:
        raise entry.error(given[0], "has fewer than 2 numbers")
    order = np.argsort(observable)
    observable, pressure = observable[order], pressure[order]
    if np.any(np.diff(observable) <= 0.0):
        raise entry.error(given[0], "holds a number twice")
    steps = np.diff(pressure)
    if not (np.all(steps > 0.0) or np.all(steps < 0.0)):
        raise entry.error("pressure_gpa", "neither rises nor falls all the way")
    sigma = entry.number("sigma_gpa")
    if sigma < 0.0:
        raise entry.error("sigma_gpa", "is below 0; give a standard uncertainty")

    def sigma_gpa(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(x, sigma)

    return Scale(
        form=table_form(observable, pressure),
        coefficients=(),
        unit=units[given[0]],
        range_gpa=(float(pressure.min()), float(pressure.max())),
        extra_sigma_gpa=("table", sigma_gpa),
        **_described(entry, entry.text("gauge"), name),
    )


def _described(entry: Entry, gauge: str, name: str) -> dict[str, Any]:
    reference = entry.number("reference") if entry.has("reference") else None
    if reference is not None and reference <= 0.0:
        raise entry.error("reference", "is no line or edge; give lambda0 or nu0, above 0")
    return {
        "gauge": gauge,
        "name": name,
        "citation": entry.text("citation"),
        "medium": entry.text("medium", "not stated"),
        "note": entry.text("note", ""),
        "range_k": entry.pair("range_k") if entry.has("range_k") else ROOM_K,
        "reference": reference,
        "wavelength": "as the user's file means it",
        "evidence": "user",
    }


def _coefficients(entry: Entry, form: str) -> tuple[Coefficient, ...]:
    names = FORMS[form].coefficients
    given = entry.table("coefficients")
    if set(given) != set(names):
        raise entry.error("coefficients", f"must be {', '.join(names)} for the form '{form}'")
    return tuple(_coefficient(entry, name, given[name]) for name in names)


def _coefficient(entry: Entry, name: str, given: Any) -> Coefficient:
    numbers = given if isinstance(given, list) else [given]
    good = all(
        isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
        for number in numbers
    )
    if not good or len(numbers) not in (1, 2) or (len(numbers) == 2 and numbers[1] < 0.0):
        raise entry.error(
            "coefficients", f"has {name} = {given!r}; give a number, or [number, sigma]"
        )
    return Coefficient(name, float(numbers[0]), float(numbers[1]) if len(numbers) == 2 else None)


def _unit(entry: Entry, gauge: str) -> Unit:
    unit = entry.text("unit", _UNITS.get(gauge, ""))
    if unit == "nm":
        return "nm"
    if unit == "cm-1":
        return "cm-1"
    raise entry.error("unit", "must be 'nm' or 'cm-1', that of the observable")


def _check_on_its_range(entry: Entry, scale: Scale) -> None:
    """Refuse a formula that cannot be inverted somewhere on the range it claims."""
    pressures = np.linspace(*scale.range_gpa, 101)
    arguments = scale.inverse(pressures)
    back = scale.pressure_gpa(arguments)
    tolerance = 1e-6 * max(abs(bound) for bound in scale.range_gpa)
    good = np.abs(back - pressures) <= tolerance  # NaN compares false
    if not good.all():
        at = float(pressures[np.flatnonzero(~good)[0]])
        raise entry.error(
            "coefficients",
            f"give no single line at {at:g} GPa, which lies in range_gpa; check their signs, "
            "units and names",
        )
