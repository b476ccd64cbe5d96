"""The simulated laboratory: one twin, six instruments, served on loopback to any client."""

import contextlib
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.clock import SimulatedClock
from simulators.faults import FaultInjector
from simulators.port_light import PortLight
from simulators.replay import ReplayLight
from simulators.serving.pty import PtyServer
from simulators.serving.rfc2217 import Rfc2217Server
from simulators.serving.tcp import TcpServer
from simulators.truth import ExposedTwin, TruthLight, TruthWriter
from simulators.twin import Twin, TwinSettings
from simulators.wire.basler import CameraFeeder
from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants
from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.ocean import Light, OceanSimulator
from simulators.wire.zaber import DriveConstants, ZaberSimulator

__all__ = ["PORT_ROLES", "Laboratory"]

PORT_ROLES = ("cryostat", "cryostat_serial", "drive", "spectrometer", "raman", "laser")
"""What has a TCP port, and so can be given one."""
TICK_S = 0.02
"""How often the physics follow the motor when no client asks, in s on the wall."""
REPLAY_TEMPERATURE_K = 296.0
"""Where recorded spectra are taken to come from, unless told otherwise: a room."""
SPECTROMETER_MODEL, SPECTROMETER_PIXELS = "HDX", 2068
"""Of both spectrometers: what the simulator of the wire speaks as, and clients then expect."""
RAMAN_SERIAL, RAMAN_SPOT = "HDX00337", "sample"
"""Of the second one, and where its optics look: at the specimen behind the anvil, so that the light
of both comes in."""
LASER = HeadConstants()
LASER_SPOT_UM = 20.0
"""Diameter of the laser's spot on the specimen, as its papers state it: wide enough that 1 mW is
no danger; model default."""


