import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
from bluesky import RunEngine

from dac_control.records import RunRecorder, dumps_summary, open_run, summarise

CONTRACT = {
    "step",
    "time",
    "lab_time_s",
    "turns",
    "pressure_gpa",
    "pressure_sigma_stat_gpa",
    "pressure_sigma_sys_gpa",
    "gauge",
    "scale",
    "observable",
    "observable_sigma",
    "observable_unit",
    "temperature_k",
    "measured",
    "flags",
}


def test_the_contract_is_kept(
    tmp_path: Path,
    run_engine: RunEngine,
    ramp_devices: dict[str, Any],
    ramp_metadata: dict[str, Any],
    not_measured: Callable[[Any], None],
) -> None:
    def plan() -> Iterator[Any]:
        yield from bps.open_run(ramp_metadata)
        yield from bps.trigger_and_read(list(ramp_devices.values()))
        not_measured(ramp_devices["ruby"])
        ramp_devices["step"].values |= {"number": 2, "drift_bound_gpa_per_h": float("inf")}
        ramp_devices["drive"].values["flags"] = "FS"
        yield from bps.trigger_and_read(list(ramp_devices.values()))
        yield from bps.close_run()

    recorder = RunRecorder(tmp_path)
    run_engine.subscribe(recorder)
    run_engine(plan())
    assert recorder.folder is not None
    run = open_run(recorder.folder)
    summary = summarise(run)

    assert json.loads(dumps_summary(summary)) == summary
    assert summary.keys() >= {"uid", "plan", "exit_status", "simulated", "steps"}
    assert summary["uid"] == run.uid and summary["plan"] == "pressure_ramp"
    assert summary["simulated"] is True and summary["speed"] == 300.0
    first, second = summary["steps"]
    assert first.keys() >= CONTRACT and second.keys() == first.keys()
    assert {key: first[key] for key in CONTRACT - {"time"}} == {
        "step": 1,
        "lab_time_s": 12.0,
        "turns": 0.25,
        "pressure_gpa": 4.9,
        "pressure_sigma_stat_gpa": 0.01,
        "pressure_sigma_sys_gpa": 0.1,
        "gauge": "ruby",
        "scale": "ruby2020",
        "observable": 696.0,
        "observable_sigma": 0.002,
        "observable_unit": "nm",
        "temperature_k": 80.5,
        "measured": True,
        "flags": [],
    }
    assert second["pressure_gpa"] is None and second["observable"] is None
    assert second["measured"] is False and second["step"] == 2
    assert second["drift_bound_gpa_per_h"] is None
    assert second["flags"] == ["no_line", "low_signal", "drive:FS"]


def test_a_run_without_steps_or_roles_has_a_summary(tmp_path: Path) -> None:
    recorder = RunRecorder(tmp_path)
    recorder("start", {"uid": "abc", "time": 0.0, "plan_name": "count"})
    assert recorder.folder is not None
    summary = summarise(open_run(recorder.folder))
    recorder.close()
    assert summary["steps"] == [] and summary["exit_status"] == "unfinished"
