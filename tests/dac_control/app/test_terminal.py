"""What a pipe that nobody reads does to a program: nothing."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from dac_control.app.terminal import PatientConsole

console = PatientConsole()
console.print("one")
sys.stdin.readline()
console.print("two")
console.print("three")
"""


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another matter there")
def test_a_pipe_that_is_closed_between_two_lines_changes_no_exit_status() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # without a buffer nothing would be left in it
        env={name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    with process.stdin, process.stderr:
        with process.stdout:
            assert process.stdout.readline() == "one\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
