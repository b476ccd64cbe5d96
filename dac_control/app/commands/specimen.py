"""``dac-control specimen``: its history, to be carried from one station to the other."""

from pathlib import Path

import typer

from dac_control.app.commands.outputs import check_writable
from dac_control.app.state_files import CALIBRATIONS_NAME, LIGHT_NAME
from dac_control.app.station import load_station
from dac_control.app.station_lock import StationLock
from dac_control.records.calibrations import CalibrationLog
from dac_control.records.light_ledger import LightLedger
from dac_control.records.specimen_history import accept_history, pack_history, read_history

__all__ = ["accept_specimen", "pack_specimen"]


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
