"""Time of `dac-control rehearse examples/overnight.toml`, start-up included, and its parts.

    python benchmarks/rehearsal_time.py [-n 5]

Every call is a process of its own, as somebody calls it: the command by itself (`--help`), a
rehearsal of next to nothing (a hold of 36 s: what it takes to import, to build the laboratory and
to read the ruby a few times), and the night's ramp, in turn, so that what else the machine does
falls on all of them. Wall-clock and processor time, best and median of N; where the machine is busy
only the second says something. The first rehearsal ever compiles the fits, for half a minute, and
keeps them: the first call is told apart, and not counted.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
ASKED_S = 5.0
NIGHT = ("rehearse", "examples/overnight.toml", "--station", "examples/overnight_station.toml")
HOLD = 'plan = "hold"\nduration_h = 0.01\n'
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


class Call(NamedTuple):
    """What a process took."""

    wall_s: float
    processor_s: float


def main() -> None:
    """Call, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=5, help="calls of each kind")
    calls = max(1, parser.parse_args().n)
    first, output = timed([*command(), *NIGHT, "--json"])
    night: dict[str, Any] = json.loads(output)
    with tempfile.TemporaryDirectory() as folder:
        hold = Path(folder) / "hold.toml"
        hold.write_text(HOLD, encoding="utf-8")
        kinds = {
            "python alone": [sys.executable, "-c", ""],
            "dac-control --help": [*command(), "--help"],
            "rehearse, a hold of 36 s": [*command(), "rehearse", str(hold), *NIGHT[2:]],
            "rehearse, the night": [*command(), *NIGHT],
        }
        taken: dict[str, list[Call]] = {kind: [] for kind in kinds}
        for _ in range(calls):
            for kind, words in kinds.items():
                taken[kind].append(timed(words)[0])
    print(
        f"{' '.join(NIGHT)}: {night['duration_h']['median']:.1f} h in the laboratory, "
        f"{night['events']['median']:.0f} events; {calls} calls of each kind{load()}"
    )
    print(f"{'':26}  wall/s: best  median   processor/s: best  median")
    for kind, each in taken.items():
        walls, processors = ([call[at] for call in each] for at in (0, 1))
        print(
            f"{kind:26}{min(walls):14.2f}{median(walls):8.2f}"
            f"{min(processors):20.2f}{median(processors):8.2f}"
        )
    night_s = [median(side) for side in zip(*taken["rehearse, the night"], strict=True)]
    wall, processor = ("met" if side_s < ASKED_S else "MISSED" for side_s in night_s)
    print(f"< {ASKED_S:g} s asked of the night, in the median: wall {wall}, processor {processor}")
    print(f"the first one: {first.wall_s:.2f} s, {first.processor_s:.2f} s of a processor")


def command() -> list[str]:
    """The program of this very environment."""
    found = shutil.which("dac-control", path=str(Path(sys.executable).parent))
    return [sys.executable, "-m", "dac_control.app.cli"] if found is None else [found]


def timed(words: Sequence[str]) -> tuple[Call, str]:
    """Run a process to its end; what it took, and what it printed."""
    # whoever installs the program has its bytecode
    around = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    before, began_s = os.times(), time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, env=around, capture_output=True, text=True, check=False)
    wall_s, after = time.perf_counter() - began_s, os.times()
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    user_s = after.children_user - before.children_user
    return Call(wall_s, user_s + after.children_system - before.children_system), done.stdout


def load() -> str:
    """What else the machine does, where it says so."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f"; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
