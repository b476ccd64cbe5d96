"""The command line. Each command imports what it needs when it runs, so that help is quick."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from dac_control.app.exit_status import status_of
from dac_control.app.terminal import survive_odd_consoles

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
queue_app = typer.Typer(help="Several runs, one after the other.", no_args_is_help=True)
app.add_typer(queue_app, name="queue")
specimen_app = typer.Typer(help="What follows a specimen.", no_args_is_help=True)
app.add_typer(specimen_app, name="specimen")

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
def check(
    station: Station,
    notify: Annotated[
        bool, typer.Option("--notify", help="Also send a test notice to everybody.")
    ] = False,
    json: Json = False,
) -> None:
    """Connect to every instrument of a station, say who answers, compare limits."""
    from dac_control.app.commands.check import check_station

    _guard(lambda: check_station(station, notify=notify, as_json=json))


@app.command()
def acknowledge(station: Station) -> None:
    """Say that you know of what goes wrong at a station: no repetition, no escalation of it."""
    from dac_control.app.commands.acknowledge import acknowledge_at

    _guard(lambda: acknowledge_at(station))


@app.command()
def run(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    station: Annotated[Path, typer.Option(help="Station file (TOML).")] = Path("station.toml"),
    json: Json = False,
) -> None:
    """Carry out a run file at a station, unattended: a guardian watches over it."""
    from dac_control.app.commands.guarded import run_guarded

    _guard(lambda: run_guarded(run_file, station, as_json=json))


@app.command()
def resume(
    run: RunName,
    station: Annotated[
        Path | None,
        typer.Option(help="Station file as it is now; by default the run's own."),
    ] = None,
    runs: Runs = None,
    json: Json = False,
) -> None:
    """Take a ramp that held up again, where drive, journal and pressure agree."""
    from dac_control.app.commands.guarded import resume_guarded

    _guard(lambda: resume_guarded(run, runs, station, as_json=json))


@app.command()
def rehearse(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    station: Annotated[Path, typer.Option(help="Station file (TOML).")] = Path("station.toml"),
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
    json: Json = False,
) -> None:
    """Carry out a run file on the station's twin, in virtual time: seconds for a night."""
    from dac_control.app.commands.rehearse import rehearse_run

    _guard(
        lambda: rehearse_run(
            run_file,
            station,
            seeds=seeds,
            first_seed=seed,
            keep=keep,
            date=date,
            as_json=json,
            stated={"helium_l": helium_l, "compressor": compressor},
        )
    )


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


@queue_app.command("start")
def queue_start(station: Station) -> None:
    """Start the queue of a station and watch over it; Ctrl-C ends it in order."""
    from dac_control.app.commands.queue import start_queue

    _guard(lambda: start_queue(station))


@queue_app.command("add")
def queue_add(
    run_file: Annotated[Path, typer.Argument(help="Run file (TOML).")],
    station: Annotated[Path, typer.Option(help="Station file (TOML).")] = Path("station.toml"),
    at: Annotated[
        datetime | None, typer.Option(help="When, local time; by default after the others.")
    ] = None,
    json: Json = False,
) -> None:
    """Hand in a run file."""
    from dac_control.app.commands.queue import add_run

    _guard(lambda: add_run(run_file, station, at=at, as_json=json))


@queue_app.command("list")
def queue_list(station: Station, json: Json = False) -> None:
    """Show what runs, what waits, what was done."""
    from dac_control.app.commands.queue import list_queue

    _guard(lambda: list_queue(station, as_json=json))


@queue_app.command("go")
def queue_go(station: Station) -> None:
    """Begin with the queue, or go on with it."""
    from dac_control.app.commands.queue import go

    _guard(lambda: go(station))


@queue_app.command("pause")
def queue_pause(station: Station) -> None:
    """Let the run in progress end, and begin no other."""
    from dac_control.app.commands.queue import pause_queue

    _guard(lambda: pause_queue(station))


@queue_app.command("remove")
def queue_remove(
    station: Station, ticket: Annotated[str, typer.Argument(help="As `queue list` shows it.")]
) -> None:
    """Take a run out of queue or schedule."""
    from dac_control.app.commands.queue import remove_ticket

    _guard(lambda: remove_ticket(station, ticket))


@specimen_app.command("pack")
def specimen_pack(
    station: Station,
    to: Annotated[Path | None, typer.Option(help="File; by default named for it.")] = None,
) -> None:
    """Write the history of a station's specimen into a file that goes with it."""
    from dac_control.app.commands.specimen import pack_specimen

    _guard(lambda: pack_specimen(station, to))


@specimen_app.command("accept")
def specimen_accept(
    station: Station, file: Annotated[Path, typer.Argument(help="As `specimen pack` wrote it.")]
) -> None:
    """Add the history of a specimen that came from another station; budgets count it."""
    from dac_control.app.commands.specimen import accept_specimen

    _guard(lambda: accept_specimen(station, file))


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


