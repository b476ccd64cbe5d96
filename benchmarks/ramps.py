"""Rehearsed ramps by the thousand: intervals, bounds and steps, against what is asked of them.

    python benchmarks/ramps.py --only ruby-80K -n 20
    python benchmarks/ramps.py --resume campaign.jsonl             # 1000 ramps a stratum: days
    python benchmarks/ramps.py --resume campaign.jsonl --rough     # with erratic screw and gasket
    python benchmarks/ramps.py --resume campaign.jsonl --table     # of what the file holds
    python benchmarks/ramps.py --kept benchmarks/results/ramps --table     # of our own campaign
    python benchmarks/ramps.py --unmodelled -n 100 --only ruby-80K

Each ramp is one seed of the twin: the very plan, devices and rules of a laboratory in virtual
time, to 150 GPa on the ruby or from 100 to 500 GPa on the edge of the anvil. Its true scale, zero
lines, axes, sensors and its shift with temperature are drawn once, from what the station file
and the sources of the scales state; failures are off, so that survival does not select. Intervals
are held against the true pressure of the exposure; the error of their coverage counts ramps, not
steps. Every ramp is a line of the file as soon as it is over: stop when you like, and go on later.
`benchmarks/results/ramps` holds the ramps of our own campaign, step by step.

`--spectra` reads eight spectra in each cell with the same devices, gauges and budgets and without
the plan: coverage alone, in a tenth of the time. `--unmodelled` draws errors that no budget has,
and says how much coverage they cost.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from ramp_campaign.campaign import results_of, run_jobs, say_on_stderr
from ramp_campaign.ramp import SPECTRA, Job
from ramp_campaign.strata import STRATA, Stratum, named
from ramp_campaign.tables import loss_rows, spectra_rows, stratum_rows
from ramp_campaign.unmodelled import FAMILIES, MODELLED


def main() -> None:
    """Carry out what is left of a campaign, and print its tables."""
    options = _options()
    strata = _strata(options)
    families = _families(options)
    jobs = [
        Job(stratum, family, seed, whole=not options.spectra)
        for seed in range(options.seed, options.seed + options.n)
        for stratum in strata
        for family in families
        if stratum.gauge in FAMILIES[family].gauges
    ]
    began_s = time.perf_counter()
    if options.table:
        results = results_of(options.kept, options.resume)
    else:
        results = run_jobs(
            jobs,
            options.resume,
            kept=options.kept,
            processes=options.processes,
            say=say_on_stderr,
        )
        print(f"\n{len(jobs)} ramps; this call took {time.perf_counter() - began_s:.0f} s")
    numbers = []
    for stratum in strata:
        if not any(each["stratum"] == stratum.name for each in results):
            continue
        if any((each["stratum"], each["family"]) == (stratum.name, MODELLED) for each in results):
            rows, found = stratum_rows(
                stratum, results, rival=not options.no_rival, cells=options.rival_cells
            )
            _print(stratum.name, ("figure", "measured", "asked"), rows)
            numbers.append(found)
        single = spectra_rows(stratum, results)
        if single:
            _print(f"{stratum.name}, single spectra", ("figure", "measured", "asked"), single)
        for kind in ("", SPECTRA):
            others = [name for name in FAMILIES if name != MODELLED]
            lost = loss_rows(stratum, results, others, kind=kind)
            if lost:
                columns = ("error that no budget has", "cells (held)", "covered, %", "lost, %")
                _print(f"{stratum.name}, unmodelled errors{kind and ','}{kind}", columns, lost)
    if options.json is not None:
        options.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def _strata(options: argparse.Namespace) -> list[Stratum]:
    if options.only:
        return [named(name) for name in options.only]
    return [stratum for stratum in STRATA if stratum.rough == options.rough]


def _families(options: argparse.Namespace) -> list[str]:
    if options.family:
        return [MODELLED, *options.family]
    return list(FAMILIES) if options.unmodelled else [MODELLED]


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[at]) for row in (columns, *rows)) for at in range(len(columns))]
    print(f"\n{title}")
    for row in (columns, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  " + "  ".join(cells).rstrip(), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=1000, help="ramps of each stratum")
    parser.add_argument("--seed", type=int, default=1, help="of the first ramp")
    parser.add_argument("--only", action="append", metavar="STRATUM", help="may be repeated")
    parser.add_argument("--rough", action="store_true", help="stick-slip, kinks and memory")
    parser.add_argument("--unmodelled", action="store_true", help="the second table as well")
    parser.add_argument("--spectra", action="store_true", help="coverage alone, without the plan")
    parser.add_argument("--family", action="append", choices=sorted(set(FAMILIES) - {MODELLED}))
    parser.add_argument("--resume", type=Path, metavar="FILE", help="JSON lines, read and added to")
    parser.add_argument(
        "--kept", type=Path, metavar="PATH", help="results of earlier calls, only read"
    )
    parser.add_argument("--table", action="store_true", help="only print what the files hold")
    parser.add_argument("--no-rival", action="store_true", help="leave fixed turns out")
    parser.add_argument(
        "--rival-cells", type=int, default=0, help="fixed turns must keep limits in so many cells"
    )
    parser.add_argument("--processes", type=int, default=None)
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures as numbers")
    options = parser.parse_args()
    if options.table and options.resume is None and options.kept is None:
        parser.error("--table needs --resume FILE or --kept PATH")
    try:
        _strata(options)
    except ValueError as error:
        parser.error(str(error))
    return options


if __name__ == "__main__":
    main()
