"""Interrupt the main thread from another one, as Ctrl-C would."""

import _thread
import signal
import sys
import threading

__all__ = ["interrupt_main_thread"]


def interrupt_main_thread() -> None:
    """Raise KeyboardInterrupt in the main thread, also out of a call that waits."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
