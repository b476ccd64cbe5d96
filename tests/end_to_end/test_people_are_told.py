"""People hear of a held run, with picture and pressure, again and again, until somebody knows."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from dac_control.app.notify.acknowledgement import acknowledge
from dac_control.app.simulated_station import station_toml
from dac_control.records import list_runs, open_run
from simulators.laboratory import Laboratory

pytest.importorskip("apprise", reason="apprise is not installed (extra notify)")
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="SIGKILL and SIGSTOP are POSIX signals"),
    pytest.mark.timeout(300),
]

SPEED = 20.0
RUN = """
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [{turns}]
[dwell]
drift_limit_gpa_per_h = 1000
window_s = 4
interval_s = 1
min_dwell_s = 40  # two seconds on the wall: the run must outlast what a guardian is silent for
max_dwell_s = 60
min_readings = 3
[ruby]
exposure_s = 0.2
[step]
probe_turns = 0.05
"""
NOTIFY = """
[notify]
gap_s = 0
repeat_min = 0.02
[[notify.to]]
name = "chat"
url_env = "DAC_TEST_CHAT"
"""


@dataclass
class Night:
    """A laboratory, a run in it, and what people were told."""

    laboratory: Laboratory
    folder: Path
    told: list[dict[str, Any]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)
    guardian: "subprocess.Popen[bytes] | None" = None

    def begin(self, port: int) -> None:
        start = self.laboratory.twin.turns
        turns = ", ".join(f"{start + 0.02 * step:.4f}" for step in range(1, 17))
        text = RUN.format(turns=turns)
        (self.folder / "run.toml").write_text(text, encoding="utf-8")
        self.guardian = subprocess.Popen(
            [sys.executable, "-m", "dac_control.app.cli", "run", "run.toml"],
            cwd=self.folder,
            env={**os.environ, "DAC_TEST_CHAT": f"json://127.0.0.1:{port}/"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait(lambda: self.laboratory.twin.turns - start > 0.002, "no move began")

    def worker(self) -> int:
        lines = (self.folder / "state" / "guardian.jsonl").read_bytes().splitlines()
        started = [entry for line in lines if (entry := orjson.loads(line))["what"] == "started"]
        return int(started[-1]["worker"])

    def titles(self) -> list[str]:
        return [notice["title"] for notice in self.told]

    def wait(self, true: Callable[[], bool], otherwise: str, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < deadline, f"{otherwise}: {self.titles()}"
            time.sleep(0.01)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[tuple[Night, int]]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            notice = json.loads(body)
            (night.begun if "has begun" in notice["title"] else night.told).append(notice)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with (
        Laboratory(seed=3, speed=SPEED, folder=tmp_path / "camera") as laboratory,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=3)
        (tmp_path / "station.toml").write_text(text + NOTIFY, encoding="utf-8")
        night = Night(laboratory, tmp_path)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield night, server.server_address[1]
        if night.guardian is not None:
            if night.guardian.poll() is None:
                os.kill(night.guardian.pid, signal.SIGCONT)
                night.guardian.kill()
            night.guardian.wait()
        server.shutdown()


def test_a_run_that_was_taken_over_is_told_again_until_somebody_knows(
    night: tuple[Night, int],
) -> None:
    here, port = night
    here.begin(port)
    os.kill(here.worker(), signal.SIGKILL)
    here.wait(lambda: len(here.told) >= 3, "it was not repeated")
    assert len(here.begun) == 1
    first, again = here.told[0], here.told[2]
    assert "taken over by its guardian" in first["title"] and "SIMULATED" in first["title"]
    assert "Still, after" in again["title"]
    for notice in (first, again):
        assert "Last measured pressure: " in notice["message"] and "GPa ±" in notice["message"]
        assert "the worker was killed (SIGKILL)" in notice["message"]
        (picture,) = notice["attachments"]
        assert base64.b64decode(picture["base64"]).startswith(b"\x89PNG")
    assert here.guardian is not None and here.guardian.poll() is None
    acknowledge(here.folder / "state")
    assert here.guardian.wait(30) == 1
    assert "Resolved: " in here.titles()[-1]
    assert "Somebody has acknowledged it" in here.told[-1]["message"]


def test_a_frozen_guardian_is_noticed_by_the_worker(night: tuple[Night, int]) -> None:
    here, port = night
    here.begin(port)
    assert here.guardian is not None
    os.kill(here.guardian.pid, signal.SIGSTOP)
    here.wait(lambda: any("guardian is lost" in title for title in here.titles()), "not told", 90)
    (told,) = [each for each in here.told if "guardian is lost" in each["title"]]
    assert "does not answer" in told["message"] and "Last measured pressure" in told["message"]
    run = open_run(list_runs(here.folder / "runs")[0].folder)
    here.wait(lambda: open_run(run.folder).stop is not None, "the run has no end")
    assert not here.laboratory.drive.axes[0].busy
    assert "does not answer" in open_run(run.folder).reason
    # it comes back, finds its worker's farewell, and ends as after any run that held
    os.kill(here.guardian.pid, signal.SIGCONT)
    here.wait(lambda: "ended in hold" in here.titles()[-1], "the guardian did not come back")
    here.guardian.send_signal(signal.SIGTERM)
    assert here.guardian.wait(60) == 1
