"""A plan that needs a person, where nobody can answer: refused before anything moves or is lit."""

import io
import re
from pathlib import Path

import pytest

from dac_control.app.commands.queue import add_run
from dac_control.app.commands.resume import carry_out_resume
from dac_control.app.commands.run import carry_out_run
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[3] / "examples"
RAMP = 'plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [10]\n'
HOLD = 'plan = "hold"\nduration_h = 1\n'
HAND = '[devices.drive]\ndriver = "manual"\ndivisions = 360\n\n'
STAGES = 'plan = "full_experiment"\n[[stages]]\nplan = "hold"\nduration_h = 1\n[[stages]]\n'
NOBODY = "nobody is there"


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """File of a station whose screw a person turns."""
    text = (EXAMPLES / "overnight_station.toml").read_text()
    path = tmp_path / "station.toml"
    path.write_text(re.sub(r"(?s)\[devices\.drive\].*?(?=\[)", HAND, text))
    return path


@pytest.fixture
def optics(optics_station: Path) -> Station:
    """A station whose stage and lamp a person has in hand, and a motor the screw."""
    return load_station(optics_station)


def refused(folder: Path, text: str, station: Station, held_at: int | None = None) -> str:
    path = folder / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_run_file(path, station, held_at=held_at, unanswered=NOBODY)
    return str(error.value)


def taken(folder: Path, text: str, station: Station, unanswered: str = NOBODY, **how: int) -> None:
    path = folder / "run.toml"
    path.write_text(text)
    load_run_file(path, station, unanswered=unanswered, **how)


def test_a_ramp_by_hand_names_both_lines_and_what_makes_it_possible(
    tmp_path: Path, by_hand: Path
) -> None:
    said = refused(tmp_path, "\n" + RAMP, load_station(by_hand))
    number = by_hand.read_text().splitlines().index('driver = "manual"') + 1
    assert f"{tmp_path / 'run.toml'}:2: plan: a pressure_ramp asks a person to turn the" in said
    assert f"({by_hand.resolve()}:{number}: devices.drive.driver), and nobody is there" in said
    assert "Nothing was lit or moved. Start it from a terminal at which somebody stays" in said
    assert said.endswith("Unattended it takes a motor on the screw.")


def test_where_somebody_can_answer_and_in_a_rehearsal_it_is_taken(
    tmp_path: Path, by_hand: Path
) -> None:
    taken(tmp_path, RAMP, load_station(by_hand), unanswered="")


def test_a_plan_that_leaves_the_screw_alone_needs_nobody(tmp_path: Path, by_hand: Path) -> None:
    for text in (HOLD, 'plan = "cooldown"\ntarget_k = 80\n'):
        taken(tmp_path, text, load_station(by_hand))


@pytest.mark.parametrize(
    "text",
    [
        'plan = "repeatability"\n[repeat]\npressure_gpa = 8\nswing_gpa = 3\n',
        'plan = "close_and_seal"\n[closing]\nlast_turns = 0.2\n',
    ],
)
def test_every_plan_that_turns_the_screw_needs_a_person(
    tmp_path: Path, by_hand: Path, text: str
) -> None:
    assert "to turn the screw (" in refused(tmp_path, text, load_station(by_hand))


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        (HOLD, ["point the optics"]),
        (RAMP, ["point the optics"]),
        ('plan = "measure_edge"\n', ["point the optics"]),
        (
            'plan = "measure_reflectance"\nsample = "hydrogen"\n',
            ["point the optics", "switch the white lamp"],
        ),
        ('plan = "measure_gain"\n', ["switch the white lamp"]),
    ],
)
def test_stage_and_lamps_in_a_persons_hands(
    tmp_path: Path, optics: Station, text: str, wishes: list[str]
) -> None:
    said = refused(tmp_path, text, optics)
    assert re.findall(r"(?:person|and) to (\w+ the [\w ]+) \(", said) == wishes


def test_a_stage_that_needs_a_person_is_named_by_its_line(tmp_path: Path, by_hand: Path) -> None:
    said = refused(tmp_path, STAGES + RAMP.replace("[t", "[stages.t"), load_station(by_hand))
    assert "run.toml:6: stages.1.plan: a pressure_ramp asks a person" in said


def test_a_stage_that_is_over_asks_nobody_any_more(tmp_path: Path, by_hand: Path) -> None:
    ramp = RAMP.replace("[t", "[stages.t")
    text = f'plan = "full_experiment"\n[[stages]]\n{ramp}[[stages]]\n{HOLD}'
    station = load_station(by_hand)
    assert "stages.0.plan" in refused(tmp_path, text, station)
    assert "stages.0.plan" in refused(tmp_path, text, station, held_at=1)
    taken(tmp_path, text, station, held_at=2)


def test_run_resume_and_queue_refuse_it_before_they_open_anything(
    tmp_path: Path, by_hand: Path, write_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    path = tmp_path / "run.toml"
    path.write_text(RAMP)
    with pytest.raises(ConfigurationError, match="this session has no terminal, so nobody could"):
        carry_out_run(path, by_hand, as_json=False)
    with pytest.raises(ConfigurationError, match="a run in a queue has no terminal"):
        add_run(path, by_hand, at=None, as_json=False)
    assert not (tmp_path / "runs").exists() and not (tmp_path / "state").exists()
    held = write_run(tmp_path / "runs" / "held", load=2, unload=0, exit_status="fail").folder
    (held / "run.toml").write_text(RAMP)
    with pytest.raises(ConfigurationError, match="this session has no terminal, so nobody could"):
        carry_out_resume(held, by_hand, as_json=False)
    assert not (tmp_path / "state").exists()
