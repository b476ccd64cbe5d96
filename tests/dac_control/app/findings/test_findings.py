"""What is found in a run: gauges and gaps, curves, light, controls, limitations."""

import json
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from dac_control.app.findings import gather, summarise_findings
from dac_control.app.findings.checks import run_checks
from dac_control.app.findings.curves import fit_curves, stated_turns
from dac_control.app.findings.moves import read_moves
from dac_control.app.findings.pressure_checks import _settled
from dac_control.app.readings import read_steps
from dac_control.app.steps_in_charge import steps_in_charge
from dac_control.records import dumps_summary, open_run
from dac_control.records.gauge_series import gauges_in_charge, read_gauges

START_S = 1_795_335_300.0

TWO_GAUGES = {
    "load": 10,
    "unload": 0,
    "dwell_readings": 1,
    "edge_at": (4, 5, 6, 8, 9, 10),
    "edge_rejected": (6,),
    "edge_in_charge_from": 8,
    "reference_ruby": True,
    "predicts": True,
}


@pytest.fixture
def two_gauges(fake_run):
    return fake_run(**TWO_GAUGES)


def clause(run, words):
    return next(check for check in run_checks(gather(run)) if check.clause == words)


def write_ledger(run, openings, specimen="H2-017"):
    lines = []
    for number, (light, spot, uid, power_mw, open_s) in enumerate(openings):
        about = {
            "id": f"o{number}",
            "specimen": specimen,
            "run": uid,
            "session": "s",
            "time": START_S + number,
            "lab_time_s": 10.0 * number,
        }
        lines.append(
            about
            | {
                "kind": "opening",
                "light": light,
                "spot": spot,
                "power_mw": power_mw,
                "transmission": 0.5,
                "area_um2": 10.0,
                "speed": 200.0,
            }
        )
        if open_s is not None:
            closed = {"kind": "closed", "open_s": open_s, "power_mw": None, "reason": "shut"}
            lines.append(about | closed)
    content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    (run.folder / "light.jsonl").write_bytes(content)


# gauges and their gaps -------------------------------------------------------------------


def test_a_run_from_before_there_were_gauges_has_the_ruby_in_charge(good_run) -> None:
    assert set(gauges_in_charge(good_run)) == {"ruby"}
    (ruby,) = read_gauges(good_run)
    assert ruby.gauge == "ruby" and ruby.scale == "ruby2020" and ruby.observable_unit == "nm"
    np.testing.assert_array_equal(ruby.pressure_gpa, good_run.column("ruby", "pressure_gpa"))


def test_steps_take_the_pressure_of_the_gauge_in_charge(two_gauges) -> None:
    ruby, edge, reference = read_gauges(two_gauges)
    steps = steps_in_charge(two_gauges)
    assert steps.gauge == ("ruby",) * 7 + ("diamond_edge",) * 3
    np.testing.assert_array_equal(steps.pressure_gpa[:7], ruby.pressure_gpa[:7])
    np.testing.assert_array_equal(steps.pressure_gpa[7:], edge.pressure_gpa[7:])
    assert steps.scale[-1] == "akahama2006" and steps.observable_unit[-1] == "cm-1"
    # the ruby's own lines stay where they were
    np.testing.assert_array_equal(steps.r1_nm, read_steps(two_gauges).r1_nm)
    assert not reference.of_the_cell


def test_the_last_good_spectrum_of_a_step_counts_and_a_bad_one_stays_a_gap(two_gauges) -> None:
    edge = read_gauges(two_gauges)[1]
    assert edge.spectra.tolist() == [0, 0, 0, 2, 2, 1, 0, 2, 2, 2]
    assert edge.taken.tolist() == [False] * 3 + [True] * 3 + [False] + [True] * 3
    assert edge.measured.tolist() == [False] * 3 + [True, True, False, False] + [True] * 3
    assert edge.flags[5] == ("low_signal",) and edge.flags[4] == ()
    assert math.isnan(edge.pressure_gpa[5]) and math.isnan(edge.pressure_gpa[6])


