"""The spectrometers of the twin, and what decides what they see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dac_control.app.rehearsal.twin_backed import TwinBacked
from dac_control.app.rehearsal.twin_stage import TwinLamp, TwinStage
from dac_control.clock import VirtualClock
from dac_control.errors import LimitError
from devices.drivers.roles import RawSpectrum
from simulators.twin import Twin

__all__ = ["TwinLights", "TwinSpectrometer"]

_SATURATED_FRACTION = 0.95
"""Of full scale, as `devices.drivers.ocean` has it."""
_EXPOSURE_LIMITS_S = {"hdx": (0.006, 10.0), "qepro": (0.008, 1600.0)}
"""Of models that people have, as seabreeze states them."""
_OF_OTHERS_S = (0.006, 3600.0)


@dataclass(frozen=True, kw_only=True)
class TwinLights:
    """What decides what a spectrometer of the twin sees."""

    stage: TwinStage | None = None
    lamp: TwinLamp | None = None
    lamp_behind: TwinLamp | None = None
    line_lamp: TwinLamp | None = None

    def point(self, twin: Twin, home: str) -> None:
        """Let the twin's optics look where the stage has them, in the light that is on."""
        behind = self.lamp_behind is not None and self.lamp_behind.lit
        twin.illumination = "transmitted" if behind else "reflected"
        if self.line_lamp is not None and self.line_lamp.lit:
            twin.spot, twin.lamp_on = "neon", True
            return
        twin.spot = home if self.stage is None else self.stage.view(home)
        twin.lamp_on = behind or self.lamp is None or self.lamp.lit
        # where nothing says how it is lit, its light is kept off the gauges
        twin.lamp_on_all_ports = behind or (self.lamp is not None and self.lamp.lit)


class TwinSpectrometer(TwinBacked):
    """One of the twin's detectors behind its grating.

    Parameters
    ----------
    lights : TwinLights
        Stage and lamps.
    port : "ruby", "raman" or "vis"
    home : str
        Where its optics look where there is no stage: each spectrometer has its own.
    model : str
        As the station file has it: how long an exposure may be is known of an HDX and a QE Pro, any
        other may expose for an hour.
    """

    role = "spectrometer"

    def __init__(
        self,
        twin: Twin,
        clock: VirtualClock,
        lights: TwinLights,
        port: str,
        home: str,
        model: str,
    ) -> None:
        super().__init__(twin, clock)
        self._lights = lights
        self._port, self._home, self._info = port, home, twin.port(port)
        plain = "".join(sign for sign in model.lower() if sign.isalnum())
        self._limits_s = _EXPOSURE_LIMITS_S.get(plain, _OF_OTHERS_S)
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
        return self._limits_s

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
        microscope_lit = self._twin.lamp_on
        self._lights.point(self._twin, self._home)
        for number in range(averages):
            start = start_s + number * exposure_s
            counts = self._twin.expose(start, exposure_s, port=self._port)
            highest = max(highest, int(counts.max()))
            total += counts
        self._twin.lamp_on = microscope_lit
        self._clock.sleep(exposure_s * averages)
        return RawSpectrum(
            wavelength_nm=self._axis_nm,
            counts=total / averages,
            exposure_s=exposure_s,
            averages=averages,
            saturated=highest >= _SATURATED_FRACTION * self.saturation_counts,
            time=began,
        )
