"""The laser by its bytes alone, on a clock that stands still until it is moved."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants


class Light:
    light_on = True
    light_mw = 1.0


class Bench:
    def __init__(self, clock) -> None:
        self.clock = clock
        self.light = Light()
        self.laser = Cobolt06Simulator(self.light, clock)
        self.clock.time_s = 1000.0  # warm
        self.session = self.laser.session()

    def ask(self, line: str) -> str:
        replies = self.session.feed(line.encode("ascii") + b"\r")
        assert len(replies) == 1 and replies[0].payload.endswith(b"\r\n")
        return replies[0].payload.decode("ascii").strip()

    def wait(self, seconds: float) -> None:
        self.clock.time_s += seconds
        self.laser.update()


@pytest.fixture
def bench(clock) -> Bench:
    return Bench(clock)


def test_it_says_who_it_is(bench: Bench) -> None:
    assert bench.ask("glm?") == "0532-06-91-0100-100"
    assert bench.ask("gsn?") == bench.ask("sn?") == "28071"
    assert "." in bench.ask("gfv?")
    assert bench.ask("?") == "OK"


def test_the_light_of_the_twin_stays_until_somebody_connects(clock) -> None:
    light = Light()
    laser = Cobolt06Simulator(light, clock)
    laser.update()
    assert light.light_on and light.light_mw == 1.0
    laser.session()
    assert not light.light_on


def test_power_is_in_watt_and_shines_through_the_optics(bench: Bench) -> None:
    assert bench.ask("p 0.010") == "OK"
    assert bench.ask("p?") == "0.0100" and bench.ask("pa?") == "0.0000"
    assert bench.ask("l1") == "OK" and bench.ask("l?") == "1"
    bench.wait(5.0)
    assert float(bench.ask("pa?")) == pytest.approx(0.010, rel=0.02)
    assert bench.light.light_on
    assert bench.light.light_mw == pytest.approx(5.0, rel=0.02), "half arrives at the cell"
    assert bench.ask("l0") == "OK" and bench.ask("l?") == "0"
    assert not bench.light.light_on and bench.ask("pa?") == "0.0000"


def test_a_cold_head_takes_its_time(clock) -> None:
    bench = Bench(clock)
    bench.laser.power_cycle()
    bench.ask("p 0.010")
    bench.ask("l1")
    bench.wait(2.0)
    assert float(bench.ask("pa?")) < 0.002
    bench.wait(115.0)
    assert float(bench.ask("pa?")) == pytest.approx(0.010, rel=0.02)


def test_power_has_the_noise_of_a_laser_and_no_more(bench: Bench) -> None:
    bench.ask("p 0.1")
    bench.ask("l1")
    bench.wait(20.0)
    seen = []
    for _ in range(200):
        bench.wait(1.0)
        seen.append(float(bench.ask("pa?")))
    mean = sum(seen) / len(seen)
    rms = (sum((each - mean) ** 2 for each in seen) / len(seen)) ** 0.5
    assert mean == pytest.approx(0.1, rel=1e-3) and 0.001 < rms / mean < 0.003


def test_autostart_refuses_direct_control_and_waits_until_warm(bench: Bench) -> None:
    assert bench.ask("@cobas 1") == "OK" and bench.ask("@cobas?") == "1"
    assert bench.ask("l1").startswith("Syntax error")
    bench.laser.power_cycle()
    assert bench.ask("l?") == "0"
    bench.wait(121.0)
    assert bench.ask("l?") == "1" and bench.ask("gom?") == "2"


def test_switching_autostart_on_puts_the_light_out(bench: Bench) -> None:
    bench.ask("l1")
    assert bench.ask("l?") == "1"
    bench.ask("@cobas 1")
    assert bench.ask("l?") == "0"


def test_an_open_interlock_is_a_fault_that_clears_only_when_it_is_shut(bench: Bench) -> None:
    bench.ask("l1")
    bench.laser.open_interlock()
    assert (bench.ask("ilk?"), bench.ask("l?"), bench.ask("f?")) == ("1", "0", "3")
    assert not bench.light.light_on
    bench.ask("cf")
    assert bench.ask("f?") == "3"
    bench.laser.open_interlock(False)
    assert bench.ask("f?") == "3", "it is latched"
    bench.ask("cf")
    assert bench.ask("f?") == "0" and bench.ask("l1") == "OK" and bench.ask("l?") == "1"


def test_without_its_key_it_says_ok_and_stays_dark(bench: Bench) -> None:
    bench.laser.turn_key(False)
    assert bench.ask("l1") == "OK" and bench.ask("l?") == "0" and bench.ask("gom?") == "1"
    bench.laser.turn_key(True)
    assert bench.ask("l?") == "1"


def test_an_old_diode_gives_up(bench: Bench) -> None:
    bench.laser.set_efficiency(0.3)
    bench.ask("p 0.1")
    bench.ask("l1")
    bench.wait(61.0)
    assert bench.ask("f?") == "4" and bench.ask("l?") == "0"


@pytest.mark.parametrize("code", [1, 4])
def test_a_fault_puts_the_light_out(bench: Bench, code: int) -> None:
    bench.ask("l1")
    bench.laser.set_fault(code)
    assert bench.ask("f?") == str(code) and bench.ask("l?") == "0" and bench.ask("gom?") == "5"


def test_modulation_without_a_signal_is_dark(bench: Bench) -> None:
    bench.ask("slmp 20")
    bench.ask("em")
    bench.ask("l1")
    bench.wait(5.0)
    assert bench.ask("gom?") == "4" and float(bench.ask("pa?")) == pytest.approx(0.02, rel=0.02)
    bench.ask("sdmes 1")
    assert bench.ask("gdmes?") == "1" and bench.ask("pa?") == "0.0000"
    bench.ask("cp")
    assert bench.ask("gam?") == "1"


@pytest.mark.parametrize("line", ["p -1", "p 99", "p nan", "p x", "p", "xyz", "l2", "@cobas 2"])
def test_what_it_does_not_take_is_a_syntax_error(bench: Bench, line: str) -> None:
    before = bench.ask("p?")
    assert bench.ask(line).startswith("Syntax error")
    assert bench.ask("p?") == before


def test_hours_count_while_it_is_lit(bench: Bench) -> None:
    before = float(bench.ask("hrs?"))
    bench.wait(3600.0)
    assert float(bench.ask("hrs?")) == before
    bench.ask("l1")
    bench.wait(3600.0)
    assert float(bench.ask("hrs?")) == pytest.approx(before + 1.0, abs=0.02)


def test_a_refusal_that_was_ordered_happens_once(bench: Bench) -> None:
    bench.laser.refuse("l1")
    assert bench.ask("l1").startswith("Syntax error") and bench.ask("l?") == "0"
    assert bench.ask("l1") == "OK" and bench.ask("l?") == "1"


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_in_any_pieces_get_whole_lines_back(fakes, data: bytes, cuts) -> None:
    laser = Cobolt06Simulator(Light(), fakes.Clock(), HeadConstants())
    session, edges = laser.session(), [0, *sorted(cuts), len(data)]
    replies = [
        reply for start, end in itertools.pairwise(edges) for reply in session.feed(data[start:end])
    ]
    lines = [part for part in data.replace(b"\n", b"\r").split(b"\r")[:-1] if part.strip()]
    assert len(replies) <= len(lines)
    for reply in replies:
        assert reply.payload.endswith(b"\r\n") and reply.payload.count(b"\n") == 1
        reply.payload.decode("ascii")
