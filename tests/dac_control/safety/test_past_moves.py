from typing import Any

from dac_control.safety.past_moves import moved_since, ways_of


def move(run: str | None, start: float, target: float, time: float) -> list[dict[str, Any]]:
    about = {"run": run, "time": time, "id": f"{time}"}
    return [
        {"kind": "intent", "from_turns": start, "to_turns": target, **about},
        {"kind": "done", "turns": target, **about},
    ]


RUN = move("a", 0.0, 0.1, 10.0) + move("a", 0.1, 0.2, 20.0)


def test_the_ways_are_those_of_the_moves_of_these_runs() -> None:
    assert ways_of(RUN, {"a"}) == (1,)
    assert ways_of(RUN + move("a", 0.2, 0.15, 30.0), {"a"}) == (1, -1)
    assert ways_of(RUN + move("b", 0.2, 0.15, 30.0), {"a"}) == (1,)
    turned = RUN + move("b", 0.2, 0.1, 30.0) + move("b", 0.1, 0.05, 40.0)
    assert ways_of(turned + move("a", 0.05, 0.2, 50.0), {"a", "b"}) == (1, -1, 1)
    assert ways_of(RUN, {"b"}) == ()
    assert ways_of(move("a", 0.1, 0.1, 10.0), {"a"}) == ()


def test_a_move_by_anybody_else_since_is_named() -> None:
    assert moved_since(RUN, {"a"}, 25.0) == ""
    assert "run b" in moved_since(RUN + move("b", 0.2, 0.25, 30.0), {"a"}, 25.0)
    assert "without a run" in moved_since(RUN + move(None, 0.2, 0.25, 30.0), {"a"}, 25.0)
    # a run that never moved is compared by its time
    assert moved_since(RUN, {"b"}, 25.0) == ""
    assert "run a" in moved_since(RUN, {"b"}, 15.0)


def test_a_declaration_is_no_move() -> None:
    declared = {"kind": "declared", "turns": 0.2, "run": None, "time": 30.0}
    assert moved_since([*RUN, declared], {"a"}, 25.0) == ""
