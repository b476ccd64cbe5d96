"""``dac-control acknowledge``: somebody knows of what goes wrong at a station."""

from pathlib import Path

import typer

from dac_control.app.notify.acknowledgement import acknowledge
from dac_control.app.station import load_station

__all__ = ["acknowledge_at"]


def acknowledge_at(station: Path) -> int:
    """Acknowledge all that is open at a station; return 0.

    Raises
    ------
    DacError
        If the station file is wrong, or its state folder cannot be written.
    """
    acknowledge(load_station(station).storage.state)
    typer.echo("Acknowledged: what goes wrong now is neither repeated nor escalated.")
    return 0
