"""What a laser or lamp says of its light, as signals; it switches nothing."""

from typing import Any

from ophyd import Component as Cpt

from devices.drivers.light_role import LaserDriver, LaserReading
from devices.instrument import InstrumentDevice
from devices.laser_power import is_dark
from devices.signals import CachedSignal, ParameterSignal

__all__ = ["LightReadings"]


class LightReadings(InstrumentDevice[LaserDriver]):
    """Signals of a light: what was read back, and what the next opening is to be.

    Parameters
    ----------
    driver : LaserDriver
        Of the light.
    name : str
        As for every instrument.
    """

    power_mw = Cpt(CachedSignal, units="mW", precision=4, kind="hinted")
    setpoint_mw = Cpt(CachedSignal, units="mW", precision=4)
    is_on = Cpt(CachedSignal, dtype="boolean")
    fault = Cpt(CachedSignal, dtype="string")
    spot = Cpt(CachedSignal, dtype="string")
    last_open_s = Cpt(CachedSignal, units="s", precision=3)
    last_energy_mj = Cpt(CachedSignal, units="mJ", precision=5)
    operating_hours = Cpt(CachedSignal, units="h", precision=2, kind="config")
    light = Cpt(CachedSignal, dtype="string", kind="config")
    next_power_mw = Cpt(ParameterSignal, value=1.0, units="mW", kind="omitted")
    next_spot = Cpt(ParameterSignal, value="sample", dtype="string", kind="omitted")
    next_open_s = Cpt(ParameterSignal, value=1.0, units="s", kind="omitted")

    def __init__(self, **kwargs: Any) -> None:
        self.last: LaserReading | None = None
        super().__init__(**kwargs)

    @property
    def max_power_mw(self) -> float:
        """Largest power at the head that may be asked for."""
        return self._driver.max_power_mw

    def _is_dark(self, reading: LaserReading) -> bool:
        return is_dark(reading, self._driver.max_power_mw)

    def _publish(self, reading: LaserReading) -> None:
        self.last = reading
        hours = reading.operating_hours
        for signal, value in (
            (self.power_mw, reading.power_mw),
            (self.setpoint_mw, reading.setpoint_mw),
            (self.is_on, bool(reading.emitting)),
            (self.fault, reading.fault),
            (self.operating_hours, float("nan") if hours is None else hours),
        ):
            signal.update(value, reading.time)
