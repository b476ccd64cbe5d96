"""The command line. Each command imports what it needs when it runs, so that help is quick."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from dac_control.app.neighbours import check_neighbours
from dac_control.errors import DacError, RampHeld

__all__ = ["app", "main"]

app = typer.Typer(
    name="dac-control",
    help="Instrument control and data acquisition for diamond anvil cells in a cryostat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
drive_app = typer.Typer(help="The screw drive.", no_args_is_help=True)
app.add_typer(drive_app, name="drive")

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

# 600: a dwell of ten minutes takes one second, and a demo stays under a minute
DEMO_SPEED = 600.0


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demo's files.")] = Path(
        "dac-control-demo"
    ),
    seed: Seed = 0,
    speed: Speed = DEMO_SPEED,
    truth: Truth = None,
    replay: Replay = None,
    json: Json = False,
) -> None:
    """Run a pressure ramp in the simulated laboratory and write its report."""
    from dac_control.app.commands.demo import run_demo

    _guard(lambda: run_demo(out, seed=seed, speed=speed, truth=truth, replay=replay, as_json=json))


@app.command()
def simulate(
    seed: Seed = 0,
    speed: Speed = 1.0,
    truth: Truth = None,
    replay: Replay = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the station file and frames go.")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder of runs for the station file.")] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(help="Fixed port, as cryostat=7777; drive, spectrometer likewise."),
    ] = None,
    until_input_ends: Annotated[bool, typer.Option(hidden=True)] = False,
    json: Json = False,
) -> None:
    """Serve the simulated instruments to any client until stopped."""
    from dac_control.app.commands.simulate import serve

    _guard(
        lambda: serve(
            seed=seed,
            speed=speed,
            truth=truth,
            replay=replay,
            folder=folder,
            runs=runs,
            ports=port or [],
            until_input_ends=until_input_ends,
            as_json=json,
        )
    )


@app.command()
def check(station: Station, json: Json = False) -> None:
    """Connect to every instrument of a station, say who answers, compare limits."""
    from dac_control.app.commands.check import check_station

    _guard(lambda: check_station(station, as_json=json))


@app.command()
def run(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    station: Annotated[Path, typer.Option(help="Station file (TOML).")] = Path("station.toml"),
    json: Json = False,
) -> None:
    """Carry out a run file at a station, with somebody watching."""
    from dac_control.app.commands.run import run_attended

    _guard(lambda: run_attended(run_file, station, as_json=json))


@app.command()
def shell(
    station: Annotated[
        Path | None, typer.Argument(help="Station file; without it, a simulated laboratory.")
    ] = None,
    seed: Seed = 0,
    speed: Speed = DEMO_SPEED,
) -> None:
    """IPython with the session: RE, the devices, plans, stubs and runs."""
    from dac_control.app.shell import run_shell

    _guard(lambda: run_shell(station, seed=seed, speed=speed))


@drive_app.command()
def declare(
    station: Station,
    turns: Annotated[float, typer.Option(help="Where the screw stands, in turns.")],
    reason: Annotated[str, typer.Option(help="How you know; goes into the journal.")],
) -> None:
    """Tell journal and drive where the screw stands; nothing moves."""
    from dac_control.app.commands.drive import declare_position

    _guard(lambda: declare_position(station, turns=turns, reason=reason))


@app.command()
def runs(
    folder: Annotated[Path | None, typer.Argument(help="Folder of runs.")] = None,
    json: Json = False,
) -> None:
    """List what was measured, newest first."""
    from dac_control.app.commands.show import list_all

    _guard(lambda: list_all(folder, as_json=json))


@app.command()
def show(run: RunName, runs: Runs = None, json: Json = False) -> None:
    """Show one run, step by step."""
    from dac_control.app.commands.show import show_run

    _guard(lambda: show_run(run, runs, as_json=json))


@app.command()
def report(run: RunName, runs: Runs = None) -> None:
    """Write the report of a run again."""
    from dac_control.app.commands.show import rewrite_report

    _guard(lambda: rewrite_report(run, runs))


@app.command()
def verify(run: RunName, runs: Runs = None, json: Json = False) -> None:
    """Compare a run's files with its manifest."""
    from dac_control.app.commands.show import verify_run

    _guard(lambda: verify_run(run, runs, as_json=json))


def _guard(command: Callable[[], int | None]) -> None:
    """Run a command; a foreseen failure becomes its sentence and an exit status.

    0 done; 1 done but not as asked; 2 refused before anything happened.
    """
    try:
        check_neighbours()
        status = command()
    except RampHeld as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except DacError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted before a run began; nothing was moved.", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status or 0)


def main() -> None:
    """Entry point of ``dac-control``."""
    for stream in (sys.stdout, sys.stderr):
        # a Windows console may not know "±"; a missing sign must not end a run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
