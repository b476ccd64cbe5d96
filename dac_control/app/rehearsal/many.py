"""Rehearsals for many seeds, in as many processes as there are processors."""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from dac_control.app.rehearsal.rehearsal import Rehearsed, rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import EPOCH
from dac_control.app.run_file import RunFile
from dac_control.app.station import Station
from simulators.twin.schedule import Fault

__all__ = ["rehearse_many"]

WORTH_A_PROCESS = 6
"""Rehearsals that take as long as a process takes to start."""


def rehearse_many(
    station: Station,
    run: RunFile,
    seeds: Sequence[int],
    *,
    keep: Path | None = None,
    epoch: float = EPOCH,
    attachments: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    processes: int | None = None,
    on_done: Callable[[Rehearsed], None] | None = None,
) -> list[Rehearsed]:
    """Rehearse a run for each seed.

    Parameters
    ----------
    station, run : Station and RunFile
        As for `rehearse_once`.
    seeds : sequence of int
        One rehearsal each; what comes of it does not depend on the others.
    keep, epoch, attachments, faults
        As for `rehearse_once`.
    processes : int, optional
        At most so many; by default one a processor, and one for a few seeds.
    on_done : callable, optional
        Called with each, in the order of `seeds`.

    Raises
    ------
    DacError
        If the plan was refused, for any seed.
    """
    how = {"keep": keep, "epoch": epoch, "attachments": attachments, "faults": faults}
    one = partial(rehearse_once, station, run, **how)
    if processes is None:
        processes = min(os.cpu_count() or 1, len(seeds) // WORTH_A_PROCESS)
    done: list[Rehearsed] = []

    def note(rehearsed: Rehearsed) -> None:
        done.append(rehearsed)
        if on_done is not None:
            on_done(rehearsed)

    if processes < 2:
        for seed in seeds:
            note(one(seed))
        return done
    # spawned, as on Windows: a fork would copy the locks of threads that it does not copy
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for rehearsed in pool.map(one, seeds, chunksize=2):
            note(rehearsed)
    return done
