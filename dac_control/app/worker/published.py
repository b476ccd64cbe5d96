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
    "target_turns": ("drive", "target_turns"),
    "pressure_gpa": ("ruby", "pressure_gpa"),
    "pressure_sigma_gpa": ("ruby", "pressure_sigma_stat_gpa"),
    "chip_temperature_k": ("ruby", "chip_temperature_k"),
    "predicted_gpa": ("step", "predicted_gpa"),
    "predicted_low_gpa": ("step", "predicted_low_gpa"),
    "predicted_high_gpa": ("step", "predicted_high_gpa"),
    "drift_gpa_per_h": ("step", "drift_gpa_per_h"),
    "hole_um": ("picture", "hole_um"),
    "brightness": ("picture", "brightness"),
    "laser_power_mw": ("light", "power_mw"),
}
"""Name to role and attribute; a station without the role does not publish it."""


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
        self._signals: dict[str, Any] = {}
        for name, (role, attribute) in PUBLISHED.items():
            signal = getattr(getattr(instruments, role, None), attribute, None)
            if signal is not None:
                self._signals[name] = signal
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
        for name, signal in self._signals.items():
            try:
                value, taken = signal.get(), float(signal.timestamp)
            except StaleReading:
                continue
            if self._seen.get(name) == taken:
                continue
            self._seen[name] = taken
            if isinstance(value, (int, float)) and math.isfinite(value):
                age_s = max(0.0, wall_time - taken) * self._clock.speed
                yield name, (float(value), lab_time_s - age_s)
