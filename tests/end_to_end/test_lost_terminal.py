"""A terminal that vanishes and a pipe that closes cost neither the run nor its record."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dac_control.records import list_runs, open_run, verify_manifest

DEMO = ["-m", "dac_control.app.cli", "demo", "--speed", "1500", "--out", "out"]


def wait_for_run(folder: Path, timeout_s: float = 60.0) -> Path:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        infos = list_runs(folder / "out" / "runs")
        if infos and infos[0].folder.joinpath("documents.jsonl").stat().st_size > 200_000:
            return infos[0].folder
        time.sleep(0.1)
    pytest.fail("no run began")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
def test_a_dropped_terminal_ends_the_run_in_hold_with_its_report(tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        sys.executable, DEMO, cwd=str(tmp_path), dimensions=(40, 100), ignore_sighup=False
    )
    folder = wait_for_run(tmp_path)
    # as when ssh is dropped: the kernel sends SIGHUP, writes fail. Closed by its owner, or that
    # would later close whatever file has the number by then.
    child.ptyproc.fileobj.close()
    child.closed, child.child_fd = True, -1
    child.ptyproc.closed, child.ptyproc.fd = True, -1
    deadline = time.monotonic() + 60
    while os.waitpid(child.pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "the demo outlived its terminal"
        time.sleep(0.1)
    run = open_run(folder)
    assert run.exit_status == "abort" and "SIGHUP" in run.reason
    assert (folder / "report.html").exists()
    assert verify_manifest(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another matter there")
def test_a_closed_pipe_is_no_reason_to_stop(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, *DEMO], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.stdout.close()
    process.wait(110)
    folder = list_runs(tmp_path / "out" / "runs")[0].folder
    run = open_run(folder)
    assert run.exit_status == "success"
    assert len(run.table("primary")["seq_num"]) > 12
    assert (folder / "report.html").exists()
