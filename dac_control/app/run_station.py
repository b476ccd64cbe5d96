"""The station of a run that was recorded: its station file, and where its storage is."""

from pathlib import Path
from typing import Any

import orjson

from dac_control.app.station import Station, Storage, load_station_and_text
from dac_control.errors import ConfigurationError
from dac_control.records.recorder import ENVIRONMENT_NAME

__all__ = ["station_of_run"]


def station_of_run(folder: Path, station_file: Path | None = None) -> tuple[Station, str]:
    """Load the station file in a run's folder, or another one instead.

    Parameters
    ----------
    folder : Path
        The run folder. Its copy of the station file says where the storage is relative to the
        original, so that is taken from what the recording process noted.
    station_file : Path, optional
        The station as it is now, where an address has changed.

    Returns
    -------
    tuple
        The station, and the text of its file.

    Raises
    ------
    ConfigurationError
        If there is none, or it is wrong.
    """
    if station_file is not None:
        return load_station_and_text(station_file)
    path = folder / "station.toml"
    if not path.is_file():
        raise ConfigurationError(
            f"The run in {folder} has no copy of its station file; name one with --station."
        )
    station, text = load_station_and_text(path)
    try:
        about: Any = orjson.loads((folder / ENVIRONMENT_NAME).read_bytes())
        storage = Storage(
            runs=Path(about["storage"]["runs"]), state=Path(about["storage"]["state"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The run in {folder} does not say where its station keeps the journal of moves; "
            "name the station file with --station."
        ) from error
    if not storage.state.is_dir():
        raise ConfigurationError(
            f"The station's state folder {storage.state}, with the journal of moves, is gone; "
            "name the station file as it is now with --station."
        )
    return station.model_copy(update={"storage": storage}), text
