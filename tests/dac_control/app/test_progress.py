import pytest

from dac_control.app.progress import RampProgress

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
