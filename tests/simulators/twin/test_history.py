"""What has been can be looked up, and does not grow for ever."""

import numpy as np

from simulators.twin.cell import CellState
from simulators.twin.condition import Condition
from simulators.twin.history import LONGEST, History, Snapshot

SOUND = Condition()


def at(lab_s: float, turns: float = 0.0) -> Snapshot:
    cell = CellState(lab_s=lab_s, final_gpa=2.0, modes_gpa=np.zeros(1))
    return Snapshot(
        cell=cell,
        turns=turns,
        stage_k=80.0,
        cell_k=80.5,
        felt_k=80.5,
        peak_gpa=2.0,
        wear=0.0,
        condition=SOUND,
    )


def test_the_snapshot_before_a_time_and_the_one_after() -> None:
    history = History(at(0.0))
    for lab_s in (10.0, 20.0):
        history.add(at(lab_s))
    before, after = history.before(15.0)
    assert before.lab_s == 10.0
    assert after is not None
    assert after.lab_s == 20.0
    assert history.before(25.0)[1] is None
    assert history.before(-5.0)[0].lab_s == 0.0


def test_of_two_snapshots_at_one_time_the_later_counts() -> None:
    history = History(at(0.0))
    history.add(at(10.0, turns=0.0))
    history.add(at(10.0, turns=0.3))
    assert history.before(10.0)[0].turns == 0.3
    assert history.before(9.9)[0].turns == 0.0


def test_it_stays_bounded_and_keeps_the_newest() -> None:
    history = History(at(0.0))
    for index in range(1, 3 * LONGEST):
        history.add(at(float(index)))
    assert len(history._snapshots) <= 2 * LONGEST
    assert history.before(1e9)[0].lab_s == 3 * LONGEST - 1


def test_standing_still_is_not_kept_twice() -> None:
    history = History(at(0.0))
    for index in range(100):
        history.add(at(1e-4 * index))
    assert len(history._snapshots) == 1
