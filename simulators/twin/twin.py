"""The twin: one cell in one cryostat, as the simulated instruments see and move it."""

import math
import threading
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.clock import Clock
from simulators.twin.draws import certificates, draw, generators
from simulators.twin.loop import LoopState
from simulators.twin.microscope import Microscope
from simulators.twin.physics import Moment, Physics, exposure_nodes
from simulators.twin.settings import TwinSettings
from simulators.twin.spectrometer import LitMoment, Spectrometer
from simulators.twin.truth import averages, describe

__all__ = ["Twin"]


class Twin:
    """A simulated diamond anvil cell with everything that stands around it.

    Every call first lets the physics run to the present of `clock`. One lock guards it all, so
    any thread may call anything.

    Parameters
    ----------
    seed : int
        0 or above; decides the twin's own constants and every noise.
    clock : Clock
        Anything with ``now()`` in laboratory seconds.
    settings : TwinSettings, optional
        Centres and widths of all constants, and switches.
    """

    def __init__(self, seed: int, clock: Clock, settings: TwinSettings | None = None) -> None:
        self._seed = seed
        self._clock = clock
        self._settings = settings or TwinSettings()
        self._lock = threading.RLock()
        streams = generators(seed)
        noise = self._settings.noise
        self._drawn = draw(self._settings, streams["draws"])
        self._sensor_rngs = {"A": streams["sensor_a"], "B": streams["sensor_b"]}
        self._physics = Physics(self._settings, self._drawn, clock.now())
        self._spectrometer = Spectrometer(
            self._settings.spectrometer,
            self._drawn,
            noise=noise,
            cosmic_rate=self._settings.cosmic_rate,
            rng=streams["spectrometer"],
            pattern_rng=streams["pattern"],
        )
        self._microscope = Microscope(
            self._settings.microscope,
            self._drawn,
            noise=noise,
            rng=streams["microscope"],
            pattern_rng=streams["pattern"],
        )
        self._last_exposure: dict[str, Any] | None = None

    # ---- screw ---------------------------------------------------------------------------

    def turn_to(self, turns: float) -> None:
        """Put the screw at `turns` now; it moved there monotonically since the last call.

        Raises
        ------
        ValueError
            If `turns` is not finite.
        """
        if not math.isfinite(turns):
            raise ValueError(f"The screw cannot be turned to {turns} turns.")
        with self._lock:
            self._advance().turn_to(float(turns))

    @property
    def turns(self) -> float:
        """Angle of the screw in turns; 0 is the closed cell at about 2 GPa."""
        with self._lock:
            return self._physics.screw.turns

    @property
    def torque_fraction(self) -> float:
        """Torque at the motor as a part of what stalls it; above 1 it would stall."""
        with self._lock:
            return self._physics.screw.torque_fraction

    # ---- cryostat ------------------------------------------------------------------------

    def sensor_k(self, channel: str) -> float | None:
        """Return what sensor A (stage) or B (cell) reads in K; None for C and D, not fitted.

        Raises
        ------
        ValueError
            If there is no such input.
        """
        if channel not in ("A", "B", "C", "D"):
            raise ValueError(f"The temperature controller has inputs A to D, not {channel!r}.")
        with self._lock:
            reading_k = self._advance().cryostat.reading_k(channel)
            if reading_k is None:
                return None
            if self._settings.noise:
                sigma_k = self._settings.cryostat.sensor_noise_k * reading_k / 80.0
                reading_k += sigma_k * float(self._sensor_rngs[channel].standard_normal())
            return reading_k

    def loop(self, output: int) -> LoopState:
        """Settings of output 1 to 4; `setpoint_k` is the target, not where a ramp has come to."""
        with self._lock:
            return replace(self._advance().cryostat.loop(output).state)

    def set_loop(self, output: int, **changes: Any) -> None:
        """Change settings of an output; names are the fields of `LoopState`.

        With ramping on, a new `setpoint_k` is approached from the present setpoint at the rate;
        with ramping off or at rate 0 it holds at once, and so does a target still under way.

        Raises
        ------
        ValueError
            If the output, mode, input or range does not exist or a number is not finite.
        TypeError
            If a name is not a field of `LoopState`.
        """
        with self._lock:
            self._advance().cryostat.change(output, changes)

    def moving_setpoint_k(self, output: int) -> float:
        """Setpoint in K that the loop follows at this moment."""
        with self._lock:
            return self._advance().cryostat.loop(output).moving_k

    def heater_percent(self, output: int) -> float:
        """Heater output, % of the power of its range."""
        with self._lock:
            return self._advance().cryostat.loop(output).output_percent

    def ramping(self, output: int) -> bool:
        """True while the setpoint of an output is on its way."""
        with self._lock:
            return self._advance().cryostat.loop(output).ramping

    # ---- spectrometer and light ----------------------------------------------------------

    @property
    def pixels(self) -> int:
        """Pixels of the detector."""
        return self._settings.spectrometer.pixels

    @property
    def full_scale(self) -> int:
        """Largest count of the detector."""
        return self._settings.spectrometer.full_scale

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Axis polynomial in the pixel index as the instrument's memory states it, nm in air."""
        return self._spectrometer.coefficients

    @property
    def light_mw(self) -> float:
        """Light at the cell in mW while it is on."""
        return self._settings.light_mw

    @property
    def light_on(self) -> bool:
        """True while light falls on the cell."""
        with self._lock:
            return self._physics.light_on

    @light_on.setter
    def light_on(self, on: bool) -> None:
        with self._lock:
            self._advance().switch_light(bool(on))

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        """Expose the detector; counts, shape (pixels,).

        Parameters
        ----------
        start_lab_s : float
            Laboratory time at which the exposure begins; it may lie in the past, or reach into
            the future, where nothing is expected to be turned.
        exposure_s : float
            Above 0.

        Raises
        ------
        ValueError
            If the exposure is not a finite time above 0.
        """
        if not (math.isfinite(start_lab_s) and math.isfinite(exposure_s) and exposure_s > 0.0):
            raise ValueError(f"The detector cannot be exposed for {exposure_s} s.")
        with self._lock:
            nodes = exposure_nodes(self._advance(), start_lab_s, exposure_s)
            moments = [self._lit(weight, moment) for weight, moment in nodes]
            counts = self._spectrometer.expose(moments, exposure_s)
            self._last_exposure = {
                "start_lab_s": start_lab_s,
                "exposure_s": exposure_s,
                "light_on": self._physics.light_on,
            } | averages(nodes, moments)
            return counts

    def frame(self, exposure_s: float) -> NDArray[np.uint8]:
        """Take a frame of the microscope, shape (480, 640)."""
        if not (math.isfinite(exposure_s) and exposure_s >= 0.0):
            raise ValueError(f"The camera cannot be exposed for {exposure_s} s.")
        with self._lock:
            pressure_gpa = self._advance().moment().pressure_gpa
            return self._microscope.frame(pressure_gpa, exposure_s)

    # ---- truth, for tests only, and papers -----------------------------------------------

    def truth(self) -> dict[str, Any]:
        """All constants that this twin has drawn, JSON-able; no instrument would tell them."""
        sigma_k = self._settings.cryostat.sensor_sigma_k
        return {
            "seed": self._seed,
            **self._drawn.as_dict(),
            "sensor_error_80k_k": {
                "A": sigma_k * self._drawn.sensor_z_a,
                "B": sigma_k * self._drawn.sensor_z_b,
            },
            "splitting_cm1": self._settings.ruby.splitting_cm1,
        }

    def state(self) -> dict[str, Any]:
        """Return the true state now, JSON-able."""
        with self._lock:
            return describe(self._advance(), self._spectrometer, self._microscope)

    def last_exposure(self) -> dict[str, Any] | None:
        """Return the true state averaged over the last exposure; None before the first."""
        with self._lock:
            return None if self._last_exposure is None else dict(self._last_exposure)

    def certificates(self) -> dict[str, Any]:
        """Return what the papers of the instruments state, with sigmas; nothing of the truth."""
        return certificates(self._drawn, self._settings)

    # ---- inside --------------------------------------------------------------------------

    def _advance(self) -> Physics:
        """Let the physics run to the present; the caller holds the lock."""
        self._physics.advance(self._clock.now())
        return self._physics

    def _lit(self, weight: float, moment: Moment) -> LitMoment:
        """Return what the slit sees at a moment."""
        return LitMoment(
            weight=weight,
            lines=self._physics.ruby.lines(moment.pressure_gpa, moment.ruby_k),
            axis_error_nm=self._spectrometer.axis_error_nm(moment.lab_s),
            light_mw=self._physics.light_mw,
            pressure_gpa=moment.pressure_gpa,
        )
