"""The shell in a real terminal: connect, one short ramp, Ctrl-C in another, leave."""

import os
import re
import sys
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect", reason="pexpect needs a POSIX terminal")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="pexpect needs a POSIX terminal")

SHORT = (
    "RE(pressure_ramp(instruments, gpa(load=[{load}]), settings=RampSettings(dwell="
    "DwellSettings(drift_limit_gpa_per_h=2, window_s=200, interval_s=40, min_dwell_s=100, "
    "max_dwell_s={longest}))))"
)


def prompt(number: int) -> str:
    """IPython's prompt, in whatever colours it has."""
    return rf"In \[(?:\x1b\[[\d;]*m)*{number}(?:\x1b\[[\d;]*m)*\]"


def test_connect_ramp_interrupt_leave(tmp_path: Path) -> None:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "xterm"}
    environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # pexpect answers no question for the cursor
    environment.pop("DISPLAY", None)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "dac_control.app.cli", "shell", "--seed", "4"],
        cwd=str(tmp_path),
        env=environment,
        encoding="utf-8",
        dimensions=(50, 220),
        timeout=60,
    )
    try:
        child.expect("MODEL336")
        child.expect(prompt(1))
        child.sendline(SHORT.format(load="4", longest="600"))
        child.expect("settled|undetermined|still_drifting")
        child.expect(prompt(2))
        child.sendline("runs[0].exit_status")
        child.expect("success")
        child.expect(prompt(3))
        child.sendline(SHORT.format(load="8, 12, 16, 20, 24, 28, 32", longest="6000"))
        child.expect(r"step 2: [\d.]+ GPa|load ")
        child.sendintr()
        child.expect(prompt(4))
        child.sendline("runs[0].exit_status, runs[0].reason, drive.last.moving")
        child.expect(r"'abort', 'ended by Ctrl-C[^']*', False")
        child.expect(prompt(5))
        child.sendline("pressure_ramp(instruments, gpa(load=[5000]))")
        child.expect(prompt(6))
        child.sendline("RE(pressure_ramp(instruments, gpa(load=[5000])))")
        child.expect("nothing was moved")
        child.expect(prompt(7))
        child.sendline("exit")
        child.expect("instruments stay as they are")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
    assert not re.search("Traceback", child.before or "")