def test_what_a_gauge_read_before_it_was_lost_is_no_pressure_of_the_step(fake_run) -> None:
    run = fake_run(
        load=3, unload=0, dwell_readings=0, edge_at=(2, 3), edge_in_charge_from=2, edge_lost=(3,)
    )
    edge, steps = read_gauges(run)[1], steps_in_charge(run)
    assert edge.measured.tolist() == [False, True, False]
    assert np.isfinite(edge.observable[2]), "its line is kept"
    assert steps.measured.tolist() == [True, True, False] and np.isnan(steps.pressure_gpa[2])


def test_a_gauge_in_charge_that_left_no_stream_measured_nothing(fake_run) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=0, edge_at=(9,), edge_in_charge_from=3)
    steps = steps_in_charge(run)
    assert steps.measured.tolist() == [True, True, False]
    assert math.isnan(steps.pressure_gpa[2]) and steps.gauge[2] == "diamond_edge"


def test_the_matrix_marks_every_gap(two_gauges) -> None:
    matrix = summarise_findings(two_gauges)["evolution"]
    columns = {column["name"]: column for column in matrix["columns"]}
    assert list(columns) == ["ruby", "diamond_edge", "reference_ruby", "picture"]
    edge = columns["diamond_edge"]
    missing, bad, good = "not_taken", "rejected", "measured"
    assert edge["states"] == [missing] * 3 + [good, good, bad, missing] + [good] * 3
    assert (edge["measured"], edge["rejected"], edge["not_taken"]) == (5, 1, 4)
    assert edge["longest_gap"]["first_step"] == 1 and edge["longest_gap"]["steps"] == 3
    assert edge["longest_gap"]["pressure_gpa"] is None, "nothing before it"
    assert columns["ruby"]["longest_gap"] is None
    assert columns["reference_ruby"]["kind"] == "reference"
    assert matrix["in_charge"][-1] == "diamond_edge"


def test_a_gap_between_values_says_how_far_it_reaches(fake_run) -> None:
    run = fake_run(**TWO_GAUGES | {"edge_at": (1, 2, 6, 7, 8, 9, 10), "edge_rejected": ()})
    steps = steps_in_charge(run)
    gap = next(c for c in gather(run).evolution.columns if c.name == "diamond_edge").longest_gap
    assert gap is not None and (gap.first_step, gap.last_step) == (3, 5)
    assert gap.pressure_gpa == pytest.approx(steps.pressure_gpa[5] - steps.pressure_gpa[1])
    assert gap.turns == pytest.approx(steps.turns[5] - steps.turns[1])


# moves and steps -------------------------------------------------------------------------


def write_moves(run, ends):
    """A journal with a move before each step but the first, and more: (time, from, to, end)."""
    times, turns = run.table()["time"], run.column("drive", "turns")
    moves = [
        (times[row - 1], turns[row - 1], turns[row], turns[row]) for row in range(1, len(turns))
    ]
    moves += [(times[-1] + after, *where) for after, *where in ends]
    lines: list[dict[str, object]] = []
    for number, (time, start, target, end) in enumerate(moves):
        about = {"id": str(number), "run": run.uid, "time": time}
        lines.append(about | {"kind": "intent", "from_turns": start, "to_turns": target})
        kind = "done" if end == target else "failed"
        lines.append(about | {"kind": kind, "turns": end})
    content = b"".join(
        orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n" for line in lines
    )
    (run.folder / "intents.jsonl").write_bytes(content)


