"""kill -9 in the middle of a run: what was reported as recorded is read back."""

import importlib.resources
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from dac_control.app.laboratory_process import LaboratoryProcess
from dac_control.records import RunInfo, list_runs, open_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")

# A command, except that every event is also reported on standard output once the recorder,
# which is subscribed first, has it.
REPORTING = """
import os, sys
from pathlib import Path
from dac_control.app import live

class Reporting(live.LiveView):
    streams = {}
    def __call__(self, name, doc):
        if name == "descriptor":
            self.streams[doc["uid"]] = doc["name"]
        elif name == "event":
            line = f"{self.streams[doc['descriptor']]} {doc['seq_num']} {doc['uid']}\\n"
            os.write(1, line.encode())
        super().__call__(name, doc)

live.LiveView = Reporting
"""
DEMO = """
from dac_control.app.commands.demo import run_demo
run_demo(Path("out"), seed=int(sys.argv[1]), speed=600.0, truth=None, replay=None, as_json=True)
"""
RUNS = """
from dac_control.app.commands.run import carry_out_run
for line in sys.stdin:  # with everything imported, a fork for each run
    child = os.fork()
    if child == 0:
        os._exit(carry_out_run(*map(Path, line.split()), as_json=True))
    os.write(1, b"pid %d\\n" % child)
    os.write(1, b"ended %d\\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def runs_to_kill() -> Iterator[subprocess.Popen[str]]:
    with reporting(RUNS, stdin=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The station file of a laboratory that all runs of this module ramp, one after the other."""
    folder = tmp_path_factory.mktemp("laboratory")
    with LaboratoryProcess(folder / "lab", ["--seed", "5", "--speed", "600"]) as process:
        yield process.wait_until_serving()


def reporting(script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", REPORTING + script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        **options,
    )


def killed(pid: int, stdout: IO[str], seed: int) -> list[str]:
    """Kill a run after some events; return what it reported until then."""
    moment = random.Random(seed)
    reported = [stdout.readline() for _ in range(moment.randint(2, 40))]
    time.sleep(moment.uniform(0.0, 0.3))  # anywhere between two events, not right after one
    os.kill(pid, signal.SIGKILL)
    return reported


def nothing_is_lost(info: RunInfo, reported: list[str]) -> None:
    assert all(reported)
    found = open_run(info.folder)
    uids = {doc["uid"] for name, doc in found.documents() if name == "event"}
    assert not [line for line in reported if line.endswith("\n") and line.split()[2] not in uids]
    assert found.exit_status == "unfinished"
    steps = [line for line in reported if line.startswith("primary")]
    assert not steps or len(found.frames()) >= len(steps)


@pytest.mark.parametrize("seed", range(1, 11))
def test_every_finished_event_is_read_back(
    laboratory: Path, runs_to_kill: subprocess.Popen[str], tmp_path: Path, seed: int
) -> None:
    """Each run begins where a killed one left the laboratory, an open move and all."""
    run = tmp_path / "run.toml"
    run.write_bytes(
        (importlib.resources.files("dac_control.app") / "files" / "demo_run.toml").read_bytes()
    )
    runs = laboratory.parent / "runs"
    before = {info.folder for info in list_runs(runs)} if runs.exists() else set()
    stdin, stdout = runs_to_kill.stdin, runs_to_kill.stdout
    assert stdin is not None and stdout is not None
    stdin.write(f"{run} {laboratory}\n")
    stdin.flush()
    reported = killed(int(stdout.readline().split()[1]), stdout, seed)
    while not (line := stdout.readline()).startswith("ended"):
        reported.append(line)
    assert int(line.split()[1]) == -signal.SIGKILL
    (info,) = (info for info in list_runs(runs) if info.folder not in before)
    nothing_is_lost(info, reported)


def test_a_killed_demo_takes_its_laboratory_with_it(tmp_path: Path) -> None:
    with reporting(DEMO, "0", cwd=tmp_path) as process:
        assert process.stdout is not None
        reported = killed(process.pid, process.stdout, seed=0)
        reported += process.stdout.readlines()
        assert process.wait(10) == -signal.SIGKILL
    nothing_is_lost(list_runs(tmp_path / "out" / "runs")[0], reported)
    station = next((tmp_path / "out" / "laboratories").glob("*/station.toml"))
    port = int(re.search(r"socket://127\.0\.0\.1:(\d+)", station.read_text())[1])
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the laboratory outlived the demo that was killed")
