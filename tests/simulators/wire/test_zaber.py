import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.wire.zaber import DriveConstants, ZaberSimulator
from simulators.wire.zaber.message import checksum

PER_TURN = 1_280_000
STEP = 25_600
"""A 50th of a turn of the screw."""


@pytest.fixture
def device(screw, clock):
    return ZaberSimulator(screw, clock)


@pytest.fixture
def ask(device):
    session = device.session()

    def exchange(message, terminator="\n"):
        replies = session.feed(message.encode() + terminator.encode())
        assert all(reply.payload.endswith(b"\r\n") for reply in replies)
        return [reply.payload[:-2].decode() for reply in replies]

    return exchange


@pytest.mark.parametrize("terminator", ["\n", "\r", "\r\n"])
def test_messages_of_the_manual(ask, clock, terminator):
    def say(message):
        return ask(message, terminator)

    assert say("/1 1 21 move abs 20000") == ["@01 1 21 OK BUSY -- 0"]
    assert say("/1 1 22") == ["@01 1 22 OK BUSY -- 0"]
    clock.time_s += 60.0
    assert say("/1 1 23 get pos") == ["@01 1 23 OK IDLE -- 20000"]
    assert say("/1 1 24 move abs 50000000") == ["@01 1 24 RJ IDLE -- BADDATA"]
    assert say("/1 1 25 warnings clear") == ["@01 1 25 OK IDLE -- 00"]


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("/", "@01 0 OK IDLE -- 0"),
        ("/get pos", "@01 0 OK IDLE -- 0"),
        ("/1 get pos", "@01 0 OK IDLE -- 0"),
        ("/1 1 get pos", "@01 1 OK IDLE -- 0"),
        ("/0 0 7 get deviceid", "@01 0 07 OK IDLE -- 30341"),
        ("noise/1 0 get device.id", "@01 0 OK IDLE -- 30341"),
        ("/1 0 get versionx\b", "@01 0 OK IDLE -- 7.35"),
        ("/1 9 get\x7f/1 0 get system.axiscount", "@01 0 OK IDLE -- 1"),
        ("/1 1 tools echo a b", "@01 1 OK IDLE -- a b"),
        ("/1 0 io info", "@01 0 OK IDLE -- 0 0 0 0"),
        ("/1 1 get driver.temperature", "@01 1 OK IDLE -- 31.4"),
        ("/1 1 get resolution", "@01 1 OK IDLE -- 64"),
        ("/1 1 get vel", "@01 1 OK IDLE -- 0"),
        ("/1 0 get system.uptime", "@01 0 OK IDLE -- 0"),
        ("/1 1 set maxspeed 0", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 set maxspeed 1.5", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 set driver.temperature 3", "@01 1 RJ IDLE -- BADCOMMAND"),
        ("/1 1 set peripheral.id 3", "@01 1 RJ IDLE -- NOACCESS"),
        ("/1 1 get encoder.pos", "@01 1 RJ IDLE -- BADCOMMAND"),
        ("/1 1 get system.serial", "@01 1 RJ IDLE -- DEVICEONLY"),
        ("/1 1 system reset", "@01 1 RJ IDLE -- DEVICEONLY"),
        ("/1 3 get pos", "@01 3 RJ IDLE -- BADAXIS"),
        ("/1 1 200 get pos", "@01 1 200 RJ IDLE -- BADMESSAGEID"),
        ("/1 1 fly", "@01 1 RJ IDLE -- BADCOMMAND"),
        ("/1 1 move", "@01 1 RJ IDLE -- BADCOMMAND"),
        ("/1 1 move abs", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 move abs 1 2", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 move abs ten", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 move abs --1", "@01 1 RJ IDLE -- BADDATA"),
        ("/1 1 stop now", "@01 1 RJ IDLE -- BADDATA"),
    ],
)
def test_messages_and_their_replies(ask, message, reply):
    assert ask(message) == [reply]


@pytest.mark.parametrize("message", ["", "get pos", "/2 1 get pos", "/1 1 -- get pos", "/1 \x01 1"])
def test_silence(ask, message):
    assert ask(message) == []


