"""Commands that need no station: spectra and numbers to pressures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dac_control.app.command_line.options import Json, guarded

if TYPE_CHECKING:
    from dac_control.app.fit.stated import StatedGauges

__all__ = ["fit", "pressure"]


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
    guarded(
        lambda: convert_number(
            request, scale_files=scales or [], every_scale=every_scale, as_json=json
        )
    )


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
    lambda0_date: Annotated[
        str | None, typer.Option(help="Day it was measured, such as 2026-11-22; for the record.")
    ] = None,
    lambda0_same_laser: Annotated[
        bool,
        typer.Option(
            "--lambda0-same-laser",
            help="lambda0 was read on the same Raman axis: errors of the laser are common.",
        ),
    ] = False,
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
    shifts_of: Annotated[
        Literal["air", "vacuum"] | None,
        typer.Option(help="Wavelengths behind Raman shifts; unknown by default, which costs ±."),
    ] = None,
    axis: Annotated[
        Literal["nm", "cm-1", "pixel"] | None, typer.Option(help="Unit of the files' axis.")
    ] = None,
    between: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Where the line or edge is, in nm or cm-1, if there are several."),
    ] = None,
    station: Annotated[
        Path | None,
        typer.Option(
            help="Station file, or one with only its table of the gauge: lambda0 or nu0, laser, "
            "and every uncertainty that can be stated. Options given beside it win."
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Spectrum of the reference ruby of --station, taken beside the others: its line "
            "stands in for lambda0."
        ),
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

    guarded(
        lambda: fit_spectra(
            files,
            FitOptions(
                gauge=gauge,
                scale=scale,
                correction=correction,
                lambda0_nm=lambda0_nm,
                lambda0_sigma_nm=lambda0_sigma_nm,
                lambda0_temperature_k=lambda0_temperature_k,
                lambda0_date=lambda0_date,
                lambda0_same_laser=lambda0_same_laser,
                nu0_cm1=nu0_cm1,
                temperature_k=temperature_k,
                temperature_sigma_k=temperature_sigma_k,
                axis_sigma_nm=axis_sigma_nm,
                laser_nm=laser_nm,
                laser_sigma_nm=laser_sigma_nm,
                shifts_of=shifts_of,
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
                stated=_stated(station),
            ),
            scale_files=scales or [],
            reference=reference,
            plot=plot,
            csv=csv,
            as_json=json,
        )
    )


def _stated(station: Path | None) -> "StatedGauges | None":
    if station is None:
        return None
    from dac_control.app.fit.stated import load_stated

    return load_stated(station)
