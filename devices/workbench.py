"""A thread for sums that are too long for the RunEngine's, and the text of their result."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ophyd import Component as Cpt
from ophyd import Device
from ophyd.status import Status

from devices.signals import CachedSignal
from devices.statuses import finish_with
from devices.timing import REAL_TIME, Timing

__all__ = ["Workbench"]


class Workbench(Device):
    """Works out what a plan gives it, off the RunEngine's thread.

    Set it to a callable that returns a mapping that JSON takes; the Status fails with what the
    callable raises. The result is in `result` as JSON, so that it can be part of an event.
    """

    subject = Cpt(CachedSignal, dtype="string")
    result = Cpt(CachedSignal, dtype="string")

    def __init__(
        self, *, name: str, timing: Timing = REAL_TIME, timeout_s: float = 120.0, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self._wall_time = timing.wall_time
        self._statuses = timing.statuses
        self._timeout_s = timeout_s
        self._worker = timing.make_worker(f"{name}-worker", None, timing.poll_period_s)

    def work_out(self, subject: str, job: Callable[[], Mapping[str, Any]]) -> Status:
        """Run `job`; done when its result is in `result`."""
        status = self._statuses(self, self._timeout_s)
        finish_with(status, self._worker.submit(lambda: self._run(subject, job)))
        return status

    def set(self, value: tuple[str, Callable[[], Mapping[str, Any]]]) -> Status:
        """As `work_out`, for plans: a subject and a job."""
        return self.work_out(*value)

    def _run(self, subject: str, job: Callable[[], Mapping[str, Any]]) -> None:
        text = json.dumps(job(), ensure_ascii=False, allow_nan=False, default=str)
        now = self._wall_time()
        self.subject.update(subject, now)
        self.result.update(text, now)

    def destroy(self) -> None:
        """End the worker thread."""
        self._worker.close()
        super().destroy()
