"""Every fault of a line, at every reply of every job: a driver raises, or what it says is so.

What a protocol cannot reveal stands in `simulators.unrevealed`, and nowhere else.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("seabreeze")

from dac_control.errors import DacError
from devices.drivers import cobolt06, lakeshore336, zaber
from devices.drivers.ocean import Ocean
from devices.links import open_link
from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.serving.tcp import TcpServer
from simulators.twin import Twin
from simulators.unrevealed import UNREVEALED
from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants
from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.ocean import OceanSimulator
from simulators.wire.zaber import DriveConstants, ZaberSimulator

REPLY_TIMEOUT_S, LATE_S = 0.1, 0.15
BINARY = ("spectrometer",)
"""What speaks no lines: a number is not text there, and a request has no end of its own."""
FOR_LINES = (Fault.NAN, Fault.FLIPPED_DIGIT, Fault.LOST_REQUEST)


@dataclass(frozen=True)
class Job:
    """Something that a driver does; what it returns must be so by the instrument itself."""

    do: Callable[[], Any]
    is_so: Callable[[Any], bool]


@dataclass
class Wire:
    """One instrument at the end of a line, and what is asked of it."""

    faults: FaultInjector
    instrument: Any
    driver: Any
    change: Callable[[], None]
    """Makes the next reading another one: an old answer shows."""
    jobs: dict[str, Job]
    stops: list[Callable[[], None]] = field(default_factory=list)

    def count(self, job: Job) -> int:
        """Replies of a job on a sound line."""
        seen: list[bytes] = []
        self.faults.next(Fault.SILENCE, when=lambda request: seen.append(request) is not None)
        value = job.do()
        self.faults.clear()
        assert job.is_so(value)
        return len(seen)

    def close(self) -> None:
        self.driver.close()
        for stop in self.stops:
            stop()


def serve(session: Callable[[], Any], terminators: bytes = b"\r\n") -> tuple[FaultInjector, Any]:
    faults = FaultInjector(session, terminators)
    server = TcpServer(faults.session)
    server.start()
    return faults, server


def link_to(server: TcpServer, settings: Any) -> Any:
    quick = replace(
        settings, reply_timeout_s=REPLY_TIMEOUT_S, first_back_off_s=0.001, silence_s=0.0
    )
    return open_link(f"TCPIP0::127.0.0.1::{server.port}::SOCKET", settings=quick)


class Stopped:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def wall_s(self, lab_s: float) -> float:
        return 0.0


def cryostat() -> Wire:
    clock = Stopped()
    twin = Twin(seed=1, clock=clock)
    instrument = LakeShore336Simulator(twin, clock)
    faults, server = serve(instrument.session)
    driver = lakeshore336.LakeShore336(link_to(server, lakeshore336.LINK_SETTINGS))
    wanted = [81.0]

    def change() -> None:
        clock.now_s += 600.0
        instrument.execute("RANGE 1,2")

    def warm_up() -> float:
        wanted[0] = 163.0 - wanted[0]
        driver.set_setpoint(wanted[0], 1.0)
        return wanted[0]

    def said(query: str) -> float:
        return float(instrument.execute(query) or "nan")

    return Wire(
        faults=faults,
        instrument=instrument,
        driver=driver,
        change=change,
        jobs={
            "read": Job(
                driver.read,
                lambda reading: (
                    reading.stage_temperature_k == said("KRDG? A")
                    and reading.cell_temperature_k == said("KRDG? B")
                    and reading.setpoint_k == said("SETP? 1")
                    and reading.heater_percent == said("HTR? 1")
                    and reading.heater_range == said("RANGE? 1")
                ),
            ),
            "set the setpoint": Job(warm_up, lambda asked_k: twin.loop(1).setpoint_k == asked_k),
            "hold": Job(driver.hold, lambda _: not twin.ramping(1)),
            "switch the heater off": Job(driver.heater_off, lambda _: said("RANGE? 1") == 0),
        },
        stops=[server.stop],
    )


class Screw:
    turns = 0.0
    torque_fraction = 0.1

    def turn_to(self, turns: float) -> None:
        self.turns = turns


def drive() -> Wire:
    clock = Stopped()
    controller = ZaberSimulator(Screw(), clock, DriveConstants())
    faults, server = serve(controller.session)
    driver = zaber.Zaber(
        link_to(server, zaber.LINK_SETTINGS),
        steps_per_rev=200, microsteps=64, gear_ratio=100.0, min_turns=-1.0, max_turns=2.0,
    )  # fmt: skip
    axis, targets, handle = controller.axes[0], [0.1], controller.handle

    def heard(message: bytes) -> str | None:
        if b"move abs" in message:
            sent.append(message)
        return handle(message)

    sent: list[bytes] = []
    controller.handle = heard  # type: ignore[method-assign]

    def change() -> None:
        clock.now_s += 1000.0
        controller.update()

    def move() -> float:
        sent.clear()
        target = 0.2 if axis.position < 0.15 * 1_280_000 else 0.1
        driver.start_move(target)
        return target

    def is_under_way(turns: float) -> bool:
        if len(sent) > 1:
            return False
        before = axis.position
        change()
        return before != axis.position == round(turns * 1_280_000)

    def stop() -> None:
        axis.move_to(axis.position + 1000)
        driver.stop()

    def declare() -> float:
        targets[0] = 0.3 - targets[0]
        driver.declare(targets[0])
        return targets[0]

    return Wire(
        faults=faults,
        instrument=controller,
        driver=driver,
        change=change,
        jobs={
            "read": Job(
                driver.read,
                lambda reading: (
                    round(reading.turns * 1_280_000) == axis.position
                    and reading.moving == axis.busy
                    and set(reading.flags) == set(axis.flags)
                ),
            ),
            "move": Job(move, is_under_way),
            "stop": Job(stop, lambda _: not axis.busy),
            "declare": Job(declare, lambda turns: axis.position == round(turns * 1_280_000)),
        },
        stops=[server.stop],
    )


class Beam:
    light_on = False
    light_mw = 0.0


def laser() -> Wire:
    clock = Stopped()
    instrument = Cobolt06Simulator(Beam(), clock, HeadConstants(warm_up_s=0.0))
    head = instrument.head
    faults, server = serve(instrument.session)
    driver = cobolt06.Cobolt06(
        link_to(server, cobolt06.LINK_SETTINGS), wavelength_nm=532.0, max_power_mw=50.0
    )

    def change() -> None:
        clock.now_s += 36.0
        instrument.execute("l0" if head.lit else "l1")
        instrument.execute("p 0.004" if head.setpoint_mw == 6.0 else "p 0.006")

    def set_power() -> float:
        power_mw = 10.0 - head.setpoint_mw if head.setpoint_mw in (4.0, 6.0) else 4.0
        driver.set_power(power_mw)
        return power_mw

    def switch_on() -> None:
        instrument.execute("l0")
        driver.switch_on(lambda: None)

    def switch_off() -> None:
        instrument.execute("l1")
        driver.switch_off()

    return Wire(
        faults=faults,
        instrument=instrument,
        driver=driver,
        change=change,
        jobs={
            "read": Job(
                driver.read,
                lambda reading: (
                    reading.emitting == head.lit
                    and reading.setpoint_mw == pytest.approx(head.setpoint_mw)
                    and reading.power_mw == pytest.approx(head.power_mw, abs=0.051)
                    and reading.interlock_open == head.interlock_open
                    and not reading.fault
                    and reading.operating_hours == pytest.approx(head.hours, abs=0.0051)
                ),
            ),
            "set the power": Job(set_power, lambda asked_mw: head.setpoint_mw == asked_mw),
            "switch on": Job(switch_on, lambda _: head.lit),
            "switch off": Job(switch_off, lambda _: not head.lit),
        },
        stops=[server.stop],
    )


class Lamp:
    """As many counts as microseconds of exposure, and a level that changes."""

    pixels, full_scale = 2068, 65535
    wavelength_coefficients = (680.0, 0.0125, 0.0, 0.0)
    level = 1.0

    def expose(self, start_lab_s: float, exposure_s: float) -> np.ndarray:
        return np.full(self.pixels, self.level + round(exposure_s * 1e6), np.uint16)


def spectrometer() -> Wire:
    lamp, clock = Lamp(), SimulatedClock(1.0)
    instrument = OceanSimulator(lamp, clock, serial="HDX01234")
    faults, server = serve(instrument.session, terminators=b"")
    driver = Ocean("HDX", host="127.0.0.1", port=server.port, io_margin_s=REPLY_TIMEOUT_S)
    exposures_us = [6000]

    def change() -> None:
        lamp.level += 1.0

    def acquire(changed: bool = False) -> Any:
        if changed:
            exposures_us[0] = 13_000 - exposures_us[0]
        return driver.acquire(exposures_us[0] * 1e-6, 1)

    axis_nm = 680.0 + 0.0125 * np.arange(lamp.pixels)

    def is_so(spectrum: Any) -> bool:
        return (
            round(spectrum.exposure_s * 1e6) == exposures_us[0]
            and bool(np.all(spectrum.counts == lamp.level + exposures_us[0]))
            and np.allclose(spectrum.wavelength_nm, axis_nm, atol=1e-4)
        )

    return Wire(
        faults=faults,
        instrument=instrument,
        driver=driver,
        change=change,
        jobs={
            "read": Job(acquire, is_so),
            "read with another exposure": Job(lambda: acquire(changed=True), is_so),
        },
        stops=[server.stop],
    )


ROLES: dict[str, Callable[[], Wire]] = {
    "cryostat": cryostat, "drive": drive, "laser": laser, "spectrometer": spectrometer,
}  # fmt: skip
DIGITS = {"cryostat": range(32), "drive": (0, 4, 9, 11), "laser": range(8)}
"""Every one; of the drive's, where each costs a wait, one of address, id, data and checksum."""


