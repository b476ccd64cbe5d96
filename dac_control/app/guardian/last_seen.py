"""What was last seen of the cell, for people who are told of it from afar."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dac_control.app.guardian.watch import Reading, WorkerState
from dac_control.app.notify import Notice

__all__ = ["LAST_PICTURE_NAME", "LastSeen", "pressure_in_words"]

LAST_PICTURE_NAME = "last_picture.png"
"""In the station's state folder."""


class LastSeen:
    """Adds the last measured pressure and the newest picture to a notice.

    The picture is read in a process of its own after each step, so that it is there when it is
    needed and nothing waits for it.

    Parameters
    ----------
    folder : Path
        Where the picture is kept.
    state : WorkerState
        What the worker publishes.
    with_picture : bool
        Whether somebody is told, and there is a microscope.
    """

    def __init__(self, folder: Path, state: WorkerState, *, with_picture: bool) -> None:
        self._picture = folder / LAST_PICTURE_NAME
        self._state = state
        self._with_picture = with_picture
        self._reading: subprocess.Popen[bytes] | None = None
        if with_picture:
            with contextlib.suppress(OSError):
                self._picture.unlink(missing_ok=True)  # of the run before

    def look(self, run: Path) -> None:
        """Have the newest picture of a run read; returns at once."""
        if not self._with_picture or (self._reading and self._reading.poll() is None):
            return
        command = [sys.executable, "-m", "dac_control.app.last_picture", run, self._picture]
        quiet = subprocess.DEVNULL
        with contextlib.suppress(OSError):
            self._reading = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def wait(self, timeout_s: float) -> None:
        """Wait for the picture that is being read; one that takes longer is given up."""
        reading, self._reading = self._reading, None
        if reading is None:
            return
        try:
            reading.wait(timeout_s)
        except subprocess.TimeoutExpired:
            reading.kill()
            reading.wait()

    def add_to(self, notice: Notice) -> Notice:
        """Return the notice with pressure and picture."""
        lab_now_s = self._state.lab_now_s(time.monotonic())
        words = pressure_in_words(self._state.readings, lab_now_s)
        body = "\n".join(text for text in (notice.body, words) if text)
        picture = self._picture if self._with_picture and self._picture.is_file() else None
        return replace(notice, body=body, picture=notice.picture or picture)


def pressure_in_words(readings: Mapping[str, Reading], lab_now_s: float | None) -> str:
    """Say what pressure was measured last; empty if none was."""
    pressure = readings.get("pressure_gpa")
    if pressure is None:
        return ""
    words = f"Last measured pressure: {pressure.value:.3f} GPa"
    for name, kind in (("stat", "statistical"), ("sys", "systematic")):
        sigma = readings.get(f"pressure_sigma_{name}_gpa")
        if sigma is not None:
            words += f" ± {sigma.value:.3f} ({kind})"
    if lab_now_s is None:
        return f"{words}."
    return f"{words}, {max(0.0, lab_now_s - pressure.lab_time_s) / 60:.0f} min before."
