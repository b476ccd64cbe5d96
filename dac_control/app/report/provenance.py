"""Where the run comes from: people, specimen, instruments, settings, versions."""

from collections.abc import Mapping
from typing import Any

from dac_control.app.findings import text
from dac_control.records import Run

__all__ = ["instruments", "provenance"]


def provenance(run: Run) -> list[tuple[str, Any]]:
    """Name and value of everything that a reader needs to place the run."""
    start = run.start
    named = {
        "Run": start.get("uid"),
        "Folder": run.folder.resolve().name,
        "Begun": text.utc(start.get("time")),
        "Ended": text.utc((run.stop or {}).get("time")),
        "Operator": start.get("operator"),
        "Purpose": start.get("purpose"),
        "Specimen": start.get("specimen"),
        "Cell": start.get("cell"),
        "Station": start.get("station"),
        "Gauge": start.get("gauge"),
        "Scale": start.get("scale"),
        "Temperature correction": start.get("temperature_correction"),
        "λ0": _lambda0_words(start.get("lambda0")),
        "Scales of further gauges": start.get("gauge_scales"),
        "Calibrations": start.get("calibrations"),
        "In the cell": start.get("contents"),
        "Controls the run": start.get("controls") or start.get("control_of"),
        "Light budget": start.get("light_budget"),
        "Specimen stands up to / K": start.get("max_temperature_k"),
        "Unmeasured steps allowed": start.get("allow_unmeasured_steps"),
        "Targets": start.get("targets"),
        "Limits": start.get("limits"),
        "Clock": _clock_words(start),
        "Versions": start.get("versions"),
    }
    return [(name, value) for name, value in named.items() if value not in (None, "", {})]


def _lambda0_words(lambda0: Any) -> str:
    if not isinstance(lambda0, Mapping):
        return ""
    return (
        f"{text.plain(lambda0.get('value_nm'))} ± {text.plain(lambda0.get('sigma_nm'))} nm "
        f"at {text.plain(lambda0.get('temperature_k'))} K, chip {text.plain(lambda0.get('chip'))}, "
        f"measured {text.plain(lambda0.get('date'))}"
    )


def _clock_words(start: Mapping[str, Any]) -> str:
    if start.get("rehearsal"):
        return "laboratory clock of a rehearsal: virtual time"
    speed = start.get("speed")
    if not isinstance(speed, (int, float)):
        return ""
    if speed == 1:
        return "laboratory clock at speed 1: real time"
    return (
        f"laboratory clock at speed {text.plain(speed)}: {text.plain(speed)} laboratory seconds "
        "pass in one second on the wall"
    )


def instruments(run: Run) -> list[dict[str, str]]:
    """One row per instrument, as it identified itself."""
    found = run.start.get("instruments")
    if not isinstance(found, Mapping):
        return []
    columns = ("vendor", "model", "serial", "firmware", "address")
    return [
        {"role": str(role), **{name: text.plain(about.get(name)) for name in columns}}
        for role, about in found.items()
        if isinstance(about, Mapping)
    ]
