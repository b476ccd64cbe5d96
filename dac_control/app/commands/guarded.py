"""``dac-control run``: a worker carries the run file out, and a guardian watches over it.

Loads neither bluesky nor ophyd: this is the guardian's process.
"""

from pathlib import Path

from dac_control.app.commands.common import console_for
from dac_control.app.guardian.guardian import Guardian
from dac_control.app.station import load_station

__all__ = ["run_guarded"]


def run_guarded(run_file: Path, station: Path, *, as_json: bool) -> int:
    """Carry out a run file; return 0, 1 if the run held, or 2 if it was refused.

    Raises
    ------
    ConfigurationError
        For a wrong station file; everything else is for the worker to refuse.
    """
    arguments = ["run", str(run_file), "--station", str(station)]
    if as_json:
        arguments.append("--json")
    guardian = Guardian(load_station(station), arguments, console_for(as_json), as_json=as_json)
    return guardian.keep_watch()
