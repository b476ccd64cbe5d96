"""kill -9 in the middle of a demo: what was reported as recorded is read back."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dac_control.records import list_runs, open_run

# The demo, except that every event is also reported on standard output once the recorder,
# which is subscribed first, has it.
SCRIPT = """
import os, sys
from pathlib import Path
from dac_control.app import live
from dac_control.app.commands.demo import run_demo

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
run_demo(Path("out"), seed=int(sys.argv[1]), speed=600.0, truth=None, replay=None, as_json=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("seed", range(10))
def test_every_finished_event_is_read_back(tmp_path: Path, seed: int) -> None:
    moment = random.Random(seed)
    wanted = moment.randint(2, 40)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(seed)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        reported = [process.stdout.readline() for _ in range(wanted)]
        time.sleep(moment.uniform(0.0, 0.3))  # anywhere between two events, not right after one
        process.send_signal(signal.SIGKILL)
        reported += process.stdout.readlines()
    assert process.wait(10) == -signal.SIGKILL
    found = open_run(list_runs(tmp_path / "out" / "runs")[0].folder)
    uids = {doc["uid"] for name, doc in found.documents() if name == "event"}
    lost = [line for line in reported if line.endswith("\n") and line.split()[2] not in uids]
    assert len(reported) >= wanted and not lost
    assert found.exit_status == "unfinished"
    steps = [line for line in reported if line.startswith("primary")]
    assert not steps or len(found.frames()) >= len(steps)
    _wait_until_the_laboratory_is_gone(tmp_path)


def _wait_until_the_laboratory_is_gone(folder: Path) -> None:
    station = next((folder / "out" / "laboratories").glob("*/station.toml"))
    port = int(re.search(r"socket://127\.0\.0\.1:(\d+)", station.read_text())[1])
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the laboratory outlived the demo that was killed")
