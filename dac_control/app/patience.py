"""A word to whoever waits: what takes long is explained, on standard error, while it takes long."""

import contextlib
import threading
from collections.abc import Iterator

from dac_control.app.terminal import PatientConsole

__all__ = ["COMPILING", "explained"]

COMPILING = "Compiling the ruby fit for this computer. That takes half a minute, once."
"""numba keeps what it compiled beside the package, or in the user's cache."""

_BEFORE_ANYBODY_WONDERS_S = 2.0
"""Loading what was compiled before takes a few hundred milliseconds."""


@contextlib.contextmanager
def explained(sentence: str, *, after_s: float = _BEFORE_ANYBODY_WONDERS_S) -> Iterator[None]:
    """Print `sentence` if what is done inside still goes on after `after_s` seconds."""
    timer = threading.Timer(after_s, _say, (sentence,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _say(sentence: str) -> None:
    PatientConsole(stderr=True, highlight=False).print(sentence, soft_wrap=True)
