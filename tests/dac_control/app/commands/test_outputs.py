"""What a person asks for overwrites nothing that is read, and nothing of a run."""

from pathlib import Path

import pytest

from dac_control.app.commands.demo import run_demo
from dac_control.app.commands.index import index_runs
from dac_control.app.commands.outputs import check_harmless, check_writable
from dac_control.errors import ConfigurationError


def refused(path: Path, read: list[Path], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        check_writable(path, read)


@pytest.fixture
def spectrum(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("690,1\n", encoding="utf-8")
    return path


def link(path: Path, to: Path) -> Path:
    try:
        path.symlink_to(to)
    except OSError:
        pytest.skip("this account may not make links")
    return path


def test_what_is_read_is_found_under_every_name(
    tmp_path: Path, spectrum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    other = tmp_path / "other.csv"
    other.hardlink_to(spectrum)
    shouted = tmp_path / "IN.CSV"
    names = [spectrum, tmp_path / "sub" / ".." / "in.csv", Path("../in.csv"), other]
    for name in [*names, shouted] if shouted.exists() else names:
        refused(name, [tmp_path / "gone.csv", spectrum], "is one of the files that are read")
        refused(spectrum, [name], "is one of")
    refused(spectrum, [tmp_path], "is one of")
    refused(link(tmp_path / "link.csv", spectrum), [spectrum], "is one of")


def test_anything_else_may_be_written(tmp_path: Path, spectrum: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("1", encoding="utf-8")
    for path in (there, tmp_path / "new.csv"):
        check_writable(path, [spectrum, tmp_path / "new.csv"])


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, [], "is a folder")
    refused(tmp_path / "nowhere" / "t.csv", [], "There is no folder")


@pytest.mark.parametrize("name", ["", "new.csv", "documents.jsonl", "new/folder/p.png"])
def test_a_run_folder_stays_as_it_was_recorded(tmp_path: Path, name: str) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "documents.jsonl").touch()
    for folder in (run, link(tmp_path / "link", run)):
        with pytest.raises(ConfigurationError, match="lies in the run folder"):
            check_harmless(folder / name)
    check_harmless(tmp_path / "beside" / name)
    with pytest.raises(ConfigurationError, match="lies in the run folder"):
        index_runs(tmp_path, None, to=str(run / name), follow=False, as_json=True)


def test_no_truth_is_written_over_a_spectrum_to_replay(tmp_path: Path, spectrum: Path) -> None:
    for replay in (spectrum, tmp_path):
        with pytest.raises(ConfigurationError, match="is one of"):
            run_demo(
                tmp_path / "out", seed=0, speed=1.0, truth=spectrum, replay=replay, as_json=True
            )
    assert sorted(tmp_path.iterdir()) == [spectrum]
