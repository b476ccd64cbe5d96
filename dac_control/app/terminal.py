"""Output that cannot hurt a run: a terminal may vanish, a pipe may be closed."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console

__all__ = ["PatientConsole", "silence_dead_streams", "survive_odd_consoles"]


class PatientConsole(Console):
    """A rich console that goes silent when nobody reads any more, instead of raising."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, or lose the text with the terminal."""
        with _lost_with_the_terminal():
            super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Go on silently; rich itself would end the process.

        What could not be written is still in the stream, and Python would end with status 120
        over it: from here on the stream writes to nowhere.
        """
        self.quiet = True
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())


def silence_dead_streams() -> None:
    """Replace standard streams that can no longer be written to by silent ones.

    bluesky prints when it pauses, before it does anything: after a dropped ssh session that
    print fails, and with it the pause.
    """
    for name in ("stdout", "stderr"):
        try:
            stream = getattr(sys, name)
            stream.write("")
            stream.flush()
            if hasattr(stream, "fileno") and stream.isatty():
                os.ttyname(stream.fileno()) if hasattr(os, "ttyname") else None
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))


def survive_odd_consoles() -> None:
    """Let a sign that a console does not know be missing; a Windows console may not know "±"."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextlib.contextmanager
def _lost_with_the_terminal() -> Iterator[None]:
    with contextlib.suppress(OSError):
        yield
