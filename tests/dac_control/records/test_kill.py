"""Rule: a finished event is on the disk, and readable after kill -9."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dac_control.records import list_runs, open_run

PROGRAM = Path(__file__).with_name("run_until_killed.py")


def _kill_after(root: Path, events: int, delay_s: float) -> list[int]:
    """Run the program, kill it `delay_s` after its `events`-th event; return what it reported."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(root)], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        reported = [int(program.stdout.readline()) for _ in range(events)]
        # Not a wait for luck: it moves the kill to another point inside the event.
        time.sleep(delay_s)
        program.kill()
        rest = program.stdout.read()
    whole = rest[: rest.rfind("\n") + 1]
    return reported + [int(line) for line in whole.split()]


@pytest.mark.parametrize("seed", range(4))
def test_every_reported_event_is_read_back_after_kill(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    reported = _kill_after(tmp_path, rng.randrange(1, 25), rng.uniform(0.0, 0.02))

    [info] = list_runs(tmp_path)
    run = open_run(info.folder)
    numbers = run.column("microscope", "number")
    frames = run.frames()

    assert run.exit_status == info.exit_status == "unfinished"
    assert run.stop is None
    assert run.table()["seq_num"].tolist() == list(range(1, len(numbers) + 1))
    assert len(numbers) >= len(reported) == reported[-1]
    assert numbers.tolist() == [float(n) for n in range(1, len(numbers) + 1)]
    assert len(frames) == len(numbers)
    for number, frame in zip(numbers, frames, strict=True):
        assert (frame == int(number) % 256).all()
