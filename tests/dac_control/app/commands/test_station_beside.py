"""Who forgets the station file is told which one was meant."""

from pathlib import Path

import pytest

from dac_control.app.commands.guarded import run_guarded
from dac_control.app.commands.station_beside import as_typed, check_named
from dac_control.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.mark.parametrize(
    ("run", "station"),
    [
        ("overnight.toml", "overnight_station.toml"),
        ("experiment.toml", "hydrogen_station.toml"),
        ("run.toml", "station.toml"),
    ],
)
def test_the_station_file_of_each_example_is_proposed(run: str, station: str) -> None:
    named = EXAMPLES / run
    typed = as_typed(["dac-control", "rehearse", str(named), "--station", str(EXAMPLES / station)])
    with pytest.raises(ConfigurationError, match="--station FILE") as refused:
        check_named("rehearse", named, Path("no_such_station.toml"))
    assert str(refused.value).endswith(typed)


def test_a_command_is_quoted_for_the_shell_that_it_is_typed_into() -> None:
    words = ["dac-control", "run", r"C:\my runs\a.toml"]
    assert as_typed(words, "nt") == r'dac-control run "C:\my runs\a.toml"'
    assert as_typed(words, "posix") == r"dac-control run 'C:\my runs\a.toml'"


def test_nothing_is_proposed_where_nobody_can_tell(tmp_path: Path) -> None:
    run = tmp_path / "ramp.toml"
    run.write_text('plan = "pressure_ramp"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"with --station FILE\.$"):
        run_guarded(run, tmp_path / "station.toml", as_json=False)
    for name in ("one.toml", "other.toml"):
        (tmp_path / name).write_text("[station]\n[cell]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"with --station FILE\.$"):
        check_named("run", run, tmp_path / "station.toml")
