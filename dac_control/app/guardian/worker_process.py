"""The process in which a run happens, as its guardian starts and ends it."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

from dac_control.app.guardian.channel import INVITATION

__all__ = ["WorkerProcess"]


class WorkerProcess:
    """``python -m dac_control.app.worker ARGUMENTS``, with this terminal for its live view.

    It has a session of its own: Ctrl-C and a terminal that closes reach the guardian alone,
    which then ends the run in order.

    Parameters
    ----------
    arguments : list of str
        Of the worker.
    invitation : str
        Where it finds its guardian; see `dac_control.app.guardian.channel`.
    """

    def __init__(self, arguments: list[str], invitation: str) -> None:
        own_group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dac_control.app.worker", *arguments],
            env={**os.environ, INVITATION: invitation},
            **own_group,
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit status; None while it lives."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> int | None:
        """Wait for its end; None if it still lives then."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it at once, with all that it started; a frozen one, too. Does not wait."""
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                # the session's number is that of its first process, which nobody has waited for
                if self._process.returncode is None:
                    os.killpg(self._process.pid, signal.SIGKILL)
