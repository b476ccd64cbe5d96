"""``show``: the steps for people, everything for programs."""

import json

from dac_control.app.commands.show import show_run


def test_json_carries_what_a_referee_asks_for(fake_run, capsys) -> None:
    run = fake_run(load=4, unload=0, dwell_readings=0)
    assert show_run(str(run.folder), None, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"uid", "plan", "exit_status", "simulated", "steps"} <= found.keys()
    assert {
        "load_curve",
        "evolution",
        "consistency",
        "edge_on_scales",
        "dose",
        "controls",
        "limitations",
        "checks",
    } <= found.keys()
    assert {"gauges", "predicted", "surprise"} <= found["steps"][0].keys()
    assert any("No control run" in sentence for sentence in found["limitations"])


def test_people_are_told_what_the_run_cannot_show(fake_run, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run = fake_run(
        load=6,
        unload=0,
        dwell_readings=0,
        edge_at=(3, 4, 5, 6),
        edge_in_charge_from=5,
        start_changes={"allow_unmeasured_steps": 1},
    )
    assert show_run(str(run.folder), None, as_json=False) == 0
    said = capsys.readouterr().out
    assert "UNMEASURED STEPS ALLOWED (1)" in said
    assert "gap: diamond_edge is missing at 2 of 6 steps" in said
    assert "What this run cannot show:" in said


def test_a_run_of_the_ruby_alone_keeps_its_narrow_table(fake_run, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run = fake_run(load=3, unload=0, dwell_readings=0)
    show_run(str(run.folder), None, as_json=False)
    said = capsys.readouterr().out
    assert "R1/nm" in said and "gauge " not in said.splitlines()[3]
