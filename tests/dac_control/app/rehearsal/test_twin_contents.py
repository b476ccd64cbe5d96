"""What the twin holds is what the files say is in the cell."""

from pathlib import Path

import pytest

from dac_control.app.rehearsal.twin_contents import contents_said, note_on_contents
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
    note = note_on_contents(contents_said(station))
    assert noted in note and bool(note) == bool(noted)


def test_a_control_run_says_itself_what_is_in_the_cell(tmp_path: Path) -> None:
    station = load_station(EXAMPLES / "hydrogen_station.toml")
    path = tmp_path / "run.toml"
    path.write_text(
        (EXAMPLES / "overnight.toml")
        .read_text(encoding="utf-8")
        .replace('"pressure_ramp"', '"control_run"\ncontrols = "ab12"\ncontents = "alumina"')
    )
    assert settings_of(station, load_run_file(path)).contents == "alumina_control"