def test_a_move_without_a_step_is_an_unmeasured_step(fake_run) -> None:
    run = fake_run(load=4, unload=0, dwell_readings=1)
    # one that ended where it began is no move
    write_moves(run, [(1.0, 1.05, 1.06, 1.05)])
    assert summarise_findings(run)["moves"] == {
        "journalled": True,
        "count": 3,
        "without_a_step": [],
    }
    assert clause(run, "pressure measured at every step").passed
    write_moves(run, [(0.0, 1.05, 1.06, 1.06), (2.0, 1.06, 1.07, None)])
    check = clause(run, "pressure measured at every step")
    assert not check.passed and "2 of 6 steps have no measured pressure" in check.text
    assert "stands at 1.0600 turns" in check.text and "not read back" in check.text
    found = summarise_findings(run)["moves"]["without_a_step"]
    assert [move["stands_turns"] for move in found] == [1.06, None]


def test_without_a_journal_the_readings_of_a_dwell_tell_of_its_move(fake_run) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=1)
    steps = steps_in_charge(run)
    assert read_moves(run, steps).unmeasured == ()
    run.table("dwell")["step_number"][-1] = 4
    run.table("dwell")["step_target_turns"][-1] = 1.2
    (move,) = read_moves(run, steps).unmeasured
    assert move.to_turns == 1.2 and "not read back" in move.words


# gauges against each other ---------------------------------------------------------------


def test_gauges_that_agree_and_gauges_that_do_not(fake_run, two_gauges) -> None:
    (overlap,) = gather(two_gauges).overlaps
    assert overlap.pairs == 5 and overlap.agreeing >= 4
    assert overlap.result is not None and overlap.result.consistent
    assert clause(two_gauges, "independent gauges").passed
    assert clause(two_gauges, "two gauges agree at 3 steps").passed
    apart = fake_run(**TWO_GAUGES, edge_offset_gpa=8.0)
    check = clause(apart, "two gauges agree at 3 steps")
    assert not check.passed and "CONTRADICT" in check.text
    assert check.text.endswith("that its scale was made for: ruby at 5 of 5 steps.")
    flags = apart.table("diamond_edge")["diamond_edge_flags"]
    flags[:] = ["outside_scale_range"] * len(flags)
    check = clause(apart, "two gauges agree at 3 steps")
    assert "CONTRADICT" in check.text
    assert check.text.endswith("ruby at 5 of 5 steps, diamond edge at 5 of 5 steps.")


def test_gauges_are_compared_by_the_test_of_the_run_itself(fake_run) -> None:
    apart = TWO_GAUGES | {"edge_offset_gpa": 8.0}
    generous = {"plan_args": {"settings": {"handover": {"scatter_gpa": 8.0}}}}
    run = fake_run(**apart, start_changes=generous)
    (overlap,) = gather(run).overlaps
    assert overlap.result is not None and overlap.result.consistent
    assert overlap.result.scatter_gpa[0] == pytest.approx(8.0, abs=0.2)
    assert overlap.agreeing == overlap.pairs == 5


def test_too_few_common_steps_are_a_limitation(fake_run) -> None:
    run = fake_run(**TWO_GAUGES | {"edge_at": (4, 5)})
    check = clause(run, "two gauges agree at 3 steps")
    assert not check.passed and "were measured together at 2 steps; 3 are needed" in check.text
    assert gather(run).overlaps[0].result is None


# curves and predictions ------------------------------------------------------------------


def test_load_curve_has_every_form_of_each_branch(good_run) -> None:
    found = summarise_findings(good_run)["load_curve"]
    load, unload = found["branches"]
    assert (load["branch"], unload["branch"]) == ("load", "unload")
    assert {"linear", "quadratic", "saturating"} <= {form["form"] for form in load["forms"]}
    for form in load["forms"]:
        assert {"parameters", "chi2", "aic", "aicc", "bic", "scatter_gpa"} <= form.keys()
    assert sum(form["chosen"] for form in load["forms"]) == 1
    for branch in (load, unload):
        every = branch["forms"] + branch["forms_without_a_fit"]
        assert sum(form["weight"] for form in every) == pytest.approx(1.0)
    assert len(load["residuals_gpa"]) == load["points"] == 14
    (band,) = found["dead_bands"]
    assert band["first_step"] == 14 and band["turns"] == pytest.approx(0.06)
    assert found["hysteresis"]["middle_gpa"] < 0
    within, beyond = load["predictions"][0], load["predictions"][-1]
    assert within["low_gpa"] < within["predicted_gpa"] < within["high_gpa"]
    assert (within["extrapolated"], within["fraction"]) == (False, 0.0)
    assert beyond["extrapolated"] and beyond["fraction"] == pytest.approx(0.3)
    assert beyond["turns"] > load["turns"][-1] and load["prediction_level"] == 0.95
    assert unload["predictions"][0]["turns"] < unload["turns"][0]


