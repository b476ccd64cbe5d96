"""Table of the station file about the index: ``[index]``."""

import os
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from dac_control.app.tables import Strict
from dac_control.errors import ConfigurationError

__all__ = ["IndexTable"]

_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class IndexTable(Strict):
    """``[index]``: Tiled, fed from the run folders by ``dac-control index``."""

    uri: str | None = None
    """A folder (SQLite), ``postgresql://user@host/database``, or the ``http://`` of a server."""
    uri_env: _Variable | None = None
    """Environment variable that holds it, for one with a password in it."""
    key_env: _Variable | None = None
    """Environment variable that holds the API key of a server."""
    files: Path | None = None
    """Where arrays go that PostgreSQL does not hold; by default ``index`` in the state folder."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.uri is None) == (self.uri_env is None):
            raise ValueError("give either uri or uri_env")
        if self.uri is not None and urlsplit(self.uri).password is not None:
            raise ValueError(
                "a password does not belong into this file, which goes into every run folder; "
                "put the uri into an environment variable (uri_env)"
            )
        return self

    def read_uri(self) -> str:
        """Return the address.

        Raises
        ------
        ConfigurationError
            If its environment variable is not set.
        """
        if self.uri is not None:
            return self.uri
        assert self.uri_env is not None  # the validator saw to it
        return _from_environment(self.uri_env)

    def read_key(self) -> str | None:
        """Return the API key, if there is to be one.

        Raises
        ------
        ConfigurationError
            If its environment variable is not set.
        """
        return None if self.key_env is None else _from_environment(self.key_env)


def _from_environment(variable: str) -> str:
    found = os.environ.get(variable, "").strip()
    if not found:
        raise ConfigurationError(f"[index]: the environment variable {variable} is not set.")
    return found
