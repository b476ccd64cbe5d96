"""A person on the screw: questions, answers, stops; alone and under the real ScrewDrive."""

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.clock import SteadyClock
from dac_control.errors import (
    ConfigurationError,
    InstrumentError,
    MoveFailed,
    NotAsked,
    PositionUnknown,
)
from dac_control.records import IntentLog
from dac_control.safety.limits import StepLimits
from devices.drivers.asked_person import Withdrawn
from devices.drivers.manual_answers import parse_answer, question_for
from devices.drivers.manual_drive import ManualDrive, remembered_turns
from devices.screw_drive import ScrewDrive

LIMITS = StepLimits(
    min_turns=0.0, max_turns=3.0, max_step_turns=1.0, max_step_gpa=6.0, pressure_limit_gpa=60.0
)


class Person:
    """Answers what was prepared; waits, like a person, where nothing was."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        self.woken = threading.Event()
        self.away_after = math.inf
        """Questions that can be put before nobody is there any more to hear one."""

    def __call__(self, question: str, wanted: Callable[[], bool]) -> str:
        self.wanted = wanted
        if len(self.questions) >= self.away_after:
            raise NotAsked("This session has no terminal; start it from one.")
        self.questions.append(question)
        if not self.answers:
            self.woken.wait(10)
        if not self.answers:
            raise EOFError("nobody is there")
        return self.answers.pop(0)

    def say(self, text: str) -> None:
        self.answers.append(text)
        self.woken.set()


class Bench:
    def __init__(self, folder: Path) -> None:
        self.journal = IntentLog(folder / "intents.jsonl")
        self.person = Person()
        self.made: list[ScrewDrive] = []
        self.people: list[Person] = []

    def drive(self, *answers: str, tolerance_turns: float = 0.02, **options) -> ScrewDrive:
        """A session's drive; the journal outlives it."""
        self.person = Person(*answers)
        self.people.append(self.person)
        driver = ManualDrive(
            self.person,
            min_turns=0.0,
            max_turns=3.0,
            remembered=lambda: remembered_turns(self.journal.read()),
            tolerance_turns=tolerance_turns,
            **options,
        )
        drive = ScrewDrive(
            driver=driver,
            name="drive",
            journal=self.journal,
            limits=LIMITS,
            clock=SteadyClock(),
            tolerance_turns=tolerance_turns,
            move_timeout_s=3600.0,
            read_period_s=0.005,
        )
        self.made.append(drive)
        drive.connect()
        return drive

    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.journal.read()]


@pytest.fixture
def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    for person in made.people:
        person.woken.set()
    for drive in made.made:
        drive.destroy()


def ended(status, timeout_s: float = 10.0):
    return status.exception(timeout_s)