def test_curves_have_the_error_in_turns_that_the_run_states(good_run) -> None:
    steps, start = steps_in_charge(good_run), good_run.start
    silent = fit_curves(steps, stated_turns(start, "sigma_turns"))
    assert silent.sigma_turns is None and "states no error in turns" in silent.turns_words
    start = {**start, "placing": {"sigma_turns": 0.0087}}
    stated = fit_curves(steps, stated_turns(start, "sigma_turns"))
    assert "known to 0.0087 turns" in stated.turns_words
    (near, _), (far, _) = silent.legs, stated.legs
    # 0.0087 turns of some 60 GPa a turn are 0.5 GPa, against a noise of 0.04 GPa
    assert far.curve.predict(0.1).sigma_gpa > 2.0 * near.curve.predict(0.1).sigma_gpa


def test_predictions_stand_apart_from_pressures(fake_run) -> None:
    run = fake_run(**TWO_GAUGES, surprises=(3,))
    first, second, third, *_ = summarise_findings(run)["steps"]
    assert first["predicted"] is None and first["surprise"] == ""
    assert second["predicted"]["low_gpa"] < second["predicted"]["high_gpa"]
    assert third["surprise"] == "confirmed"
    check = clause(run, "no surprise")
    assert not check.passed and "step 3 (confirmed)" in check.text


# light -----------------------------------------------------------------------------------


def test_without_a_ledger_the_dose_is_not_known(good_run) -> None:
    dose = summarise_findings(good_run)["dose"]
    assert dose["recorded"] is False and dose["spots"] == []
    assert dose["exposure_s"]["ruby"] == pytest.approx(0.2 * (21 + 63))
    assert not clause(good_run, "light accounted for").passed
    assert not clause(good_run, "light within its budget").passed


def test_dose_of_the_run_and_of_the_whole_life(fake_run) -> None:
    budget = [{"light": "532nm", "max_energy_mj": 40.0}]
    run = fake_run(load=3, unload=0, dwell_readings=0, start_changes={"light_budget": budget})
    write_ledger(
        run,
        [
            ("532nm", "chip", "earlier", 4.0, 5.0),
            ("532nm", "chip", run.uid, 6.0, 2.0),
            ("532nm", "chip", run.uid, 2.0, 1.0),
            ("lamp", "sample", run.uid, 1.0, 30.0),
        ],
    )
    dose = summarise_findings(run)["dose"]
    green, lamp = dose["spots"]
    assert green["run"]["energy_mj"] == pytest.approx(7.0)
    assert green["run"]["peak_intensity_mw_per_um2"] == pytest.approx(0.3)
    assert green["run"]["open_s"] == pytest.approx(3.0) and green["run"]["shots"] == 2
    assert green["life"]["energy_mj"] == pytest.approx(17.0)
    assert green["allowed"]["energy_mj"] == 40.0 and lamp["allowed"]["energy_mj"] is None
    assert clause(run, "light accounted for").passed
    kept = clause(run, "light within its budget")
    assert not kept.passed and "none was stated for lamp on sample (15.00 mJ)" in kept.text


def test_the_light_of_a_microscope_is_said_to_be_in_no_account(fake_run) -> None:
    run = fake_run(load=3, unload=0, dwell_readings=0)
    write_ledger(run, [("532nm", "chip", run.uid, 2.0, 1.0)])
    assert "lights the microscope is no device" in clause(run, "light accounted for").text


