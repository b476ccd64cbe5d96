"""Bad input ends in one sentence, exit status 2, no traceback, and nothing moved."""

import os
import re
import socket
from pathlib import Path

import pytest


def refused(finished, *words: str) -> str:
    """Check the form of a refusal and return what was said."""
    said = finished.stderr + finished.stdout
    assert finished.returncode == 2, said
    assert "Traceback" not in said
    for word in words:
        assert word in said, said
    return said


def edited(station: Path, old: str, new: str) -> Path:
    """Write a changed copy of a station file beside it."""
    text = station.read_text(encoding="utf-8")
    assert re.search(old, text), old
    path = station.with_name("edited.toml")
    path.write_text(re.sub(old, new, text, count=1), encoding="utf-8")
    return path


RUN = 'plan = "pressure_ramp"\n[targets]\nunit = "gpa"\nload = [4]\n'


def no_move(station: Path) -> None:
    intents = station.parent / "state" / "intents.jsonl"
    assert not intents.exists() or '"intent"' not in intents.read_text(encoding="utf-8")


def test_an_unknown_key_names_file_line_and_key(cli, served, tmp_path: Path) -> None:
    station = edited(Path(served["station"]), r"gear_ratio", "gear_ration")
    said = refused(cli("check", str(station)), "edited.toml:", "devices.drive.gear_ration")
    number = int(re.search(r"edited.toml:(\d+): devices.drive.gear_ration", said)[1])
    assert "gear_ration" in station.read_text().splitlines()[number - 1]


@pytest.mark.parametrize("command", ["run", "declare"])
def test_limits_that_contradict_each_other(cli, served, tmp_path: Path, command: str) -> None:
    station = edited(Path(served["station"]), r"min_turns = \S+", "min_turns = 3.0")
    (tmp_path / "run.toml").write_text(RUN)
    arguments = {
        "run": ["run", "run.toml", "--station", str(station)],
        "declare": ["drive", "declare", str(station), "--turns", "0", "--reason", "x"],
    }[command]
    refused(cli(*arguments), "min_turns", "max_turns", "edited.toml")
    no_move(station)


def test_a_target_beyond_the_pressure_limit(cli, served, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(RUN.replace("[4]", "[4, 400]"))
    station = Path(served["station"])
    said = refused(cli("run", "run.toml", "--station", str(station)), "400", "pressure_limit_gpa")
    assert "run.toml" in said
    no_move(station)


def test_a_calibration_that_is_missing(cli, served, tmp_path: Path) -> None:
    ages = "[calibrations]\nmax_axis_age_h = 24\n\n[limits]"
    station = edited(Path(served["station"]), r"\[limits\]", ages)
    (tmp_path / "run.toml").write_text(RUN)
    for command in ("run", "rehearse"):
        finished = cli(command, "run.toml", "--station", str(station))
        refused(finished, "calibrations.max_axis_age_h", "edited.toml:", "run calibrate_axis")
    no_move(station)


def test_a_screw_in_a_persons_hand_where_nobody_can_answer(cli, served, tmp_path: Path) -> None:
    hand = '[devices.drive]\ndriver = "manual"\ndivisions = 360\n\n'
    station = edited(Path(served["station"]), r"(?s)\[devices\.drive\].*?(?=\[)", hand)
    (tmp_path / "run.toml").write_text(RUN)
    finished = cli("run", "run.toml", "--station", str(station))
    refused(finished, "run.toml:1: plan: ", "turn the screw", "edited.toml:", "has no terminal")
    no_move(station)
    assert cli("rehearse", "run.toml", "--station", str(station)).returncode in (0, 1)


def test_an_instrument_that_refuses_the_connection(cli, served, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"TCPIP0::127.0.0.1::{port}::SOCKET"
    station = edited(Path(served["station"]), r"TCPIP0::127\.0\.0\.1::\d+::SOCKET", address)
    (tmp_path / "run.toml").write_text(RUN)
    refused(cli("run", "run.toml", "--station", str(station)), str(port))
    no_move(station)
    finished = cli("check", str(station), "--json")
    assert finished.returncode == 1 and str(port) in finished.stdout


def test_an_instrument_of_another_model(cli, served, tmp_path: Path) -> None:
    drive = re.search(r":(\d+)$", served["drive"])[1]
    address = f"TCPIP0::127.0.0.1::{drive}::SOCKET"
    station = edited(Path(served["station"]), r"TCPIP0::127\.0\.0\.1::\d+::SOCKET", address)
    (tmp_path / "run.toml").write_text(RUN)
    refused(cli("run", "run.toml", "--station", str(station)), drive)
    no_move(station)


def test_an_instrument_that_does_not_answer(cli, served, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        address = f"socket://127.0.0.1:{port}"
        station = edited(Path(served["station"]), r"socket://127\.0\.0\.1:\d+", address)
        (tmp_path / "run.toml").write_text(RUN)
        refused(cli("run", "run.toml", "--station", str(station)), str(port))
    no_move(station)


@pytest.mark.skipif(os.name == "nt", reason="folder rights work otherwise on Windows")
def test_a_run_folder_that_cannot_be_written(cli, served, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    runs = (tmp_path / "occupied" / "runs").as_posix()
    station = edited(Path(served["station"]), r'runs = "[^"]*"', f'runs = "{runs}"')
    (tmp_path / "run.toml").write_text(RUN)
    refused(cli("run", "run.toml", "--station", str(station)), "occupied")
    no_move(station)


def test_a_port_already_in_use(cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = cli("simulate", "--port", f"cryostat={port}", "--folder", "lab")
    refused(finished, str(port), "cryostat")


def test_a_demo_folder_that_cannot_be_made(cli, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    refused(cli("demo", "--out", "occupied/out"), "occupied")


def test_a_replay_that_does_not_exist(cli) -> None:
    refused(cli("demo", "--replay", "nowhere.txt"), "nowhere.txt")


def test_a_replay_that_is_no_spectrum(cli, tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("It was a dark\nand stormy night\n")
    refused(cli("demo", "--replay", "poem.txt"), "poem.txt")


def test_a_run_that_does_not_exist(cli, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    refused(cli("show", "abc123"), "abc123")
    refused(cli("runs", "nowhere"), "nowhere")


def test_a_position_outside_the_limits_cannot_be_declared(cli, served) -> None:
    finished = cli("drive", "declare", served["station"], "--turns", "99", "--reason", "x")
    refused(finished, "99")


def test_declaring_tells_journal_and_drive(cli, served) -> None:
    finished = cli("drive", "declare", served["station"], "--turns", "0.1", "--reason", "dial")
    assert finished.returncode == 0, finished.stderr
    assert cli("check", served["station"]).returncode == 0