def wait_for(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# words --------------------------------------------------------------------------------------


def test_the_question_says_how_far_which_way_and_to_where() -> None:
    text = question_for(1.125, 1.25)
    assert "+0.1250 turns (45.0 degrees clockwise) to 1.2500 turns" in text
    assert "45.0 degrees anticlockwise" in question_for(1.25, 1.125)
    assert "anticlockwise" in question_for(1.0, 1.25, clockwise_loads=False)


@pytest.mark.parametrize(
    ("text", "done", "turns"),
    [
        ("1.25", True, 1.25),
        (" 1,25 turns ", True, 1.25),
        ("-.5", True, -0.5),
        ("2.", True, 2.0),
        ("not done", False, None),
        ("No", False, None),
        ("not done, 1.2", False, 1.2),
        ("NOT TURNED: 1.2 turns", False, 1.2),
    ],
)
def test_what_people_type(text: str, done: bool, turns) -> None:
    found = parse_answer(text)
    assert found is not None and (found.done, found.turns) == (done, turns)


@pytest.mark.parametrize("text", ["", "done", "yes", "1.2.3", "1 2", "nan", "inf", "1e3", "nope 2"])
def test_what_is_no_answer(text: str) -> None:
    assert parse_answer(text) is None


@given(text=st.text(max_size=40))
def test_no_text_makes_a_number_that_was_not_typed(text: str) -> None:
    found = parse_answer(text)
    assert found is None or found.turns is None or math.isfinite(found.turns)


@given(turns=st.floats(-50, 50))
def test_a_number_comes_back(turns: float) -> None:
    found = parse_answer(f"{turns:.4f}")
    assert found is not None and found.turns == pytest.approx(turns, abs=1e-4)


# under the drive ----------------------------------------------------------------------------


def test_a_turn_is_journalled_like_any_move_with_what_was_read(bench: Bench) -> None:
    drive = bench.drive("1.26")
    drive.declare(1.125, "read on the key")
    assert ended(drive.set(1.25)) is None
    assert "45.0 degrees clockwise" in bench.person.questions[0]
    assert bench.kinds() == ["declared", "intent", "done"]
    assert bench.journal.read()[-1]["turns"] == 1.26, "what was read is what counts"
    assert drive.turns.get() == 1.26 and drive.is_at(1.25)


def test_nobody_is_asked_before_the_intent_is_on_disk(bench: Bench) -> None:
    drive = bench.drive()
    seen: list[list[str]] = []
    bench.person.answers = ["0.1"]
    ask = bench.person

    def look(question: str, wanted: Callable[[], bool]) -> str:
        seen.append(bench.kinds())
        return ask(question, wanted)

    drive._driver._person._ask = look
    drive.declare(0.0, "new")
    assert ended(drive.set(0.1)) is None
    assert seen == [["declared", "intent"]]


def test_without_a_declared_position_nobody_is_asked_to_turn(bench: Bench) -> None:
    drive = bench.drive("1.0")
    error = ended(drive.set(0.5))
    assert isinstance(error, PositionUnknown) and "drive declare" in str(error)
    assert not bench.person.questions


def test_the_next_session_remembers(bench: Bench) -> None:
    drive = bench.drive("0.5")
    drive.declare(0.25, "new")
    assert ended(drive.set(0.5)) is None
    later = bench.drive("0.75")
    assert later.position_verdict().known and later.turns.get() == 0.5
    assert ended(later.set(0.75)) is None


def test_a_question_that_was_never_answered_has_to_be_looked_into(bench: Bench) -> None:
    drive = bench.drive("0.5")
    drive.declare(0.25, "new")
    assert ended(drive.set(0.5)) is None
    # killed while the question stood: the screw may have been turned, or not
    bench.journal.append({"kind": "intent", "id": "x", "from_turns": 0.5, "to_turns": 0.75})
    later = bench.drive()
    assert not later.position_verdict().known
    assert isinstance(ended(later.set(0.75)), PositionUnknown)
    later.declare(0.6, "looked")
    assert later.position_verdict().known


@pytest.mark.parametrize(("answer", "turns"), [("not done", 0.0), ("not done 0.1", 0.1)])
def test_not_done_is_a_failed_move_that_knows_where_the_screw_is(
    bench: Bench, answer: str, turns: float
) -> None:
    drive = bench.drive(answer, "0.3")
    drive.declare(0.0, "new")
    error = ended(drive.set(0.25))
    assert isinstance(error, MoveFailed) and "did not turn it" in str(error)
    failed = bench.journal.read()[-1]
    assert failed["kind"] == "failed" and failed["turns"] == turns and "doubtful" not in failed
    assert ended(drive.set(0.3)) is None, "the position is known, so the next move may be asked for"


def test_not_done_that_ends_at_the_target_is_still_not_done(bench: Bench) -> None:
    drive = bench.drive("not done 0.25")
    drive.declare(0.0, "new")
    assert isinstance(ended(drive.set(0.25)), MoveFailed)


def test_what_is_no_number_or_beyond_the_limits_is_asked_again(bench: Bench) -> None:
    drive = bench.drive("a bit", "25", "0.25")
    drive.declare(0.0, "new")
    assert ended(drive.set(0.25)) is None
    second, third = bench.person.questions[1:]
    assert "no number" in second and "between 0 and 3" in third


def test_a_slip_of_the_hand_is_asked_about_with_its_numbers(bench: Bench) -> None:
    drive = bench.drive("0.012", "0.12", tolerance_turns=0.007)
    drive.declare(0.1, "new")
    assert ended(drive.set(0.12)) is None
    assert bench.journal.read()[-1]["turns"] == 0.12
    again = bench.person.questions[1]
    assert "'0.012': this is -0.1080 turns from the 0.1200" in again
    assert "-0.0880 from the 0.1000" in again and "Turn the screw" not in again


@pytest.mark.parametrize("answers", [["0.35", "0.35"], ["0.37", "0.35", "not done 0.35"]])
def test_what_is_typed_twice_is_believed_and_the_journal_says_so(
    bench: Bench, answers: list[str]
) -> None:
    drive = bench.drive(*answers)
    drive.declare(0.0, "new")
    assert isinstance(ended(drive.set(0.25)), MoveFailed)
    failed = bench.journal.read()[-1]
    assert failed["turns"] == 0.35 and "doubtful" not in failed
    done = answers[-1] == "0.35"
    assert ("typed again when asked" if done else "did not turn it") in failed["reason"]


def test_somebody_who_never_makes_sense_leaves_the_position_in_doubt(bench: Bench) -> None:
    drive = bench.drive(*["?"] * 50)
    drive.declare(0.0, "new")
    assert isinstance(ended(drive.set(0.25)), MoveFailed)
    assert bench.journal.read()[-1]["doubtful"] and len(bench.person.questions) == 10
    assert isinstance(ended(drive.set(0.25)), PositionUnknown)


def test_nobody_there_is_a_failed_move_in_doubt(bench: Bench) -> None:
    drive = bench.drive()
    drive.declare(0.0, "new")
    bench.person.woken.set()
    error = ended(drive.set(0.25))
    assert isinstance(error, MoveFailed) and "nobody said" in str(error)
    assert bench.journal.read()[-1]["doubtful"]


def test_a_question_that_could_not_be_put_leaves_the_screw_where_it_is(bench: Bench) -> None:
    drive = bench.drive("0.25")
    drive.declare(0.0, "new")
    bench.person.away_after = 0
    error = ended(drive.set(0.25))
    assert isinstance(error, MoveFailed)
    assert "nobody could be asked to turn the screw (This session has no terminal" in str(error)
    assert "start it from one); its target was" in str(error)
    failed = bench.journal.read()[-1]
    assert failed["kind"] == "failed" and failed["turns"] == 0.0 and "doubtful" not in failed
    assert drive.flags.get() == "not_asked" and drive.position_verdict().known
    bench.person.away_after = math.inf
    assert ended(drive.set(0.25)) is None, "from a terminal it goes on, and nobody has to declare"
    assert drive.flags.get() == ""


def test_a_second_question_that_cannot_be_put_leaves_the_position_in_doubt(bench: Bench) -> None:
    drive = bench.drive("a bit")
    drive.declare(0.0, "new")
    bench.person.away_after = 1
    error = ended(drive.set(0.25))
    assert isinstance(error, MoveFailed) and "nobody said where the screw stands" in str(error)
    assert bench.journal.read()[-1]["doubtful"], "who answered the first may have turned it"


def test_a_stop_takes_the_question_back_and_a_late_answer_does_not_count(bench: Bench) -> None:
    drive = bench.drive()
    drive.declare(0.0, "new")
    status = drive.set(0.25)
    wait_for(lambda: bench.person.questions)
    assert bench.person.wanted()
    drive.stop()
    error = ended(status)
    assert isinstance(error, MoveFailed) and "a stop came" in str(error)
    assert not bench.person.wanted(), "who puts it can let go"
    assert bench.journal.read()[-1]["doubtful"], "a hand was on the screw"
    drive.declare(0.0, "looked")
    assert isinstance(ended(drive.set(0.25)), InstrumentError), "the old question is still open"
    bench.person.say("0.25")
    wait_for(lambda: not drive._driver._person._talking)
    assert drive._driver.read().turns == 0.0
    drive.declare(0.0, "looked again")
    bench.person.say("0.25")
    assert ended(drive.set(0.25)) is None


def test_the_next_question_waits_until_the_one_before_has_let_go(bench: Bench) -> None:
    drive = bench.drive()
    letting_go = threading.Event()

    def ask(question: str, wanted: Callable[[], bool]) -> str:
        bench.person.questions.append(question)
        if len(bench.person.questions) > 1:
            return "0.25"
        wait_for(lambda: not wanted())
        letting_go.wait(10)
        raise Withdrawn

    drive._driver._person._ask = ask
    drive.declare(0.0, "new")
    first = drive.set(0.25)
    wait_for(lambda: bench.person.questions)
    drive.stop()
    assert "a stop came" in str(ended(first))
    drive.declare(0.0, "looked")
    second = drive.set(0.25)
    wait_for(lambda: bench.kinds()[-1] == "intent")
    letting_go.set()
    assert ended(second) is None, "nobody had to answer the first"


def test_the_move_waits_for_hours_and_the_station_says_so(bench: Bench) -> None:
    drive = bench.drive()
    drive.declare(0.0, "new")
    assert drive._driver.waits_for_a_person
    status = drive.set(0.25)
    wait_for(lambda: bench.person.questions)
    assert status.timeout > 3600 and not status.done and drive.in_a_move
    bench.person.say("0.25")
    assert ended(status) is None


def test_a_scale_that_is_too_coarse_for_the_tolerance_is_refused(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="tolerance_turns"):
        bench.drive(tolerance_turns=0.02, divisions=12)


def test_connecting_twice_and_closing_twice_do_no_harm() -> None:
    driver = ManualDrive(Person(), min_turns=0, max_turns=3, divisions=12)
    assert driver.resolution_turns == pytest.approx(1 / 12)
    assert driver.connect() == driver.connect() and driver.concerns() == []
    driver.close()
    driver.close()