def test_a_budget_is_kept_where_all_light_of_the_run_had_a_limit(fake_run) -> None:
    budget = [{"light": "532nm", "spot": "chip", "max_energy_mj": 40.0}]
    run = fake_run(load=3, unload=0, dwell_readings=0, start_changes={"light_budget": budget})
    others = [("lamp", "lamp", run.uid, 1.0, 9.0), ("532nm", "sample", "earlier", 1.0, 9.0)]
    write_ledger(run, [("532nm", "chip", run.uid, 2.0, 1.0), *others])
    assert clause(run, "light within its budget").passed, "one is no specimen's, one no run's"


@pytest.mark.parametrize(
    ("limit", "open_s", "said"),
    [
        ({"max_exposure_s": 1.0}, 100.0, "open for 100.0 s at once, where 1 s are allowed"),
        ({"max_exposure_s": 1.0}, 1.1, ""),
        ({"max_intensity_mw_per_um2": 0.1}, 1.0, "0.2 mW/um2 of 0.1 mW/um2"),
    ],
)
def test_every_limit_of_the_budget_counts_over_the_whole_life(
    fake_run, limit: dict[str, float], open_s: float, said: str
) -> None:
    budget = [{"light": "532nm", "max_energy_mj": 1e6}, {"light": "532nm"} | limit]
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes={"light_budget": budget})
    write_ledger(run, [("532nm", "chip", "earlier", 4.0, open_s), ("532nm", "chip", run.uid, 1, 1)])
    kept = clause(run, "light within its budget")
    assert kept.passed is not bool(said) and said in kept.text


def test_a_fast_clock_is_said_to_stretch_openings(fake_run) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0)
    write_ledger(run, [("532nm", "chip", run.uid, 1.0, 900.0)])
    speed = run.start["speed"]
    assert f"the clock ran at {speed:g} times" in clause(run, "light accounted for").text


def test_light_beyond_its_budget_and_light_without_an_end(fake_run) -> None:
    budget = {"limits": [{"light": "532nm", "max_energy_mj": 1.0}]}
    run = fake_run(load=2, unload=0, dwell_readings=1, start_changes={"light_budget": budget})
    write_ledger(run, [("532nm", "chip", run.uid, 4.0, None)])
    assert summarise_findings(run)["dose"]["spots"][0]["run"]["unended"] == 1
    assert "no known end" in clause(run, "light accounted for").text
    assert "532nm on chip" in clause(run, "light within its budget").text


def test_a_damaged_ledger_is_no_dose(fake_run) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0)
    (run.folder / "light.jsonl").write_text('{"kind": "opening"}\n')
    dose = summarise_findings(run)["dose"]
    assert dose["recorded"] is False and "damaged" in dose["problem"]


# controls and other runs -----------------------------------------------------------------


def a_control(fake_run, *, cell_k=80.0, **changes):
    link = {"controls": "ab12cd34-0000-4000-8000-000000000001", "contents": "alumina"}
    return fake_run(
        load=2,
        unload=0,
        dwell_readings=0,
        frames=False,
        cell_k=cell_k,
        uid="cccccccc-0000-4000-8000-000000000002",
        start_changes={"plan_name": "control_run", "specimen": {"id": "empty"}} | link | changes,
    )


def test_a_control_beside_the_run_is_found(fake_run) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0)
    assert "a referee cannot exclude" in clause(run, "control run").text
    control = a_control(fake_run)
    found = summarise_findings(open_run(run.folder))["controls"]
    (linked,) = found["controls_of_this_run"]
    assert linked["found"] and linked["contents"] == "alumina" and linked["differs"] == []
    assert clause(open_run(run.folder), "control run").passed
    (subject,) = summarise_findings(control)["controls"]["runs_that_this_controls"]
    assert subject["uid"] == run.uid and subject["found"]
    assert "itself a control" in clause(control, "control run").text


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"targets": {"unit": "gpa", "load": [5.0], "unload": []}}, "targets"),
        ({"scale": "ruby2011"}, "scale"),
        ({"simulated": False}, "instruments (one was simulated)"),
        # another cell has another chip
        ({"gauge_settings": {"lambda0": [{"value_nm": 694.3, "chip": "R9"}]}}, None),
        # the beginning of a uid is enough
        ({"controls": "ab12cd34"}, None),
    ],
)
def test_what_a_control_may_differ_in(fake_run, changes, what) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0)
    a_control(fake_run, **changes)
    check = clause(open_run(run.folder), "control run")
    assert check.passed is (what is None)
    assert what is None or check.text.endswith(f"differs from this run in: {what}.")


