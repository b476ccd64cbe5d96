"""The drive device: journal before the move, refusal without a position, no second sending."""

import math
import threading
import time

import pytest

from dac_control.errors import (
    ConfigurationError,
    LimitError,
    LinkDown,
    MoveFailed,
    PositionUnknown,
    UncertainWrite,
)


def ended(status, timeout_s: float = 10.0):
    """Wait for a status and return what it failed with, or None."""
    return status.exception(timeout_s)


def wait_until_sent(screw) -> None:
    deadline = time.monotonic() + 5
    while not screw.sent:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_move_is_journalled_before_it_is_sent_and_after_it_was_read_back(laboratory) -> None:
    drive, order = laboratory.instruments.drive, []
    laboratory.screw.on_move = lambda turns: order.append(
        [record["kind"] for record in laboratory.journal.read()]
    )
    assert ended(drive.set(0.02)) is None
    assert order == [["first_seen", "intent"]]
    assert [r["kind"] for r in laboratory.journal.read()] == ["first_seen", "intent", "done"]
    assert laboratory.journal.read()[-1]["turns"] == pytest.approx(0.02, abs=1e-5)


def test_a_journal_that_cannot_be_written_stops_the_move_before_it_is_sent(
    laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(record: object) -> None:
        raise LinkDown("disk full")

    monkeypatch.setattr(laboratory.journal, "append", full)
    assert isinstance(ended(laboratory.instruments.drive.set(0.02)), LinkDown)
    assert not laboratory.screw.sent


@pytest.mark.parametrize("turns", [5.0, -1.0, float("nan"), float("inf")])
def test_a_target_out_of_bounds_sends_nothing(laboratory, turns: float) -> None:
    with pytest.raises(LimitError):
        laboratory.instruments.drive.set(turns)
    assert not laboratory.screw.sent and not laboratory.journal.read()


def test_an_unknown_position_refuses_until_it_is_declared(laboratory) -> None:
    drive = laboratory.instruments.drive
    laboratory.screw.position_known = False
    error = ended(drive.set(0.02))
    assert isinstance(error, PositionUnknown) and "drive declare" in str(error)
    assert not laboratory.screw.sent
    drive.declare(0.0, "read on the dial", "A")
    assert ended(drive.set(0.02)) is None
    assert laboratory.intents("declared")[0]["reason"] == "read on the dial"


def test_what_a_drive_without_reference_counts_is_no_position(laboratory) -> None:
    drive = laboratory.instruments.drive
    laboratory.screw.position_known = False
    assert ended(drive.trigger()) is None
    assert math.isnan(drive.turns.get())
    assert not drive.is_at(0.0), "also where it counts to the same number again"


def test_a_drive_that_disagrees_with_the_journal_refuses(laboratory) -> None:
    drive = laboratory.instruments.drive
    assert ended(drive.set(0.02)) is None
    laboratory.screw.offset_turns = 0.1
    assert isinstance(ended(drive.set(0.03)), PositionUnknown)
    assert laboratory.screw.sent == [0.02]


def test_a_stall_is_a_failed_move_and_leaves_the_position_in_doubt(laboratory) -> None:
    drive = laboratory.instruments.drive

    def stall(turns: float) -> None:
        laboratory.screw.flags = ("FS",)
        laboratory.screw.position_known = False
        laboratory.screw.stop()

    laboratory.screw.on_move = stall
    error = ended(drive.set(0.02))
    assert isinstance(error, MoveFailed) and "FS" in str(error)
    failed = laboratory.intents("failed")
    assert len(failed) == 1 and failed[0]["turns"] is None and failed[0]["doubtful"]
    laboratory.screw.on_move, laboratory.screw.flags = None, ()
    laboratory.screw.position_known = True
    assert isinstance(ended(drive.set(0.02)), PositionUnknown), "the flag went, the doubt stays"
    drive.declare(0.0, "read on the dial")
    assert ended(drive.set(0.02)) is None


def test_a_step_larger_than_one_step_may_be_is_refused_by_the_device(laboratory) -> None:
    error = ended(laboratory.instruments.drive.set(0.3))
    assert isinstance(error, LimitError) and "max_step_turns" in str(error)
    assert not laboratory.screw.sent and not laboratory.intents()


def test_a_stop_asked_for_before_the_worker_began_prevents_the_move(laboratory) -> None:
    drive, gate = laboratory.instruments.drive, threading.Event()
    drive._worker.submit(lambda: gate.wait(5), drive._worker.COMMAND)
    status = drive.set(0.02)
    drive.stop()
    gate.set()
    assert "stopped before" in str(ended(status))
    assert not laboratory.screw.sent


def test_a_stop_between_the_check_and_the_sending_prevents_the_move(
    laboratory, monkeypatch
) -> None:
    drive, screw = laboratory.instruments.drive, laboratory.screw
    start_move = type(screw).start_move

    def slow(turns: float, check_wanted) -> None:
        drive.stop()
        start_move(screw, turns, check_wanted)

    monkeypatch.setattr(screw, "start_move", slow)
    assert "stopped before" in str(ended(drive.set(0.02)))
    assert not screw.sent


def test_the_confirmation_of_one_stop_does_not_pass_for_the_next(laboratory) -> None:
    drive, screw = laboratory.instruments.drive, laboratory.screw
    screw.turns_per_lab_s = 1e-5
    for _ in range(5):
        status = drive.set(0.02)
        sent = len(screw.sent)
        deadline = time.monotonic() + 5
        while len(screw.sent) == sent - 1 and time.monotonic() < deadline:
            time.sleep(0.001)
        drive.stop()
        assert isinstance(ended(status, 5), MoveFailed)
        assert drive._stop_lane.wait(5)
        assert not screw.read().moving


def test_the_stop_lane_survives_whatever_the_driver_raises(laboratory, monkeypatch) -> None:
    drive, screw = laboratory.instruments.drive, laboratory.screw
    screw.turns_per_lab_s = 1e-5
    stop, failures = type(screw).stop, [OSError("wire"), ValueError("reply"), LinkDown("gone")]

    def failing() -> None:
        if failures:
            raise failures.pop()
        stop(screw)

    monkeypatch.setattr(screw, "stop", failing)
    status = drive.set(0.02)
    wait_until_sent(screw)
    drive.stop()
    assert drive._stop_lane.wait(10)
    assert not screw.read().moving
    assert ended(status) is not None


def test_a_watcher_that_fails_does_not_disturb_the_move(laboratory) -> None:
    laboratory.screw.turns_per_lab_s = 1e-4
    status = laboratory.instruments.drive.set(0.02)
    status.watch(lambda **_: 1 / 0)
    assert ended(status) is None


def test_a_drive_that_moves_has_no_known_position(laboratory) -> None:
    laboratory.screw.turns_per_lab_s = 1e-5
    laboratory.screw.start_move(0.02, lambda: None)
    verdict = laboratory.instruments.drive.position_verdict()
    assert not verdict.known and "moving" in verdict.message


def test_a_tolerance_finer_than_the_drive_is_refused_on_connecting(laboratory) -> None:
    laboratory.screw.resolution_turns = 0.01
    with pytest.raises(ConfigurationError, match="tolerance_turns"):
        laboratory.instruments.drive.connect()


def test_an_uncertain_write_is_never_sent_twice(laboratory, monkeypatch) -> None:
    drive, screw = laboratory.instruments.drive, laboratory.screw
    start_move = type(screw).start_move

    def accepted_but_reply_lost(turns: float, check_wanted) -> None:
        start_move(screw, turns, check_wanted)
        raise UncertainWrite("no reply to move abs")

    monkeypatch.setattr(screw, "start_move", accepted_but_reply_lost)
    assert ended(drive.set(0.02)) is None
    assert screw.sent == [0.02]


def test_an_uncertain_write_that_did_not_arrive_is_a_failed_move(laboratory, monkeypatch) -> None:
    def lost(turns: float, check_wanted) -> None:
        raise UncertainWrite("no reply to move abs")

    monkeypatch.setattr(laboratory.screw, "start_move", lost)
    error = ended(laboratory.instruments.drive.set(0.02))
    assert isinstance(error, MoveFailed) and "uncertain" in str(error)


def test_a_second_set_while_moving_is_refused(laboratory) -> None:
    drive = laboratory.instruments.drive
    laboratory.screw.turns_per_lab_s = 1e-5
    first = drive.set(0.02)
    wait_until_sent(laboratory.screw)
    with pytest.raises(LimitError, match="already moving"):
        drive.set(0.03)
    drive.stop()
    assert isinstance(ended(first), MoveFailed)
    assert laboratory.screw.sent == [0.02]


def test_stop_returns_at_once_and_is_confirmed(laboratory) -> None:
    drive, screw = laboratory.instruments.drive, laboratory.screw
    screw.turns_per_lab_s = 1e-5
    status = drive.set(0.02)
    wait_until_sent(screw)
    drive.stop(success=True)
    drive.stop(success=False)
    assert isinstance(ended(status), MoveFailed)
    assert not screw.read().moving


def test_a_move_that_never_ends_is_stopped(laboratory) -> None:
    screw = laboratory.screw
    laboratory.instruments.drive._move_timeout_s = 100.0
    screw.frozen = True
    error = ended(laboratory.instruments.drive.set(0.02))
    assert isinstance(error, MoveFailed) and "within" in str(error)
    assert screw.stops >= 1


def test_progress_reaches_the_watchers(laboratory) -> None:
    seen: list[float] = []
    laboratory.screw.turns_per_lab_s = 1e-4
    status = laboratory.instruments.drive.set(0.02)
    status.watch(lambda *, fraction, **_: seen.append(fraction))
    assert ended(status) is None
    assert seen and seen[-1] == pytest.approx(0.0, abs=1e-3), "the fraction that is left"
