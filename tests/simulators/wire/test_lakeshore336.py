import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.wire.lakeshore336 import LakeShore336Simulator
from simulators.wire.lakeshore336.fields import six_digits
from simulators.wire.lakeshore336.settings import STORED


@pytest.fixture
def wall():
    """Wall-clock time that always leaves the instrument its 50 ms."""
    return {"now_s": 0.0, "step_s": 1.0}


@pytest.fixture
def instrument(thermostat, clock, wall):
    def tick():
        wall["now_s"] += wall["step_s"]
        return wall["now_s"]

    return LakeShore336Simulator(thermostat, clock, wall=tick)


@pytest.fixture
def ask(instrument):
    session = instrument.session()
    session.feed(b"*CLS\n")

    def exchange(line, terminator="\n"):
        replies = session.feed(line.encode() + terminator.encode())
        assert all(reply.payload.endswith(b"\r\n") for reply in replies)
        return [reply.payload[:-2].decode() for reply in replies]

    return exchange


@pytest.mark.parametrize("terminator", ["\n", "\r", "\r\n"])
def test_identity_with_every_terminator(ask, terminator):
    assert ask("*IDN?", terminator) == ["LSCI,MODEL336,LSA22LU/LSA217G,2.8"]


@pytest.mark.parametrize("query", ["KRDG? A", "KRDG?A", "KRDG? 1", "KRDG?1", "krdg? a", ":KRDG? A"])
def test_every_spelling_of_an_input(ask, query):
    assert ask(query) == ["+080.000"]


def test_lists_of_inputs(ask):
    assert ask("KRDG? 0") == ["+080.000,+080.500,+000.000,+000.000"]
    assert ask("KRDG? A,B") == ["+080.000,+080.500"]
    assert ask("CRDG? A") == ["-193.150"]
    assert float(ask("SRDG? A")[0]) == pytest.approx(200, abs=10)


def test_an_absent_sensor_reads_zero_and_says_so(ask):
    assert ask("KRDG? C;RDGST? C") == ["+000.000;001"]
    assert ask("INTYPE C,1;*ESR?") == ["000"]
    assert ask("KRDG? C;RDGST? C") == ["+000.000;129"]
    assert ask("RDGST? A") == ["000"]


def test_commands_and_replies_are_joined(ask):
    assert ask("SETP 1,12.5;SETP? 1;RANGE?1;*ESR?") == ["+012.500;3;000"]
    assert ask("RANGE 1,2;RANGE?1") == ["2"]


def test_setpoint_moves_while_ramping(ask, thermostat):
    assert ask("RAMP 1,1,10.5;RAMP? 1;RAMPST? 1") == ["1,+010.5;0"]
    assert ask("SETP 1,100;SETP? 1;RAMPST? 1") == ["+090.000;1"]
    assert thermostat.loops[1].setpoint_k == 100.0
    assert ask("RAMP 1,1,0;RAMP? 1") == ["1,+000.0"]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("NONSENSE", 32),
        ("NONSENSE?", 32),
        ("KRDG A", 32),
        ("ALMRST?", 32),
        ("SETP 1", 32),
        ("SETP", 32),
        ("*IDN? 1", 32),
        ("?", 32),
        ("EMUL?", 32),
        ("SETP 5,10", 16),
        ("SETP 1,-1", 16),
        ("SETP 1,nan", 16),
        ("SETP 1,1e9", 16),
        ("SETP 1,1_0", 16),
        ("RANGE 1,4", 16),
        ("RANGE 3,2", 16),
        ("RANGE 1,1.5", 16),
        ("RAMP 1,1,0.05", 16),
        ("RAMP 1,2,1", 16),
        ("PID 1,2000,1,1", 16),
        ("OUTMODE 1,4,1,0", 16),
        ("OUTMODE 1,1,5,0", 16),
        ("HTR? 3", 16),
        ("KRDG? E", 16),
        ("ALARM A,2", 16),
        ("CRVPT 1,1,1,1", 16),
        ("MOUT 1,101", 16),
    ],
)
def test_errors_are_silent_and_set_a_bit(ask, thermostat, line, event):
    before = dict(thermostat.loops)
    assert ask(line) == []
    assert thermostat.loops == before
    assert ask("*ESR?") == [f"{event:03d}"]
    assert ask("*ESR?") == ["000"]


def test_an_error_in_a_joined_line_leaves_the_rest(ask):
    assert ask("SETP 9,1;KRDG? A;*ESR?") == ["+080.000;016"]


