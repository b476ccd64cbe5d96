"""Tables of the station file about telling people: ``[notify]``.

URLs hold passwords and tokens, so a station file, which goes into every run folder, only ever
says where they are: in an environment variable, or in a file of their own.
"""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from dac_control.app.notify.desk import Addressee, Policy
from dac_control.app.notify.notice import Level
from dac_control.app.tables import Name, NonNegative, Positive, Strict
from dac_control.errors import NotifyFailed

__all__ = ["HeartbeatTable", "NotifyTable", "NotifyTarget", "SecretUrl"]


class SecretUrl(Strict):
    """Where a URL is; never the URL itself."""

    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Environment variable that holds it."""
    url_file: Path | None = None
    """File that holds it and nothing else; ``~`` is your home. Keep it out of repositories."""

    @model_validator(mode="before")
    @classmethod
    def _never_the_url_itself(cls, table: object) -> object:
        if isinstance(table, dict) and "url" in table:
            raise ValueError(
                "a URL holds secrets, and this file goes into every run folder; put it into an "
                "environment variable (url_env) or a file (url_file)"
            )
        return table

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError("give either url_env or url_file, where the URL is to be found")
        return self

    def read(self, name: str) -> str:
        """Return the URL.

        Raises
        ------
        NotifyFailed
            If it is not there.
        """
        if self.url_env is not None:
            url = os.environ.get(self.url_env, "").strip()
            where = f"the environment variable {self.url_env} is not set"
        else:
            assert self.url_file is not None  # the validator saw to it
            path = self.url_file.expanduser()
            try:
                url = path.read_text(encoding="utf-8").strip()
                where = f"{path} is empty"
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise NotifyFailed(f"{name}: {path} cannot be read: {why}.") from None
        if not url:
            raise NotifyFailed(f"{name}: {where}.")
        if len(url.split()) > 1:
            raise NotifyFailed(f"{name}: there is more than one word where one URL should be.")
        return url


class NotifyTarget(SecretUrl):
    """``[[notify.to]]``: one way to reach people, an URL of apprise."""

    name: Name
    from_level: Level = "info"
    """The least urgent that is sent there."""
    after_min: NonNegative = 0.0
    """Above 0: only what is critical, once nobody acknowledged it for so many minutes."""

    @property
    def secret(self) -> SecretUrl:
        """Where its URL is."""
        return SecretUrl(url_env=self.url_env, url_file=self.url_file)

    def as_addressee(self) -> Addressee:
        """The channel as the desk wants it."""
        return Addressee(name=self.name, from_level=self.from_level, after_s=60.0 * self.after_min)


class HeartbeatTable(SecretUrl):
    """``[notify.heartbeat]``: a dead-man service that is told of life by a GET."""

    every_s: Annotated[float, Field(ge=1, le=3600, strict=True)] = 60.0

    @property
    def secret(self) -> SecretUrl:
        """Where its URL is."""
        return SecretUrl(url_env=self.url_env, url_file=self.url_file)


class NotifyTable(Strict):
    """``[notify]``."""

    to: tuple[NotifyTarget, ...] = ()
    heartbeat: HeartbeatTable | None = None
    gap_s: NonNegative = 60.0
    """Least time between two notices about the same."""
    repeat_min: Positive = 30.0
    """How often what lasts is told again."""
    burst: Annotated[int, Field(ge=1, strict=True)] = 10
    """Notices at once; then one a minute, and the others as a digest."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.to]
        for name in names:
            if names.count(name) > 1 or name == "heartbeat":
                raise ValueError(f"the name {name!r} is used twice or reserved")
        if names and all(each.after_min > 0 for each in self.to):
            raise ValueError("nobody is told at once; let one of [[notify.to]] have after_min = 0")
        return self

    def as_policy(self) -> Policy:
        """How often people are told, as the desk wants it."""
        return Policy(gap_s=self.gap_s, repeat_s=60.0 * self.repeat_min, burst=self.burst)
