"""A terminal that vanishes and a pipe that closes cost neither the run nor its record."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dac_control.records import list_runs, open_run, verify_manifest

COMMAND = ["-m", "dac_control.app.cli", "run"]
RUN = """
plan = "pressure_ramp"
[targets]
unit = "gpa"
load = [{load}]
[dwell]
drift_limit_gpa_per_h = 2.0
window_s = 300
interval_s = 40
min_dwell_s = 120
max_dwell_s = 1200
min_readings = 5
"""


def written(folder: Path, load: str) -> str:
    path = folder / "run.toml"
    path.write_text(RUN.format(load=load), encoding="utf-8")
    return str(path)


def runs_of(served: dict[str, Any]) -> Path:
    return Path(served["station"]).parent / "runs"


def wait_for_run(runs: Path, timeout_s: float = 60.0) -> Path:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        infos = list_runs(runs) if runs.exists() else []
        if infos and infos[0].folder.joinpath("documents.jsonl").stat().st_size > 200_000:
            return infos[0].folder
        time.sleep(0.1)
    pytest.fail("no run began")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_dropped_terminal_ends_the_run_in_hold_with_its_report(
    served: dict[str, Any], tmp_path: Path
) -> None:
    pexpect = pytest.importorskip("pexpect")
    run_toml = written(tmp_path, "10, 20, 30, 40")
    child = pexpect.spawn(
        sys.executable,
        [*COMMAND, run_toml, "--station", served["station"]],
        cwd=str(tmp_path),
        dimensions=(40, 100),
        # where these tests run under nohup, the command would take that for its own
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    folder = wait_for_run(runs_of(served))
    # as when ssh is dropped: the kernel sends SIGHUP, writes fail. Closed by its owner, or that
    # would later close whatever file has the number by then.
    child.ptyproc.fileobj.close()
    child.closed, child.child_fd = True, -1
    child.ptyproc.closed, child.ptyproc.fd = True, -1
    deadline = time.monotonic() + 60
    while os.waitpid(child.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "the run outlived its terminal"
        time.sleep(0.1)
    run = open_run(folder)
    assert run.exit_status == "abort" and "SIGHUP" in run.reason
    assert (folder / "report.html").exists()
    assert verify_manifest(folder) == []


@pytest.mark.timeout(300)
@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another matter there")
def test_a_closed_pipe_is_no_reason_to_stop(served: dict[str, Any], tmp_path: Path) -> None:
    runs = runs_of(served)
    before = {info.folder for info in list_runs(runs)} if runs.exists() else set()
    process = subprocess.Popen(
        [sys.executable, *COMMAND, written(tmp_path, "22"), "--station", served["station"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    process.stdout.readline()  # the first instrument that answers; a run is still to come
    process.stdout.close()
    assert process.wait(280) == 0
    (folder,) = {info.folder for info in list_runs(runs)} - before
    run = open_run(folder)
    assert run.exit_status == "success"
    assert len(run.table("primary")["seq_num"]) > 3
    assert (folder / "report.html").exists()
