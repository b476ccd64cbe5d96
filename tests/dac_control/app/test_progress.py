import pytest

from dac_control.app.progress import RampProgress, TimeLeft

START = {"targets": {"unit": "gpa", "load": [10, 22], "unload": [12]}}


def test_progress_follows_the_path_up_and_down() -> None:
    progress = RampProgress(START)
    path = [("load", None, 2.0), ("load", 10, 12.0), ("load", 22, 22.0), ("dead_band", 12, 22.0)]
    fractions = [progress.fraction(branch, target, 0.0, gpa) for branch, target, gpa in path]
    assert fractions == pytest.approx([0, 10 / 30, 20 / 30, 20 / 30])
    assert progress.fraction("unload", 12, 0.0, 12.0) == pytest.approx(1.0)


def test_time_left_comes_from_the_pace_so_far() -> None:
    progress = RampProgress(START)
    assert progress.left_s(0.0, 100.0) is None
    assert progress.left_s(0.25, 110.0) == pytest.approx(30.0)
    assert progress.left_s(1.0, 140.0) == pytest.approx(0.0)


def test_targets_in_turns_use_turns() -> None:
    progress = RampProgress({"targets": {"unit": "turns", "load": [0.2], "unload": []}})
    progress.fraction("load", None, 0.0, 2.0)
    assert progress.fraction("load", 0.2, 0.1, 30.0) == pytest.approx(0.5)


def test_a_ramp_that_is_there_already_is_done() -> None:
    progress = RampProgress({"targets": {"unit": "gpa", "load": [5], "unload": []}})
    assert progress.fraction("load", None, 0.0, 5.0) == 1.0


def test_the_pace_is_that_of_the_last_steps() -> None:
    progress = RampProgress(START)
    # ten quick steps of 1 % in 10 s, then ten slow ones of 1 % in 100 s
    now_s, left_s = 0.0, None
    for step in range(21):
        now_s += 10.0 if step <= 10 else 100.0
        left_s = progress.left_s(step / 100, now_s)
    assert left_s == pytest.approx(80 * 100.0)


def test_a_dead_band_has_the_pace_of_the_steps_before_it() -> None:
    progress = RampProgress(START)
    for step in range(3):
        progress.left_s(step / 10, 100.0 * step)
    # three more steps that gain nothing make it slower, not endless
    found = [progress.left_s(0.2, 200.0 + 100.0 * n) for n in range(1, 4)]
    assert found == pytest.approx([1200.0, 1600.0, 2000.0])


def test_time_left_follows_the_documents_in_laboratory_time() -> None:
    left = TimeLeft()
    left("start", {"targets": START["targets"], "devices": {"drive": "drive", "step": "step"}})
    left("descriptor", {"uid": "d", "name": "primary"})

    def step(lab_s: float, gpa: float, target: float | None = 10) -> None:
        data = {"clock_lab_time_s": lab_s, "drive_turns": 0.0}
        notes = {"step_pressure_gpa": gpa, "step_branch": "load", "step_target": target}
        left("event", {"descriptor": "d", "data": {**data, **notes}})

    assert left.left_s(0.0) is None
    step(1000.0, 2.0)
    assert left.left_s(1000.0) is None
    step(2000.0, 5.0)
    # 3 of 30 GPa of path in 1000 s
    assert left.left_s(2000.0) == pytest.approx(9000.0)
    assert left.left_s(5000.0) == pytest.approx(6000.0)
    step(2500.0, float("nan"))
    assert left.left_s(2500.0) == pytest.approx(8500.0)
    left("stop", {})
    assert left.left_s(3000.0) is None
