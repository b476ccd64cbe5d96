"""What a worker publishes of its instruments: the names that rules use, and where they come from.

Values are looked up in the caches of the devices: no instrument is asked, and nothing happens on
the RunEngine's thread.
"""

import math
from collections.abc import Iterator
from typing import Any

from dac_control.clock import LabClock
from dac_control.errors import StaleReading
from plans.instruments import Instruments

__all__ = ["PUBLISHED", "Published"]

PUBLISHED: dict[str, tuple[str, str]] = {
    "stage_temperature_k": ("cryostat", "stage_temperature_k"),
    "cell_temperature_k": ("cryostat", "cell_temperature_k"),
    "setpoint_k": ("cryostat", "setpoint_k"),
    "heater_percent": ("cryostat", "heater_percent"),
    "turns": ("drive", "turns"),
    "pressure_gpa": ("ruby", "pressure_gpa"),
    "pressure_sigma_stat_gpa": ("ruby", "pressure_sigma_stat_gpa"),
    "pressure_sigma_sys_gpa": ("ruby", "pressure_sigma_sys_gpa"),
    "chip_temperature_k": ("ruby", "chip_temperature_k"),
    "predicted_gpa": ("step", "predicted_gpa"),
    "predicted_low_gpa": ("step", "predicted_low_gpa"),
    "predicted_high_gpa": ("step", "predicted_high_gpa"),
    "bound_gpa": ("step", "bound_gpa"),
    "drift_gpa_per_h": ("step", "drift_gpa_per_h"),
    "hole_um": ("picture", "hole_um"),
    "hole_px": ("picture", "hole_px"),
    "laser_power_mw": ("light", "power_mw"),
    "laser_emitting": ("light", "is_on"),
}
"""Name of a reading (`dac_control.safety.rules.READINGS`) to role and attribute; a station without
the role does not publish it. ``moving`` comes beside them, and ``disk_free_gb`` is the guardian's
own. Pressures are those of the gauge in charge, which is the ruby where a plan names none."""
_OF_THE_GAUGE = frozenset({"pressure_gpa", "pressure_sigma_stat_gpa", "pressure_sigma_sys_gpa"})
_FORETOLD = frozenset({"predicted_gpa", "predicted_low_gpa", "predicted_high_gpa", "bound_gpa"})
"""What a step is to read is noted before its move: with the pressure from before, which it was not
said of, it would fire rules at every step. It becomes known with the first pressure after."""


class Published:
    """The readings of a laboratory, those that are new since the last look.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    wall_time : callable
        Seconds since the epoch, as the readings have them.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._signals: dict[str, Any] = {}
        for name, (role, attribute) in PUBLISHED.items():
            signal = getattr(getattr(instruments, role, None), attribute, None)
            if signal is not None:
                self._signals[name] = signal
        self._drive = instruments.drive
        self._clock: LabClock = instruments.clock
        self._seen: dict[str, float] = {}

    def news(self, wall_time: float) -> dict[str, tuple[float, float]]:
        """Return (value, laboratory time) of each name with a new finite value.

        Parameters
        ----------
        wall_time : float
            Now, in s since the epoch.
        """
        return dict(self._news(wall_time, self._clock.now()))

    def _news(
        self, wall_time: float, lab_time_s: float
    ) -> Iterator[tuple[str, tuple[float, float]]]:
        gauge: Any = self._gauge_in_charge()
        measured = -math.inf
        for name, own in self._signals.items():
            signal = getattr(gauge, name) if name in _OF_THE_GAUGE else own
            try:
                value, taken = signal.get(), float(signal.timestamp)
            except StaleReading:
                continue
            finite = isinstance(value, (int, float)) and math.isfinite(value)
            if name == "pressure_gpa" and finite:
                measured = taken
            if self._seen.get(name) == taken or (name in _FORETOLD and taken >= measured):
                continue
            self._seen[name] = taken
            if finite:
                yield name, (float(value), self._lab_time_s(taken, wall_time, lab_time_s))
        reading = self._drive.last
        if reading is not None and self._seen.get("moving") != reading.time:
            self._seen["moving"] = reading.time
            taken_s = self._lab_time_s(reading.time, wall_time, lab_time_s)
            yield "moving", (float(reading.moving), taken_s)

    def _gauge_in_charge(self) -> Any:
        found = self._instruments
        optics = found.further_gauges.get(str(found.step.gauge.get()))
        return found.ruby if optics is None else optics.device

    def _lab_time_s(self, taken: float, wall_time: float, lab_time_s: float) -> float:
        return lab_time_s - max(0.0, wall_time - taken) * self._clock.speed
