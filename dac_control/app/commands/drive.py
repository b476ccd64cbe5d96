"""``dac-control drive declare``: a person says where the screw stands."""

from pathlib import Path

import typer

from dac_control.app.session import build_session
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError

__all__ = ["declare_position"]


def declare_position(station: Path, *, turns: float, reason: str) -> int:
    """Journal the position and tell the drive; nothing moves."""
    if not reason.strip():
        raise ConfigurationError("--reason is empty; say how you know where the screw stands.")
    load_station(station).limits.check_turns(turns)
    with build_session(station, connect=False) as session:
        drive = session.instruments.drive
        drive.connect()
        drive.declare(turns, reason.strip(), session.station.station.operator)
        verdict = drive.position_verdict()
    if not verdict.known:
        raise ConfigurationError(f"{drive.name} did not take the position: {verdict.message}.")
    typer.echo(f"{drive.name} stands at {turns:.5f} turns: journalled, and the drive agrees.")
    return 0
