"""Work out a calibration, record it in the run, and keep it with the station."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import ConfigurationError
from dac_control.records.calibrations import CalibrationKind, CalibrationRecord
from plans.calibrated import take_calibration
from plans.instruments import Instruments
from plans.stubs.work_out import work_out

__all__ = ["keep_calibration", "when"]


def when(time_s: float) -> datetime.datetime:
    """Time of a reading, in s since the epoch, with its time zone."""
    return datetime.datetime.fromtimestamp(time_s, tz=datetime.UTC)


@plan
def keep_calibration(
    instruments: Instruments,
    kind: CalibrationKind,
    port: str,
    time: datetime.datetime,
    job: Callable[[], Mapping[str, Any]],
) -> MsgGenerator[dict[str, Any]]:
    """Work out `job` off the RunEngine's thread, and store what it returns.

    It becomes one event of the stream ``calibration``, and a record in the station's file of
    calibrations, where later sessions find it; this one uses it from now on.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a workbench and a file of calibrations.
    kind, port, time
        As for `CalibrationStore.add`.
    job : callable
        Returns the calibration as a mapping that JSON takes; what it raises ends the run.

    Returns
    -------
    dict
        The calibration.

    Raises
    ------
    ConfigurationError
        If this station keeps no calibrations.
    """
    store = instruments.calibrations
    if store is None:
        raise ConfigurationError(
            f"This session keeps no calibrations, so the {kind} of '{port}' would be lost; build "
            "the session from a station file."
        )
    run = instruments.drive.run_uid or ""
    kept: list[CalibrationRecord] = []

    def keep() -> Mapping[str, Any]:
        # on the bench's thread, since the file is synced
        content = job()
        simulated = instruments.simulated
        kept.append(store.add(kind, port, content, time=time, run=run, simulated=simulated))
        return content

    found = yield from work_out(instruments, f"{kind} {port}", keep, stream="calibration")
    take_calibration(instruments, kept[0])
    return found
