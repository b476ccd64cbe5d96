"""Memory of a long run: resident size and live objects by laboratory hour, with their slopes.

    python benchmarks/memory.py [--plan hold|ramp] [--hours 72]

Rehearses the run on the twin, in virtual time but with the record, frames and all, written as in
earnest. Prints how much a laboratory hour and an event add after the first quarter, in which
caches fill. The twin remembers its last 4096 states, which no laboratory does: they are counted
apart, and their bytes taken off the resident size. A slope within twice its standard error is
called flat.
"""

import argparse
import contextlib
import ctypes
import gc
import sys
import tempfile
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory, virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.station import load_station
from simulators.twin.history import Snapshot

STATION = Path(__file__).parents[1] / "examples" / "station.toml"
HOLD = 'plan = "hold"\nduration_h = {hours}\n[hold]\nevery_s = 300\n'
RAMP = """
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [{turns}]
[dwell]
drift_limit_gpa_per_h = 0.001
interval_s = 120
min_dwell_s = 3600
max_dwell_s = 3600
"""


@dataclass
class Samples:
    """Takes a sample at the first document of each laboratory hour."""

    laboratory: VirtualLaboratory | None = None
    hours: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    resident_kib: list[float] = field(default_factory=list)
    objects: list[float] = field(default_factory=list)
    twin_kib: list[float] = field(default_factory=list)
    seen: int = 0

    def __call__(self, name: str, doc: Any) -> None:
        self.seen += name == "event"
        if self.laboratory is None:
            return
        hour = int(self.laboratory.clock.now() // 3600)
        if self.hours and hour <= self.hours[-1]:
            return
        gc.collect()
        self.hours.append(hour)
        self.events.append(self.seen)
        self.resident_kib.append(_resident_kib())
        everything = gc.get_objects()
        twins = [each for each in everything if isinstance(each, Snapshot)]
        cells = [each.cell for each in twins]
        self.objects.append(float(len(everything) - len(twins) - len(cells)))
        self.twin_kib.append(sum(_bytes_of(each) for each in twins + cells) / 1024)


def _bytes_of(each: Any) -> int:
    # field by field: vars() would give each of them a dict of its own
    parts = [getattr(each, name.name) for name in fields(each)]
    own = [part for part in parts if isinstance(part, float | np.ndarray)]
    return sum(sys.getsizeof(part) for part in (each, *own)) + 8 * len(parts)


def _resident_kib() -> float:
    # what the allocator keeps of memory that was freed is no growth: it is given back first
    with contextlib.suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
    # anonymous memory: pages of libraries are read in as they are first needed, and shared
    status = Path("/proc/self/status").read_text()
    return float(status.split("RssAnon:")[1].split()[0])


def slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope of a straight line through points and its standard error.

    The scatter of a resident size is not white, so the error is that of block means.
    """
    blocks = (
        [np.mean(part) for part in np.array_split(x, 9)],
        [np.mean(part) for part in np.array_split(y, 9)],
    )
    (per_x, _), covariance = np.polyfit(blocks[0], blocks[1], 1, cov=True)
    return float(per_x), float(np.sqrt(covariance[0, 0]))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Memory of a long run")
    parser.add_argument("--plan", choices=("hold", "ramp"), default="hold")
    parser.add_argument("--hours", type=int, default=72)
    options = parser.parse_args()
    # a step an hour, up to the pressure limit of the station and no further
    turns = ", ".join(f"{0.28 * hour / options.hours:.4f}" for hour in range(1, options.hours))
    text = {"hold": HOLD, "ramp": RAMP}[options.plan].format(hours=options.hours, turns=turns)
    samples = Samples()
    began_s = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run_file = Path(folder) / "run.toml"
        run_file.write_text(text, encoding="utf-8")
        station = load_station(STATION)
        with virtual_laboratory(
            station, 1, listener=samples, keep=Path(folder) / "runs"
        ) as laboratory:
            laboratory.session.require_ready()
            samples.laboratory = laboratory
            laboratory.session.run(
                plan_of(load_run_file(run_file), laboratory.session.instruments, {})
            )
    report(samples)
    print(f"CPU time {time.process_time() - began_s:.0f} s")


def report(samples: Samples) -> None:
    """Print a few samples, and the slopes after the first quarter."""
    hours = np.array(samples.hours, dtype=float)
    print(" hour  events  resident/MiB  live objects")
    for row in range(0, len(hours), max(1, len(hours) // 12)):
        print(
            f"{samples.hours[row]:5d} {samples.events[row]:7d} "
            f"{samples.resident_kib[row] / 1024:13.2f} {samples.objects[row]:13.0f}"
        )
    if len(hours) < 16:
        print("too short for slopes")
        return
    late = hours > hours[-1] / 4
    per_hour = (samples.events[-1] - samples.events[0]) / (hours[-1] - hours[0])
    apart = np.array(samples.resident_kib) - np.array(samples.twin_kib)
    print(f"the twin's own history: {samples.twin_kib[-1]:.0f} KiB at the end, taken off below")
    for what, values in (("resident KiB", apart), ("objects", samples.objects)):
        each, error = slope(hours[late], np.array(values)[late])
        flat = "flat" if each < 2 * error else "grows"
        print(
            f"{what}: {each:+.2f} +- {error:.2f} per hour, "
            f"{each / per_hour:+.3f} +- {error / per_hour:.3f} per event: {flat}"
        )


if __name__ == "__main__":
    main()