@app.command()
def index(
    runs: Annotated[
        Path | None, typer.Argument(help="Folder of runs; by default the station's.")
    ] = None,
    station: Annotated[Path | None, typer.Option(help="Station file with an [index].")] = None,
    to: Annotated[
        str | None,
        typer.Option(help="Folder (SQLite), postgresql://..., or http://... of a Tiled server."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on, and follow live runs, until stopped.")
    ] = False,
    json: Json = False,
) -> None:
    """Feed runs into Tiled, where they can be searched; each run once."""
    from dac_control.app.commands.index import index_runs

    _guard(lambda: index_runs(runs, station, to=to, follow=follow, as_json=json))


@app.command()
def reduce(
    run: RunName,
    scale: Annotated[str | None, typer.Option(help="Ruby scale; by default the run's own.")] = None,
    correction: Annotated[
        str | None, typer.Option(help="Temperature correction; by default the run's own.")
    ] = None,
    lambda0_nm: Annotated[
        float | None, typer.Option(help="R1 without pressure; what is not given stays the run's.")
    ] = None,
    lambda0_sigma_nm: Annotated[
        float | None, typer.Option(help="Its standard uncertainty.")
    ] = None,
    lambda0_temperature_k: Annotated[
        float | None, typer.Option(help="At which it was measured.")
    ] = None,
    lambda0_chip: Annotated[str | None, typer.Option(help="Chip it was measured on.")] = None,
    lambda0_date: Annotated[str | None, typer.Option(help="Day it was measured.")] = None,
    scales: Annotated[
        list[Path] | None, typer.Option(help="File of your own scales (TOML); repeatable.")
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit the stored spectra again first.")
    ] = False,
    dwell: Annotated[
        bool, typer.Option("--dwell", help="Also the spectra taken between the steps.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(help="Write the table into this file, outside of run folders.")
    ] = None,
    runs: Runs = None,
    json: Json = False,
) -> None:
    """Recompute the pressures of a run on another scale; its folder stays as it is."""
    from dac_control.app.commands.reduce import recompute_run
    from dac_control.app.reduction.request import ReduceRequest

    _guard(
        lambda: recompute_run(
            run,
            ReduceRequest(
                scale=scale,
                correction=correction,
                lambda0_nm=lambda0_nm,
                lambda0_sigma_nm=lambda0_sigma_nm,
                lambda0_temperature_k=lambda0_temperature_k,
                lambda0_chip=lambda0_chip,
                lambda0_date=lambda0_date,
                refit=refit,
                dwell=dwell,
            ),
            runs=runs,
            scale_files=scales or [],
            csv=csv,
            as_json=json,
        )
    )


@app.command()
def pressure(
    gauge: Annotated[str, typer.Option(help="ruby, diamond_edge, srb4o7, or one of yours.")] = (
        "ruby"
    ),
    scale: Annotated[
        str | None, typer.Option(help="Scale; by default ruby2020, akahama2006, rashchenko2015.")
    ] = None,
    observable: Annotated[
        float | None, typer.Option(help="Line in nm, or edge in cm-1, to a pressure.")
    ] = None,
    pressure_gpa: Annotated[
        float | None, typer.Option(help="The other way: a pressure to a line or edge.")
    ] = None,
    lambda0_nm: Annotated[
        float | None, typer.Option(help="Line without pressure, on the same spectrometer.")
    ] = None,
    nu0_cm1: Annotated[
        float | None, typer.Option(help="Edge without pressure; by default the scale's own.")
    ] = None,
    temperature_k: Annotated[float | None, typer.Option(help="Of the line or edge.")] = None,
    lambda0_temperature_k: Annotated[
        float | None, typer.Option(help="At which lambda0 was measured.")
    ] = None,
    correction: Annotated[
        str | None, typer.Option(help="Temperature correction of ruby; by default datchi2007.")
    ] = None,
    scales: Annotated[
        list[Path] | None, typer.Option(help="File of your own scales (TOML); repeatable.")
    ] = None,
    every_scale: Annotated[bool, typer.Option("--all", help="On every scale of the gauge.")] = (
        False
    ),
    json: Json = False,
) -> None:
    """Convert a line or edge to a pressure on any scale, or back."""
    from dac_control.app.commands.pressure import convert_number
    from dac_control.app.conversion_request import Request

    request = Request(
        gauge=gauge,
        scale=scale,
        observable=observable,
        pressure_gpa=pressure_gpa,
        lambda0_nm=lambda0_nm,
        nu0_cm1=nu0_cm1,
        temperature_k=temperature_k,
        lambda0_temperature_k=lambda0_temperature_k,
        correction=correction,
    )
    _guard(
        lambda: convert_number(
            request, scale_files=scales or [], every_scale=every_scale, as_json=json
        )
    )


@app.command()
def fit(
    files: Annotated[
        list[str], typer.Argument(help="Files, folders, run folders, or patterns such as *.txt.")
    ],
    gauge: Annotated[
        str, typer.Option(help="ruby, diamond_edge, srb4o7, or a line that your own scale names.")
    ] = "ruby",
    scale: Annotated[
        str | None, typer.Option(help="Scale; by default ruby2020, akahama2006, rashchenko2015.")
    ] = None,
    lambda0_nm: Annotated[
        float | None, typer.Option(help="Line without pressure, on the same spectrometer.")
    ] = None,
    lambda0_sigma_nm: Annotated[
        float | None, typer.Option(help="Its standard uncertainty; by default 0.01.")
    ] = None,
    lambda0_temperature_k: Annotated[
        float | None, typer.Option(help="At which lambda0 was measured; by default 296.")
    ] = None,
    nu0_cm1: Annotated[
        float | None, typer.Option(help="Edge without pressure; by default the scale's own.")
    ] = None,
    temperature_k: Annotated[float | None, typer.Option(help="Of the gauge.")] = None,
    temperature_sigma_k: Annotated[
        float | None, typer.Option(help="Its standard uncertainty; by default 1.")
    ] = None,
    correction: Annotated[
        str | None, typer.Option(help="Temperature correction of ruby; by default datchi2007.")
    ] = None,
    axis_sigma_nm: Annotated[
        float | None,
        typer.Option(help="Drift of the axis since lambda0 was taken; by default 0.01."),
    ] = None,
    laser_nm: Annotated[
        float | None, typer.Option(help="Laser of a Raman-shift axis, in air.")
    ] = None,
    laser_sigma_nm: Annotated[
        float | None, typer.Option(help="Its standard uncertainty; by default 0.1.")
    ] = None,
    axis: Annotated[
        Literal["nm", "cm-1", "pixel"] | None, typer.Option(help="Unit of the files' axis.")
    ] = None,
    between: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Where the line or edge is, in nm or cm-1, if there are several."),
    ] = None,
    gain_e_per_count: Annotated[float | None, typer.Option(help="Electrons per count.")] = None,
    read_noise_e: Annotated[
        float | None, typer.Option(help="Read noise of one exposure in electrons.")
    ] = None,
    dark_counts: Annotated[float | None, typer.Option(help="Electronic offset in counts.")] = None,
    averages: Annotated[int | None, typer.Option(help="Exposures in one spectrum.")] = None,
    exposure_s: Annotated[float | None, typer.Option(help="Length of one exposure.")] = None,
    saturation_counts: Annotated[float | None, typer.Option(help="Full scale in counts.")] = None,
    scales: Annotated[
        list[Path] | None, typer.Option(help="File of your own scales (TOML); repeatable.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Path of the counts inside of HDF5 and npz files.")
    ] = None,
    no_priors: Annotated[
        bool, typer.Option("--no-priors", help="Fit without what is expected of ruby lines.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Picture (png, pdf, svg), or a folder for many.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table into this file.")] = None,
    json: Json = False,
) -> None:
    """Fit files of spectra: lines, edges and pressures with their uncertainties."""
    from dac_control.app.commands.fit import fit_spectra
    from dac_control.app.fit.options import FitOptions

    _guard(
        lambda: fit_spectra(
            files,
            FitOptions(
                gauge=gauge,
                scale=scale,
                correction=correction,
                lambda0_nm=lambda0_nm,
                lambda0_sigma_nm=lambda0_sigma_nm,
                lambda0_temperature_k=lambda0_temperature_k,
                nu0_cm1=nu0_cm1,
                temperature_k=temperature_k,
                temperature_sigma_k=temperature_sigma_k,
                axis_sigma_nm=axis_sigma_nm,
                laser_nm=laser_nm,
                laser_sigma_nm=laser_sigma_nm,
                axis=axis,
                between=between,
                gain_e_per_count=gain_e_per_count,
                read_noise_e=read_noise_e,
                dark_counts=dark_counts,
                averages=averages,
                exposure_s=exposure_s,
                saturation_counts=saturation_counts,
                dataset=dataset,
                priors=not no_priors,
            ),
            scale_files=scales or [],
            plot=plot,
            csv=csv,
            as_json=json,
        )
    )


def _guard(command: Callable[[], int | None]) -> None:
    """Run a command; leave with its exit status."""
    raise typer.Exit(status_of(command))


def main() -> None:
    """Entry point of ``dac-control``."""
    survive_odd_consoles()
    app()


if __name__ == "__main__":
    main()
