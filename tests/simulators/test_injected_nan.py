from simulators.clock import SimulatedClock
from simulators.faults import Fault, FaultInjector
from simulators.twin import Twin
from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.zaber import ZaberSimulator


def test_every_number_of_a_reply_becomes_nan() -> None:
    clock = SimulatedClock(1.0)
    injector = FaultInjector(LakeShore336Simulator(Twin(seed=1, clock=clock), clock).session)
    injector.next(Fault.NAN, when=b"KRDG")
    session = injector.session()
    spoiled, honest = (session.feed(b"KRDG? A;HTR? 1\r\n")[0].payload for _ in range(2))
    assert spoiled.strip() == b"NaN;NaN" and b"NaN" not in honest


def test_a_slipping_motor_counts_on_while_the_screw_stays() -> None:
    clock = SimulatedClock(1e5)
    twin = Twin(seed=1, clock=clock)
    drive = ZaberSimulator(twin, clock)
    axis = drive.axes[0]
    axis.slipping = True
    session = drive.session()
    session.feed(b"/1 1 move rel 20000\n")
    while axis.busy:
        drive.update()
    reply = session.feed(b"/1 1 get pos\n")[0].payload
    assert b" 20000" in reply and abs(twin.turns) < 1e-9
    axis.slipping = False
    session.feed(b"/1 1 move abs 0\n")
    while axis.busy:
        drive.update()
    # the coupling holds again: the way back is turned from where the screw stayed
    assert twin.turns < -1e-6
