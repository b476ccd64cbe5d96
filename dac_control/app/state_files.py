"""The logs that a station keeps in its state folder, and what of them goes into a run's folder.

Needs neither bluesky nor ophyd: sessions, the guardian and reading commands share it.
"""

from pathlib import Path

from dac_control.app.station import Station
from dac_control.records import IntentLog, LightLedger
from dac_control.records.copies import Copies
from dac_control.records.guardian_log import GuardianLog

__all__ = [
    "CALIBRATIONS_NAME",
    "GUARDIAN_NAME",
    "INTENTS_NAME",
    "LIGHT_NAME",
    "copies_for_runs",
    "guardian_log",
    "intent_log",
]

CALIBRATIONS_NAME = "calibrations.jsonl"
"""Dated calibrations in a station's state folder."""
LIGHT_NAME = "light.jsonl"
"""The ledger of light in a station's state folder."""
INTENTS_NAME = "intents.jsonl"
"""The journal of moves in a station's state folder."""
GUARDIAN_NAME = "guardian.jsonl"
"""What the guardian saw and did, in a station's state folder."""


def intent_log(state: Path) -> IntentLog:
    """The journal of moves in a state folder."""
    return IntentLog(state / INTENTS_NAME)


def guardian_log(state: Path) -> GuardianLog:
    """The guardian's log in a state folder."""
    return GuardianLog(state / GUARDIAN_NAME)


def copies_for_runs(
    station: Station, *, intents: IntentLog | None = None, light: LightLedger | None = None
) -> Copies:
    """What is put into a run's folder when the run is over: moves, light, the guardian's log.

    Parameters
    ----------
    station : Station
        Whose state folder holds the logs.
    intents, light
        Logs that are open already.
    """
    state, specimen = station.storage.state, station.specimen.id
    moves = intents or intent_log(state)
    ledger = light or LightLedger(state / LIGHT_NAME)
    watched = guardian_log(state)
    return {
        INTENTS_NAME: moves.lines_of_run,
        # the whole life of the specimen, since that is what a budget is about
        LIGHT_NAME: lambda uid: ledger.lines_of_specimen(specimen),
        # a run from a shell has no guardian
        GUARDIAN_NAME: lambda uid: watched.lines_of_run(uid) or None,
    }
