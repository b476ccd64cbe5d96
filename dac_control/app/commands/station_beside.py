"""A station file that was not named, or is not there: say which one was meant."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from dac_control.app.toml_file import plain_toml, read_text
from dac_control.errors import ConfigurationError

__all__ = ["as_typed", "check_named"]


def check_named(command: str, run_file: Path, station_file: Path) -> None:
    """Raise with a command to type where the station file is not there.

    Parameters
    ----------
    command : str
        Of `dac-control`, for the proposal.
    run_file, station_file : Path
        As they were given; ``station.toml`` where none was.

    Raises
    ------
    ConfigurationError
        There is no station file of this name.
    """
    if station_file.exists() or not run_file.is_file():
        return
    meant = _beside(run_file)
    proposal = "."
    if meant is not None:
        typed = as_typed(["dac-control", command, str(run_file), "--station", str(meant)])
        proposal = f"; beside the run file there is one: {typed}"
    raise ConfigurationError(
        f"{station_file}: there is no such file. Name the file of your station with --station "
        f"FILE{proposal}"
    )


def as_typed(words: Sequence[str], system: str = os.name) -> str:
    """Join words to a command as the shell of a system takes it: cmd.exe has no single quotes."""
    return subprocess.list2cmdline(words) if system == "nt" else shlex.join(words)


def _beside(run_file: Path) -> Path | None:
    """The station file beside a run file that one of the two names, or the only one there is."""
    run_says = _header(run_file)
    stations = [path for path in sorted(run_file.parent.glob("*.toml")) if _is_station(path)]
    named = [path for path in stations if run_file.name in _header(path) or path.name in run_says]
    found = named or stations
    return found[0] if len(found) == 1 else None


def _is_station(path: Path) -> bool:
    try:
        return {"station", "cell"} <= plain_toml(read_text(path), path).keys()
    except ConfigurationError:
        return False


def _header(path: Path) -> str:
    """The comment that a file begins with."""
    return "\n".join(takewhile(lambda line: line.startswith("#"), read_text(path).splitlines()))
