"""Commands over what was measured."""

import math
from pathlib import Path
from typing import Annotated

import typer

from dac_control.app.command_line.options import Json, RunName, Runs, Station, guarded

__all__ = [
    "index",
    "reduce",
    "report",
    "runs",
    "show",
    "specimen_accept",
    "specimen_light",
    "specimen_pack",
    "verify",
]


def runs(
    folder: Annotated[Path | None, typer.Argument(help="Folder of runs.")] = None,
    json: Json = False,
) -> None:
    """List what was measured, newest first."""
    from dac_control.app.commands.show import list_all

    guarded(lambda: list_all(folder, as_json=json))


def show(run: RunName, runs: Runs = None, json: Json = False) -> None:
    """Show one run, step by step."""
    from dac_control.app.commands.show import show_run

    guarded(lambda: show_run(run, runs, as_json=json))


def report(run: RunName, runs: Runs = None) -> None:
    """Write the report of a run again."""
    from dac_control.app.commands.show import rewrite_report

    guarded(lambda: rewrite_report(run, runs))


def verify(run: RunName, runs: Runs = None, json: Json = False) -> None:
    """Compare a run's files with its manifest."""
    from dac_control.app.commands.show import verify_run

    guarded(lambda: verify_run(run, runs, as_json=json))


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

    guarded(lambda: index_runs(runs, station, to=to, follow=follow, as_json=json))


def reduce(
    run: RunName,
    scale: Annotated[
        str | None,
        typer.Option(help="Scale of ruby, or of another gauge of the run; by default its own."),
    ] = None,
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

    guarded(
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


def specimen_pack(
    station: Station,
    to: Annotated[Path | None, typer.Option(help="File; by default named for it.")] = None,
) -> None:
    """Write the history of a station's specimen into a file that goes with it."""
    from dac_control.app.commands.specimen import pack_specimen

    guarded(lambda: pack_specimen(station, to))


def specimen_accept(
    station: Station, file: Annotated[Path, typer.Argument(help="As `specimen pack` wrote it.")]
) -> None:
    """Add the history of a specimen that came from another station; budgets count it."""
    from dac_control.app.commands.specimen import accept_specimen

    guarded(lambda: accept_specimen(station, file))


def specimen_light(
    station: Station,
    add: Annotated[
        str | None, typer.Option(help="Light to be added, by its label: 532nm, lamp.")
    ] = None,
    spot: Annotated[str, typer.Option(help="Where it fell.")] = "sample",
    power_mw: Annotated[float, typer.Option(help="At its head.")] = math.nan,
    open_s: Annotated[float, typer.Option(help="For how long, in laboratory seconds.")] = math.nan,
    reason: Annotated[str, typer.Option(help="What lit it, and when.")] = "",
) -> None:
    """Print what the specimen has had of each light; add light that no device here knows of."""
    from dac_control.app.commands.specimen import StatedLight, tell_light

    stated = StatedLight(
        light=add or "", spot=spot, power_mw=power_mw, open_s=open_s, reason=reason
    )
    guarded(lambda: tell_light(station, stated if add is not None else None))
