"""What the journal of moves says of a run that is to be taken up again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["moved_since", "way_of"]

Record = Mapping[str, Any]


def way_of(records: Sequence[Record], runs: Collection[str]) -> int:
    """Way of the last move of some runs: +1 to more turns, -1 to fewer, 0 if there was none.

    Parameters
    ----------
    records : sequence of dict
        The journal, oldest first; see `dac_control.safety.intents`.
    runs : collection of str
        Uids.
    """
    for record in reversed(records):
        if record.get("kind") == "intent" and record.get("run") in runs:
            way = float(record["to_turns"]) - float(record["from_turns"])
            return (way > 0) - (way < 0)
    return 0


def moved_since(records: Sequence[Record], runs: Collection[str], time_s: float) -> str:
    """Say who has moved the screw since some runs; empty if nobody has.

    Parameters
    ----------
    records, runs
        As of `way_of`.
    time_s : float
        When the last of the runs ended, s since the epoch.
    """
    for record in reversed(records):
        if record.get("run") in runs:
            break
        if record.get("kind") == "intent" and float(record.get("time", 0.0)) > time_s:
            who = f"run {record['run']}" if record.get("run") else "a session without a run"
            return (
                f"{who} moved the screw from {float(record['from_turns']):.5f} towards "
                f"{float(record['to_turns']):.5f} turns since"
            )
    return ""
