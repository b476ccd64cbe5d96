"""Drivers whose instruments are the twin: no wire, and what blocks sleeps on the virtual clock.

Each refuses what the driver of the real instrument refuses, with the same errors: the limits of
the station file, the steps of the motor, its flags after a stall, the range of exposures.
"""

from functools import partial

import numpy as np

from dac_control.app.device_tables import Drive, ManualScrew
from dac_control.app.drivers import Drivers
from dac_control.app.light_tables import ManualLampTable
from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.app.rehearsal.twin_drive import TwinDrive
from dac_control.app.rehearsal.twin_hand import TwinHand
from dac_control.app.rehearsal.twin_laser import TwinLaser
from dac_control.app.rehearsal.twin_spectrometer import TwinLights, TwinSpectrometer
from dac_control.app.rehearsal.twin_stage import TwinLamp, TwinStage
from dac_control.app.station import Station
from dac_control.clock import VirtualClock
from dac_control.errors import InstrumentError
from dac_control.safety.limits import StepLimits
from devices.drivers.lakeshore_setpoint import SetpointRules
from devices.drivers.roles import CryostatReading, Frame, ScrewDriver
from devices.drivers.spot_role import home_of
from simulators.twin import Twin

__all__ = ["TwinCamera", "TwinCryostat", "make_twin_drivers"]


def make_twin_drivers(station: Station, twin: Twin, clock: VirtualClock, seed: int) -> Drivers:
    """One twin-backed driver for each role of the station; `seed` draws what a hand misses by."""
    declared = station.devices
    camera = declared.microscope
    lights = TwinLights(
        stage=_stage(station, twin, clock),
        lamp=_lamp(declared.lamp, twin, clock),
        lamp_behind=_lamp(declared.lamp_behind, twin, clock),
        line_lamp=_lamp(declared.line_lamp, twin, clock),
    )
    spectrometer = partial(TwinSpectrometer, twin, clock, lights)
    return Drivers(
        cryostat=TwinCryostat(
            twin,
            clock,
            sensors=(declared.cryostat.stage_input, declared.cryostat.cell_input),
            output=declared.cryostat.output,
            setpoint_limits_k=(declared.cryostat.min_setpoint_k, declared.cryostat.max_setpoint_k),
        ),
        drive=_screw(twin, clock, declared.drive, station.limits, seed),
        spectrometer=spectrometer("ruby", home_of("ruby"), declared.spectrometer.model),
        raman=None
        if declared.raman is None
        else spectrometer("raman", home_of("diamond_edge"), declared.raman.model),
        vis=None if declared.vis is None else spectrometer("vis", "sample", declared.vis.model),
        microscope=None if camera is None else TwinCamera(twin, clock, camera.exposure_ms / 1e3),
        laser=_laser(station, twin, clock),
        spots=lights.stage,
        lamp=lights.lamp,
        lamp_behind=lights.lamp_behind,
        line_lamp=lights.line_lamp,
    )


def _stage(station: Station, twin: Twin, clock: VirtualClock) -> TwinStage | None:
    declared = station.devices.spots
    return None if declared is None else TwinStage(twin, clock, declared.places)


def _lamp(declared: ManualLampTable | None, twin: Twin, clock: VirtualClock) -> TwinLamp | None:
    return None if declared is None else TwinLamp(twin, clock, declared.power_mw)


def _screw(
    twin: Twin, clock: VirtualClock, declared: Drive, limits: StepLimits, seed: int
) -> ScrewDriver:
    if isinstance(declared, ManualScrew):
        return TwinHand(twin, clock, declared, limits, np.random.default_rng([seed, 0xDA4D]))
    return TwinDrive(twin, clock, declared, limits)


def _laser(station: Station, twin: Twin, clock: VirtualClock) -> TwinLaser | None:
    declared = station.devices.laser
    if declared is None:
        return None
    return TwinLaser(
        twin,
        clock,
        max_power_mw=declared.max_power_mw,
        transmission=station.light.beams[declared.light].transmission,
    )


class TwinCryostat(TwinBacked):
    """The twin's two sensors and the loop at its stage."""

    role = "cryostat"

    def __init__(
        self,
        twin: Twin,
        clock: VirtualClock,
        *,
        sensors: tuple[str, str],
        output: int,
        setpoint_limits_k: tuple[float, float],
    ) -> None:
        super().__init__(twin, clock)
        self._sensors = sensors
        self._output = output
        self._rules = SetpointRules(*setpoint_limits_k)

    def read(self) -> CryostatReading:
        """Read sensors, setpoint and heater, with the digits that a controller shows."""
        stage_k, cell_k = (self._sensor(channel) for channel in self._sensors)
        return CryostatReading(
            stage_temperature_k=stage_k,
            cell_temperature_k=cell_k,
            setpoint_k=round(self._twin.moving_setpoint_k(self._output), 3),
            heater_percent=round(self._twin.heater_percent(self._output), 1),
            heater_range=self._twin.loop(self._output).range,
            time=self._clock.wall_time(),
        )

    def set_setpoint(self, setpoint_k: float, rate_k_per_min: float) -> None:
        """Move the setpoint at a bounded rate."""
        self._rules.check(setpoint_k, rate_k_per_min)
        self._twin.set_loop(
            self._output,
            setpoint_k=round(setpoint_k, 3),
            ramp_on=True,
            ramp_k_per_min=self._rules.sent_rate(rate_k_per_min),
        )

    def hold(self) -> None:
        """Freeze the setpoint where it is."""
        here_k = self._twin.moving_setpoint_k(self._output)
        self._twin.set_loop(self._output, setpoint_k=here_k, ramp_on=False)

    def heater_off(self) -> None:
        """Switch the heater off."""
        self._twin.set_loop(self._output, range=0)

    def _sensor(self, channel: str) -> float:
        reading_k = self._twin.sensor_k(channel)
        if reading_k is None:
            raise InstrumentError(
                f"Sensor {channel} at {self.address} reports: no sensor. The twin has its stage "
                "sensor at input A and its cell sensor at input B."
            )
        return round(reading_k, 3)


class TwinCamera(TwinBacked):
    """The twin's microscope."""

    role = "microscope"

    def __init__(self, twin: Twin, clock: VirtualClock, exposure_s: float) -> None:
        super().__init__(twin, clock)
        self._exposure_s = exposure_s

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (480, 640)

    @property
    def frame_dtype(self) -> str:
        """Eight bits."""
        return "|u1"

    def grab(self) -> Frame:
        """Take one frame."""
        began = self._clock.wall_time()
        pixels = self._twin.frame(self._exposure_s)
        self._clock.sleep(self._exposure_s)
        return Frame(pixels=pixels, exposure_s=self._exposure_s, time=began)
