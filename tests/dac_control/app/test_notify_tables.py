"""``[notify]``: secrets never stand in the station file, so no copy of it can leak them."""

from pathlib import Path

import pytest

from dac_control.app.station import load_station, load_station_and_text
from dac_control.errors import ConfigurationError
from dac_control.records import RunRecorder

EXAMPLE = Path(__file__).parents[3] / "examples" / "station.toml"


def station_with(tmp_path: Path, notify: str) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + notify, encoding="utf-8")
    return path


def test_it_says_where_secrets_are_and_how_often_people_are_told(tmp_path: Path) -> None:
    path = station_with(
        tmp_path,
        '[notify]\nrepeat_min = 10\n[[notify.to]]\nname = "mail"\nurl_env = "DAC_MAIL"\n'
        '[[notify.to]]\nname = "phone"\nurl_file = "~/.dac/phone"\nafter_min = 15\n'
        '[notify.heartbeat]\nurl_env = "DAC_HEART"\n',
    )
    notify = load_station(path).notify
    assert notify is not None
    assert notify.as_policy().repeat_s == 600.0
    assert [each.as_addressee().after_s for each in notify.to] == [0.0, 900.0]


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ('[[notify.to]]\nname = "a"\nurl = "mailto://me:hunter2@x.org"', "goes into every run"),
        ('[notify.heartbeat]\nurl = "https://hc.example/hunter2"', "goes into every run"),
        ('[[notify.to]]\nname = "a"', "url_env or url_file"),
        ('[[notify.to]]\nname = "a"\nurl_env = "A"\nurl_file = "b"', "either"),
        ('[[notify.to]]\nname = "a"\nurl_env = "mailto://me"', "url_env"),
        ('[[notify.to]]\nname = "a"\nurl_env = "A"\nafter_min = 5', "at once"),
        ('[[notify.to]]\nname = "a"\nurl_env = "A"\nfrom_level = "bad"', "'critical'"),
        (
            '[[notify.to]]\nname = "a"\nurl_env = "A"\n[[notify.to]]\nname = "a"\nurl_env = "B"',
            "used twice",
        ),
    ],
)
def test_mistakes_are_refused_without_repeating_a_secret(
    tmp_path: Path, notify: str, said: str
) -> None:
    path = station_with(tmp_path, notify)
    with pytest.raises(ConfigurationError) as refused:
        load_station(path)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).startswith(f"{path}:")


def test_no_file_of_a_run_folder_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hunter2-and-a-token"
    monkeypatch.setenv("DAC_MAIL", f"mailto://me:{secret}@mail.example.org")
    (tmp_path / "phone").write_text(f"https://push.example.org/{secret}", encoding="utf-8")
    path = station_with(
        tmp_path,
        '[[notify.to]]\nname = "mail"\nurl_env = "DAC_MAIL"\n'
        f"[[notify.to]]\nname = 'phone'\nurl_file = '{tmp_path / 'phone'}'\n",
    )
    text = load_station_and_text(path)[1]
    recorder = RunRecorder(tmp_path / "runs", attachments=lambda start: {"station.toml": text})
    start = {"uid": "ab12cd34", "time": 1.7e9, "plan_name": "hold"}
    recorder("start", start)
    recorder("stop", {"uid": "s", "run_start": start["uid"], "time": 1.7e9})
    files = [each for each in (tmp_path / "runs").rglob("*") if each.is_file()]
    assert {"documents.jsonl", "station.toml", "environment.json"} <= {f.name for f in files}
    assert [each.name for each in files if secret.encode() in each.read_bytes()] == []
