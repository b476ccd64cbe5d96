"""A lamp in a person's hands under the real light device: budget, ledger, and a certain end."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dac_control.clock import SteadyClock
from dac_control.errors import InstrumentError, LimitError, NotAsked
from dac_control.records import LightLedger
from dac_control.safety.light import Beam, LightAccount, LightBudget, LightLimits
from devices.drivers.asked_person import Withdrawn
from devices.drivers.manual_lamp import ManualLamp
from devices.laser import Laser


class Person:
    def __init__(self) -> None:
        self.answers: list[str] = []
        self.questions: list[str] = []
        self.woken = threading.Event()
        self.before_answer = lambda: None
        self.away = False

    def __call__(self, question: str, wanted: Callable[[], bool]) -> str:
        if self.away:
            raise NotAsked("This session has no terminal.")
        self.questions.append(question)
        self.before_answer()
        if not self.answers:
            self.woken.wait(10)
        return self.answers.pop(0)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.person = Person()
        self.ledger = LightLedger(folder / "light.jsonl")
        self.clock = SteadyClock()
        self.driver = ManualLamp(self.person, power_mw=5.0, called="the lamp", patience_s=0.3)
        self.lamp = Laser(
            driver=self.driver,
            name="lamp",
            light="lamp",
            account=self.account(),
            clock=self.clock,
            on_timeout_s=10.0,
            reply_timeout_s=5.0,
        )
        self.lamp.next_power_mw.put(5.0)
        self.lamp.next_spot.put("sample")
        self.lamp.connect()

    def account(self) -> LightAccount:
        return LightAccount(
            specimen="s1",
            beams={"lamp": Beam(light="lamp", area_um2=900.0, transmission=0.2)},
            ledger=self.ledger,
            clock=self.clock,
            budget=LightBudget(limits=(LightLimits(light="lamp", max_energy_mj=1e4),)),
        )

    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.ledger.read()]


@pytest.fixture
def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    made.person.answers += ["yes"] * 9
    made.person.woken.set()
    made.lamp.destroy()


def test_an_opening_is_written_down_before_the_question_and_ends_with_a_yes(bench: Bench) -> None:
    bench.person.answers = ["yes", "done"]
    written: list[list[str]] = []
    bench.person.before_answer = lambda: written.append(bench.kinds())
    bench.lamp.set(True).wait(10.0)
    assert bench.lamp.is_on.get() and bench.lamp.power_mw.get() == 5.0
    bench.lamp.set(False).wait(10.0)
    assert not bench.lamp.is_on.get()
    assert written == [["opening"], ["opening"]] and bench.kinds() == ["opening", "closed"]
    dose = bench.lamp.account.dose("lamp", "sample")
    assert dose.energy_mj > 0.0 and dose.shots == 1
    assert ["on," in bench.person.questions[0], "off," in bench.person.questions[1]] == [True, True]


def test_a_no_is_no_light(bench: Bench) -> None:
    bench.person.answers = ["not done", "yes"]
    error = bench.lamp.set(True).exception(10.0)
    assert isinstance(error, InstrumentError) and "nobody switched the lamp on" in str(error)
    assert bench.kinds() == ["opening", "closed"]


def test_where_nobody_can_be_asked_it_stays_off_and_the_opening_ends(bench: Bench) -> None:
    bench.person.away = True
    error = bench.lamp.set(True).exception(10.0)
    assert isinstance(error, InstrumentError) and "This session has no terminal." in str(error)
    assert bench.kinds() == ["opening", "closed"] and not bench.person.questions


def test_where_nobody_can_be_asked_to_switch_it_off_it_counts_as_on(bench: Bench) -> None:
    bench.person.answers = ["yes"]
    bench.lamp.set(True).wait(10.0)
    bench.person.away = True
    error = bench.lamp.set(False).exception(10.0)
    assert isinstance(error, InstrumentError) and "say so. This session has no term" in str(error)
    assert bench.kinds() == ["opening"] and bench.driver.read().emitting
    bench.person.away = False


def test_a_stop_while_somebody_is_to_switch_it_on_asks_for_it_to_be_off(bench: Bench) -> None:
    questions: list[str] = []
    asked = threading.Event()

    def ask(question: str, wanted: Callable[[], bool]) -> str:
        questions.append(question)
        asked.set()
        if " on," not in question:
            return "yes"
        deadline = time.monotonic() + 10
        while wanted() and time.monotonic() < deadline:
            time.sleep(0.005)
        raise Withdrawn

    bench.driver._person._ask = ask
    status = bench.lamp.set(True)
    assert asked.wait(10.0)
    bench.lamp.stop()
    assert isinstance(status.exception(10.0), InstrumentError)
    assert " off," in questions[1] and bench.kinds() == ["opening", "closed"]


def test_an_end_that_nobody_confirms_stays_open(bench: Bench) -> None:
    bench.person.answers = ["yes"]
    bench.lamp.set(True).wait(10.0)
    error = bench.lamp.set(False).exception(10.0)
    assert isinstance(error, InstrumentError) and "Nobody has said" in str(error)
    assert bench.kinds() == ["opening"]
    # the stop lane goes on asking, and the first yes is the end
    bench.person.answers += ["yes", "yes", "yes"]
    bench.person.woken.set()
    deadline = time.monotonic() + 10
    while bench.kinds() != ["opening", "closed"]:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_another_power_is_refused(bench: Bench) -> None:
    with pytest.raises(LimitError, match="cannot be set to 3 mW"):
        bench.driver.set_power(3.0)
    bench.driver.set_power(5.0)
    assert not bench.person.questions


def later_session(bench: Bench) -> Laser:
    """The next session, after one that was killed while the lamp was on."""
    bench.person.answers = ["yes"]
    bench.lamp.set(True).wait(10.0)
    bench.lamp._worker.close()
    driver = ManualLamp(bench.person, power_mw=5.0, called="the lamp", patience_s=0.3)
    lamp = Laser(
        driver=driver,
        name="lamp",
        light="lamp",
        account=bench.account(),
        clock=bench.clock,
        on_timeout_s=10.0,
        poll_period_s=0.02,
        reply_timeout_s=5.0,
    )
    lamp.connect()
    return lamp


def test_a_lamp_that_a_killed_session_left_on_is_on_until_somebody_says_otherwise(bench) -> None:
    lamp = later_session(bench)
    asked = len(bench.person.questions)
    assert lamp.in_doubt and lamp.is_on.get() and bench.kinds() == ["opening"]
    assert "nobody has said that the lamp is off" in lamp.concerns()[0]
    bench.person.answers = ["yes"]
    assert lamp.set(False).exception(10.0) is None
    assert "Switch the lamp off" in bench.person.questions[asked]
    assert not lamp.in_doubt and not lamp.is_on.get() and not lamp.concerns()
    assert bench.kinds() == ["opening", "proved_off"], "and charged once"
    lamp.destroy()


def test_a_session_that_only_looks_asks_nobody_about_a_lamp_in_doubt(bench) -> None:
    asked = len(bench.person.questions) + 1
    lamp = later_session(bench)
    lamp.trigger().wait(5.0)
    lamp.destroy()
    assert len(bench.person.questions) == asked, "one, of the session before"
    assert bench.kinds() == ["opening"]
