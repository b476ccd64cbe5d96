"""Ten thousand runs in the index: how long feeding takes, and how long a search.

    python benchmarks/index_scale.py --folder SCRATCH [--runs 10000] [--to SQLITE_OR_POSTGRESQL]
                                     [--minutes M]

Resumable: runs that are in SCRATCH and in the index stay there, and a second call goes on. It
ends after M minutes of feeding with what there is, and then searches in that. Runs are small ones
(one stream of 4 rows of scalars, with the start document of a real session), since a search does
not look at data. Times are wall-clock, of this process and a loopback database.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import event_model
import numpy as np

from dac_control.app.index.feeder import Feeder
from dac_control.app.index.target import Target, open_target, parse_target
from dac_control.records import RunRecorder

T = TypeVar("T")
PLANS = ("pressure_ramp", "control_run", "cooldown", "hold", "repeatability")
KEYS = {
    name: {"source": "benchmark", "dtype": "number", "shape": []}
    for name in ("drive_turns", "ruby_pressure_gpa", "cryostat_cell_temperature_k")
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--to", default="index")
    parser.add_argument("--minutes", type=float, default=600.0)
    args = parser.parse_args()
    root = args.folder.resolve() / "runs"
    record(root, args.runs)
    target = parse_target(args.to, base=args.folder, files=args.folder / "files", key=None)
    with open_target(target, root) as client:
        feed(client, root, args.minutes * 60.0)
        search(client)
    sizes(target)


def record(root: Path, wanted: int) -> None:
    """Record runs until there are as many as wanted."""
    root.mkdir(parents=True, exist_ok=True)
    there = sum(1 for _ in root.iterdir())
    if there >= wanted:
        return
    rng = np.random.default_rng(there)
    recorder = RunRecorder(root)
    for number in range(there, wanted):
        write_run(recorder, number, rng)
        if number % 1000 == 0:
            print(f"recorded {number}", flush=True)


def write_run(recorder: RunRecorder, number: int, rng: np.random.Generator) -> None:
    run = event_model.compose_run(
        metadata={
            "plan_name": PLANS[number % len(PLANS)],
            "scan_id": number,
            "simulated": True,
            "station": f"cryostat {number % 2 + 1}",
            "operator": "A. Postdoc",
            "specimen": {"id": f"2026-{number // 20:03d}", "material": "FeSe", "ptm": "argon"},
            "sample": f"2026-{number // 20:03d}",
            "scale": "ruby2020",
            "devices": {"drive": "drive", "ruby": "ruby", "cryostat": "cryostat"},
            "top_gpa": float(rng.uniform(1, 300)),
        },
        time=1.7e9 + 3600.0 * number,
    )
    recorder("start", run.start_doc)
    stream = run.compose_descriptor(
        name="primary", data_keys=KEYS, object_keys={}, configuration={}, hints={}
    )
    recorder("descriptor", stream.descriptor_doc)
    for row in range(4):
        data = {name: float(rng.normal(row)) for name in KEYS}
        recorder("event", stream.compose_event(data=data, timestamps=dict.fromkeys(data, 0.0)))
    status = "success" if number % 7 else "abort"
    recorder("stop", run.compose_stop(exit_status=status))


def feed(client: Any, root: Path, at_most_s: float) -> None:
    """Feed what is not in the index yet, as long as there is time."""
    feeder, spent_s = timed(lambda: Feeder(client))
    infos, listing_s = timed(lambda: feeder.pending(root))
    print(
        f"{len(client)} runs were in the index, asked in {spent_s:.1f} s; the other "
        f"{len(infos)} found in the folder in {listing_s:.1f} s"
    )
    began, cpu, count, failed = time.perf_counter(), time.process_time(), 0, 0
    for info in infos:
        if time.perf_counter() - began > at_most_s:
            print("the time is over; call again to go on")
            break
        fed = feeder.feed(info)
        count, failed = count + 1, failed + (fed.outcome == "failed")
        if fed.outcome == "failed" and failed <= 3:
            print(fed)
        if count % 250 == 0:
            print(f"{count} fed, {count / (time.perf_counter() - began):.1f} runs/s", flush=True)
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    if count:
        print(
            f"fed {count} runs in {spent:.0f} s: {count / spent:.2f} runs/s, "
            f"{1e3 * cpu / count:.0f} ms of processor time each, {failed} failed"
        )
    _, spent_s = timed(lambda: Feeder(client))
    feeder.pending(root)
    left, look_s = timed(lambda: feeder.pending(root))
    print(
        f"asked again in {spent_s:.1f} s; a look for new runs: {1e3 * look_s:.0f} ms, "
        f"{len(left)} left"
    )


def timed(what: Callable[[], T]) -> tuple[T, float]:
    """Return a result, and the wall-clock time in s that it took."""
    began = time.perf_counter()
    return what(), time.perf_counter() - began


def sizes(target: Target) -> None:
    """Print what the index takes on the disk, or in the database."""
    parts = {
        path.name: sum(each.stat().st_size for each in [path, *path.rglob("*")] if each.is_file())
        for path in sorted(target.files.iterdir())
    }
    print(", ".join(f"{name}: {size / 1e6:.1f} MB" for name, size in parts.items()))


def search(client: Any) -> None:
    """Search for what people search for; the median and the slowest of 10.

    The processor time is of client, Tiled and SQLite together; PostgreSQL's own is not in it.
    """
    from tiled.queries import Comparison, Key

    total = len(client)
    uids = list(client.keys().head(5))
    queries = {
        "by uid": lambda: client[random.choice(uids)],
        "specimen, all": lambda: list(
            client.search(
                Key("start.sample") == f"2026-{random.randrange(max(1, total // 20)):03d}"
            )
        ),
        "plan, count": lambda: len(client.search(Key("start.plan_name") == random.choice(PLANS))),
        "plan, first 10": lambda: (
            client.search(Key("start.plan_name") == random.choice(PLANS)).values().head(10)
        ),
        "above 250 GPa, count": lambda: len(
            client.search(Comparison("ge", "start.top_gpa", 250.0))
        ),
        "scan number": lambda: list(client.search(Key("start.scan_id") == random.randrange(total))),
        "station and end": lambda: len(
            client.search(Key("start.station") == "cryostat 1").search(
                Key("stop.exit_status") == "abort"
            )
        ),
    }
    print(
        f"\n{total} runs in the index\n\n"
        "| search | median, ms | slowest of 10, ms | processor, median, ms |\n|---|---|---|---|"
    )
    for name, query in queries.items():
        times, processor = [], []
        for _ in range(10):
            began, cpu = time.perf_counter(), time.process_time()
            query()
            times.append(1e3 * (time.perf_counter() - began))
            processor.append(1e3 * (time.process_time() - cpu))
        print(
            f"| {name} | {median(times):.0f} | {max(times):.0f} | {median(processor):.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
