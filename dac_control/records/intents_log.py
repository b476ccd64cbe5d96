"""The journal of what a device is about to do and has done, kept across runs and programs.

The screw drive writes its target here, synced, before it sends it (rule: a move happens once);
the file lies in the station's state folder, so that a move from a shell counts too.
"""

from dac_control.records.json_log import JsonLog

__all__ = ["IntentLog"]


class IntentLog(JsonLog):
    """The append-only file of moves; see `JsonLog`."""

    what = "the intent log"
    entry = "an intent"
