"""The wire simulators in front of the real physics, with the clock in the test's hand."""

import pytest

from simulators.twin import Twin
from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.zaber import DriveConstants, ZaberSimulator


@pytest.fixture
def twin(clock):
    return Twin(7, clock)


def ask(session, line):
    return session.feed(line.encode() + b"\n")[0].payload.decode().strip()


def test_the_cryostat_reads_ramps_and_holds(twin, clock):
    session = LakeShore336Simulator(twin, clock).session()
    start_k = float(ask(session, "KRDG? A"))
    assert start_k == pytest.approx(float(ask(session, "SETP? 1")), abs=0.1)
    assert ask(session, "OUTMODE? 1").startswith("1,1,")
    assert float(ask(session, "HTR? 1")) > 0
    assert ask(session, "RDGST? A;RDGST? B;RDGST? C") == "000;000;001"
    assert ask(session, f"RAMP 1,1,2;SETP 1,{start_k + 10};RAMPST? 1") == "1"
    clock.time_s += 150.0
    assert float(ask(session, "SETP? 1")) == pytest.approx(start_k + 5, abs=0.1)
    clock.time_s += 3600.0
    assert ask(session, "RAMPST? 1") == "0"
    assert float(ask(session, "KRDG? A")) == pytest.approx(start_k + 10, abs=0.1)


def test_every_output_takes_its_settings(twin, clock):
    session = LakeShore336Simulator(twin, clock).session()
    for output in (1, 2, 3, 4):
        line = f"OUTMODE {output},3,2,0;PID {output},1,2,3;MOUT {output},5;RANGE {output},1"
        answer = ask(session, f"{line};OUTMODE? {output};MOUT? {output};RANGE? {output};*ESR?")
        assert answer.startswith("3,2,0;+005.00;1;")
        assert ask(session, f"OUTMODE {output},0,0;OUTMODE? {output}") == "0,0,0"
    assert ask(session, "*ESR?") == "000"


def test_the_temperature_limit_saves_the_cell(twin, clock):
    instrument = LakeShore336Simulator(twin, clock)
    session = instrument.session()
    ask(session, "TLIMIT A,90;SETP 1,200;*ESR?")
    for _ in range(100):
        clock.time_s += 10.0
        instrument.update()
    assert ask(session, "RANGE? 1") == "0"
    assert float(ask(session, "KRDG? A")) < 90.0


def test_a_step_of_the_drive_takes_ten_to_twenty_seconds(twin, clock):
    device = ZaberSimulator(twin, clock)
    session = device.session()
    step = round(0.02 * DriveConstants().microsteps_per_turn)
    before_gpa = twin.state()["pressure_gpa"]
    ask(session, f"/1 1 move rel {step}")
    clock.time_s += 10.0
    assert "BUSY" in ask(session, "/1 1")
    clock.time_s += 10.0
    assert ask(session, "/1 1 get pos") == f"@01 1 OK IDLE -- {step}"
    assert twin.turns == pytest.approx(0.02)
    assert twin.state()["pressure_gpa"] > before_gpa


def test_the_drive_stalls_where_the_twin_says(twin, clock):
    session = ZaberSimulator(twin, clock).session()
    ask(session, "/1 1 set maxspeed 16000000")
    ask(session, "/1 1 move max")
    clock.time_s += 600.0
    assert "IDLE FS" in ask(session, "/1 1")
    assert twin.torque_fraction > 1.0
    assert twin.turns < DriveConstants().max_turns
    ask(session, "/1 1 warnings clear")
    ask(session, "/1 1 move abs 0")
    clock.time_s += 600.0
    assert ask(session, "/1 1 get pos") == "@01 1 OK IDLE -- 0"
    assert twin.turns == pytest.approx(0.0, abs=1e-6)
