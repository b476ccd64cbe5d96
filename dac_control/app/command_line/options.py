"""Arguments and options that several commands share, and how a command ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from dac_control.app.exit_status import status_of

__all__ = [
    "Json",
    "Replay",
    "RunFile",
    "RunName",
    "Runs",
    "Seed",
    "Speed",
    "Station",
    "StationFile",
    "Truth",
    "guarded",
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Station = Annotated[Path, typer.Argument(help="Station file (TOML).")]
Runs = Annotated[
    Path | None,
    typer.Option("--runs", help="Folder of runs; by default ./runs, or the demo's."),
]
RunName = Annotated[str, typer.Argument(help="A run's uid, its beginning, or its folder.")]
Seed = Annotated[int, typer.Option(help="Seed of the simulated laboratory.", min=0)]
Speed = Annotated[
    float, typer.Option(help="Laboratory seconds that pass in one second.", min=1.0, max=1e5)
]
Truth = Annotated[Path | None, typer.Option(help="Write what the simulation knows into this file.")]
Replay = Annotated[
    Path | None,
    typer.Option(help="Recorded spectra (a file, or a folder) instead of simulated ones."),
]

RunFile = Annotated[Path, typer.Argument(help="Run file (TOML).")]
StationFile = Annotated[Path, typer.Option("--station", help="Station file (TOML).")]


def guarded(command: Callable[[], int | None]) -> None:
    """Run a command; leave with its exit status."""
    raise typer.Exit(status_of(command))