@pytest.fixture(scope="module")
def wires() -> Iterator[dict[str, Wire]]:
    with contextlib.ExitStack() as stack:
        made: dict[str, Wire] = {}
        for role, make in ROLES.items():
            made[role] = make()
            stack.callback(made[role].close)
            made[role].driver.connect()
        yield made


PAIRS = [
    (role, kind) for role in ROLES for kind in Fault if role not in BINARY or kind not in FOR_LINES
]


@pytest.mark.parametrize(("role", "kind"), PAIRS)
def test_a_driver_raises_or_what_it_says_is_so(
    wires: dict[str, Wire], role: str, kind: Fault
) -> None:
    wire = wires[role]
    wrong = set()
    for name, job in wire.jobs.items():
        read_again(wire)
        for reply in range(wire.count(job)):
            for options in variants(role, kind):
                wire.change()
                strike(wire.faults, kind, reply, options)
                with contextlib.suppress(DacError):
                    wrong |= set() if job.is_so(job.do()) else {name}
                wire.faults.clear()
                wire.change()
                wrong |= set() if read_again(wire) else {"read afterwards"}
    assert wrong == {name for each, fault, name in UNREVEALED if (each, fault) == (role, kind)}


def variants(role: str, kind: Fault) -> list[dict[str, Any]]:
    """In how many ways a reply suffers."""
    match kind:
        case Fault.FLIPPED_DIGIT:
            return [{"digit": digit} for digit in DIGITS[role]]
        case Fault.HALF_REPLY:
            return [{"hang_up": False}, {"hang_up": True}]
        case Fault.LATE:
            return [{"delay_s": LATE_S}]
        case Fault.SILENCE:
            return [{}]
    return [{}, {"count": 2}]


