"""The ramp in a real RunEngine over the twin: bounds, order, endings, rule 4."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from bluesky.suspenders import SuspendCeil
from bluesky.utils import FailedPause, RunEngineInterrupted
from ophyd import Signal

from dac_control.errors import InstrumentError, LimitError, LinkDown, RampHeld
from dac_control.records import open_run, summarise
from plans.gauge_settings import RubySettings
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets

QUICK = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=3.0,
        window_s=120,
        interval_s=20,
        min_dwell_s=60,
        max_dwell_s=400,
        min_readings=4,
    ),
    ruby=RubySettings(exposure_s=0.5, attempts=2, longest_exposure_s=4.0),
    step=StepSettings(probe_turns=0.01, tolerance_gpa=0.5),
)


def steps_of(laboratory) -> list[dict]:
    return [event["data"] for event in laboratory.events("primary")]


def in_a_thread(action: Callable[[], None]) -> None:
    threading.Thread(target=action, daemon=True).start()


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.002)


def test_a_ramp_up_and_down_measures_every_step_within_bounds(laboratory) -> None:
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([5, 9], [7]), settings=QUICK)
    laboratory.engine(plan)
    steps = steps_of(laboratory)
    turns = [step["drive_turns"] for step in steps]
    pressures = [step["ruby_pressure_gpa"] for step in steps]
    limits = laboratory.instruments.limits
    top = max(range(len(turns)), key=turns.__getitem__)
    assert all(b > a for a, b in pairwise(turns[: top + 1]))
    assert all(b < a for a, b in pairwise(turns[top:]))
    assert all(abs(b - a) <= limits.max_step_turns + 1e-9 for a, b in pairwise(turns))
    assert all(abs(b - a) <= limits.max_step_gpa for a, b in pairwise(pressures))
    assert all(step["ruby_measured"] for step in steps)
    assert max(pressures) >= 8.5 and pressures[-1] <= 7.5
    assert any(step["step_branch"] == "dead_band" for step in steps[top + 1 :])
    assert laboratory.stop_doc()["exit_status"] == "success"
    assert len(laboratory.screw.sent) == len(steps) - 1 == len(laboratory.intents())


def test_targets_in_turns_are_reached(laboratory) -> None:
    targets = Targets.turns([0.01, 0.03])
    laboratory.engine(pressure_ramp(laboratory.instruments, targets, settings=QUICK))
    assert steps_of(laboratory)[-1]["drive_turns"] == pytest.approx(0.03, abs=1e-5)


@pytest.mark.parametrize("targets", [Targets.gpa([70]), Targets.turns([5.0])])
def test_a_target_beyond_a_limit_is_refused_before_the_run_opens(laboratory, targets) -> None:
    with pytest.raises(LimitError, match="nothing was moved"):
        laboratory.engine(pressure_ramp(laboratory.instruments, targets, settings=QUICK))
    assert not laboratory.documents
    assert not laboratory.screw.sent


def test_a_dark_spectrum_never_moves_the_drive(laboratory) -> None:
    def darken(turns: float) -> None:
        laboratory.twin.light_on = False

    laboratory.screw.on_move = darken
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match="no pressure after 2 attempts"):
        laboratory.engine(plan)
    assert len(laboratory.screw.sent) == 1
    stop = laboratory.stop_doc()
    assert stop["exit_status"] == "fail" and "step 2" in stop["reason"]
    last = steps_of(laboratory)[-1]
    assert not last["ruby_measured"] and last["step_outcome"] == "not_measured"
    tried = {event["data"]["spectrometer_exposure_s"] for event in laboratory.events("dwell")}
    assert max(tried) > QUICK.ruby.exposure_s, "a weak line is tried with a longer exposure"


def test_one_failed_spectrum_is_taken_again_and_kept(laboratory) -> None:
    laboratory.spectrometer.failures = [LinkDown("the spectrometer hung up")]
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([4]), settings=QUICK)
    laboratory.engine(plan)
    assert laboratory.stop_doc()["exit_status"] == "success"


def test_a_faulty_sensor_holds_the_ramp_with_its_reason(laboratory) -> None:
    laboratory.cryostat.failures = [InstrumentError("sensor B is open")] * 50
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([4]), settings=QUICK)
    with pytest.raises(RampHeld, match="sensor B is open"):
        laboratory.engine(plan)
    assert not laboratory.screw.sent


def test_instruments_that_all_fail_at_once_are_named_and_nothing_moves(laboratory) -> None:
    gone = [LinkDown("the rack lost its power")] * 50
    laboratory.cryostat.failures, laboratory.spectrometer.failures = list(gone), list(gone)
    laboratory.screw.on_move = lambda turns: None
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match="the rack lost its power"):
        laboratory.engine(plan)
    assert "the rack lost its power" in laboratory.stop_doc()["reason"]
    assert not laboratory.screw.sent


def test_instruments_lost_in_mid_ramp_end_it_with_their_words(laboratory) -> None:
    def cut(turns: float) -> None:
        gone = [LinkDown("the rack lost its power")] * 50
        laboratory.cryostat.failures, laboratory.spectrometer.failures = list(gone), list(gone)

    laboratory.screw.on_move = cut
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match="the rack lost its power"):
        laboratory.engine(plan)
    assert "the rack lost its power" in laboratory.stop_doc()["reason"]
    assert len(laboratory.screw.sent) == 1
    last = laboratory.events("unmeasured")[-1]["data"]
    assert (last["step_number"], last["step_outcome"]) == (2, "not_measured")
    assert last["drive_turns"] == pytest.approx(laboratory.screw.sent[-1], abs=1e-4)
    assert "the rack lost its power" in last["step_failure"]


def test_a_drive_powered_up_under_a_measurement_holds_and_its_count_is_not_recorded(
    laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = laboratory.spectrometer.acquire

    def power_up_after_the_first_move(exposure_s: float, averages: int) -> object:
        laboratory.screw.position_known = not laboratory.screw.sent
        return acquire(exposure_s, averages)

    monkeypatch.setattr(laboratory.spectrometer, "acquire", power_up_after_the_first_move)
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match=r"step 2: .* stood at .* drive declare"):
        laboratory.engine(plan)
    last = steps_of(laboratory)[-1]
    assert last["ruby_measured"] and math.isnan(last["drive_turns"])


def test_a_dead_camera_keeps_the_spectrum_and_holds_with_its_own_reason(laboratory) -> None:
    laboratory.camera.failures = [LinkDown("the camera is unplugged")] * 50
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match="the camera is unplugged"):
        laboratory.engine(plan)
    assert not laboratory.screw.sent
    assert any(event["data"]["ruby_measured"] for event in laboratory.events("dwell"))


def test_a_fit_that_breaks_keeps_the_spectrum(laboratory, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("singular matrix")

    monkeypatch.setattr(laboratory.instruments.ruby.gauge, "measure", broken)
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    with pytest.raises(RampHeld, match="fit_failed"):
        laboratory.engine(plan)
    assert laboratory.events("dwell") and not laboratory.screw.sent


def test_a_cell_at_its_limit_is_not_loaded_at_all(laboratory) -> None:
    limits = replace(laboratory.instruments.limits, pressure_limit_gpa=1.0, max_step_gpa=0.5)
    instruments = replace(laboratory.instruments, limits=limits)
    with pytest.raises(RampHeld, match="before its first move"):
        laboratory.engine(pressure_ramp(instruments, Targets.turns([0.03]), settings=QUICK))
    assert not laboratory.screw.sent


def test_a_cell_beyond_the_whole_ramp_is_told_so(laboratory) -> None:
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([0.6]), settings=QUICK)
    with pytest.raises(RampHeld, match="already above the last load target"):
        laboratory.engine(plan)
    assert not laboratory.screw.sent


def test_the_hold_flag_lets_the_step_end_and_begins_no_other(laboratory) -> None:
    laboratory.screw.on_move = lambda turns: laboratory.instruments.hold.hold("look at it")
    engine, seen = laboratory.engine, laboratory.screw.sent

    def release_later() -> None:
        wait_for(lambda: len(laboratory.events("primary")) == 2, 20.0)
        time.sleep(0.3)
        assert len(seen) == 1, "a step began while the hold flag was up"
        laboratory.screw.on_move = None
        laboratory.instruments.hold.release()

    in_a_thread(release_later)
    engine(pressure_ramp(laboratory.instruments, Targets.gpa([6]), settings=QUICK))
    assert laboratory.stop_doc()["exit_status"] == "success"
    assert len(seen) > 1


def interrupted_inside_a_move(laboratory, interrupt: Callable[[], None]) -> None:
    """Run a ramp whose second move is interrupted while under way."""
    laboratory.screw.turns_per_lab_s = 1e-5
    laboratory.screw.on_move = lambda turns: in_a_thread(interrupt)
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([9]), settings=QUICK)
    try:
        laboratory.engine(plan)
    except (RunEngineInterrupted, FailedPause, RampHeld):
        pass
    assert laboratory.engine.state == "idle"
    wait_for(lambda: laboratory.intents("failed") != [])
    assert len(laboratory.screw.sent) == 1, "an interrupted move was sent again"
    assert laboratory.screw.stops >= 1
    assert not laboratory.screw.read().moving
    stop = laboratory.stop_doc()
    assert stop["exit_status"] in ("abort", "fail")
    assert len(steps_of(laboratory)) == 1, "a step was recorded for a move that did not end"


def test_a_pause_inside_a_move_ends_the_run_in_hold(laboratory) -> None:
    def pause() -> None:
        laboratory.instruments.hold.note_interruption("paused from another thread")
        laboratory.engine.request_pause(defer=False)

    interrupted_inside_a_move(laboratory, pause)
    assert laboratory.stop_doc()["reason"] == "paused from another thread"


@pytest.mark.skipif(os.name == "nt", reason="os.kill sends no Ctrl-C on Windows")
def test_ctrl_c_inside_a_move_ends_the_run_in_hold(laboratory) -> None:
    interrupted_inside_a_move(laboratory, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert "Ctrl-C" in laboratory.stop_doc()["reason"]


def test_a_suspender_inside_a_move_ends_the_run_in_hold(laboratory) -> None:
    helium = Signal(name="helium", value=0.0)
    laboratory.engine.install_suspender(SuspendCeil(helium, 1.0))
    interrupted_inside_a_move(laboratory, lambda: helium.put(2.0))


def test_a_lost_link_inside_a_move_ends_the_run_in_hold(laboratory) -> None:
    def cut() -> None:
        laboratory.screw.failures = [LinkDown("the drive hung up")]

    interrupted_inside_a_move(laboratory, cut)
    assert "the drive hung up" in laboratory.stop_doc()["reason"]


def test_a_stop_from_outside_inside_a_move_ends_the_run_in_hold(laboratory) -> None:
    interrupted_inside_a_move(laboratory, lambda: laboratory.instruments.drive.stop())
    assert "its target was" in laboratory.stop_doc()["reason"]


def test_the_run_folder_tells_what_happened(laboratory) -> None:
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([5]), settings=QUICK)
    laboratory.engine(plan)
    run = open_run(laboratory.recorder.folder)
    summary = summarise(run)
    assert [step["step"] for step in summary["steps"]] == list(range(1, len(summary["steps"]) + 1))
    assert len(run.frames()) == len(summary["steps"])
    for step in summary["steps"]:
        assert step["measured"] and step["observable_unit"] == "nm"
        assert step["pressure_sigma_stat_gpa"] < step["pressure_sigma_sys_gpa"]
        assert step["temperature_k"] == pytest.approx(80, abs=1)
