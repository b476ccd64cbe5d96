"""``dac-control reduce``: the pressures of a run again, on another scale."""

from collections.abc import Sequence
from pathlib import Path

from dac_control.app.commands.common import console_for, print_json
from dac_control.app.commands.outputs import check_writable, write_file
from dac_control.app.commands.show import run_path
from dac_control.app.reduction.documents import as_csv, as_document
from dac_control.app.reduction.reduce import reduce_run
from dac_control.app.reduction.request import ReduceRequest
from dac_control.app.reduction.terminal_table import print_reduction
from dac_control.gauges import load_scales
from dac_control.gauges.scales import register
from dac_control.records import open_run

__all__ = ["recompute_run"]


def recompute_run(
    run: str,
    request: ReduceRequest,
    *,
    runs: Path | None = None,
    scale_files: Sequence[Path] = (),
    csv: Path | None = None,
    as_json: bool = False,
) -> int:
    """Recompute a run and print it; nothing in its folder is written.

    Returns
    -------
    int
        0, or 1 where a pressure of the run could not be recomputed.

    Raises
    ------
    ConfigurationError, RecordError
        The run, a name or a number is wrong, or `csv` is no place to write; nothing was written.
    """
    if csv is not None:
        check_writable(csv, scale_files)
    for path in scale_files:
        for scale in load_scales(path):
            register(scale)
    folder = run_path(run, runs)
    reduction = reduce_run(open_run(folder), request)
    if csv is not None:
        write_file(csv, as_csv(reduction))
    if as_json:
        print_json(as_document(reduction))
    else:
        print_reduction(console_for(False), reduction)
    return 0 if reduction.complete else 1