def test_checksums(ask):
    body = b"1 1 get pos"
    good = f"/{body.decode()}:{checksum(body):02X}"
    (reply,) = ask(good)
    text, lrc = reply[1:].split(":")
    assert checksum(text.encode()) == int(lrc, 16)
    assert ask(good.lower()) == [reply]
    assert ask(f"/{body.decode()}:{(checksum(body) + 1) & 0xFF:02X}") == []
    assert ":" not in ask("/1 1 get pos")[0]
    ask("/1 0 set comm.checksum 1")
    assert ask("/1 1 get pos") == [reply]


def test_a_step_takes_its_time_and_turns_the_screw(ask, clock, screw):
    ask(f"/1 1 move abs {STEP}")
    clock.time_s += 5.0
    (reply,) = ask("/1 1 get pos")
    assert 0 < int(reply.split()[-1]) < STEP
    assert "BUSY" in reply
    assert screw.turns == pytest.approx(int(reply.split()[-1]) / PER_TURN, abs=1e-6)
    clock.time_s += 7.0
    assert "BUSY" in ask("/1 1")[0]
    clock.time_s += 3.0
    assert ask("/1 1 get pos") == [f"@01 1 OK IDLE -- {STEP}"]
    assert screw.turns == STEP / PER_TURN
    assert screw.path == sorted(screw.path)


def test_the_screw_turns_while_nobody_talks(device, ask, clock, screw):
    ask(f"/1 1 move abs {STEP}")
    clock.time_s += 60.0
    assert screw.turns == 0.0
    device.update()
    assert screw.turns == STEP / PER_TURN


@pytest.mark.parametrize("pieces", [1, 2, 7, 50])
def test_where_a_move_ends_does_not_depend_on_when_it_is_looked_at(device, ask, clock, pieces):
    ask(f"/1 1 move rel {STEP}")
    for _ in range(pieces):
        clock.time_s += 20.0 / pieces
        device.update()
    assert ask("/1 1 get pos")[0].split()[-1] == str(STEP)


def test_stop_and_estop_interrupt(ask, clock):
    for command in ("stop", "estop"):
        ask("/1 1 move rel 100000")
        clock.time_s += 5.0
        (reply,) = ask(f"/1 1 {command}")
        assert ("BUSY" in reply) == (command == "stop")
        clock.time_s += 1.0
        (reply,) = ask("/1 1 get pos")
        assert "IDLE NI" in reply
        assert ask("/1 1 warnings clear") == ["@01 1 OK IDLE -- 01 NI"]


def test_stop_at_rest_is_no_interruption(ask):
    assert ask("/1 1 stop") == ["@01 1 OK IDLE -- 0"]


def test_a_move_that_replaces_another_turns_back_at_its_corner(ask, clock, screw):
    ask("/1 1 move abs 100000")
    clock.time_s += 10.0
    assert "BUSY NI" in ask("/1 1 move abs 0")[0]
    top = screw.turns
    clock.time_s += 100.0
    assert "IDLE NI 0" in ask("/1 1 get pos")[0]
    assert max(screw.path) > top
    assert screw.turns == 0.0


def test_move_vel_runs_to_the_limit(ask, clock):
    ask("/1 1 set limit.max 40000")
    ask("/1 1 move vel 8192")
    clock.time_s += 2.0
    assert ask("/1 1 get vel")[0].split()[-1] == "8192"
    clock.time_s += 100.0
    assert ask("/1 1 get pos")[0].endswith("IDLE -- 40000")
    ask("/1 1 move vel -8192")
    clock.time_s += 1.0
    ask("/1 1 move vel 0")
    clock.time_s += 1.0
    assert "IDLE" in ask("/1 1")[0]


def test_move_min_and_max(ask, clock):
    ask("/1 1 set limit.min -1000")
    ask("/1 1 set limit.max 1000")
    for name, position in (("max", 1000), ("min", -1000)):
        ask(f"/1 1 move {name}")
        clock.time_s += 60.0
        assert ask("/1 1 get pos")[0].endswith(f" {position}")