def test_a_control_at_another_temperature_is_none(fake_run) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0)
    control = a_control(fake_run, cell_k=300.0)
    check = clause(open_run(run.folder), "control run")
    assert not check.passed
    assert "differs from this run in: cell temperature (80.0 K here and 300.0" in check.text
    assert "limits.max_temperature_change_k is 5 K" in check.text
    (linked,) = summarise_findings(run)["controls"]["controls_of_this_run"]
    assert linked["temperature_difference_k"] == pytest.approx(220.0, abs=0.2)
    own = clause(control, "control run")
    assert not own.passed and "It differs from that run in: cell temperature" in own.text


def test_a_control_that_is_not_there(fake_run) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=0, start_changes={"control_run": "ffff0000"})
    check = clause(run, "control run")
    assert not check.passed and "named, but not beside" in check.text


# conditions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words", "passed", "text"),
    [
        ({"allow_unmeasured_steps": 3}, "no step without a measurement was allowed", False, "= 3"),
        ({"allow_unmeasured_steps": 0}, "no step without a measurement was allowed", True, "never"),
        (
            {"specimen": {"id": "H2-017", "max_temperature_k": 79.0}},
            "specimen never too warm",
            False,
            "above the 79 K",
        ),
        (
            {"specimen": {"id": "H2-017", "max_temperature_k": 90.0}},
            "specimen never too warm",
            True,
            "below the 90 K",
        ),
        ({}, "specimen never too warm", False, "nobody stated"),
        ({}, "wavelength axis calibrated", False, "was not calibrated with a lamp"),
        (
            {"calibrations": {"axis": {"time": "2026-11-22T02:00:00+00:00"}}},
            "wavelength axis calibrated",
            True,
            "within the 24 h that this page goes by",
        ),
        (
            {"calibrations": {"axis": {"time": "2026-11-21T08:30:00+00:00", "limit_h": 24}}},
            "wavelength axis calibrated",
            False,
            "23.8 h before the run and was 24.2 h old at its last step",
        ),
        (
            {"calibration_ages": {"max_axis_age_h": 24.0}},
            "age of calibrations limited",
            False,
            "the age of λ0 and of the detector's gain: the station",
        ),
        (
            {"calibrations": {"axis": {"time": "2026-11-22T02:00:00+00:00", "limit_h": 4}}},
            "wavelength axis calibrated",
            False,
            "more than 4 h",
        ),
        ({}, "hydrogen seen", False, "vibron was not measured"),
        (
            {"instruments": {"microscope": {"autos_off": True}}},
            "camera without automatics",
            True,
            "",
        ),
    ],
)
def test_conditions(fake_run, changes, words, passed, text) -> None:
    run = fake_run(load=2, unload=0, dwell_readings=1, start_changes=changes)
    check = clause(run, words)
    assert check.passed is passed and text in check.text


def test_no_load_curve_goes_through_points_of_two_gauges(two_gauges) -> None:
    steps = steps_in_charge(two_gauges)
    offset_gpa = np.where([gauge == "diamond_edge" for gauge in steps.gauge], 20.0, 0.0)
    apart = replace(steps, pressure_gpa=steps.pressure_gpa + offset_gpa)
    alone, shifted = fit_curves(steps).legs, fit_curves(apart).legs
    assert [(leg.gauge, leg.words) for leg in shifted] == [
        ("ruby", "loading (ruby)"),
        ("diamond_edge", "loading (diamond edge)"),
    ]
    for before, after in zip(alone, shifted, strict=True):
        np.testing.assert_allclose(after.curve.residuals_gpa, before.curve.residuals_gpa, atol=1e-6)
    told = summarise_findings(two_gauges)["load_curve"]["branches"]
    assert [(leg["branch"], leg["gauge"]) for leg in told] == [
        ("load", "ruby"),
        ("load", "diamond_edge"),
    ]


