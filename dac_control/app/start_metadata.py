"""What the station contributes to every start document."""

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from typing import Any

from dac_control.app.station import Station
from dac_control.errors import DacError
from dac_control.records.calibrations import CalibrationKind, CalibrationStore
from devices.drivers.roles import Identity

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
    station: Station, connections: list[Connection], calibrations: CalibrationStore | None = None
) -> dict[str, Any]:
    """What every start document of a station says: who, what, with which numbers and versions."""
    return {
        "allow_unmeasured_steps": 0,
        "light_budget": [asdict(limit.as_limits()) for limit in station.light.limits],
        "calibrations": _calibrations(station, calibrations),
        **_of_the_edge(station),
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
        "lambda0": station.gauge.lambda0[0].model_dump(mode="json"),
        # all that the pressures and their budgets follow from; the keys above are part of it
        "gauge_settings": station.gauge.model_dump(mode="json", exclude_none=True),
        "instruments": {
            connection.role: {
                "name": connection.name,
                "address": connection.address,
                **(asdict(connection.identity) if connection.identity else {}),
            }
            for connection in connections
        },
        "versions": {
            "python": platform.python_version(),
            **{
                package: importlib.metadata.version(package)
                for package in ("dac-control", "bluesky", "ophyd", "event-model", "numpy", "scipy")
            },
        },
    }


def _calibrations(station: Station, store: CalibrationStore | None) -> dict[str, Any]:
    """The newest calibration of each kind, with its date; those that there are."""
    if store is None:
        return {}
    found: dict[str, Any] = {}
    spectrometer = station.devices.spectrometer.name
    ports: dict[CalibrationKind, str] = {
        "axis": spectrometer,
        "gain": spectrometer,
        "lambda0": station.gauge.lambda0[0].chip,
    }
    for kind, port in ports.items():
        every = store.history(kind, port, simulated=station.station.simulated)
        if every:
            found[kind] = {"uid": every[-1].uid, "time": every[-1].time.isoformat()}
    return found


def _of_the_edge(station: Station) -> dict[str, Any]:
    edge = station.edge
    if edge is None:
        return {}
    return {
        "gauge_scales": {"ruby": station.gauge.scale, "diamond_edge": edge.scale},
        "raman_laser_nm": {"diamond_edge": edge.laser_nm},
        "nu0_cm1": edge.nu0_cm1,
        "edge_settings": edge.model_dump(mode="json", exclude_none=True),
    }