def strike(faults: FaultInjector, kind: Fault, reply: int, options: dict[str, Any]) -> None:
    """Schedule a fault for one reply of the next job, by its number, and for those after it."""
    seen: list[bytes] = []

    def is_due(request: bytes) -> bool:
        seen.append(request)
        return len(seen) > reply

    faults.next(kind, when=is_due, **options)


def read_again(wire: Wire) -> bool:
    """Read until that succeeds; whether what was read is so."""
    job, deadline_s = wire.jobs["read"], time.monotonic() + 10.0
    while True:
        try:
            return job.is_so(job.do())
        except DacError:
            assert time.monotonic() < deadline_s, "the line did not recover"
            time.sleep(0.01)


def test_a_spectrometer_that_rebooted_is_told_its_exposure_again(wires: dict[str, Wire]) -> None:
    """Its exposure is that of power-up then; the lost connection says so."""
    wire, instrument = wires["spectrometer"], wires["spectrometer"].instrument
    assert read_again(wire)
    instrument.power_cycle()
    job = wire.jobs["read"]
    with pytest.raises(DacError):
        job.do()
    assert job.is_so(job.do())


def test_only_the_hours_of_a_laser_may_be_another_answer(wires: dict[str, Wire]) -> None:
    wire = wires["laser"]
    assert read_again(wire)
    for reply in range(wire.count(wire.jobs["read"])):
        wire.change()
        strike(wire.faults, Fault.PREVIOUS_REPLY, reply, {})
        reading, job = wire.driver.read(), wire.jobs["read"]
        assert job.is_so(replace(reading, operating_hours=wire.instrument.head.hours))
