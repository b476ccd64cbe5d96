"""Questions at the terminal: put, answered, taken back; where there is none, nobody was asked."""

import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from dac_control.app import asking, keyboard
from dac_control.app.asking import ask_at_terminal, why_unanswered
from dac_control.errors import InstrumentError, NotAsked
from devices.drivers.asked_person import Withdrawn


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [io.StringIO("0.25\n"), _closed(), None])
def test_without_a_terminal_nobody_is_asked(
    stream: io.StringIO | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", stream)
    assert why_unanswered() == "this session has no terminal"
    with pytest.raises(NotAsked, match="this session has no terminal; start it from one"):
        ask_at_terminal("where? ", lambda: True)
    assert capsys.readouterr().out == ""


@dataclass
class Terminal:
    """A terminal, somebody who types at it, and questions from threads of their own."""

    keys: int
    shown: io.StringIO
    pool: ThreadPoolExecutor
    taken_back: set[str] = field(default_factory=set)

    def ask(self, question: str) -> Future[str]:
        return self.pool.submit(ask_at_terminal, question, lambda: question not in self.taken_back)

    def asked(self, question: str) -> Future[str]:
        answer = self.ask(question)
        wait_for(lambda: question in self.shown.getvalue())
        return answer

    def type(self, text: str) -> None:
        os.write(self.keys, text.encode())


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")
    keys, line = pty.openpty()
    shown = io.StringIO()
    with os.fdopen(line, encoding="utf-8") as stdin, ThreadPoolExecutor(3) as pool:
        streams = SimpleNamespace(stdin=stdin, stdout=shown)
        for module in (asking, keyboard):  # pytest has the real ones
            monkeypatch.setattr(module, "sys", streams)
        made = Terminal(keys, shown, pool)
        yield made
        made.taken_back |= {"one? ", "two? "}
        os.close(made.keys)


def test_what_is_typed_is_the_answer(terminal: Terminal) -> None:
    answer = terminal.asked("one? ")
    terminal.type("0.25\n")
    assert answer.result(10) == "0.25"
    assert terminal.shown.getvalue() == "one? "


def test_what_was_typed_before_the_question_is_no_answer(terminal: Terminal) -> None:
    terminal.type("0.1\n0.2\n0.")
    answer = terminal.asked("one? ")
    terminal.type("3\n")
    assert answer.result(10) == "3"


def test_a_question_that_is_taken_back_says_so_and_leaves_the_terminal(terminal: Terminal) -> None:
    first = terminal.asked("one? ")
    second = terminal.ask("two? ")
    terminal.type("0.2")
    terminal.taken_back.add("one? ")
    with pytest.raises(Withdrawn):
        first.result(10)
    wait_for(lambda: "two? " in terminal.shown.getvalue())
    assert "one? \nThis question was taken back: answer it no more" in terminal.shown.getvalue()
    terminal.type("yes\n")
    assert second.result(10) == "yes", "nothing of it goes to the question before, or stays of that"


def test_a_question_that_is_taken_back_while_it_waits_is_never_seen(terminal: Terminal) -> None:
    first = terminal.asked("one? ")
    second = terminal.ask("two? ")
    terminal.taken_back.add("two? ")
    with pytest.raises(Withdrawn):
        second.result(10)
    terminal.type("yes\n")
    assert first.result(10) == "yes" and "two?" not in terminal.shown.getvalue()


def test_a_question_that_cannot_be_shown_was_not_asked(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking.sys, "stdout", _closed())
    with pytest.raises(NotAsked, match="could not be shown"):
        ask_at_terminal("one? ", lambda: True)


def test_a_terminal_that_is_closed_leaves_the_question_unanswered(terminal: Terminal) -> None:
    answer = terminal.asked("one? ")
    os.close(terminal.keys)
    terminal.keys = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises((InstrumentError, OSError)) as lost:
        answer.result(10)
    assert not isinstance(lost.value, NotAsked)
