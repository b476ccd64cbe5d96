"""A word to whoever waits while the fit is compiled, on standard error, and only then."""

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

from dac_control.app.terminal import PatientConsole

__all__ = ["compiling_explained"]

_SENTENCE: Final = "Compiling the fits for this computer. That takes half a minute, once."
"""numba keeps what it compiled beside the package, or in the user's cache."""

_BEFORE_ANYBODY_WONDERS_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.1
_NUMBA_EVENTS: Final = "numba.core.event"


@contextlib.contextmanager
def compiling_explained(*, after_s: float = _BEFORE_ANYBODY_WONDERS_S) -> Iterator[None]:
    """Say that the fit is being compiled, if after `after_s` seconds it still is.

    What takes as long for another reason is not explained so: many spectra, or a busy computer
    that loads what was compiled before.
    """
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(over, after_s), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(over: threading.Event, after_s: float) -> None:
    if over.wait(after_s):
        return
    # imported here, numba would cost half a second where the NumPy engine fits
    while _NUMBA_EVENTS not in sys.modules:
        if over.wait(_LOOK_EVERY_S):
            return
    events: Any = importlib.import_module(_NUMBA_EVENTS)
    # numba runs its passes when it compiles, and none when it loads from its cache
    with events.install_listener("numba:run_pass", events.RecordingListener()) as compiler:
        while not compiler.buffer:
            if over.wait(_LOOK_EVERY_S):
                return
    PatientConsole(stderr=True, highlight=False).print(_SENTENCE, soft_wrap=True)
