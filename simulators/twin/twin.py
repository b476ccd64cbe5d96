"""The twin: one cell in one cryostat, as the simulated instruments see and move it."""

import math
import threading
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.clock import Clock
from simulators.twin.draws import certificates, draw, generators
from simulators.twin.exposure import exposure_nodes
from simulators.twin.further_draws import draw_further
from simulators.twin.loop import LoopState
from simulators.twin.optics import Optics
from simulators.twin.physics import Physics
from simulators.twin.schedule import Fault
from simulators.twin.settings import TwinSettings
from simulators.twin.truth import averages, describe
from simulators.twin.views import ILLUMINATIONS, SPOTS, PortInfo

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
        self._drawn = draw(self._settings, streams["draws"])
        self._further = draw_further(self._settings, streams["further"])
        self._sensor_rngs = {"A": streams["sensor_a"], "B": streams["sensor_b"]}
        self._physics = Physics(
            self._settings, self._drawn, self._further, clock.now(), streams["stick_slip"]
        )
        self._optics = Optics(self._settings, self._drawn, self._further, self._physics, streams)
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

    # ---- spectrometers, light, camera ----------------------------------------------------

    @property
    def pixels(self) -> int:
        """Pixels of the detector of the ruby port."""
        return self._settings.spectrometer.pixels

    @property
    def full_scale(self) -> int:
        """Largest count of the detector of the ruby port."""
        return self._settings.spectrometer.full_scale

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Axis polynomial of the ruby port as its memory states it: pixel index to nm in air."""
        return self._optics.spectrometer.coefficients

    def port(self, name: str) -> PortInfo:
        """Return what the instrument behind a port says of itself.

        Parameters
        ----------
        name : str
            "ruby", "raman" or "vis".

        Raises
        ------
        ValueError
            If there is no such port.
        """
        return self._optics.port(name)

    @property
    def laser_nm(self) -> float:
        """Vacuum wavelength of the laser as its papers state it."""
        return self._settings.laser_nm

    @property
    def light_mw(self) -> float:
        """Power of the laser at the cell in mW while it is on; may be set."""
        return self._physics.power_mw

    @light_mw.setter
    def light_mw(self, power_mw: float) -> None:
        if not (math.isfinite(power_mw) and power_mw >= 0.0):
            raise ValueError(f"The laser cannot give {power_mw} mW.")
        with self._lock:
            physics = self._advance()
            physics.switch_light(physics.light_on, float(power_mw))

    @property
    def light_on(self) -> bool:
        """True while the light of the laser falls on the cell."""
        with self._lock:
            return self._physics.light_on

    @light_on.setter
    def light_on(self, on: bool) -> None:
        with self._lock:
            self._advance().switch_light(bool(on))

    @property
    def lamp_on(self) -> bool:
        """True while the lamp is switched on, which lights camera, port "vis" and line lamp."""
        return self._optics.view.lamp_on

    @lamp_on.setter
    def lamp_on(self, on: bool) -> None:
        with self._lock:
            self._optics.view.lamp_on = bool(on)

    @property
    def lamp_on_all_ports(self) -> bool:
        """True while the lamp lights the ports "ruby" and "raman", too; may be set."""
        return self._optics.view.lamp_on_all_ports

    @lamp_on_all_ports.setter
    def lamp_on_all_ports(self, on: bool) -> None:
        with self._lock:
            self._optics.view.lamp_on_all_ports = bool(on)

    @property
    def spot(self) -> str:
        """Where the optics of all ports look; may be set to one of `SPOTS`."""
        return self._optics.view.spot

    @spot.setter
    def spot(self, name: str) -> None:
        if name not in SPOTS:
            raise ValueError(f"The optics of the twin look at {', '.join(SPOTS)}, not {name!r}.")
        with self._lock:
            self._optics.view.spot = name

    @property
    def illumination(self) -> str:
        """Light for the port "vis": "reflected" or "transmitted"; may be set."""
        return self._optics.view.illumination

    @illumination.setter
    def illumination(self, name: str) -> None:
        if name not in ILLUMINATIONS:
            raise ValueError(f"The lamp is {' or '.join(ILLUMINATIONS)}, not {name!r}.")
        with self._lock:
            self._optics.view.illumination = name

    def expose(
        self, start_lab_s: float, exposure_s: float, port: str = "ruby", spot: str | None = None
    ) -> NDArray[np.uint16]:
        """Expose the detector of a port; counts, shape (pixels,).

        Parameters
        ----------
        start_lab_s : float
            Laboratory time at which the exposure begins; it may lie in the past, or reach into
            the future, where nothing is expected to be turned.
        exposure_s : float
            Above 0.
        port : str
            "ruby", "raman" or "vis".
        spot : str, optional
            Where it looks this once; by default where all ports look, `spot`.

        Raises
        ------
        ValueError
            If the exposure is not a finite time above 0, or there is no such port or spot.
        """
        if not (math.isfinite(start_lab_s) and math.isfinite(exposure_s) and exposure_s > 0.0):
            raise ValueError(f"The detector cannot be exposed for {exposure_s} s.")
        with self._lock:
            if spot is not None:
                present, self.spot = self.spot, spot
                try:
                    return self.expose(start_lab_s, exposure_s, port)
                finally:
                    self.spot = present
            self._optics.port(port)
            nodes = exposure_nodes(self._advance(), start_lab_s, exposure_s)
            counts, moments = self._optics.expose(nodes, start_lab_s, exposure_s, port)
            self._last_exposure = {
                "start_lab_s": start_lab_s,
                "exposure_s": exposure_s,
                "light_on": self._physics.light_on,
                "port": port,
                "spot": self.spot,
            } | averages(nodes, moments, self._optics)
            return counts

    def frame(self, exposure_s: float, *, colour: bool = False) -> NDArray[np.uint8]:
        """Take a frame of the microscope, shape (480, 640), or (480, 640, 3) in colour."""
        if not (math.isfinite(exposure_s) and exposure_s >= 0.0):
            raise ValueError(f"The camera cannot be exposed for {exposure_s} s.")
        with self._lock:
            self._advance()
            return self._optics.frame(exposure_s, colour=colour)

    # ---- what goes wrong -----------------------------------------------------------------

    def inject(
        self, kind: str, *, at_lab_s: float | None = None, at_gpa: float | None = None
    ) -> None:
        """Order a fault: now, at a laboratory time, or once the pressure is that high.

        Parameters
        ----------
        kind : str
            "blow_out", "fracture", "helium_out" (the cooler stops), "ice" (grows on the window),
            "lamp_dies" or "chip_lost".
        at_lab_s, at_gpa : float, optional
            When; with both, at the earlier one.

        Raises
        ------
        ValueError
            If there is no such fault, or its time or pressure is not a number.
        """
        with self._lock:
            physics = self._advance()
            if at_lab_s is None and at_gpa is None:
                at_lab_s = physics.lab_s
            physics.order(
                Fault(
                    kind=kind,
                    at_lab_s=math.inf if at_lab_s is None else float(at_lab_s),
                    at_gpa=math.inf if at_gpa is None else float(at_gpa),
                )
            )

    # ---- truth, for tests only, and papers -----------------------------------------------

    def truth(self) -> dict[str, Any]:
        """All constants that this twin has drawn, JSON-able; no instrument would tell them."""
        sigma_k = self._settings.cryostat.sensor_sigma_k
        return {
            "seed": self._seed,
            **self._drawn.as_dict(),
            **self._further.as_dict(),
            "sensor_error_80k_k": {
                "A": sigma_k * self._drawn.sensor_z_a,
                "B": sigma_k * self._drawn.sensor_z_b,
            },
            "splitting_cm1": self._settings.ruby.splitting_cm1,
        }

    def state(self) -> dict[str, Any]:
        """Return the true state now, JSON-able; failures and faults included."""
        with self._lock:
            return describe(self._advance(), self._optics, self._settings)

    def pressure_gpa(self) -> float:
        """Return the true pressure of the sample now, GPa: a part of `state`, and much sooner."""
        with self._lock:
            return self._advance().moment().pressure_gpa

    def last_exposure(self) -> dict[str, Any] | None:
        """Return the true state averaged over the last exposure; None before the first."""
        with self._lock:
            return None if self._last_exposure is None else dict(self._last_exposure)

    def certificates(self) -> dict[str, Any]:
        """Return what the papers of the instruments state, with sigmas; nothing of the truth."""
        return certificates(self._drawn, self._settings, self._further)

    # ---- inside --------------------------------------------------------------------------

    def _advance(self) -> Physics:
        """Let the physics run to the present; the caller holds the lock."""
        self._physics.advance(self._clock.now())
        return self._physics
