from pathlib import Path

import pytest

from dac_control.app.guardian.rule_keeper import Order, RuleKeeper
from dac_control.app.guardian.watch import WorkerState
from dac_control.safety.rules import Action, Rule


def worker(now_s: float, cell_k: float | None = None) -> WorkerState:
    state = WorkerState(now_s=0.0)
    state.take({"kind": "ready", "speed": 1.0}, 0.0)
    readings = {} if cell_k is None else {"cell_temperature_k": [cell_k, 1000.0 + now_s]}
    state.take({"kind": "beat", "lab_time_s": 1000.0 + now_s, "readings": readings}, now_s)
    return state


def rule(action: Action, **about: object) -> Rule:
    return Rule(
        name="warm",
        condition="cell_temperature_k > 90",
        grace_s=2.0,
        action=action,
        message="The cell is at {cell_temperature_k:.0f} K.",
        **about,  # type: ignore[arg-type]
    )


def orders(keeper: RuleKeeper, temperatures: dict[float, float | None]) -> list[Order]:
    return [
        order
        for now_s, cell_k in temperatures.items()
        for order in keeper.look(worker(now_s, cell_k), now_s)
    ]


@pytest.mark.parametrize(
    ("action", "asked"),
    [("notify", ""), ("pause", "hold"), ("hold", "end"), ("heater_off", "heater_off")],
)
def test_a_rule_leads_to_its_action_after_its_grace(
    tmp_path: Path, action: Action, asked: str
) -> None:
    keeper = RuleKeeper([rule(action)], tmp_path)
    found = orders(keeper, {0.0: 80.0, 1.0: 95.0, 2.0: 95.0, 3.5: 95.0, 4.5: 95.0})
    assert [(order.kind, order.alarm.kind) for order in found] == [(asked, "raised")]
    assert "95 K" in found[0].reason and found[0].notice.state == "begins"


def test_what_a_rule_paused_it_lets_go_on(tmp_path: Path) -> None:
    keeper = RuleKeeper([rule("pause")], tmp_path)
    found = orders(keeper, {0.0: 95.0, 2.5: 95.0, 4.0: 80.0})
    assert [order.kind for order in found] == ["hold", "release"]
    assert found[0].reason.startswith(found[1].reason)
    assert found[1].notice.state == "over" and found[1].notice.key == found[0].notice.key


def test_a_value_that_stays_away_is_an_alarm_with_its_own_action(tmp_path: Path) -> None:
    keeper = RuleKeeper([rule("notify", missing_action="hold")], tmp_path)
    state = worker(0.0, 80.0)
    assert keeper.look(state, 0.0) == []
    found = keeper.look(state, 31.0)
    assert [(order.kind, order.alarm.kind) for order in found] == [("end", "missing")]


def test_room_on_the_disk_is_read_by_the_guardian(tmp_path: Path) -> None:
    full = Rule(name="full", condition="disk_free_gb < 1e6", grace_s=0.0, action="hold")
    keeper = RuleKeeper([full], tmp_path)
    assert [order.kind for order in orders(keeper, {0.0: None, 1.0: None})] == ["end"]


def test_nothing_is_looked_at_before_the_worker_is_ready_or_after_its_run(tmp_path: Path) -> None:
    keeper = RuleKeeper([rule("hold")], tmp_path)
    assert keeper.look(WorkerState(now_s=0.0), 100.0) == []
    state = worker(0.0, 95.0)
    state.take({"kind": "stop", "exit_status": "success", "reason": ""}, 0.0)
    assert keeper.look(state, 10.0) == []
