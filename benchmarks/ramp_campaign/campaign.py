"""Many ramps in processes of their own, each written to a file of JSON lines when it is over."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from kept_results import append_result, read_results

from ramp_campaign.ramp import Job, carry_out
from ramp_campaign.spectra import read_cell

__all__ = ["key_of", "read_results", "results_of", "run_jobs"]

Result = dict[str, Any]


def run_jobs(
    jobs: Sequence[Job],
    path: Path | None,
    *,
    kept: Path | None = None,
    processes: int | None = None,
    say: Callable[[str], None] | None = None,
) -> list[Result]:
    """Carry out the jobs that neither `path` nor `kept` holds yet; return the results of all.

    Parameters
    ----------
    jobs : sequence of Job
    path : Path, optional
        File of JSON lines, appended to.
    kept : Path, optional
        Results of earlier campaigns, a file or a folder; only read.
    processes : int, optional
        By default one a processor.
    say : callable, optional
        Told how it goes on, and how long the rest takes.
    """
    wanted = {job.key for job in jobs}
    done = [each for each in results_of(kept, path) if key_of(each) in wanted]
    have = {key_of(each) for each in done}
    left = [job for job in jobs if job.key not in have]
    processes = processes or os.cpu_count() or 1
    began_s, count = time.perf_counter(), 0
    for result in _results(left, processes):
        done.append(result)
        count += 1
        if path is not None:
            append_result(path, result)
        if say is not None:
            each_s = (time.perf_counter() - began_s) / count
            say(f"{count} of {len(left)} ramps, {each_s:.1f} s each, "
                f"{each_s * (len(left) - count) / 60.0:.0f} min left")  # fmt: skip
    return done


def results_of(*paths: Path | None) -> list[Result]:
    """Results of files and folders, each ramp once: the last one counts."""
    return list({key_of(each): each for path in paths for each in read_results(path)}.values())


def key_of(result: Result) -> tuple[str, str, int]:
    """What tells a result from all others: the key of its job."""
    return result["stratum"], result["family"], result["seed"]


def _results(jobs: Sequence[Job], processes: int) -> Iterable[Result]:
    if processes < 2 or len(jobs) < 2:
        yield from map(_one, jobs)
        return
    # spawned: a fork would copy the locks of threads that it does not copy
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for future in as_completed([pool.submit(_one, job) for job in jobs]):
            yield future.result()


def _one(job: Job) -> Result:
    return carry_out(job) if job.whole else read_cell(job)


def say_on_stderr(text: str) -> None:
    """Overwrite one line of a terminal; of a file, nothing but now and then."""
    if sys.stderr.isatty():
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
