"""What the twin holds is what the files say is in the cell."""

from pathlib import Path

import pytest

from dac_control.app.rehearsal.twin_contents import contents_of, note_on_contents
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.mark.parametrize(
    ("stated", "held", "noted"),
    [
        ({"material": "Hydrogen"}, "hydrogen", ""),
        ({"material": "hydrogen", "contents": "alumina"}, "alumina_control", ""),
        ({"material": "hydrogen", "contents": "empty"}, "empty", ""),
        ({"material": "hydrogen sulfide"}, "inert", "does not know 'hydrogen sulfide'"),
        ({"material": ""}, "inert", "is not told what is in the cell"),
    ],
)
def test_the_twin_holds_what_the_station_says(
    stated: dict[str, str], held: str, noted: str
) -> None:
    station = load_station(EXAMPLES / "hydrogen_station.toml")
    specimen = station.specimen.model_copy(update=stated)
    station = station.model_copy(update={"specimen": specimen})
    assert settings_of(station).contents == held
    note = note_on_contents(station)
    assert noted in note and bool(note) == bool(noted)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("alumina-coated", "alumina_control"),
        ("empty; 50 nm of Al₂O₃ on both culets", "alumina_control"),
        ("Empty cell", "empty"),
        ("hydrogen in alumina-coated anvils", "inert"),
        ("iron in alumina", "inert"),
        ("not empty", "inert"),
    ],
)
def test_usual_words_are_known_among_others(said: str, held: str) -> None:
    assert contents_of(said) == held


_RAMP = 'targets = {unit = "gpa", load = [5.0]}\n'
_CONTROL = 'plan = "control_run"\ncontrols = "ab12"\ncontents = "alumina-coated"\n' + _RAMP
_SAMPLE = 'plan = "pressure_ramp"\n' + _RAMP


@pytest.mark.parametrize(
    ("stages", "held", "noted"),
    [
        ([], "alumina_control", ""),
        (['plan = "measure_gain"\n', _CONTROL], "alumina_control", ""),
        ([_SAMPLE, _CONTROL], "hydrogen", "has 'alumina-coated' in it, and another ramp"),
    ],
)
def test_a_control_run_says_itself_what_is_in_the_cell(
    tmp_path: Path, stages: list[str], held: str, noted: str
) -> None:
    station = load_station(EXAMPLES / "hydrogen_station.toml")
    path = tmp_path / "run.toml"
    tables = "".join(f"[[stages]]\n{stage}" for stage in stages)
    path.write_text(f'plan = "full_experiment"\n{tables}' if stages else _CONTROL)
    run = load_run_file(path)
    assert settings_of(station, run).contents == held
    note = note_on_contents(station, run)
    assert noted in note and bool(note) == bool(noted)
