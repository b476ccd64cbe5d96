"""How end-to-end tests start the command line: as a user would, in a folder of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "dac_control.app.cli"]

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run ``dac-control ARGS`` in `tmp_path` and return what it printed."""

    def run(*arguments: str, timeout_s: float = 110.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_s,
            env={**os.environ, "COLUMNS": "200"},
        )

    return run


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """A simulated laboratory in a child process: its endpoints, with the station file."""
    process = subprocess.Popen(
        [
            *COMMAND,
            *("simulate", "--json", "--speed", "600", "--until-input-ends"),
            *("--folder", str(tmp_path / "lab"), "--truth", str(tmp_path / "truth.jsonl")),
        ],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()) | {"truth": str(tmp_path / "truth.jsonl")}
    finally:
        process.stdin.close()
        assert process.wait(15) == 0
        process.stdout.close()
