"""Commands at a station: simulated or real, attended or not."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from dac_control.app.command_line.options import (
    Json,
    Replay,
    RunFile,
    RunName,
    Runs,
    Seed,
    Speed,
    Station,
    StationFile,
    Truth,
    guarded,
)

__all__ = [
    "acknowledge",
    "check",
    "declare",
    "demo",
    "rehearse",
    "resume",
    "run",
    "shell",
    "simulate",
]

# 600: a dwell of ten minutes takes one second, and a demo stays under a minute
DEMO_SPEED = 600.0


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

    guarded(lambda: run_demo(out, seed=seed, speed=speed, truth=truth, replay=replay, as_json=json))


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

    guarded(
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


def check(
    station: Station,
    notify: Annotated[
        bool, typer.Option("--notify", help="Also send a test notice to everybody.")
    ] = False,
    json: Json = False,
) -> None:
    """Connect to every instrument of a station, say who answers, compare limits."""
    from dac_control.app.commands.check import check_station

    guarded(lambda: check_station(station, notify=notify, as_json=json))


def acknowledge(station: Station) -> None:
    """Say that you know of what goes wrong at a station: no repetition, no escalation of it."""
    from dac_control.app.commands.acknowledge import acknowledge_at

    guarded(lambda: acknowledge_at(station))


def run(
    run_file: RunFile,
    station: StationFile = Path("station.toml"),
    json: Json = False,
) -> None:
    """Carry out a run file at a station, unattended: a guardian watches over it."""
    from dac_control.app.commands.guarded import run_guarded

    guarded(lambda: run_guarded(run_file, station, as_json=json))


def resume(
    run: RunName,
    station: Annotated[
        Path | None,
        typer.Option(help="Station file as it is now; by default the run's own."),
    ] = None,
    runs: Runs = None,
    json: Json = False,
) -> None:
    """Take a run that held up again, where drive, journal and pressure agree."""
    from dac_control.app.commands.guarded import resume_guarded

    guarded(lambda: resume_guarded(run, runs, station, as_json=json))


def rehearse(
    run_file: RunFile,
    station: StationFile = Path("station.toml"),
    seeds: Annotated[int, typer.Option(help="How many laboratories to draw.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The first of their seeds.", min=0)] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="Folder to write the runs to, with frames.")
    ] = None,
    date: Annotated[
        datetime | None,
        typer.Option(
            help="Day on which it begins, for the ages of calibrations; by default the next hour."
        ),
    ] = None,
    helium_l: Annotated[
        float | None, typer.Option(help="Liquid helium in the dewar now, in litres.", min=0.0)
    ] = None,
    compressor: Annotated[
        Literal["running", "off"] | None, typer.Option(help="How the compressor is now.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong and when: ice@2h, blow_out@30GPa. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Carry out a run file on the station's twin, in virtual time: seconds for a night."""
    from dac_control.app.rehearsal.lean_imports import import_scipy, leave_garbage

    leave_garbage()
    import_scipy()
    from dac_control.app.commands.rehearse import rehearse_run

    guarded(
        lambda: rehearse_run(
            run_file,
            station,
            seeds=seeds,
            first_seed=seed,
            keep=keep,
            date=date,
            as_json=json,
            stated={"helium_l": helium_l, "compressor": compressor},
            faults=fault or (),
        )
    )


def shell(
    station: Annotated[
        Path | None, typer.Argument(help="Station file; without it, a simulated laboratory.")
    ] = None,
    seed: Seed = 0,
    speed: Speed = DEMO_SPEED,
) -> None:
    """IPython with the session: RE, the devices, plans, stubs and runs."""
    from dac_control.app.shell import run_shell

    guarded(lambda: run_shell(station, seed=seed, speed=speed))


def declare(
    station: Station,
    turns: Annotated[float, typer.Option(help="Where the screw stands, in turns.")],
    reason: Annotated[str, typer.Option(help="How you know; goes into the journal.")],
) -> None:
    """Tell journal and drive where the screw stands; nothing moves."""
    from dac_control.app.commands.drive import declare_position

    guarded(lambda: declare_position(station, turns=turns, reason=reason))
