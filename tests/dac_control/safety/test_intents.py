import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.safety.intents import end_of_open_intent, last_move, reconcile

TURN = st.floats(-1.0, 1.0)


def intent(start: float, target: float, name: str = "a") -> dict:
    return {"kind": "intent", "id": name, "from_turns": start, "to_turns": target}


def done(turns: float, name: str = "a") -> dict:
    return {"kind": "done", "id": name, "turns": turns}


def test_first_contact_is_known_and_leaves_a_record() -> None:
    verdict = reconcile([], 0.25, True, 1e-4)
    assert verdict.known
    assert verdict.record == {"kind": "first_seen", "turns": 0.25}


@given(TURN, TURN)
def test_a_lost_reference_is_never_known(turns: float, journalled: float) -> None:
    assert not reconcile([done(journalled)], turns, False, 1e-4).known
    assert not reconcile([], turns, False, 1e-4).known
    assert not reconcile([intent(turns, journalled)], turns, False, 1e-4).known


@given(TURN, TURN)
def test_known_only_where_drive_and_journal_agree(journalled: float, turns: float) -> None:
    verdict = reconcile([intent(0, journalled), done(journalled)], turns, True, 1e-4)
    assert verdict.known == (abs(turns - journalled) <= 1e-4)


@given(TURN, TURN, TURN)
def test_an_open_intent_is_closed_only_on_the_way(start: float, end: float, turns: float) -> None:
    verdict = reconcile([intent(start, end)], turns, True, 1e-4)
    between = min(start, end) - 1e-4 <= turns <= max(start, end) + 1e-4
    assert verdict.known == between
    assert (verdict.record is not None) == between


def test_a_failed_move_with_a_readback_leaves_the_position_known() -> None:
    records = [intent(0, 1), {"kind": "failed", "id": "a", "turns": 0.4, "reason": "stall"}]
    assert reconcile(records, 0.4, True, 1e-4).known
    assert not reconcile(records, 1.0, True, 1e-4).known


def test_a_failed_move_without_a_readback_stays_open() -> None:
    records = [intent(0, 1), {"kind": "failed", "id": "a", "turns": None, "reason": "link"}]
    assert last_move(records).open_intent is not None
    assert reconcile(records, 0.5, True, 1e-4).known
    assert not reconcile(records, 2.0, True, 1e-4).known


def test_a_declaration_overrides_the_past() -> None:
    records = [intent(0, 1), done(1), {"kind": "declared", "turns": 0.3, "reason": "dial"}]
    assert reconcile(records, 0.3, True, 1e-4).known
    assert not reconcile(records, 1.0, True, 1e-4).known


@pytest.mark.parametrize("turns", [float("nan"), float("inf")])
def test_a_position_that_is_no_number_is_unknown(turns: float) -> None:
    assert not reconcile([done(0.0)], turns, True, 1e-4).known


@given(TURN, TURN, TURN)
def test_an_open_intent_is_ended_where_the_drive_was_read(
    start: float, target: float, here: float
) -> None:
    journal = [intent(start, target)]
    record = end_of_open_intent(journal, here, "the worker died")
    assert record is not None
    journal.append(record)
    assert last_move(journal).turns == here and last_move(journal).open_intent is None
    assert end_of_open_intent(journal, here, "again") is None
    assert reconcile(journal, here, True, 1e-4).known


def test_an_end_that_could_not_be_read_stays_open_and_a_doubtful_one_in_doubt() -> None:
    journal = [intent(0.1, 0.2)]
    unread = end_of_open_intent(journal, None, "the link was dead")
    assert unread is not None
    assert reconcile([*journal, unread], 0.15, True, 1e-4).known
    doubtful = end_of_open_intent(journal, 0.15, "stalled", referenced=False)
    assert doubtful is not None
    verdict = reconcile([*journal, doubtful], 0.15, True, 1e-4)
    assert not verdict.known and "stalled" in verdict.message
