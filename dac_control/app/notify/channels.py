"""Ways to reach people: apprise and its URLs. Secrets come from outside and never go into texts."""

import logging
import re
from contextvars import ContextVar
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from dac_control.app.notify.notice import Notice
from dac_control.errors import NotifyFailed

__all__ = ["AppriseChannel", "Channel", "hide_secrets"]

_HIDDEN = "***"
_KINDS = {"info": "info", "warning": "warning", "critical": "failure"}


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """As the station file calls it."""
        ...

    def send(self, notice: Notice) -> None:
        """Send a notice and return when it was accepted.

        Raises
        ------
        NotifyFailed
            In a sentence without secrets.
        """
        ...


class AppriseChannel:
    """One URL of apprise: mail, chat or push.

    Parameters
    ----------
    name : str
        What it is called.
    url : str
        With credentials; kept here and told nobody.
    heading : str
        Stands before each title.

    Raises
    ------
    NotifyFailed
        If apprise is not installed, or does not understand the URL.
    """

    def __init__(self, name: str, url: str, heading: str = "") -> None:
        self._name, self._url, self._heading = name, url, heading
        try:
            import apprise
        except ImportError:
            raise NotifyFailed(
                f"{name}: apprise is not installed; `pip install 'dac-control[notify]'`."
            ) from None
        self._apprise: Any = apprise
        self._service = apprise.Apprise()
        if not self._service.add(url):
            scheme = re.match(r"[A-Za-z0-9]+(?=:)", url)
            raise NotifyFailed(
                f"{name}: apprise does not understand this URL of kind "
                f"{scheme.group() if scheme else 'unknown'!r}; see "
                "https://github.com/caronc/apprise for how to write it."
            )

    @property
    def name(self) -> str:
        """As the station file calls it."""
        return self._name

    def send(self, notice: Notice) -> None:
        """Send a notice, with its picture if that is still there."""
        picture = notice.picture
        attached = str(picture) if picture is not None and picture.is_file() else None
        with _Overheard() as said:
            sent = self._service.notify(
                title=f"{self._heading}{notice.title}",
                body=notice.body or notice.title,
                notify_type=_KINDS[notice.level],
                attach=attached,
            )
        if not sent:
            shown = (
                hide_secrets(said.reasons, self._url)
                or "the service refused it, or is not reachable"
            )
            raise NotifyFailed(f"{self._name}: {shown}")


_listener: ContextVar["_Overheard | None"] = ContextVar("listener", default=None)


class _Overheard(logging.Handler):
    """What apprise logs of one call, for other channels are sent to at the same time.

    A context variable, because apprise sends from threads of its own, in the caller's context. What
    a server answered, wrong credentials above all, it logs for debugging alone. A context.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._logger = logging.getLogger("apprise")

    def __enter__(self) -> "_Overheard":
        self._logger.setLevel(logging.DEBUG)
        self._logger.propagate = False  # it holds URLs
        self._logger.addHandler(self)
        self._token = _listener.set(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _listener.reset(self._token)
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep warnings, and the exceptions behind them."""
        if _listener.get() is not self:
            return
        text = " ".join(record.getMessage().split()).rstrip(".")
        if record.levelno >= logging.WARNING:
            self._said.append(text)
        elif "Exception: " in text:
            system = re.search(r"\[Errno -?\d+\] ([^\"'()]+)", text)
            self._said.append(system[1] if system else text.partition("Exception: ")[2])

    @property
    def reasons(self) -> str:
        """A sentence; empty if nothing was said."""
        return "; ".join(self._said) + "." if self._said else ""


def hide_secrets(text: str, url: str) -> str:
    """Take from a text whatever of a URL could be a secret: all of it but scheme and host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    pieces = re.split(r"[/:@?&=#,]+", url.partition("://")[2])
    secrets = {url, *pieces, *(unquote(piece) for piece in pieces)}
    # in chat and push URLs the "host" is a token as often as not; only names with a dot are shown
    keep = {host, "localhost"} if "." in host else {"localhost"}
    for secret in sorted(secrets - keep, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, _HIDDEN)
    return text