def test_hysteresis_is_between_legs_of_one_gauge(fake_run) -> None:
    run = fake_run(load=6, unload=6)
    steps = steps_in_charge(run)
    assert fit_curves(steps).hysteresis is not None
    other = tuple("diamond_edge" if b != "load" else "ruby" for b in steps.branch)
    assert fit_curves(replace(steps, gauge=other)).hysteresis is None


def test_everything_is_strict_json(two_gauges) -> None:
    summary = summarise_findings(two_gauges)
    assert json.loads(dumps_summary(summary)) == summary
    last = summary["steps"][-1]
    assert last["gauge"] == "diamond_edge" and last["scale"] == "akahama2006"
    assert last["gauges"]["ruby"]["measured"] and last["observable_unit"] == "cm-1"
    assert summary["edge_on_scales"]["step"] == 10
    assert all(isinstance(sentence, str) for sentence in summary["limitations"])


@pytest.mark.parametrize("steps", [0, 1])
def test_a_killed_run_has_findings(fake_run, steps) -> None:
    run = fake_run(load=steps, unload=0, dwell_readings=0, exit_status=None, frames=False)
    summary = summarise_findings(run)
    assert json.loads(dumps_summary(summary)) == summary
    assert summary["load_curve"]["branches"] == []


def test_a_calibration_is_not_asked_about_pressures(fake_run) -> None:
    run = fake_run(load=0, unload=0, start_changes={"plan_name": "calibrate_axis"})
    clauses = {check["clause"] for check in summarise_findings(run)["checks"]}
    assert clauses == {"real instruments", "carried out as planned"}


def test_signs_in_the_frames_are_told(fake_run) -> None:
    signs = {3: "darkened shiny shiny"}
    run = fake_run(load=4, unload=0, dwell_readings=0, predicts=True, signs=signs)
    check = clause(run, "no sign in the frames")
    assert not check.passed and "darkened at step 3, shiny at step 3" in check.text


@pytest.mark.parametrize(
    ("unjudged", "passed", "words"),
    [
        ((1, 2), True, "No frame shows a blow-out"),
        ((1, 2, 4), False, "On 1 of 4 frames"),
        ((1, 2, 3, 4), False, "Nothing says that a frame was compared"),
    ],
)
def test_only_frames_that_were_judged_deny_a_blow_out(fake_run, unjudged, passed, words) -> None:
    run = fake_run(load=4, unload=0, dwell_readings=0, unjudged=unjudged)
    check = clause(run, "no sign in the frames")
    assert check.passed is passed and check.text.startswith(words)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ("measured measured", None),
        ("not_measured", None),
        ("settled settled not_measured", "The drift was below its limit at every step that wai"),
        ("settled measured", "The drift was below .* At step 2 it was not measured"),
        ("settled still_drifting undetermined", "not shown: still drifting at step 2; undeter"),
        ("settled under_way", "not shown: no drift was measured at step 2"),
    ],
)
def test_a_drift_that_nobody_measured_is_not_below_its_limit(outcomes: str, words) -> None:
    outcome = tuple(outcomes.split())
    measured = np.array([each != "not_measured" for each in outcome])
    steps = SimpleNamespace(step=np.arange(len(outcome)) + 1.0, outcome=outcome, measured=measured)
    found = _settled(SimpleNamespace(steps=steps))  # type: ignore[arg-type]
    assert (found is None) == (words is None)
    if found is not None:
        assert re.search(words, found.text) and found.passed == ("not shown" not in words)