def test_too_much_torque_stalls(ask, clock, screw):
    ask("/1 1 set maxspeed 1000000")
    assert "OK BUSY" in ask(f"/1 1 move abs {3 * PER_TURN}")[0]
    clock.time_s += 60.0
    (reply,) = ask("/1 1 get pos")
    assert "IDLE FS" in reply
    assert screw.turns == pytest.approx(2.0, abs=0.02)
    assert int(reply.split()[-1]) == pytest.approx(screw.turns * PER_TURN, abs=1)
    assert ask("/1 1 warnings clear")[0].endswith("01 FS")
    ask(f"/1 1 move abs {PER_TURN}")
    clock.time_s += 60.0
    assert ask("/1 1 get pos")[0].endswith(f"IDLE -- {PER_TURN}")


def test_less_current_stalls_earlier(ask, clock, screw):
    ask("/1 1 set driver.current.run 50")
    ask("/1 1 set maxspeed 1000000")
    ask(f"/1 1 move abs {2 * PER_TURN}")
    clock.time_s += 60.0
    assert "FS" in ask("/1 1")[0]
    assert screw.turns == pytest.approx(1.0, abs=0.02)


def test_power_cycle_loses_the_reference(device, ask, clock, screw):
    ask(f"/1 1 move abs {STEP}")
    clock.time_s += 60.0
    device.power_cycle()
    assert ask("/1 1 warnings") == ["@01 1 OK IDLE WR 02 WR WH"]
    assert ask("/1 1 get pos")[0].endswith(" 0")
    assert ask("/1 1 warnings clear")[0].endswith("02 WR WH")
    assert ask("/1 1 warnings")[0].endswith("02 WR WH")
    ask(f"/1 1 set pos {STEP}")
    assert ask("/1 1 warnings")[0].endswith("01 WH")
    ask("/1 1 move abs 0")
    clock.time_s += 60.0
    ask("/1 1")
    assert screw.turns == pytest.approx(0.0, abs=1e-9)


def test_parking_keeps_the_reference(device, ask, clock):
    ask(f"/1 1 move abs {STEP}")
    assert ask("/1 1 tools parking park") == ["@01 1 RJ BUSY -- STATUSBUSY"]
    clock.time_s += 60.0
    ask("/1 1 tools parking park")
    device.power_cycle()
    assert ask("/1 1 get pos") == [f"@01 1 OK IDLE -- {STEP}"]
    assert ask("/1 1 move rel 1") == ["@01 1 RJ IDLE -- PARKED"]
    ask("/1 1 tools parking unpark")
    assert "OK" in ask("/1 1 move rel 1")[0]


def test_home_moves_the_screw(device, ask, clock, screw):
    device.power_cycle()
    ask("/1 1 set limit.approach.maxspeed 1000000")
    ask("/1 1 home")
    clock.time_s += 60.0
    assert ask("/1 1 get pos") == ["@01 1 OK IDLE -- 0"]
    assert screw.turns == pytest.approx(-2.0)


def test_a_disabled_driver_refuses(ask, clock):
    ask("/1 1 move rel 10000")
    clock.time_s += 1.0
    assert "IDLE FO" in ask("/1 1 driver disable")[0]
    assert ask("/1 1 move rel 1") == ["@01 1 RJ IDLE FO DRIVERDISABLED"]
    assert ask("/1 1 driver enable")[0].startswith("@01 1 OK IDLE NI")


def test_set_pos_while_moving_is_refused(ask):
    ask("/1 1 move rel 10000")
    assert ask("/1 1 set pos 0") == ["@01 1 RJ BUSY -- STATUSBUSY"]
    assert ask("/1 0 system restore") == ["@01 0 RJ BUSY -- STATUSBUSY"]


