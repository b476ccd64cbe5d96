"""Speed and precision of the ruby fit, beside the limits and beside other fits.

    python benchmarks/gauges.py                     # everything; about an hour
    python benchmarks/gauges.py --quick             # the same with few spectra
    python benchmarks/gauges.py speed
    python benchmarks/gauges.py free -n 5000        # tables: free priors away asymmetric hard
    python benchmarks/gauges.py gross --spectra 100000
    python benchmarks/gauges.py twin --spectra 30000    # ruby of the simulated laboratory
    python benchmarks/gauges.py draw "merged FWHM 2.0 1e+03" --out spectra.npz

Every figure stands beside its target. `--json FILE` keeps them. Spectra follow from the seed, the
name of the cell and the number that is drawn (in chunks of 2000), so `draw` with the same `--seed`
and `-n` gives any of them again, by its number.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from gauge_precision.precision import find_cell, run_gross, run_table, run_twin
from gauge_precision.printing import write_json
from gauge_precision.speed import batch_rate, run_speed
from gauge_precision.tables import TABLES

_TASKS = ("all", "speed", *TABLES, "gross", "twin", "rate", "draw")
_QUICK = 400


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    if options.task == "rate":
        # one figure in a process of its own, for another engine
        rate = batch_rate("clean", options.spectra, options.repeats, options.seed)
        print(json.dumps({"spectra_per_s": rate}))
    elif options.task == "draw":
        _draw(options)
    else:
        document = _measure(options)
        if options.json is not None:
            write_json(options.json, document)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    everything = options.task == "all"
    document: dict[str, Any] = {"seed": options.seed}
    if everything or options.task == "speed":
        with tempfile.TemporaryDirectory() as folder:
            many = options.spectra or (_QUICK if options.quick else 20_000)
            repeats = 3 if options.quick else options.repeats
            document["speed"] = run_speed(many, repeats, options.seed, Path(folder))
    for key in TABLES:
        if everything or options.task == key:
            each = _QUICK if options.quick else options.n
            document[key] = run_table(key, each, options.seed, options.only)
    if everything or options.task == "gross":
        many = options.spectra or (5_000 if options.quick else 100_000)
        document["gross"] = run_gross(many, options.seed)
    if everything or options.task == "twin":
        many = options.spectra or (3_000 if options.quick else 30_000)
        document["twin"] = run_twin(many, options.seed)
    return document


def _draw(options: argparse.Namespace) -> None:
    cell = find_cell(options.cell or "")
    batches = list(cell.batches(options.seed, options.n))
    np.savez_compressed(
        options.out,
        wavelength_nm=batches[0].wavelength_nm,
        counts=np.concatenate([batch.counts for batch in batches]),
        r1_nm=np.concatenate([batch.r1_nm for batch in batches]),
    )
    print(f"{options.n} spectra of '{cell.name}' are in {options.out}.")


def _options() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("task", nargs="?", choices=_TASKS, default="all")
    words.add_argument("cell", nargs="?", help="name of the cell to draw")
    words.add_argument("-n", type=int, default=20_000, help="spectra for each cell")
    words.add_argument("--only", help="run the cells whose name contains this")
    words.add_argument(
        "--spectra", type=int, help="spectra of the speed tests, of gross or of twin"
    )
    words.add_argument("--repeats", type=int, default=7)
    words.add_argument("--seed", type=int, default=20261122)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--out", type=Path, default=Path("spectra.npz"))
    words.add_argument("--json", type=Path, help="write all figures to this file")
    return words.parse_args()


if __name__ == "__main__":
    main()
