"""How end-to-end tests use the command line: as a user would, in a folder of their own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.cli import app

COMMAND = [sys.executable, "-m", "dac_control.app.cli"]

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run ``dac-control ARGS`` in `tmp_path` and return what it and its children printed.

    In this process: what is asked is what a command says and does, and to start Python anew takes
    longer than most of them. Tests of the process itself (signals, pipes, kill) start their own.
    """

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as left:
            patch.chdir(tmp_path)
            patch.setenv("COLUMNS", "200")
            capfd.readouterr()
            app(arguments)
        status, said = left.value.code, capfd.readouterr()
        assert isinstance(status, int)
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A simulated laboratory in a child process: its endpoints, with the station file."""
    folder = tmp_path_factory.mktemp("served")
    process = subprocess.Popen(
        [
            *COMMAND,
            *("simulate", "--json", "--speed", "600", "--until-input-ends"),
            *("--folder", str(folder / "lab"), "--truth", str(folder / "truth.jsonl")),
        ],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()) | {"truth": str(folder / "truth.jsonl")}
    finally:
        process.stdin.close()
        assert process.wait(15) == 0
        process.stdout.close()
