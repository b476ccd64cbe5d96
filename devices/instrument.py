"""What every instrument of the laboratory shares as an Ophyd device."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Generic, TypeVar

from ophyd import Device
from ophyd.status import Status

from dac_control.errors import InstrumentError, ReplyTimeout
from devices.drivers.roles import HasOwnLimits, Identity, InstrumentDriver
from devices.statuses import finish_with
from devices.timing import REAL_TIME, Timing

__all__ = ["InstrumentDevice"]

logger = logging.getLogger(__name__)
DriverT = TypeVar("DriverT", bound=InstrumentDriver)
T = TypeVar("T")


class InstrumentDevice(Device, Generic[DriverT]):
    """An Ophyd device over an injected driver, with one worker thread for its I/O.

    Parameters
    ----------
    driver
        Plays the device's role; see `devices.drivers.roles`.
    name : str
        Name in the session and first part of every data key.
    timing : Timing
        Makes worker and statuses; real time by default.
    reply_timeout_s : float
        Wall-clock time within which one reading must come back.
    poll_period_s : float, optional
        Wall-clock time between readings that nobody asked for; by default that of `timing`.
    """

    def __init__(
        self,
        *,
        driver: DriverT,
        name: str,
        timing: Timing = REAL_TIME,
        reply_timeout_s: float = 10.0,
        poll_period_s: float | None = None,
        polled: bool = True,
        **kwargs: Any,
    ) -> None:
        self._driver = driver
        self._timing = timing
        self._statuses = timing.statuses
        self._reply_timeout_s = reply_timeout_s
        self._identity: Identity | None = None
        self._worker = timing.make_worker(
            f"{name}-worker",
            self._poll if polled else None,
            timing.poll_period_s if poll_period_s is None else poll_period_s,
        )
        super().__init__(name=name, **kwargs)

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        return self._driver.address

    @property
    def identity(self) -> Identity:
        """Who answered at the address; raises before `connect`."""
        if self._identity is None:
            raise InstrumentError(f"{self.name} at {self.address} is not connected.")
        return self._identity

    @property
    def connected(self) -> bool:
        """True once the instrument answered and while its poll succeeds."""
        return self._identity is not None and self._worker.poll_error is None

    def connect(self, timeout_s: float = 15.0) -> Identity:
        """Open the link, check who answers, take a first reading. Blocks; not for plans.

        Raises
        ------
        dac_control.errors.DacError
            With the address, if the instrument refuses, is silent, or is another one.
        """
        try:
            self._identity = self._worker.submit(self._connect_and_read).result(timeout_s)
        except FutureTimeout:
            raise ReplyTimeout(
                f"{self.name} at {self.address} did not answer within {timeout_s:g} s; "
                "check that it is switched on and that the address is right."
            ) from None
        return self._identity

    def _connect_and_read(self) -> Identity:
        identity = self._driver.connect()
        self._after_connect()
        self._refresh()
        return identity

    def concerns(self) -> list[str]:
        """Settings in the instrument that do not fit the station file. Blocks; not for plans."""
        return self._ask(self._driver.concerns)

    def push_limits(self) -> list[str]:
        """Have the instrument keep the station's limits itself, where it can. Blocks.

        Returns
        -------
        list of str
            What was changed in it, a clause each.
        """
        driver = self._driver
        return self._ask(driver.push_limits) if isinstance(driver, HasOwnLimits) else []

    def _ask(self, job: Callable[[], T]) -> T:
        """Run a job on the worker and wait for it; for callers that may block."""
        try:
            return self._worker.submit(job).result(self._reply_timeout_s)
        except FutureTimeout:
            raise ReplyTimeout(
                f"{self.name} at {self.address} did not answer within {self._reply_timeout_s:g} s."
            ) from None

    def _after_connect(self) -> None:
        """Prepare what depends on the instrument that answered; on the worker thread."""

    def wait_for_connection(self, all_signals: bool = False, timeout: Any = None) -> None:
        """Connect if that has not happened yet."""
        if self._identity is None:
            self.connect() if timeout is None else self.connect(float(timeout))

    def _refresh(self) -> None:
        """Take one reading and update the signals; on the worker thread."""
        raise NotImplementedError

    def _poll(self) -> None:
        if self._identity is not None:
            self._refresh()

    def trigger(self) -> Status:
        """Take a reading that starts after this call."""
        return self._status_of(self._worker.submit(self._refresh), self._reply_timeout_s)

    def _status_of(self, future: "Future[Any]", timeout_s: float) -> Status:
        status = self._statuses(self, timeout_s)
        finish_with(status, future)
        return status

    def stop(self, *, success: bool = False) -> None:
        """Nothing of this instrument moves, so there is nothing to stop."""

    def destroy(self) -> None:
        """End the worker thread and close the link."""
        self._worker.close()
        self._driver.close()
        super().destroy()
