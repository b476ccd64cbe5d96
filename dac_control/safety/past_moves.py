"""What the journal of moves says of a run that is to be taken up again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["moved_since", "ways_of"]

Record = Mapping[str, Any]


def ways_of(records: Sequence[Record], runs: Collection[str]) -> tuple[int, ...]:
    """Ways that the screw went in some runs, oldest first; each counts once until it turned.

    Parameters
    ----------
    records : sequence of dict
        The journal, oldest first; see `dac_control.safety.intents`.
    runs : collection of str
        Uids.

    Returns
    -------
    tuple of int
        +1 to more turns, -1 to fewer.
    """
    ways: list[int] = []
    for record in records:
        if record.get("kind") == "intent" and record.get("run") in runs:
            change = float(record["to_turns"]) - float(record["from_turns"])
            way = (change > 0) - (change < 0)
            if way and ways[-1:] != [way]:
                ways.append(way)
    return tuple(ways)


def moved_since(records: Sequence[Record], runs: Collection[str], time_s: float) -> str:
    """Say who has moved the screw since some runs; empty if nobody has.

    Parameters
    ----------
    records, runs
        As of `ways_of`.
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
