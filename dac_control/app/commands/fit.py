"""``dac-control fit``: files of spectra to lines, edges and pressures."""

import contextlib
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import replace
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dac_control.app.commands.common import console_for, print_json
from dac_control.app.commands.outputs import check_harmless, check_writable, write_file
from dac_control.app.fit.adapter import GaugeAdapter
from dac_control.app.fit.batch import fit_files
from dac_control.app.fit.documents import as_csv, as_document
from dac_control.app.fit.gauge_table import adapter_of
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import FileResult
from dac_control.app.fit.sources import find_sources
from dac_control.app.fit.terminal_table import print_results
from dac_control.app.terminal import PatientConsole
from dac_control.errors import ConfigurationError
from dac_control.gauges import load_scales
from dac_control.gauges.scales import register

__all__ = ["fit_spectra"]

_PICTURES = frozenset((".png", ".pdf", ".svg"))
_FEWEST_FOR_A_BAR = 20


def fit_spectra(
    names: Sequence[str],
    options: FitOptions,
    *,
    scale_files: Sequence[Path] = (),
    reference: Path | None = None,
    plot: Path | None = None,
    csv: Path | None = None,
    as_json: bool = False,
) -> int:
    """Fit every spectrum of the files that are named, and say what was found.

    Returns
    -------
    int
        0 where every file was fitted, 1 where some was not.

    Raises
    ------
    ConfigurationError
        An option is wrong, no file exists, or what is asked for would overwrite one; no spectrum
        was read.
    """
    sources, left_out = find_sources(names)
    read = [*(source.path for source in sources), *scale_files]
    read += [] if reference is None else [reference]
    read += [] if options.stated is None else [options.stated.path]
    if csv is not None:
        check_writable(csv, read)
    pictures = None if plot is None else _Pictures(plot, read, many=len(sources) > 1)
    for path in scale_files:
        for scale in load_scales(path):
            register(scale)
    if options.stated is not None:
        from dac_control.app.fit.stated import as_stated  # pydantic, which most calls do not need

        options = as_stated(options)
    if reference is not None:
        from dac_control.app.fit.reference import with_reference

        options = with_reference(options, reference)
    adapter = adapter_of(options)(options)
    files: list[FileResult] = []
    documents = []
    with _bar(len(sources)) as advance:
        results = fit_files(sources, adapter, options, keep=plot is not None, progress=advance)
        for file in results:
            documents.append(as_document(file, adapter, options))
            if pictures is not None:
                file = pictures.draw(file, adapter)
            files.append(file)
    if as_json:
        print_json(documents)
    else:
        print_results(console_for(False), files, adapter)
    if csv is not None:
        write_file(csv, as_csv(documents, adapter.key))
    _last_words(files, left_out, pictures)
    return 0 if all(file.ok for file in files) else 1


@contextlib.contextmanager
def _bar(count: int) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error, in a terminal only and for many files only."""
    console = PatientConsole(stderr=True)
    if count < _FEWEST_FOR_A_BAR or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("fitting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("fit", total=count)
        yield lambda done: progress.advance(task, done)


class _Pictures:
    """Where pictures go: one file for one spectrum, a folder for many."""

    def __init__(self, target: Path, read: Sequence[Path], *, many: bool) -> None:
        check_harmless(target, read)
        self.target = target
        self.count = 0
        # a picture that is read may lie in the folder that is written to
        self._taken = {path.stem for path in read if path.suffix.lower() in _PICTURES}
        self._one_file = target.suffix.lower() in _PICTURES and not target.is_dir()
        if many and self._one_file:
            raise ConfigurationError(
                f"--plot {target} is one picture and there are several files; give a folder."
            )
        if target.suffix and not self._one_file and not target.is_dir():
            raise ConfigurationError(
                f"--plot {target} ends in {target.suffix}; pictures are .png, .pdf or .svg, and "
                "a name without an ending is a folder."
            )

    def draw(self, file: FileResult, adapter: GaugeAdapter) -> FileResult:
        """Draw every spectrum of a file; return it without the arrays, to save memory."""
        from dac_control.app.fit.plot import draw_spectrum, picture_name

        for each in file.spectra:
            if not each.shown:
                continue
            target = self.target
            if not self._one_file:
                name = picture_name(file, each, self._taken)
                self._taken.add(name)
                target = target / f"{name}.png"
            elif len(file.spectra) > 1:
                label = picture_name(file, each)
                target = target.with_name(f"{target.stem}_{label}{target.suffix}")
            draw_spectrum(file, each, adapter, target)
            self.count += 1
        return replace(file, spectra=tuple(replace(each, spectrum=None) for each in file.spectra))


def _last_words(
    files: Sequence[FileResult], left_out: Sequence[Path], pictures: "_Pictures | None"
) -> None:
    """Say on standard error what was left out and how many files failed."""
    if left_out:
        some = f", such as {left_out[0].name}"
        typer.echo(f"{_count(left_out, 'file')} of other kinds left out{some}.", err=True)
    failed = sum(not file.ok for file in files)
    if failed and len(files) > 1:
        typer.echo(f"{failed} of {len(files)} files were not fitted.", err=True)
    if pictures is not None:
        typer.echo(f"{_count(range(pictures.count), 'picture')} in {pictures.target}.", err=True)


def _count(items: Sized, word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"
