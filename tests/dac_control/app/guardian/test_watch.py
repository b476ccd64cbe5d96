from typing import Any

import pytest

from dac_control.app.guardian.watch import Patience, WorkerState

PATIENCE = Patience(starting_s=100.0, running_s=3.0, finishing_s=50.0, ending_s=20.0)
RUN = {"kind": "run", "uid": "ab12", "folder": "/runs/x"}


def state(*messages: dict[str, Any], at_s: float = 0.0) -> WorkerState:
    found = WorkerState(now_s=0.0, patience=PATIENCE)
    for message in messages:
        found.take(message, at_s)
    return found


def beat(**about: Any) -> dict[str, Any]:
    return {"kind": "beat", "loop_age_s": 0.1, **about}


@pytest.mark.parametrize(
    ("messages", "allowed_s"),
    [([], 100.0), ([RUN], 3.0), ([RUN, beat()], 2.9), ([RUN, {"kind": "stop"}], 50.0)],
)
def test_silence_is_allowed_by_what_the_worker_does(
    messages: list[dict[str, Any]], allowed_s: float
) -> None:
    found = state(*messages)
    assert not found.complaint(allowed_s - 0.01)
    assert found.complaint(allowed_s + 0.01)


def test_a_loop_that_stands_still_counts_though_the_process_beats() -> None:
    found = state(RUN, beat(loop_age_s=2.0), at_s=10.0)
    assert not found.complaint(10.5)
    found.take(beat(loop_age_s=3.2), 10.6)
    assert "RunEngine" in found.complaint(10.6)


def test_before_and_after_a_run_the_loop_may_stand() -> None:
    assert not state(beat(loop_age_s=60.0)).complaint(0.0)
    assert not state(RUN, {"kind": "stop"}, beat(loop_age_s=60.0)).complaint(0.0)


def test_whoever_was_told_to_end_must_end() -> None:
    found = state(RUN, beat())
    found.ask_to_end(1.0)
    found.ask_to_end(15.0)  # the first time counts
    found.take(beat(), 20.9)
    assert not found.complaint(20.9)
    found.take(beat(), 21.1)
    assert "told to end" in found.complaint(21.1)
    found.take({"kind": "stop"}, 21.2)
    assert not found.complaint(22.0)


def test_a_guardian_that_was_kept_from_looking_blames_nobody() -> None:
    found = state(RUN, beat())
    assert found.complaint(30.0)
    found.forgive(29.0)
    assert not found.complaint(30.0)


def test_readings_carry_laboratory_time() -> None:
    found = state(
        {"kind": "ready", "speed": 10.0},
        beat(lab_time_s=100.0, in_a_move=True, held="ice", readings={"turns": [0.25, 99.0]}),
        at_s=5.0,
    )
    assert found.readings["turns"].value == 0.25 and found.readings["turns"].lab_time_s == 99.0
    assert found.lab_now_s(6.0) == pytest.approx(110.0)
    assert found.in_a_move and found.held == "ice" and found.ready
    assert state().lab_now_s(1.0) is None


def test_a_farewell_has_its_status() -> None:
    found = state({"kind": "bye", "status": 1, "failure": "The ramp holds."})
    assert (found.exit_status, found.failure) == (1, "The ramp holds.")
