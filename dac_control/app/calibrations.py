"""What a station's calibrations are, and what a run may not begin without."""

import datetime
import time
from collections.abc import Iterable, Sequence

from dac_control.app.days import refuse_day_to_come
from dac_control.app.gauge_tables import LambdaZero
from dac_control.app.state_files import CALIBRATIONS_NAME
from dac_control.app.station import Station
from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.lambda0_choice import on_own_axis
from dac_control.gauges.photon_transfer import PhotonTransfer
from dac_control.gauges.ruby_gauge.settings import lambda0_from
from dac_control.records.calibrations import CalibrationKind, CalibrationStore
from dac_control.records.calibrations_in_use import CalibrationsInUse, Need, read_calibrations

__all__ = [
    "as_measured",
    "check_run",
    "needs_of_station",
    "refuse_lambda0_to_come",
    "spectrometer_of",
    "station_calibrations",
]


def station_calibrations(
    station: Station, store: CalibrationStore, wall_time: float
) -> CalibrationsInUse:
    """Read what the file of calibrations holds for a station.

    Parameters
    ----------
    station : Station
    store : CalibrationStore
        Simulated ones count where the station is simulated, and only there.
    wall_time : float
        Seconds since the epoch, for ages.

    Raises
    ------
    RecordError
        The file cannot be read.
    """
    raman = station.devices.raman
    in_use = read_calibrations(
        store,
        station.calibrations,
        spectrometers=[station.devices.spectrometer.name, *([raman.name] if raman else [])],
        lambda0s=[
            lambda0_from(each.model_dump())
            for each in station.gauge.lambda0
            if station.gauge.lambda0_known
        ],
        simulated=station.station.simulated,
        now=_at(wall_time),
    )
    in_use.lambda0_missing = not station.gauge.lambda0_known
    return in_use


def needs_of_station(
    station: Station, gauges: Sequence[str], kinds: Sequence[CalibrationKind]
) -> list[Need]:
    """What gauges of a station rest on; see `plans.calibrated.needs_of`."""
    needs: list[Need] = []
    for gauge in gauges:
        port = spectrometer_of(station, gauge)
        needs.extend([("axis", port), ("gain", port)])
        if gauge == "ruby":
            needs.append(("lambda0", station.gauge.lambda0[0].chip))
    return [need for need in dict.fromkeys(needs) if need[0] in kinds]


def spectrometer_of(station: Station, gauge: str) -> str:
    """Name of the spectrometer that sees a gauge."""
    raman = station.devices.raman
    return (station.devices.spectrometer if raman is None or "ruby" in gauge else raman).name


def check_run(
    station: Station,
    parts: Iterable[tuple[Sequence[Need], Sequence[Need]]],
    wall_time: float,
) -> None:
    """Refuse a run whose calibrations are missing or too old; only the state folder is read.

    Parameters
    ----------
    station : Station
    parts : iterable of tuple
        Of each plan in order, what it rests on and what it measures for those after it.
    wall_time : float
        When it begins, in s since the epoch.

    Raises
    ------
    ConfigurationError, StaleCalibration
        With the key of the station file that asks for it, and the plan to run.
    """
    each = list(parts)
    if any(kind == "lambda0" for needs, _ in each for kind, _ in needs):
        refuse_lambda0_to_come(station, wall_time)
    store = CalibrationStore.at(station.storage.state / CALIBRATIONS_NAME)
    in_use = station_calibrations(station, store, wall_time)
    coming = set[Need]()
    for needs, brings in each:
        in_use.check(needs, _at(wall_time), coming)
        coming |= set(brings)


def refuse_lambda0_to_come(station: Station, wall_time: float | None = None) -> None:
    """Refuse a lambda0 that nobody can have measured yet, whether an age is asked for or not.

    Raises
    ------
    ConfigurationError
        Naming the station file and its line.
    """
    several, today = station.gauge.lambda0, _at(time.time() if wall_time is None else wall_time)
    for number, each in enumerate(several):
        key = f"gauge.lambda0.{number}.date" if len(several) > 1 else "gauge.lambda0.date"
        what = f"{station.where(key)}: lambda0 of chip '{each.chip}'"
        refuse_day_to_come(what, each.date, today.date())


def as_measured(station: Station, in_use: CalibrationsInUse) -> Station:
    """Return a station that states what was measured: lambda0 on the instrument's axis, detector.

    For a twin of it, whose spectrometer has an axis of its own.
    """
    name = station.devices.spectrometer.name
    axis = in_use.of("axis", name)
    found = None if axis is None else AxisCalibration.from_dict(axis.content)
    several = [on_own_axis(each, found) for each in in_use.lambda0s]
    gauge = station.gauge
    if several:
        gauge = gauge.model_copy(
            update={"lambda0": tuple(LambdaZero(**vars(each)) for each in several)}
        )
    detector, gain = station.devices.spectrometer, in_use.of("gain", name)
    if gain is not None:
        transfer = PhotonTransfer.from_dict(gain.content)
        measured = {name: getattr(transfer, name) for name in ("gain_e_per_count", "read_noise_e")}
        detector = detector.model_copy(update=measured)
    devices = station.devices.model_copy(update={"spectrometer": detector})
    return station.model_copy(update={"gauge": gauge, "devices": devices})


def _at(wall_time: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(wall_time, tz=datetime.UTC)
