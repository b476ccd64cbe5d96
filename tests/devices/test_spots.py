"""Where the optics look: asked of a person, and never taken for known when it is not."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from dac_control.clock import SteadyClock
from dac_control.errors import LimitError, MoveFailed, NotAsked
from devices.drivers.manual_spots import ManualSpots
from devices.spots import Spots
from plans.stubs.aim import aim_at, check_aim, check_spot

PLACES = ("chip", "sample", "gasket")


class Person:
    """Answers what was prepared, and waits where nothing was."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        self.woken = threading.Event()
        self.away = False

    def __call__(self, question: str, wanted: Callable[[], bool]) -> str:
        if self.away:
            raise NotAsked("This session has no terminal.")
        self.questions.append(question)
        if not self.answers:
            self.woken.wait(10)
        return self.answers.pop(0)


@pytest.fixture
def make_spots():
    made: list[tuple[Spots, Person]] = []

    def make(*answers: str) -> tuple[Spots, Person]:
        person = Person(*answers)
        driver = ManualSpots(person, PLACES)
        spots = Spots(driver=driver, name="spots", clock=SteadyClock(), move_timeout_s=60.0)
        made.append((spots, person))
        spots.connect()
        return spots, person

    yield make
    for spots, person in made:
        person.answers.append("no")
        person.woken.set()
        spots.destroy()


def test_nobody_knows_at_first_and_a_yes_is_believed(make_spots) -> None:
    spots, person = make_spots("what?", "Yes.")
    assert not any(spots.looks_at(place) for place in (*PLACES, "chip 2"))
    assert spots.set("gasket").exception(10.0) is None
    assert spots.looks_at("gasket") and spots.spot.get() == "gasket"
    assert '"gasket"' in person.questions[0] and "neither yes nor no" in person.questions[1]
    assert spots.set("gasket").exception(10.0) is None, "where it is, nobody is asked"
    assert len(person.questions) == 2
    assert spots.read()["spots_spot"]["value"] == "gasket"


def test_where_nobody_can_be_asked_the_optics_look_where_they_did(make_spots) -> None:
    spots, person = make_spots("yes", "yes")
    spots.set("chip").wait(10.0)
    person.away = True
    error = spots.set("sample").exception(10.0)
    assert isinstance(error, MoveFailed) and "(This session has no terminal)" in str(error)
    assert spots.looks_at("chip")
    person.away = False
    assert spots.set("sample").exception(10.0) is None


def test_a_no_leaves_the_place_unknown(make_spots) -> None:
    spots, _ = make_spots("yes", "not done", "yes")
    spots.set("chip").wait(10.0)
    error = spots.set("sample").exception(10.0)
    assert isinstance(error, MoveFailed) and "did not point the optics as asked" in str(error)
    assert spots.spot.get() == ""
    assert spots.set("sample").exception(10.0) is None


def test_a_stop_takes_the_question_back(make_spots) -> None:
    spots, person = make_spots()
    status = spots.set("chip")
    deadline = time.monotonic() + 5
    while not person.questions:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    with pytest.raises(LimitError, match="moved already"):
        spots.set("sample")
    spots.stop()
    error = status.exception(10.0)
    assert isinstance(error, MoveFailed) and "a stop came" in str(error)
    assert spots.spot.get() == ""


def test_unknown_places_are_refused_before_anybody_is_asked(make_spots) -> None:
    spots, person = make_spots()
    with pytest.raises(LimitError, match=r"chip, sample, gasket; add it to devices\.spots\.places"):
        spots.set("moon")
    assert not person.questions


def messages_of(plan: Any) -> list[Any]:
    return list(plan)


def test_the_messages_are_one_move_and_none_where_it_is(make_spots) -> None:
    spots, _ = make_spots("yes")
    laboratory: Any = SimpleNamespace(spots=spots)
    first = messages_of(aim_at(laboratory, "sample"))[0]
    assert (first.command, first.args) == ("set", ("sample",))
    spots.set("sample").wait(10.0)
    assert messages_of(aim_at(laboratory, "sample")) == []
    # optics of their own, and a station without a stage
    assert messages_of(aim_at(laboratory, "anvil near")) == []
    assert messages_of(aim_at(SimpleNamespace(spots=None), "sample")) == []  # type: ignore[arg-type]


def test_light_for_another_place_than_the_optics_look_at_is_refused(make_spots) -> None:
    spots, _ = make_spots("yes")
    laboratory: Any = SimpleNamespace(spots=spots)
    with pytest.raises(LimitError, match="a place that nobody has named"):
        check_aim(laboratory, "chip")
    spots.set("sample").wait(10.0)
    with pytest.raises(LimitError, match="look at sample, so light for 'chip'"):
        check_aim(laboratory, "chip")
    check_aim(laboratory, "sample")
    check_aim(laboratory, "anvil near")


def test_what_optics_can_look_at(make_spots) -> None:
    spots, _ = make_spots()
    laboratory: Any = SimpleNamespace(spots=spots)
    check_spot(laboratory, "gasket", "chip")
    check_spot(laboratory, "anvil near", "anvil near")
    with pytest.raises(LimitError, match="places of"):
        check_spot(laboratory, "anvil far", "chip")
    alone: Any = SimpleNamespace(spots=None)
    check_spot(alone, "chip", "chip")
    with pytest.raises(LimitError, match="they look at chip"):
        check_spot(alone, "sample", "chip")
