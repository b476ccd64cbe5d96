"""Where the index is: an embedded Tiled over SQLite or PostgreSQL, or a Tiled server.

One setting says which: ``sqlite:///folder``, ``postgresql://user@host/database``, or
``http://host:port``. An embedded Tiled lives in the process that feeds it and opens no port.
"""

import contextlib
import io
import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dac_control.errors import ConfigurationError, IndexUnreachable

__all__ = ["EMBEDDED_KEY", "Target", "embedded_app", "open_target", "parse_target"]

logger = logging.getLogger(__name__)

# Read when tiled is imported. A few tries: whoever feeds an index tries again by itself.
os.environ.setdefault("TILED_RETRY_ATTEMPTS", "3")

_KINDS = ("sqlite", "postgresql", "http", "https")
# Of the embedded Tiled, which only this process can reach; tiled keeps it by process, too.
EMBEDDED_KEY = os.urandom(16).hex()


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where to."""

    uri: str
    """With a password for PostgreSQL, if it needs one; never logged."""
    files: Path
    """Where an embedded Tiled keeps arrays, and for SQLite everything else."""
    key: str | None = None
    """API key of a Tiled server."""

    @property
    def kind(self) -> str:
        """``sqlite``, ``postgresql``, ``http`` or ``https``."""
        return urlsplit(self.uri).scheme.partition("+")[0]

    @property
    def shown(self) -> str:
        """The address without user and password, for people."""
        parts = urlsplit(self.uri)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def parse_target(uri: str, *, base: Path, files: Path | None, key: str | None) -> Target:
    """Make a target of a setting.

    Parameters
    ----------
    uri : str
        The setting; a bare path is a folder for SQLite.
    base : Path
        What relative paths are relative to.
    files : Path, optional
        Where an embedded Tiled over PostgreSQL keeps arrays.
    key : str, optional
        API key of a server.

    Raises
    ------
    ConfigurationError
        If it is none of the three kinds.
    """
    if "://" not in uri:
        uri = f"sqlite:///{(base / Path(uri).expanduser()).resolve()}"
    kind = urlsplit(uri).scheme.partition("+")[0]
    if kind not in _KINDS:
        raise ConfigurationError(
            f"An index cannot be at a {kind}:// address; give a folder, postgresql://..., or the "
            "http://... of a Tiled server."
        )
    if kind == "sqlite":
        path = uri.partition("://")[2]
        folder = Path(path[1:] if path.startswith("/") else path).expanduser()
        files = (base / folder).resolve()
        uri = f"sqlite:///{files}"
    return Target(uri=uri, files=files or base / "index", key=key)


@contextlib.contextmanager
def open_target(target: Target, readable: Path) -> Iterator[Any]:
    """Open an index; yields a Tiled client.

    Parameters
    ----------
    target : Target
        Where it is.
    readable : Path
        The folder of runs, which an embedded Tiled may read frames from.

    Raises
    ------
    ConfigurationError
        If Tiled is not installed.
    IndexUnreachable
        In a sentence, if it cannot be opened.
    """
    with contextlib.ExitStack() as open_things:
        # of no use to a person: deprecations between Tiled and what it stands on
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = _open(target, readable, open_things)
        yield client


def _open(target: Target, readable: Path, open_things: contextlib.ExitStack) -> Any:
    try:
        import tiled.client as tiled_client
        import tiled.server.app as tiled_app
    except ImportError as error:
        raise ConfigurationError(
            f"Tiled is not installed ({error}); `pip install 'dac-control[tiled]'`."
        ) from None
    _ = tiled_app
    try:
        if target.kind not in ("http", "https"):
            return open_things.enter_context(_embedded(target, readable))
        client = tiled_client.from_uri(target.uri, api_key=target.key)
        open_things.callback(client.context.http_client.close)
        return client
    except Exception as error:
        raise _unreachable(target, error) from error


def embedded_app(target: Target, readable: Path) -> Any:
    """Build Tiled's web application over SQLite or PostgreSQL; `EMBEDDED_KEY` opens it.

    Parameters
    ----------
    target : Target
        A database; its tables are made where they are missing.
    readable : Path
        The folder of runs, which it may read frames from.
    """
    import hdf5plugin
    from tiled.catalog import from_uri as catalog_from_uri
    from tiled.commandline._catalog import init as make_catalog
    from tiled.config import Authentication
    from tiled.server.app import build_app

    # for its effect: it registers the filter that frames are packed with
    _ = hdf5plugin
    arrays = target.files / "arrays"
    arrays.mkdir(parents=True, exist_ok=True)
    if target.kind == "sqlite":
        catalog = f"sqlite:///{target.files / 'catalog.db'}"
        tables = f"duckdb:///{target.files / 'tables.duckdb'}"
    else:
        catalog = tables = target.uri
    # what `tiled catalog init` does; it prints, and Tiled's alembic.ini lacks an entry
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.filterwarnings("ignore", "No path_separator found", DeprecationWarning)
        make_catalog(catalog, if_not_exists=True)
    if target.kind == "sqlite":
        _write_ahead(target.files / "catalog.db")
    tree = catalog_from_uri(
        catalog, writable_storage=[str(arrays), tables], readable_storage=[str(readable)]
    )
    app = build_app(
        tree,
        authentication=Authentication(single_user_api_key=EMBEDDED_KEY),
        # Tiled stops at 101 where nobody says -1, and calls that how many there are
        server_settings={"exact_count_limit": -1},
    )
    app.add_middleware(_NothingStreams)
    return app


def _write_ahead(path: Path) -> None:
    """Let SQLite sync once a transaction instead of thrice, and readers in meanwhile.

    The file keeps the mode, whoever opens it (https://sqlite.org/wal.html).
    """
    with contextlib.closing(sqlite3.connect(path, timeout=30.0)) as database:
        database.execute("PRAGMA journal_mode=WAL")


class _NothingStreams:
    """Answers "this stream is over" at once.

    `TiledWriter` says it three times a run, and Tiled looks each node up to do nothing: an
    application without streaming cache and webhooks has no listeners to tell.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/v1/stream/close/"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send)


@contextlib.contextmanager
def _embedded(target: Target, readable: Path) -> Iterator[Any]:
    from tiled.client import from_context
    from tiled.client.context import Context

    app = embedded_app(target, readable)
    key: Any = EMBEDDED_KEY
    with Context.from_app(app, api_key=key) as context, _without_overrides(app):
        yield from_context(context)


@contextlib.contextmanager
def _without_overrides(app: Any) -> Iterator[None]:
    """Empty an application's dependency overrides, which cost a fifth of each request.

    FastAPI analyses the signature of every dependency anew for each request while there are any.
    Tiled has one, `get_settings`, whose result is the object that `get_settings` itself returns;
    it is looked up by name when the application starts and ends.
    """
    kept = dict(app.dependency_overrides)
    app.dependency_overrides.clear()
    try:
        yield
    finally:
        app.dependency_overrides.update(kept)


def _unreachable(target: Target, error: Exception) -> IndexUnreachable:
    why = " ".join(str(error).split()) or type(error).__name__
    password = urlsplit(target.uri).password
    for secret in (target.uri, password, target.key):
        why = why.replace(secret, "***") if secret else why
    return IndexUnreachable(
        f"The index at {target.shown} cannot be opened: {why[:300]}. Runs do not depend on it; "
        "run `dac-control index` again once it is there."
    )
