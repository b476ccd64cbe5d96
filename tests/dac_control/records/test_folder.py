import re
from datetime import datetime
from pathlib import Path

import pytest

from dac_control.errors import RecordError
from dac_control.records.folder import create_run_folder, run_folder_name

START = {
    "uid": "ab12cd34-5678",
    "time": datetime(2026, 11, 22, 8, 15).timestamp(),
    "plan_name": "pressure_ramp",
}


def test_the_name_is_for_people() -> None:
    assert run_folder_name(START) == "2026-11-22_0815_pressure-ramp_ab12cd"


@pytest.mark.parametrize("plan", ["../../etc", 'a:b*?"<>|', "", "Ä ö", "x" * 300])
def test_the_name_is_a_name_everywhere(plan: str) -> None:
    name = run_folder_name({**START, "plan_name": plan})
    assert re.fullmatch(r"2026-11-22_0815_[a-z0-9-]{1,40}_ab12cd", name)


def test_runs_that_would_share_a_name_do_not(tmp_path: Path) -> None:
    first = create_run_folder(tmp_path / "runs", START)
    second = create_run_folder(tmp_path / "runs", {**START, "uid": "ab12cd99-1"})
    assert first.is_dir() and second.is_dir() and first != second
    with pytest.raises(RecordError, match="move that file away"):
        create_run_folder(tmp_path / "runs", {**START, "uid": "ab12cd99-1"})