@pytest.mark.parametrize(
    ("command", "query", "reply"),
    [
        ("PID 1,60,25.5,10", "PID? 1", "+0060.0,+0025.5,+010.0"),
        ("MOUT 1,20", "MOUT? 1", "+020.00"),
        ("OUTMODE 1,3,2,1", "OUTMODE? 1", "3,2,1"),
        ("OUTMODE 1,2,1", "OUTMODE? 1", "2,1,0"),
        ("OUTMODE 3,4,1,0", "OUTMODE? 3", "4,1,0"),
        ("INTYPE A,3,1,0,1,1", "INTYPE? A", "3,1,0,1,1"),
        ("INCRV A,21", "INCRV? A", "21"),
        ("INCRV A,1", "INCRV? A", "00"),
        ('INNAME A,"Cold; stage"', "INNAME? A", "Cold; stage    "),
        ("INNAMEA,x", "INNAME? A", "x              "),
        ("TLIMITB,320", "TLIMIT? B", "+320.000"),
        ("ALARM A,1,300,2,0.5,1,1,1", "ALARM? A", "1,+300.000,+002.000,+000.500,1,1,1"),
        ("ALARM A,1,300,2,1,1,1,1;ALARM A,0,,,,,,", "ALARM? A", "0,+300.000,+002.000,+001.000,1,1,1"),  # noqa: E501
        ("HTRSET 1,2,0,1.5,1", "HTRSET? 1", "2,0,+1.500,1"),
        ("ZONE 1,1,25,10,20,,,2,1,9", "ZONE? 1,1", "+025.000,+0010.0,+0020.0,+000.0,+000.00,2,1,+009.0"),  # noqa: E501
        ("ANALOG 3,1,1,100,0,0", "ANALOG? 3", "1,1,+100.000,+000.000,0"),
        ("FILTER B,1,10,2", "FILTER? B", "1,10,02"),
        ("WARMUP 3,1,50", "WARMUP? 3", "1,+050.0"),
        ("RELAY 1,1,,", "RELAY? 1;RELAYST? 1", "1,A,2;1"),
        ("LOCK 1,123", "LOCK? ", "1,123"),
        ("MODE 1", "MODE?", "1"),
        ("BRIGT 20", "BRIGT?", "20"),
        ("DISPLAY 4,0,1", "DISPLAY?", "4,0,1"),
        ("IEEE 4", "IEEE?", "04"),
        ("*ESE 60", "*ESE?", "060"),
        ("*OPC", "*OPC?;*ESR?", "1;001"),
        ("ATUNE 1,2", "TUNEST?", "0,1,1,0"),
        ("CRVHDR 30,test,SN1,2,300,1", "CRVHDR? 30", "test           ,SN1       ,2,+300.000,1"),
        ("CRVPT 30,1,1.5,10", "CRVPT? 30,1", "+1.50000,+010.000"),
        ("*TST?", "TEMP?", None),
        ("*WAI", "HTR? 1;HTRST? 1;AOUT? 3", "+035.4;0;+000.0"),
    ],
)  # fmt: skip
def test_commands_are_read_back(ask, command, query, reply):
    ask(command)
    answer = ask(query)
    assert answer == [reply] if reply is not None else len(answer) == 1
    assert ask("*ESR?") in (["000"], ["001"])


def test_every_stored_setting_can_be_written_back(ask):
    for name, stored in STORED.items():
        for key in stored.keys():
            about = ",".join(map(str, key))
            (values,) = ask(f"{name}? {about}")
            assert ask(f"{name} {','.join(filter(None, [about, values]))}") == []
            assert ask("*ESR?") == ["000"], name
            assert ask(f"{name}? {about}") == [values]


def test_temperature_limit_switches_the_outputs_off(ask, thermostat, clock):
    ask("TLIMIT B,100")
    thermostat.kelvin["B"] = 101.0
    clock.time_s += 1.0
    assert ask("RANGE? 1") == ["0"]
    assert ask("RANGE 1,3;*ESR?") == ["000"]
    assert ask("RANGE? 1") == ["0"]


def test_a_lost_sensor_switches_its_output_off(ask, thermostat, clock):
    del thermostat.kelvin["A"]
    clock.time_s += 1.0
    assert ask("RDGST? A;RANGE? 1") == ["129;0"]


def test_alarms_latch_and_reset(ask, thermostat, clock):
    ask("ALARM A,1,90,2,0,1,1,1;RELAY 1,2,A,2")
    assert ask("ALARMST? A;RELAYST? 1") == ["0,0;0"]
    thermostat.kelvin["A"] = 95.0
    clock.time_s += 1.0
    assert ask("ALARMST? A;RELAYST? 1") == ["1,0;1"]
    thermostat.kelvin["A"] = 80.0
    clock.time_s += 1.0
    assert ask("ALARMST? A;MDAT? A") == ["1,0;+080.000,+095.000"]
    assert ask("ALMRST;MNMXRST;ALARMST? A;MDAT? A") == ["0,0;+080.000,+080.000"]


