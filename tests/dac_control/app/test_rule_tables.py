"""Rules in the station file: what they become, and what mistakes say, with their lines."""

from pathlib import Path

import pytest

from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[3] / "examples" / "station.toml"


def station_with(tmp_path: Path, rules: str) -> tuple[Path, int]:
    """Write the example with other rules; return it and the line before them."""
    head = EXAMPLE.read_text(encoding="utf-8").split("[[rules]]")[0]
    path = tmp_path / "station.toml"
    path.write_text(head + rules, encoding="utf-8")
    return path, head.count("\n")


def test_the_example_has_rules_of_both_kinds() -> None:
    rules = {table.called: table.as_rule() for table in load_station(EXAMPLE).rules}
    assert rules["pressure_drop"].action == "hold"
    assert rules["hydrogen warms"].precondition == "cell_temperature_k < 60"


def test_a_rule_of_ones_own_and_a_ready_made_one(tmp_path: Path) -> None:
    path, _ = station_with(
        tmp_path,
        '[[rules]]\nready = "cell_warms"\nname = "cold"\nnumbers = { max_k = 60 }\ngrace_s = 3\n'
        '[[rules]]\nname = "mine"\ncondition = "rate(turns, 60) > 1"\naction = "pause"\n',
    )
    cold, mine = (table.as_rule() for table in load_station(path).rules)
    assert (cold.name, cold.condition, cold.grace_s) == ("cold", "cell_temperature_k > 60.0", 3.0)
    assert (cold.action, mine.action, mine.level) == ("hold", "pause", "warning")


@pytest.mark.parametrize(
    ("rules", "line", "said"),
    [
        ('[[rules]]\nname = "a"\ncondition = "turns > 5 and turns < 3"', 2, "rules.0.condition"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5 and turns < 3"', 2, "never be true"),
        ('[[rules]]\nname = "a"\ncondition = "cell_temperature_k >= 0"', 2, "always true"),
        ('[[rules]]\nname = "a"\ncondition = "open(turns) > 1"', 2, "calls what rules do not have"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5"\nprecondition = "turn > 5"', 3, "'turn'"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5"\nmessage = "{turn}"', 3, "no reading"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5"\naction = "vent"', 3, "'hold'"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5"\ngrace = 3', 3, "spelled right"),
        ('[[rules]]\nready = "cell_warm"', 1, "cell_warms"),
        ('[[rules]]\nready = "cell_warms"\nnumbers = { max = 3 }', 0, "max_k"),
        ('[[rules]]\nready = "cell_warms"\nnumbers = { max_k = 900 }', 0, "never be true"),
        ('[[rules]]\nready = "cell_warms"\ncondition = "turns > 5"', 0, "either"),
        ('[[rules]]\ncondition = "turns > 5"', 0, "needs a name"),
        ('[[rules]]\nname = "a"\ncondition = "turns > 5"\nnumbers = { x = 1 }', 0, "ready-made"),
        ('[[rules]]\nready = "disk_low"\n[[rules]]\nready = "disk_low"', 0, "two rules"),
        ('[[rules]]\nready = "disk_low"\n[[rules]]\nready = "hole_growth"', 3, "um_per_pixel"),
        ('[[rules]]\nname = "a"\ncondition = "laser_power_mw > 5"', 2, "[devices.laser]"),
    ],
)
def test_mistakes_name_file_line_and_key(tmp_path: Path, rules: str, line: int, said: str) -> None:
    path, before = station_with(tmp_path, rules)
    with pytest.raises(ConfigurationError) as refused:
        load_station(path)
    message = str(refused.value)
    assert message.startswith(f"{path}:{before + line + 1}: rules")
    assert said in message
