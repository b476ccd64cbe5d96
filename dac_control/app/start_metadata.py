"""What the station contributes to every start document."""

import functools
import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from typing import Any

from dac_control.app.light import account_of
from dac_control.app.station import Station
from dac_control.errors import DacError
from dac_control.gauges.ruby_gauge.settings import ruby_settings
from devices.drivers.roles import Identity
from plans.calibrated import needs_of
from plans.instruments import Instruments
from plans.placing import Placing

__all__ = ["Connection", "start_metadata"]


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How the connection to one instrument went."""

    role: str
    name: str
    address: str
    identity: Identity | None = None
    error: DacError | None = None


def start_metadata(
    station: Station, connections: list[Connection], instruments: Instruments
) -> dict[str, Any]:
    """What every start document of a station says: who, what, with which numbers and versions.

    Reads no file: it is asked for on the RunEngine's thread.
    """
    ruby = _of_the_ruby(station, instruments)
    ages = {key: age for key, age in vars(instruments.in_use.ages).items() if age is not None}
    return {
        "light_budget": _light_budget(station, instruments),
        "calibrations": instruments.in_use.describe(
            needs_of(instruments, list(instruments.gauges))
        ),
        # only where somebody limited any: the record of other stations is as it was
        **({"calibration_ages": ages} if ages else {}),
        **_of_raman_lines(station, instruments),
        # how finely the screw is placed, and how well it is known where it stands
        "placing": asdict(Placing.of(instruments.drive)),
        "station": station.station.name,
        "simulated": station.station.simulated,
        "speed": station.clock.speed,
        "operator": station.station.operator,
        "specimen": station.specimen.model_dump(exclude_defaults=True),
        "sample": station.specimen.id,
        "cell": station.cell.model_dump(exclude_defaults=True),
        "scale": station.gauge.scale,
        "temperature_correction": station.gauge.temperature_correction,
        "axis_sigma_nm": station.gauge.axis_sigma_nm,
        "temperature_sigma_k": station.gauge.temperature_sigma_k,
        "lambda0": ruby["lambda0"][0],
        # all that the pressures and their budgets follow from; the keys above are part of it
        "gauge_settings": ruby,
        "instruments": {
            connection.role: {
                "name": connection.name,
                "address": connection.address,
                **(asdict(connection.identity) if connection.identity else {}),
            }
            for connection in connections
        },
        "versions": dict(_versions()),
    }


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """What is installed; read once, before the first run opens."""
    packages = ("dac-control", "bluesky", "ophyd", "event-model", "numpy", "scipy")
    found = [(package, importlib.metadata.version(package)) for package in packages]
    return (("python", platform.python_version()), *found)


def _light_budget(station: Station, instruments: Instruments) -> list[dict[str, Any]]:
    """The limits of station and run."""
    account = account_of(instruments)
    if account is None:
        return [asdict(limit.as_limits()) for limit in station.light.limits]
    return [asdict(limits) for limits in account.budget.limits]


def _of_the_ruby(station: Station, instruments: Instruments) -> dict[str, Any]:
    """The gauge as it is: its lambda0 may have been measured since the station file was written."""
    stated = station.gauge.model_dump(mode="json", exclude_none=True)
    in_use = ruby_settings(instruments.ruby.gauge)
    return stated | {name: value for name, value in in_use.items() if value is not None}


def _of_raman_lines(station: Station, instruments: Instruments) -> dict[str, Any]:
    edge, vibron = _of_the_edge(station, instruments), station.vibron
    if not edge and vibron is None:
        return {}
    scales, lasers = {"ruby": station.gauge.scale}, dict[str, float]()
    if station.edge is not None:
        scales["diamond_edge"], lasers["diamond_edge"] = station.edge.scale, station.edge.laser_nm
    if vibron is not None:
        scales[vibron.gauge], lasers[vibron.gauge] = vibron.scale, vibron.laser_nm
        edge["vibron_settings"] = vibron.model_dump(mode="json", exclude_none=True)
    return {"gauge_scales": scales, "raman_laser_nm": lasers, **edge}


def _of_the_edge(station: Station, instruments: Instruments) -> dict[str, Any]:
    edge, optics = station.edge, instruments.further_gauges.get("diamond_edge")
    if edge is None or optics is None:
        return {}
    from devices.raman_gauges import DiamondEdge  # most stations have the ruby only

    if not isinstance(optics.device, DiamondEdge):
        return {}
    nu0 = optics.device.gauge.nu0
    assert nu0 is not None  # the station file states one
    return {
        "nu0_cm1": nu0.value_cm1,
        "edge_settings": {
            **edge.model_dump(mode="json", exclude_none=True),
            "nu0_cm1": nu0.value_cm1,
            "nu0_axis": nu0.axis,
        },
    }