def test_resolution_rescales(ask, screw, clock):
    ask("/1 1 move abs 6400")
    clock.time_s += 60.0
    ask("/1 1")
    turns = screw.turns
    ask("/1 1 set resolution 128")
    assert ask("/1 1 get pos")[0].endswith(" 12800")
    ask("/1 1 move abs 12800")
    clock.time_s += 1.0
    ask("/1 0 system restore")
    assert ask("/1 1 get pos")[0].endswith(" 6400")
    assert screw.turns == turns


def test_address_can_change(ask):
    assert ask("/1 0 renumber 5") == ["@01 0 OK IDLE -- 0"]
    assert ask("/1 0 get comm.address") == []
    assert ask("/5 0 get comm.address") == ["@05 0 OK IDLE -- 5"]


def test_flags_come_in_their_order(device, ask):
    device.set_flag("NI")
    device.set_flag("FM")
    assert ask("/1 1 warnings") == ["@01 1 OK IDLE FM 02 FM NI"]
    with pytest.raises(ValueError, match="no flag 'XX'"):
        device.set_flag("XX")


def test_alerts_come_unasked(device, clock):
    session = device.session()
    session.feed(b"/1 0 set comm.alert 1\n/1 1 move rel 10\n")
    assert session.poll() == []
    clock.time_s += 10.0
    assert [reply.payload for reply in session.poll()] == [b"!01 1 IDLE --\r\n"]
    assert session.poll() == []


def test_several_axes(fakes, clock):
    screws = [fakes.Screw(), fakes.Screw()]
    device = ZaberSimulator(screws[0], clock, DriveConstants(), more_screws=screws[1:])
    session = device.session()
    session.feed(b"/1 2 move abs 12800\n")
    assert (
        session.feed(b"/1 1\n/1 2\n/1\n/1 get system.axiscount\n")[2].payload.split()[3] == b"BUSY"
    )
    clock.time_s += 60.0
    assert session.feed(b"/1 get pos\n")[0].payload == b"@01 0 OK IDLE -- 0 12800\r\n"
    assert [screw.turns for screw in screws] == [0.0, 0.01]


WORDS = st.sampled_from(
    [
        *(
            "/",
            "/1",
            " ",
            "1",
            "0",
            "get",
            "set",
            "move",
            "abs",
            "rel",
            "vel",
            "pos",
            "stop",
            "home",
        ),
        *("maxspeed", "resolution", "10", "-5", "1e3", "--", "\n", "\r", ":", ":A5", "warnings"),
        *("clear", "tools", "echo", "parking", "park", "system", "reset", "\x08", "\x7f", "\xff"),
    ]
)


@pytest.fixture(scope="module")
def fresh(fakes):
    return lambda: ZaberSimulator(fakes.Screw(), fakes.Clock()).session()


@settings(deadline=None)
@given(st.one_of(st.binary(), st.lists(WORDS).map(lambda w: " ".join(w).encode("latin-1"))))
def test_no_bytes_raise(fresh, data):
    for reply in fresh().feed(data + b"\n"):
        assert reply.payload.startswith(b"@01 ")
        assert reply.payload.endswith(b"\r\n")


@settings(deadline=None)
@given(st.lists(WORDS).map(lambda w: " ".join(w).encode("latin-1")), st.data())
def test_bytes_split_anywhere_give_the_same(fresh, data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    session = fresh()
    assert session.feed(data[:cut]) + session.feed(data[cut:]) == fresh().feed(data)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-200_000, 200_000), st.floats(0.0, 200.0)), min_size=1, max_size=6
    )
)
def test_moves_that_interrupt_each_other_end_at_the_last_target(fakes, moves):
    clock, screw = fakes.Clock(), fakes.Screw()
    device = ZaberSimulator(screw, clock)
    session = device.session()
    for target, wait_s in moves:
        session.feed(f"/1 1 move abs {target}\n".encode())
        clock.time_s += wait_s
    clock.time_s += 1000.0
    reply = session.feed(b"/1 1 get pos\n")[0].payload.decode()
    assert "IDLE" in reply
    assert int(reply.split()[-1]) == moves[-1][0]
    assert screw.turns == pytest.approx(moves[-1][0] / PER_TURN)