def test_zone_mode_loads_its_zone(ask, thermostat):
    ask("ZONE 1,1,50,10,20,0,0,1,1,5;ZONE 1,2,300,30,40,0,0,2,1,5")
    ask("OUTMODE 1,2,1,0")
    assert ask("PID? 1;RANGE? 1") == ["+0030.0,+0040.0,+000.0;2"]
    ask("SETP 1,20")
    assert ask("PID? 1;RANGE? 1;OUTMODE? 1") == ["+0010.0,+0020.0,+000.0;1;2,1,0"]


def test_units_of_the_setpoint_follow_the_input(ask, thermostat):
    ask("INTYPE A,3,1,0,1,2;SETP 1,-173.15")
    assert thermostat.loops[1].setpoint_k == pytest.approx(100.0)
    assert ask("SETP? 1") == ["-173.150"]
    ask("INTYPE A,3,1,0,1,3;SETP 1,205.67")
    assert thermostat.loops[1].setpoint_k == pytest.approx(77.35, abs=0.01)


def test_power_cycle_keeps_settings_and_switches_off(instrument, ask, thermostat):
    ask("SETP 1,123;TLIMIT A,400;MODE 1")
    instrument.power_cycle()
    assert ask("*ESR?;RANGE? 1;SETP? 1;TLIMIT? A;MODE?") == ["128;0;+123.000;+400.000;0"]
    ask("OUTMODE 1,1,1,1;RANGE 1,2")
    instrument.power_cycle()
    assert ask("RANGE? 1") == ["2"]


def test_reset_keeps_the_setpoint_and_switches_off(ask, thermostat):
    assert ask("*RST;SETP? 1;OUTMODE? 1;RANGE? 1") == ["+080.000;1,1,0;0"]
    assert ask("DFLT 98;*ESR?") == ["016"]
    assert ask("DFLT 99;OUTMODE? 1") == ["0,1,0"]


def test_power_on_bit_after_start(instrument):
    assert instrument.session().feed(b"*ESR?\n")[0].payload == b"128\r\n"


def test_status_byte_summarises(ask):
    ask("*ESE 32;*SRE 32;BAD")
    assert ask("*STB?;*CLS;*STB?") == ["096;000"]


def test_operation_register_tells_the_end_of_a_ramp(ask, thermostat):
    ask("RAMP 1,1,5;SETP 1,90")
    ask("OPSTR?")
    thermostat.moving[1] = 90.0
    assert int(ask("OPSTR?")[0]) & 8
    assert int(ask("OPST?")[0]) & 8


def test_heater_fault_is_reported_once(instrument, ask):
    instrument.set_heater_error(1, 1)
    assert ask("HTRST? 1;HTRST? 1;RANGE? 1") == ["1;0;0"]


def test_pace_is_counted_and_forgiven(instrument, ask, wall):
    ask("KRDG? A")
    ask("KRDG? A")
    assert instrument.pacing_violations == 0
    wall["step_s"] = 0.01
    assert ask("KRDG? A") == ["+080.000"]
    assert instrument.pacing_violations == 1


def test_a_line_that_is_too_long_is_lost(ask):
    assert ask("KRDG? A" + " " * 2000) == []
    assert ask("*ESR?") == ["032"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(4.2, "+004.200"), (-0.0001, "+000.000"), (-193.15, "-193.150"), (1234.5, "+1234.50")],
)
def test_six_digits(number, text):
    assert six_digits(number) == text


WORDS = st.sampled_from(
    [
        *(*STORED, "KRDG", "SETP", "RAMP", "RANGE", "CRVPT", "*ESR", "?", " ", ",", ";", "\n"),
        *("\r", '"', "A", "B", "1", "2", "12.5", "-", "1e99", "nan", "\x00", "\xff", ":"),
    ]
)


@pytest.fixture(scope="module")
def fresh(fakes):
    return lambda: LakeShore336Simulator(
        fakes.Thermostat(), fakes.Clock(), wall=lambda: 0.0
    ).session()


@settings(deadline=None)
@given(st.one_of(st.binary(), st.lists(WORDS).map(lambda w: "".join(w).encode("latin-1"))))
def test_no_bytes_raise(fresh, data):
    for reply in fresh().feed(data + b"\n"):
        assert reply.payload.endswith(b"\r\n")


@settings(deadline=None)
@given(st.lists(WORDS).map(lambda w: "".join(w).encode("latin-1")), st.data())
def test_bytes_split_anywhere_give_the_same(fresh, data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    session = fresh()
    assert session.feed(data[:cut]) + session.feed(data[cut:]) == fresh().feed(data)
