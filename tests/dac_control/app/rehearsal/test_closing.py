"""A cell that is closed under the microscope, and one that lets its pressure go while watched."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from simulators.twin.schedule import Fault

STATION = Path(__file__).parents[4] / "examples" / "overnight_station.toml"
RUN = """
plan = "close_and_seal"
[closing]
last_turns = 0.6
step_turns = 0.03
rise_gpa = 3.0
watch_s = 600
leak_gpa = {leak}
[dwell]
drift_limit_gpa_per_h = 4.0
window_s = 300
interval_s = 60
min_dwell_s = 120
max_dwell_s = 600
min_readings = 5
[ruby]
exposure_s = 0.5
[step]
probe_turns = 0.02
"""
MICROSCOPE = """
[devices.microscope]
driver = "basler"
serial = "40012345"
exposure_ms = 20
um_per_pixel = 0.35
um_per_pixel_sigma = 0.002
black_counts = 4.0

[rehearsal]"""


@dataclass
class Closed:
    """Documents of a closing, and how the cell was at each event."""

    done: Rehearsed | None = None
    laboratory: VirtualLaboratory | None = None
    began_s: float = 0.0
    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    truth: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, name: str, doc: Any) -> None:
        self.documents.append((name, dict(doc)))
        if name == "event" and self.laboratory is not None:
            self.truth[doc["uid"]] = self.laboratory.twin.state()

    def remember(self, laboratory: VirtualLaboratory) -> None:
        self.laboratory, self.began_s = laboratory, laboratory.clock.now()

    def events(self, stream: str) -> list[dict[str, Any]]:
        uids = {d["uid"] for n, d in self.documents if n == "descriptor" and d["name"] == stream}
        return [d for n, d in self.documents if n == "event" and d["descriptor"] in uids]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events("primary")]

    @property
    def truths(self) -> list[dict[str, Any]]:
        return [self.truth[event["uid"]] for event in self.events("primary")]

    @property
    def seal(self) -> dict[str, Any]:
        (event,) = self.events("seal")
        return json.loads(event["data"]["workbench_result"])

    def while_watched_s(self) -> float:
        """A time of the run at which the closed cell was being watched."""
        sealed, after = (step["clock_lab_time_s"] for step in self.steps[-2:])
        return 0.5 * (sealed + after) - self.began_s


Close = Callable[..., Closed]


@pytest.fixture
def close(tmp_path: Path) -> Close:
    def run(leak: float = 0.5, station_more: str = "", faults: Sequence[Fault] = ()) -> Closed:
        text, path = STATION.read_text(), tmp_path / "station.toml"
        path.write_text(text.replace("\n[rehearsal]", station_more, 1) if station_more else text)
        station, found = load_station(path), Closed()
        (tmp_path / "run.toml").write_text(RUN.format(leak=leak))
        asked = load_run_file(tmp_path / "run.toml", station)
        found.done = rehearse_once(
            station, asked, 0, listener=found, prepare=found.remember, faults=faults
        )
        return found

    return run


def test_the_hole_of_the_open_and_of_the_sealed_cell_are_kept(close: Close) -> None:
    found = close(station_more=MICROSCOPE)
    assert found.done is not None and found.done.exit_status == "success", found.done
    said, truths = found.seal, found.truths
    started, sealed = truths[0]["hole_um"], truths[-2]["hole_um"]
    # the scale of the picture is the twin's own: what is left is less than a tenth of a pixel
    assert said["hole_at_start_um"] == pytest.approx(started, abs=0.02)
    assert said["hole_um"] == pytest.approx(sealed, abs=0.02)
    assert said["hole_um"] < said["hole_at_start_um"] - 1.0, "the hole closes under load"
    assert said["hole_um"] == found.steps[-2]["picture_hole_um"]
    assert said["hole_at_start_um"] == found.steps[0]["picture_hole_um"]
    assert all(step["picture_measured"] for step in found.steps)


def test_without_a_microscope_nothing_is_said_of_the_hole(close: Close) -> None:
    said = close().seal
    assert said["hole_um"] is None and said["hole_at_start_um"] is None


def test_a_cell_that_loses_its_pressure_while_it_is_watched_leaks(close: Close) -> None:
    sound = close()
    assert abs(sound.seal["fell_gpa"]) < 0.1
    burst = Fault(kind="blow_out", at_lab_s=sound.while_watched_s())
    found = close(faults=[burst])
    assert found.done is not None and found.done.exit_status == "fail"
    *_, sealed, after = found.steps
    fell_gpa = sealed["ruby_pressure_gpa"] - after["ruby_pressure_gpa"]
    assert f"The cell leaks: within 600 s the pressure fell by {fell_gpa:.2f} GPa" in (
        found.done.reason
    )
    assert after["step_branch"] == "seal", "what showed the leak is on record"
    *_, held, lost = [truth["pressure_gpa"] for truth in found.truths]
    assert fell_gpa == pytest.approx(held - lost, rel=0.1) and fell_gpa > 3.0
    assert not found.events("seal"), "a cell that leaks is not sealed"
    assert after["drive_turns"] == sealed["drive_turns"]


def test_a_fall_that_is_allowed_is_no_leak_and_is_written_down(close: Close) -> None:
    burst = Fault(kind="blow_out", at_lab_s=close().while_watched_s())
    found = close(leak=7.0, faults=[burst])
    assert found.done is not None and found.done.exit_status == "success", found.done
    *_, held, lost = [truth["pressure_gpa"] for truth in found.truths]
    assert found.seal["fell_gpa"] == pytest.approx(held - lost, rel=0.1)


def test_a_frame_that_shows_the_leak_speaks_first(close: Close) -> None:
    sound = close(station_more=MICROSCOPE)
    burst = Fault(kind="blow_out", at_lab_s=sound.while_watched_s())
    found = close(station_more=MICROSCOPE, faults=[burst])
    assert found.done is not None and found.done.exit_status == "fail"
    assert "% wider than at" in found.done.reason
    assert found.steps[-1]["step_signs"] == "blow_out" and not found.events("seal")
