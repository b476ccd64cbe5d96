"""``dac-control specimen``: the light on it, and its history, which goes where it goes."""

import math
from dataclasses import dataclass
from pathlib import Path

import typer

from dac_control.app.commands.outputs import check_writable
from dac_control.app.light import make_account
from dac_control.app.state_files import CALIBRATIONS_NAME, LIGHT_NAME
from dac_control.app.station import load_station
from dac_control.app.station_lock import StationLock
from dac_control.clock import SteadyClock
from dac_control.errors import ConfigurationError, LimitError
from dac_control.records.calibrations import CalibrationLog
from dac_control.records.light_ledger import LightLedger
from dac_control.records.specimen_history import accept_history, pack_history, read_history
from dac_control.safety.light import Dose, LightAccount
from devices.drivers.spot_role import CHIP, GASKET, SAMPLE

__all__ = ["StatedLight", "accept_specimen", "pack_specimen", "tell_light"]


@dataclass(frozen=True, kw_only=True)
class StatedLight:
    """Light that no device of the station knows of, as a person states it."""

    light: str
    """Its label in ``[light.beams]``."""
    spot: str
    power_mw: float
    """At the head."""
    open_s: float
    reason: str


def tell_light(station_file: Path, stated: StatedLight | None = None) -> int:
    """Print what the specimen has had of each light on each spot; returns 0.

    Parameters
    ----------
    station_file : Path
    stated : StatedLight, optional
        Written into the ledger first: budgets count it from then on.

    Raises
    ------
    DacError
        If light is stated that cannot have fallen there, or the station is in use meanwhile.
    """
    station = load_station(station_file)
    ledger = LightLedger(station.storage.state / LIGHT_NAME)
    account = make_account(station, ledger, SteadyClock(station.clock.speed))
    if stated is not None:
        if not stated.reason.strip():
            raise ConfigurationError("--reason is empty; say what lit the specimen, and when.")
        account.beam(stated.light)
        # another program may have lit what no gauge of this station looks at
        places = dict.fromkeys((*station.lit_places[stated.light], CHIP, SAMPLE, GASKET))
        if stated.spot not in places:
            raise LimitError(
                f"Light falls on {', '.join(places)} at this station, not on {stated.spot!r}; is "
                "it spelled right? A further place goes into places of [devices.spots] in the "
                "station file. Nothing was written down."
            )
        lock = StationLock(station.storage.state)
        try:
            account.state(
                stated.light,
                stated.spot,
                power_mw=stated.power_mw,
                open_s=stated.open_s,
                reason=stated.reason.strip(),
            )
        finally:
            lock.release()
    doses = account.doses()
    for dose in doses.values():
        typer.echo(
            f"{dose.light} on {dose.spot}: {dose.energy_mj:.4g} mJ in {dose.open_s:.4g} s "
            f"({dose.shots} opening{'s' * (dose.shots != 1)}), at most "
            f"{dose.peak_intensity_mw_per_um2:.3g} mW/um2; {_left(account, dose)}"
        )
    if not doses:
        typer.echo(f"No light on {account.specimen} is on record.")
    return 0


def _left(account: LightAccount, dose: Dose) -> str:
    most_mj = account.allowance(dose.light, dose.spot).max_energy_mj
    left_mj = most_mj - dose.energy_mj
    if math.isinf(most_mj):
        return "no limit"
    return f"{left_mj:.4g} mJ left" if left_mj >= 0 else f"{-left_mj:.4g} mJ over its budget"


def pack_specimen(station_file: Path, to: Path | None) -> int:
    """Write the history of a station's specimen into a file; returns 0.

    Raises
    ------
    DacError
        If the station is in use, something cannot be read or written, or `to` is a file of the
        station or lies in a run folder.
    """
    station = load_station(station_file)
    state, specimen = station.storage.state, station.specimen.id
    path = to or Path(f"specimen-{''.join(c if c.isalnum() else '-' for c in specimen)}.jsonl")
    check_writable(path, (station_file, state))
    # a run that is going on adds to it
    lock = StationLock(state)
    try:
        history = pack_history(
            LightLedger(state / LIGHT_NAME),
            CalibrationLog(state / CALIBRATIONS_NAME),
            specimen=specimen,
            station=station.station.name,
            simulated=station.station.simulated,
            path=path,
        )
    finally:
        lock.release()
    typer.echo(
        f"{path}: {len(history.light)} records of light on {specimen}, {len(history.seen)} of what "
        "was seen of it. lambda0, axis and turns are of this station and stay."
    )
    return 0


def accept_specimen(station_file: Path, path: Path) -> int:
    """Add the history of a specimen to a station's logs; returns 0.

    Raises
    ------
    DacError
        If it is not of this specimen, or damaged, or the station is in use.
    """
    station = load_station(station_file)
    state = station.storage.state
    history = read_history(path)
    lock = StationLock(state)
    try:
        accepted = accept_history(
            history,
            LightLedger(state / LIGHT_NAME),
            CalibrationLog(state / CALIBRATIONS_NAME),
            specimen=station.specimen.id,
            simulated=station.station.simulated,
        )
    finally:
        lock.release()
    typer.echo(
        f"From {history.station}: {accepted.light} of {len(history.light)} records of light and "
        f"{accepted.seen} of {len(history.seen)} of what was seen were new; budgets count them now."
    )
    return 0
