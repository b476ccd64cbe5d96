"""The rows of a stratum and of errors outside the budget, read off made-up ramps."""

import importlib
from types import ModuleType
from typing import Any

import pytest


def module(name: str) -> ModuleType:
    return importlib.import_module(f"ramp_campaign.{name}")


def result(seed: int, error_gpa: float, half_width_gpa: float) -> dict[str, Any]:
    """Four steps of 3 GPa, each with a bound of 9 GPa."""
    steps = [
        [0.01 * n, 3.0 * n + error_gpa, 3.0 * n, 0.01, 0.5, half_width_gpa, None, None, 9.0, 900.0]
        for n in range(1, 5)
    ]
    return {
        "stratum": "ruby-80K",
        "family": "modelled",
        "seed": seed,
        "exit": "success",
        "moves": len(steps) - 1,
        "moves_after_failure": 0,
        "steps": steps,
    }


def test_a_stratum_is_read_off_its_ramps() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    results = [result(1, 0.3, 0.4), result(2, 0.5, 0.4)]
    results[1]["steps"][-1][1] = None
    _, numbers = tables.stratum_rows(stratum, results, rival=False)
    assert (numbers["ramps"], numbers["steps"], numbers["unmeasured"]) == (2, 7, 1)
    assert numbers["coverage"] == pytest.approx(4 / 7)
    # bounds stand at 9 GPa: of 6.3, 9.3, 12.3 and of 6.5, 9.5, three are beyond
    assert (numbers["beyond_bound"], numbers["predicted_steps"]) == (3, 5)


def test_a_move_that_left_no_event_is_a_step_without_a_measurement() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    results = [result(1, 0.3, 0.4), result(2, 0.3, 0.4), result(3, 0.3, 0.4)]
    results[0]["moves"] = 5
    results[1]["steps"][-1][1] = None
    # looked at once more than it moved: this makes up for no other ramp
    results[2]["moves"] = 1
    rows, numbers = tables.stratum_rows(stratum, results, rival=False)
    assert (numbers["unmeasured"], numbers["moves_without_event"]) == (3, 2)
    assert ("steps without a measurement", "3 (2 of them moves that left no event)", "0") in rows


def test_a_ramp_that_was_refused_has_no_move_without_an_event() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    refused = {**result(1, 0.3, 0.4), "steps": [], "moves": 0}
    _, numbers = tables.stratum_rows(stratum, [refused, result(2, 0.3, 0.4)], rival=False)
    assert numbers["unmeasured"] == 0


def test_steps_beyond_the_limit_itself_are_counted_whatever_their_bound() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    # 3 GPa a step where 4 are allowed; one of 4.1, and one of -5
    results = [result(1, 0.0, 0.4), result(2, 0.0, 0.4)]
    results[0]["steps"][-1][1] = 13.1
    results[1]["steps"][-1][1] = 4.0
    rows, numbers = tables.stratum_rows(stratum, results, rival=False)
    assert (numbers["beyond_limit"], numbers["changes"]) == (2, 6)
    assert ("steps beyond the step limit itself", "2 of 6", "") in rows


def reached(seed: int, begin_gpa: float, part: float = 1.0) -> dict[str, Any]:
    """A ramp that goes up by 3 GPa in each of four steps, read as `part` of the truth."""
    made = result(seed, 0.0, 0.4)
    for row in made["steps"]:
        row[1] = begin_gpa + row[2]
        row[2] = row[1] / part
    return made


def test_fixed_turns_keep_the_limit_over_all_seeds_and_are_asked_while_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    asked = []

    def fastest(
        jobs: list[Any], parts: list[float], conditions: object, top_gpa: float, *, back: bool
    ) -> tuple[float, list[int]]:
        asked.append(([job.seed for job in jobs], parts, top_gpa, back))
        return 0.01, [5, 6, 7] if back else [3, 4, 5]

    monkeypatch.setattr(tables, "fastest_fixed_turns", fastest)
    # two get to 149.7 GPa, at their fourth step or their third; one holds far below
    held = {**reached(7, 50.0, 0.5), "exit": "fail"}
    results = [reached(4, 138.0), reached(5, 141.0, 1.1), held]
    rows, numbers = tables.stratum_rows(stratum, results, cells=4)
    seeds, parts, top_gpa, _ = asked[0]
    assert (seeds, parts) == ([4, 5, 7, 8], [1.0, pytest.approx(1.1), 0.5, 1.0])
    assert top_gpa == pytest.approx(149.7)
    assert {back for *_, back in asked} == {False, True}
    # the ramp that held counts as the slowest of three
    assert (numbers["steps_to_top"], numbers["steps_fixed"]) == (3.0, 4.0)
    assert numbers["steps_fixed_there_and_back"] == 6.0
    assert rows[-2:] == [
        ("median steps to target / fixed turns, loading alone", "3 / 4 = 0.75", "<= 0.8"),
        ("... / fixed turns that keep the limit on the way back too", "3 / 6 = 0.50", ""),
    ]


def test_a_seed_that_was_never_measured_takes_the_gauge_at_its_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    found: list[float] = []

    def fastest(
        jobs: object, parts: list[float], *_: object, **__: object
    ) -> tuple[float, list[int]]:
        found[:] = parts
        return 0.01, [4]

    monkeypatch.setattr(tables, "fastest_fixed_turns", fastest)
    blind = result(2, 0.0, 0.4)
    for row in blind["steps"]:
        row[1] = None
    tables.stratum_rows(stratum, [reached(1, 138.0, 0.9), blind])
    assert found == [pytest.approx(0.9), 1.0]


def test_rows_say_that_fixed_turns_were_left_out() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    rows, _ = tables.stratum_rows(stratum, [reached(4, 138.0)], rival=False)
    assert [measured for _, measured, _ in rows[-2:]] == ["3 / left out"] * 2


def of_family(
    family: str, seed: int, error_gpa: float, exit_status: str = "success"
) -> dict[str, Any]:
    return {**result(seed, error_gpa, 0.4), "family": family, "exit": exit_status}


def test_what_errors_outside_the_budget_cost_is_a_row_of_their_family() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    results = [
        # 0.4 GPa are stated: three of four cover the truth, then one of four
        *(of_family("modelled", seed, error) for seed, error in enumerate((0.1, 0.2, 0.3, 0.5))),
        *(of_family("gradient", seed, error) for seed, error in enumerate((0.1, 0.5, 0.6))),
        of_family("gradient", 3, 0.7, "fail"),
        # of another kind, and of another stratum
        of_family("gradient spectra", 4, 0.1),
        {**of_family("gradient", 5, 0.1), "stratum": "ruby-5K"},
    ]
    rows = tables.loss_rows(stratum, results, ["uniaxial", "gradient"])
    # sandwich error of 3 or 1 in 4: sqrt(4/3 * 12) / 16
    assert rows == [("chip 1 % off the sample", "4 (1)", "25.0 ± 25.0", "+50.0 ± 35.4")]


def test_what_single_spectra_lose_is_held_against_single_spectra() -> None:
    tables, stratum = module("tables"), module("strata").named("ruby-80K")
    results = [
        *(of_family("modelled", seed, 0.5) for seed in range(2)),
        *(of_family("modelled spectra", seed, 0.1) for seed in range(2)),
        *(of_family("gradient spectra", seed, 0.5) for seed in range(2)),
    ]
    (row,) = tables.loss_rows(stratum, results, ["gradient"], kind=module("ramp").SPECTRA)
    assert row[1:] == ("2 (0)", "0.0 ± 0.0", "+100.0 ± 0.0")
