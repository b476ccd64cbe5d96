"""The page about rules names all that there is."""

from pathlib import Path

from dac_control.safety.rules import READINGS, READY

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_reading_and_ready_made_rule_is_named() -> None:
    assert [name for name in READINGS if f"`{name}`" not in PAGE] == []
    assert [name for name in READY if f"| `{name}` |" not in PAGE] == []


def test_the_numbers_of_ready_made_rules_are_their_defaults() -> None:
    for name, ready in READY.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
        cell = row.split("|")[3]
        for number, value in ready.numbers.items():
            told = cell.partition(f"`{number}` ")[2].replace(",", " ").split()[0]
            assert float(told) == value, (name, number)
        assert row.rstrip(" |").endswith(str(ready.rule["action"]))
