"""The gauge as the run of a spectrum used it, for pressures of what that run recorded."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from dac_control.app.fit.options import FitOptions

__all__ = ["RecordedGauges"]

GaugeT = TypeVar("GaugeT")


class RecordedGauges(Generic[GaugeT]):
    """One gauge for each run, made when its first spectrum comes.

    Parameters
    ----------
    options : FitOptions
    gauge : str
        Its name in records.
    make : callable
        The recorded settings to the gauge, with what the options change.
    """

    def __init__(
        self, options: "FitOptions", gauge: str, make: Callable[[Mapping[str, Any]], GaugeT]
    ) -> None:
        self._options, self._gauge, self._make = options, gauge, make
        self._made: dict[str, GaugeT | None] = {}

    def of(self, said: Mapping[str, Any]) -> GaugeT | None:
        """The gauge of what a frame says of itself; None where no run speaks for it."""
        start = said.get("start")
        if start is None or "laser_vacuum_nm" not in said or self._options.stated is not None:
            return None
        if start["uid"] not in self._made:
            from dac_control.app.recorded_gauges import recorded_settings  # for runs only

            settings = recorded_settings(start, self._gauge)
            self._made[start["uid"]] = None if settings is None else self._make(settings)
        return self._made[start["uid"]]
