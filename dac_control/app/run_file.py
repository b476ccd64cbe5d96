"""Read a run file: a plan and its parameters, checked against the station before anything moves."""

from pathlib import Path

from dac_control.app.run_models import PLANS, Impossible, RunFile
from dac_control.app.station import Station
from dac_control.app.toml_file import line_of, parse_toml, plain_toml, read_text
from dac_control.errors import ConfigurationError

__all__ = ["RunFile", "load_run_file"]


def load_run_file(path: Path, station: Station | None = None) -> RunFile:
    """Read a run file and, with a station, refuse what it cannot do.

    Raises
    ------
    ConfigurationError
        Naming file, line and key of each mistake, or of what is out of bounds.
    """
    text = read_text(path)
    named = plain_toml(text, path).get("plan")
    model = PLANS.get(named) if isinstance(named, str) else None
    if model is None:
        line = line_of(text, "plan")
        what = "this key is missing" if named is None else f"there is no plan {named!r}"
        raise ConfigurationError(f"{path}:{line}: plan: {what}; there are {', '.join(PLANS)}.")
    run = parse_toml(text, model, path)
    if station is not None:
        try:
            run.check(station)
        except Impossible as error:
            line = line_of(text, error.key)
            raise ConfigurationError(f"{path}:{line}: {error.key}: {error}") from None
    return run
