"""``dac-control simulate``: the simulated laboratory as servers for any client."""

import datetime
import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import typer

from dac_control.app.commands.outputs import check_harmless
from dac_control.app.simulated_station import station_toml
from dac_control.errors import ConfigurationError
from simulators.laboratory import PORT_ROLES, Laboratory

__all__ = ["serve"]


def serve(
    *,
    seed: int,
    speed: float,
    truth: Path | None,
    replay: Path | None,
    folder: Path | None,
    runs: Path | None,
    ports: list[str],
    until_input_ends: bool,
    as_json: bool,
) -> int:
    """Serve until interrupted, or until standard input ends."""
    known_ports = _ports(ports)
    if truth is not None:
        check_harmless(truth, [] if replay is None else [replay])
    folder = _folder(folder)
    try:
        laboratory = Laboratory(
            seed=seed,
            speed=speed,
            folder=folder / "camera",
            replay=replay,
            truth=truth,
            ports=known_ports,
        )
        laboratory.start()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(f"The simulated laboratory cannot start: {why}") from error
    try:
        station = folder / "station.toml"
        station.write_text(
            station_toml(
                laboratory.endpoints,
                laboratory.certificates,
                speed=speed,
                seed=seed,
                runs="runs" if runs is None else str(runs.resolve()),
            ),
            encoding="utf-8",
        )
        _announce(laboratory.endpoints, station, seed, speed, as_json)
        _wait(until_input_ends)
    finally:
        laboratory.stop()
    return 0


def _folder(folder: Path | None) -> Path:
    if folder is None:
        stamp = datetime.datetime.now().strftime("%Y-%m-%d_%H%M")
        folder = Path("dac-control-simulated") / f"{stamp}_{secrets.token_hex(2)}"
    check_harmless(folder)
    if (folder / "station.toml").exists():
        raise ConfigurationError(
            f"{folder} holds the station file of another laboratory; give another folder, or "
            "remove it."
        )
    try:
        (folder / "camera").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}; give another with --folder."
        ) from error
    return folder.resolve()


def _ports(words: list[str]) -> dict[str, int]:
    ports: dict[str, int] = {}
    for word in words:
        role, _, number = word.partition("=")
        if role not in PORT_ROLES or not number.isdigit() or not 0 < int(number) < 65536:
            raise ConfigurationError(
                f"--port {word}: write ROLE=NUMBER with a role of {', '.join(PORT_ROLES)} and a "
                "number from 1 to 65535."
            )
        ports[role] = int(number)
    return ports


def _announce(
    endpoints: dict[str, Any], station: Path, seed: int, speed: float, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps({**endpoints, "station": str(station)}))
        sys.stdout.flush()
        return
    typer.echo(f"The simulated laboratory, seed {seed}, {speed:g} times life, is serving:")
    for role in ("cryostat", "cryostat_serial", "drive", "drive_serial", "laser"):
        if endpoints.get(role):
            typer.echo(f"  {role:16} {endpoints[role]}")
    for role in ("spectrometer", "raman"):
        where = endpoints[role]
        typer.echo(f"  {role:16} {where['model']} at {where['host']}:{where['port']}")
    typer.echo(f"  {'station file':16} {station}")
    typer.echo(f"Try `dac-control check {station}`. Ctrl-C ends the laboratory.")


def _wait(until_input_ends: bool) -> None:
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: ended.set())
    if until_input_ends:
        threading.Thread(target=lambda: _read_to_the_end(ended), daemon=True).start()
    while not ended.wait(0.2):
        pass


def _read_to_the_end(ended: threading.Event) -> None:
    # not through sys.stdin, whose lock this thread would hold while the interpreter ends
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ended.set()
