"""``dac-control run``: a worker carries the run file out, and a guardian watches over it.

Loads neither bluesky nor ophyd: this is the guardian's process.
"""

from pathlib import Path

from dac_control.app.commands.common import console_for
from dac_control.app.commands.show import run_path
from dac_control.app.commands.station_beside import check_named
from dac_control.app.guardian.guardian import Guardian
from dac_control.app.run_station import station_of_run
from dac_control.app.station import Station, load_station

__all__ = ["resume_guarded", "run_guarded"]


def run_guarded(run_file: Path, station: Path, *, as_json: bool) -> int:
    """Carry out a run file; return 0, 1 if the run held, or 2 if it was refused.

    Raises
    ------
    ConfigurationError
        For a wrong station file; everything else is for the worker to refuse.
    """
    check_named("run", run_file, station)
    arguments = ["run", str(run_file), "--station", str(station)]
    return _guard(load_station(station), arguments, as_json=as_json)


def resume_guarded(run: str, runs: Path | None, station_file: Path | None, *, as_json: bool) -> int:
    """Take a run up again; return 0, 1 if it held, or 2 if it was refused.

    Raises
    ------
    DacError
        If there is no such run, or no station file for it.
    """
    folder = run_path(run, runs)
    station, _ = station_of_run(folder, station_file)
    arguments = ["resume", str(folder)]
    if station_file is not None:
        arguments += ["--station", str(station_file)]
    return _guard(station, arguments, as_json=as_json)


def _guard(station: Station, arguments: list[str], *, as_json: bool) -> int:
    if as_json:
        arguments.append("--json")
    return Guardian(station, arguments, console_for(as_json), as_json=as_json).keep_watch()
