"""A campaign of faults against guarded runs over the wire: what is lost, repeated, left open.

    python benchmarks/campaign.py --seeds 200 --jobs 3 --keep DIR   # again to go on with it
    python benchmarks/campaign.py --seeds 6 --only "kill -9 worker" --keep DIR

Each seed is a simulated laboratory, a short ramp under `dac-control run`, and one fault at a
random moment of it; seed N has fault N modulo their number. Everything is asked of the record,
and held against the truth of the twin. With `--keep`, a second call goes on with the seeds that are
missing. Exits with 1 if anything that must be 0 is not.
"""

import argparse
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from fault_campaign.faults import FAULTS
from fault_campaign.trial import TURNS_TOLERANCE, Outcome, Trial
from kept_results import append_result, read_results

HEAD = (
    f"{'fault':26} {'n':>3} {'struck':>6} {'lost':>4} {'twice':>5} {'open':>4} {'wrong':>5} "
    f"{'hold/s':>14} {'over/turns':>10}  ends"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=len(FAULTS))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="trials side by side")
    parser.add_argument("--only", help="one fault, by its name")
    parser.add_argument("--keep", type=Path, help="folder for what the trials leave")
    options = parser.parse_args()
    kinds = [kind for kind in FAULTS if options.only in (None, kind.name)]
    if not kinds:
        parser.error(f"there are {', '.join(kind.name for kind in FAULTS)}")
    root = options.keep or Path(tempfile.mkdtemp(prefix="campaign-"))
    root.mkdir(parents=True, exist_ok=True)
    wanted = range(options.first, options.first + options.seeds)
    results = root / "outcomes.jsonl"
    kept = [Outcome(**each) for each in read_results(results)]
    outcomes = [outcome for outcome in kept if outcome.seed in wanted]
    done = {outcome.seed for outcome in outcomes}
    trials = [(root, seed, kinds[seed % len(kinds)].name) for seed in wanted if seed not in done]
    # a process for each trial: it has a laboratory with threads of its own
    workers = ProcessPoolExecutor(options.jobs, get_context("spawn"), max_tasks_per_child=1)
    with workers as pool:
        for future in as_completed([pool.submit(carry_out, *trial) for trial in trials]):
            outcome = future.result()
            outcomes.append(outcome)
            append_result(results, asdict(outcome))
            print(
                f"seed {outcome.seed:4} {outcome.fault:26} {outcome.detail:12} "
                f"{outcome.exit_status:8} {outcome.trouble or outcome.reason[:100]}",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            if options.keep is None:
                shutil.rmtree(root / f"seed-{outcome.seed}", ignore_errors=True)
    outcomes.sort(key=lambda outcome: outcome.seed)
    print_table(outcomes)
    return 1 if bad(outcomes) else 0


def carry_out(root: Path, seed: int, kind: str) -> Outcome:
    """Carry out one trial, in a process of its own; what an interrupted one left is removed."""
    folder = root / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Trial(folder, seed, next(each for each in FAULTS if each.name == kind)).run()


def print_table(outcomes: list[Outcome]) -> None:
    print(HEAD)
    for kind in FAULTS:
        own = [outcome for outcome in outcomes if outcome.fault == kind.name]
        if own:
            print(line(kind.name, own, kind.hold_within_s))
    print(line("all", outcomes, None))
    for outcome in outcomes:
        if outcome.trouble:
            print(f"seed {outcome.seed} ({outcome.fault}): {outcome.trouble}")


def line(name: str, own: list[Outcome], asked_s: float | None) -> str:
    held = [outcome.hold_s for outcome in own if outcome.hold_s is not None]
    hold = f"{max(held):.2f}" if held else ""
    if asked_s is not None:
        hold += f" of {asked_s:g}"
    ends: dict[str, int] = {}
    for outcome in own:
        ends[outcome.exit_status] = ends.get(outcome.exit_status, 0) + 1
    said = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    return (
        f"{name:26} {len(own):3} {sum(o.struck for o in own):6} "
        f"{sum(o.events_lost for o in own):4} {sum(o.moves_repeated for o in own):5} "
        f"{sum(o.without_end for o in own):4} {sum(o.wrong_readings for o in own):5} "
        f"{hold:>14} {max(o.over_commanded_turns for o in own):10.5f}  {said}"
    )


def bad(outcomes: list[Outcome]) -> list[Outcome]:
    kinds = {kind.name: kind for kind in FAULTS}
    return [
        outcome
        for outcome in outcomes
        if outcome.trouble
        or outcome.events_lost
        or outcome.moves_repeated
        or outcome.without_end
        or (outcome.wrong_readings and not kinds[outcome.fault].lies)
        or outcome.over_commanded_turns > TURNS_TOLERANCE
        or (outcome.hold_s or 0.0) > (kinds[outcome.fault].hold_within_s or float("inf"))
    ]


if __name__ == "__main__":
    sys.exit(main())
