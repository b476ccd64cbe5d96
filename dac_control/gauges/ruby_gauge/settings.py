"""A ruby gauge from plain settings and back: of a station file, or of a start document.

What a start document holds must suffice to compute every pressure and its budget again.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from dac_control.gauges.lambda0 import Lambda0, ReferenceRuby
from dac_control.gauges.ruby_gauge.gauge import RubyGauge
from dac_control.gauges.ruby_gauge.uncertainties import RubyUncertainties
from dac_control.gauges.scales import Scale

__all__ = ["lambda0_from", "ruby_gauge_from", "ruby_settings"]


def ruby_gauge_from(settings: Mapping[str, Any], scale: str | Scale | None = None) -> RubyGauge:
    """Build the gauge that settings describe.

    Parameters
    ----------
    settings : mapping
        ``scale``, ``temperature_correction``, ``lambda0`` (a table, or several of one chip) and
        the fields of `RubyUncertainties`, and ``reference_ruby``; anything else is not looked at.
        Without ``axis_sigma_nm`` or ``temperature_sigma_k`` these count as 0.
    scale : str or Scale, optional
        Another scale than that of the settings.

    Raises
    ------
    KeyError, TypeError, ValueError
        A setting is missing or of the wrong kind.
    ConfigurationError
        A setting has a value that it cannot have.
    """
    found = settings["lambda0"]
    several = [found] if isinstance(found, Mapping) else list(found)
    names = {field.name for field in fields(RubyUncertainties)}
    stated = {
        name: float(value)
        for name, value in settings.items()
        if name in names and value is not None
    }
    return RubyGauge(
        scale=str(settings["scale"]) if scale is None else scale,
        correction=str(settings["temperature_correction"]),
        lambda0=[lambda0_from(each) for each in several],
        reference_ruby=_reference_ruby(settings.get("reference_ruby")),
        **{"axis_sigma_nm": 0.0, "temperature_sigma_k": 0.0, **stated},
    )


def ruby_settings(gauge: RubyGauge) -> dict[str, Any]:
    """Return what `ruby_gauge_from` needs, as JSON takes it.

    A scale of the user's own is kept by name only: its formula stands in the user's file.
    """
    return {
        "scale": gauge.scale.name,
        "temperature_correction": gauge.correction.name,
        "lambda0": _plain(gauge.all_lambda0),
        **asdict(gauge.uncertainties),
        "reference_ruby": None if gauge.reference_ruby is None else asdict(gauge.reference_ruby),
    }


def _plain(several: Sequence[Lambda0]) -> list[dict[str, Any]]:
    return [
        asdict(each) | {"date": None if each.date is None else each.date.isoformat()}
        for each in several
    ]


def _reference_ruby(found: Mapping[str, Any] | None) -> ReferenceRuby | None:
    if found is None:
        return None
    names = {field.name for field in fields(ReferenceRuby)}
    stated: dict[str, Any] = {
        name: value for name, value in found.items() if name in names and value is not None
    }
    return ReferenceRuby(**stated)


def lambda0_from(found: Mapping[str, Any]) -> Lambda0:
    """Build lambda0 from a table of a file or of a record; further keys are not looked at."""
    date = found["date"]
    return Lambda0(
        value_nm=float(found["value_nm"]),
        sigma_nm=float(found["sigma_nm"]),
        chip=str(found["chip"]),
        date=None if date is None else datetime.date.fromisoformat(str(date)[:10]),
        temperature_k=float(found["temperature_k"]),
        axis=str(found.get("axis") or ""),
    )
