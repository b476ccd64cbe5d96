"""Drivers whose instruments are the twin: no wire, and what blocks sleeps on the virtual clock.

Each refuses what the driver of the real instrument refuses, with the same errors: the limits of
the station file, the steps of the motor, its flags after a stall, the range of exposures.
"""

import numpy as np
from numpy.typing import NDArray

from dac_control.app.device_tables import Drive, ManualScrew
from dac_control.app.drivers import Drivers
from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.app.rehearsal.twin_drive import TwinDrive
from dac_control.app.rehearsal.twin_hand import TwinHand
from dac_control.app.rehearsal.twin_laser import TwinLaser
from dac_control.app.station import Station
from dac_control.clock import VirtualClock
from dac_control.errors import InstrumentError, LimitError
from dac_control.safety.limits import StepLimits
from devices.drivers.lakeshore_setpoint import SetpointRules
from devices.drivers.roles import CryostatReading, Frame, RawSpectrum, ScrewDriver
from simulators.twin import Twin

__all__ = ["TwinCamera", "TwinCryostat", "TwinSpectrometer", "make_twin_drivers"]

_SATURATED_FRACTION = 0.95
"""Of full scale, as `devices.drivers.ocean` has it."""
_EXPOSURE_LIMITS_S = {"ruby": (0.006, 10.0), "raman": (0.006, 3600.0)}
"""Of the HDX that the wire simulator speaks as, and of a cooled detector."""


def make_twin_drivers(station: Station, twin: Twin, clock: VirtualClock) -> Drivers:
    """One twin-backed driver for each role that the station declares."""
    declared = station.devices
    camera = declared.microscope
    return Drivers(
        cryostat=TwinCryostat(
            twin,
            clock,
            sensors=(declared.cryostat.stage_input, declared.cryostat.cell_input),
            output=declared.cryostat.output,
            setpoint_limits_k=(declared.cryostat.min_setpoint_k, declared.cryostat.max_setpoint_k),
        ),
        drive=_screw(twin, clock, declared.drive, station.limits),
        spectrometer=TwinSpectrometer(twin, clock, "ruby", "chip"),
        raman=None
        if declared.raman is None
        else TwinSpectrometer(twin, clock, "raman", "anvil near"),
        microscope=None if camera is None else TwinCamera(twin, clock, camera.exposure_ms / 1e3),
        laser=_laser(station, twin, clock),
    )


def _screw(twin: Twin, clock: VirtualClock, declared: Drive, limits: StepLimits) -> ScrewDriver:
    if isinstance(declared, ManualScrew):
        return TwinHand(twin, clock, declared, limits)
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

    def _sensor(self, channel: str) -> float:
        reading_k = self._twin.sensor_k(channel)
        if reading_k is None:
            raise InstrumentError(
                f"Sensor {channel} at {self.address} reports: no sensor. The twin has its stage "
                "sensor at input A and its cell sensor at input B."
            )
        return round(reading_k, 3)


class TwinSpectrometer(TwinBacked):
    """One of the twin's detectors behind its grating, whose optics look at one spot.

    Parameters
    ----------
    port : "ruby", "raman" or "vis"
    spot : str
        Where its optics look: each spectrometer has its own.
    """

    role = "spectrometer"

    def __init__(self, twin: Twin, clock: VirtualClock, port: str, spot: str) -> None:
        super().__init__(twin, clock)
        self._port, self._spot, self._info = port, spot, twin.port(port)
        self._axis_nm: NDArray[np.float64] = np.asarray(self._info.wavelength_nm, float)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self._info.pixels

    @property
    def saturation_counts(self) -> float:
        """Full scale in counts."""
        return float(self._info.full_scale)

    @property
    def exposure_limits_s(self) -> tuple[float, float]:
        """Shortest and longest exposure."""
        return _EXPOSURE_LIMITS_S[self._port]

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        """Expose `averages` times and return the mean; takes as long as that on the clock."""
        shortest, longest = self.exposure_limits_s
        if not shortest <= exposure_s <= longest:
            raise LimitError(
                f"{self.address} cannot expose for {exposure_s} s; "
                f"{shortest:g} to {longest:g} s are possible."
            )
        if averages < 1:
            raise LimitError(f"{self.address} cannot average {averages} exposures; ask for 1.")
        began, start_s = self._clock.wall_time(), self._clock.now()
        total = np.zeros(self.pixels)
        highest = 0
        self._twin.spot = self._spot
        for number in range(averages):
            start = start_s + number * exposure_s
            counts = self._twin.expose(start, exposure_s, port=self._port)
            highest = max(highest, int(counts.max()))
            total += counts
        self._clock.sleep(exposure_s * averages)
        return RawSpectrum(
            wavelength_nm=self._axis_nm,
            counts=total / averages,
            exposure_s=exposure_s,
            averages=averages,
            saturated=highest >= _SATURATED_FRACTION * self.saturation_counts,
            time=began,
        )


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