class Laboratory:
    """A cryostat, a screw drive, two spectrometers, a camera and a laser around one twin.

    The twin keeps its own light until somebody connects to the laser; from then on its light is
    the laser's. It can be started once; its clock and its physics run from the moment it is made.

    Parameters
    ----------
    seed : int
        Draws the twin.
    speed : float
        Laboratory seconds per second on the wall.
    folder : Path, optional
        Where camera frames are kept; by default a temporary folder, removed by `stop`.
    replay : Path, optional
        Spectrum file or folder of them that the spectrometer shows instead of the twin's ruby.
    truth : Path, optional
        File that gets the twin's constants and a line per exposure.
    start_temperature_k : float, optional
        Where the cryostat has settled; by default the twin's, or 296 K for a replay.
    ports : Mapping[str, int], optional
        Port of each of `PORT_ROLES`; 0, the default, takes a free one.
    host : str
        Interface to serve on.
    settings : TwinSettings, optional
        What the twin starts from.
    camera_exposure_s : float
        Exposure of the camera in s.

    Attributes
    ----------
    clock, twin
        Time and physics.
    cryostat, drive, spectrometer, raman, camera, laser
        The simulators.
    faults : dict[str, FaultInjector]
        By role (``"cryostat"``, ``"drive"``, ``"spectrometer"``, ``"raman"``, ``"laser"``);
        works on all its links.

    Raises
    ------
    ValueError
        If a port is given for what has none, or a recording is no spectrum.
    OSError
        If a recording cannot be read.
    """

    def __init__(
        self,
        seed: int = 0,
        speed: float = 1.0,
        folder: Path | None = None,
        *,
        replay: Path | None = None,
        truth: Path | None = None,
        start_temperature_k: float | None = None,
        ports: Mapping[str, int] | None = None,
        host: str = "127.0.0.1",
        settings: TwinSettings | None = None,
        camera_exposure_s: float = 0.02,
    ) -> None:
        self._ports = _checked_ports(ports or {})
        self._host = host
        self._folder = folder
        self._camera_exposure_s = camera_exposure_s
        settings = _with_temperature(settings or TwinSettings(), start_temperature_k, replay)
        settings = replace(settings, raman=settings.raman.with_pixels(SPECTROMETER_PIXELS))
        self.clock = SimulatedClock(speed)
        self.twin = Twin(seed, self.clock, settings)
        self._truth: TruthWriter | None = None
        if truth is not None:
            head = {"seed": seed, "speed": speed, "replay": None if replay is None else str(replay)}
            self._truth = TruthWriter(truth, {**head, "constants": self.twin.truth()})
        self._drive_constants = _drive_constants(settings)
        self.cryostat = LakeShore336Simulator(self.twin, self.clock)
        self.drive = ZaberSimulator(self.twin, self.clock, self._drive_constants)
        self.spectrometer = OceanSimulator(self._light(replay), self.clock)
        raman = self._with_truth(PortLight(self.twin, "raman", RAMAN_SPOT))
        self.raman = OceanSimulator(raman, self.clock, RAMAN_SERIAL)
        self.laser = Cobolt06Simulator(self.twin, self.clock, LASER, seed)
        self.faults = {
            "cryostat": FaultInjector(self.cryostat.session),
            "drive": FaultInjector(self.drive.session),
            "laser": FaultInjector(self.laser.session),
            # A binary protocol: any byte may be part of a request.
            "spectrometer": FaultInjector(self.spectrometer.session, terminators=b""),
            "raman": FaultInjector(self.raman.session, terminators=b""),
        }
        self._servers = self._make_servers()
        self._pty = None
        if sys.platform != "win32":
            self._pty = PtyServer(self.faults["drive"].session, self.clock)
        self._camera: CameraFeeder | None = None
        self._running = contextlib.ExitStack()
        self._stopping = threading.Event()
        self._started = False

    @property
    def camera(self) -> CameraFeeder:
        """The camera's feeder; raises RuntimeError before `start`."""
        if self._camera is None:
            raise RuntimeError("The simulated laboratory has no camera before it is started.")
        return self._camera

    @property
    def certificates(self) -> dict[str, Any]:
        """What the papers say that came with the instruments: values and sigmas, no truth."""
        drive = self._drive_constants
        return {
            **self.twin.certificates(),
            "gear_ratio": drive.gear_ratio,
            "steps_per_rev": drive.steps_per_rev,
            "resolution": drive.resolution,
            "min_turns": drive.min_turns,
            "max_turns": drive.max_turns,
            "light_nm": float(LASER.model[:4]),
            "light_max_mw": LASER.max_power_mw,
            "light_transmission": LASER.transmission,
            "light_spot_um": LASER_SPOT_UM,
        }

    @property
    def endpoints(self) -> dict[str, Any]:
        """Where each instrument is reached, JSON-able; raises RuntimeError before `start`.

        ``drive_serial`` is there on POSIX only.
        """
        tcp = {role: self._servers[role].port for role in PORT_ROLES}
        endpoints: dict[str, Any] = {
            "cryostat": f"TCPIP0::{self._host}::{tcp['cryostat']}::SOCKET",
            "cryostat_serial": f"rfc2217://{self._host}:{tcp['cryostat_serial']}",
            "drive": f"socket://{self._host}:{tcp['drive']}",
            "laser": f"socket://{self._host}:{tcp['laser']}",
            **{
                role: {"model": SPECTROMETER_MODEL, "host": self._host, "port": tcp[role]}
                for role in ("spectrometer", "raman")
            },
            "camera": {
                "serial": self.camera.serial,
                "environment": self.camera.environment,
                "nodes": self.camera.nodes,
                "exposure_ms": self.camera.exposure_s * 1e3,
            },
        }
        if self._pty is not None:
            endpoints["drive_serial"] = self._pty.path
        return endpoints

    def start(self) -> None:
        """Serve all instruments; idempotent while it runs.

        Raises
        ------
        OSError
            If a port is in use, or the frames or the truth cannot be written; its `strerror`
            is a sentence for a person. Everything is stopped again.
        RuntimeError
            If it was stopped before.
        """
        if self._stopping.is_set():
            raise RuntimeError("A stopped laboratory cannot start again; make another one.")
        if self._started:
            return
        self._started = True
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all servers and threads and close the files; idempotent."""
        self._stopping.set()
        self._running.close()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _start_parts(self) -> None:
        running = self._running
        if self._truth is not None:
            self._truth.open()
            running.callback(self._truth.close)
        folder = self._folder
        if folder is None:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="laboratory-")))
        self._camera = CameraFeeder(self.twin, folder, self._camera_exposure_s)
        running.callback(self._camera.stop)
        self._camera.start()
        ticker = threading.Thread(target=self._tick, name="simulator-ticker", daemon=True)
        ticker.start()
        running.callback(ticker.join)
        for role, server in self._servers.items():
            running.callback(server.stop)
            try:
                server.start()
            except OSError as error:
                reason = error.strerror or error
                raise OSError(error.errno, f"Simulated {role}: {reason}") from error
        if self._pty is not None:
            running.callback(self._pty.stop)
            self._pty.start()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_S):
            self.drive.update()
            self.cryostat.update()
            self.laser.update()

    def _light(self, replay: Path | None) -> Light:
        if replay is not None:
            return ReplayLight(
                replay,
                lambda: self.twin.turns,
                pixels=self.twin.pixels,
                full_scale=self.twin.full_scale,
            )
        return self._with_truth(self.twin)

    def _with_truth(self, light: ExposedTwin) -> Light:
        return light if self._truth is None else TruthLight(light, self._truth)

    def _make_servers(self) -> dict[str, TcpServer]:
        """One server per role; both links of the cryostat lead to the same instrument."""
        servers: dict[str, TcpServer] = {}
        for role in PORT_ROLES:
            session = self.faults[role.removesuffix("_serial")].session
            where: dict[str, Any] = {"host": self._host, "port": self._ports[role]}
            if role.endswith("_serial"):
                servers[role] = Rfc2217Server(session, clock=self.clock, **where)
            else:
                servers[role] = TcpServer(session, clock=self.clock, **where)
        return servers


def _checked_ports(ports: Mapping[str, int]) -> dict[str, int]:
    unknown = sorted(set(ports) - set(PORT_ROLES))
    if unknown:
        raise ValueError(
            f"The simulated laboratory has no port for {', '.join(unknown)}; "
            f"it has {', '.join(PORT_ROLES)}."
        )
    for role, port in ports.items():
        if not 0 <= port <= 65535:
            raise ValueError(f"The port of the simulated {role} must be 0 to 65535, not {port}.")
    return {role: ports.get(role, 0) for role in PORT_ROLES}


def _with_temperature(
    settings: TwinSettings, start_temperature_k: float | None, replay: Path | None
) -> TwinSettings:
    if start_temperature_k is None and replay is not None:
        start_temperature_k = REPLAY_TEMPERATURE_K
    if start_temperature_k is None:
        return settings
    return replace(settings, start_temperature_k=start_temperature_k)


def _drive_constants(settings: TwinSettings) -> DriveConstants:
    """Give the motor the gear and the microsteps that the twin's papers state."""
    usual = DriveConstants()
    return replace(
        usual,
        gear_ratio=settings.screw.gear_ratio,
        resolution=settings.screw.microsteps_per_motor_turn // usual.steps_per_rev,
    )
