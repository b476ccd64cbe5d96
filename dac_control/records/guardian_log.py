"""What the guardian of a run saw and did, kept across runs."""

from dac_control.records.json_log import JsonLog

__all__ = ["GuardianLog"]


class GuardianLog(JsonLog):
    """The append-only file of the guardian; see `JsonLog`.

    Records have ``time`` (wall clock, s since the epoch), ``run`` (uid, None before there is
    one), ``what`` (one word) and what belongs to it.
    """

    what = "the guardian's log"
    entry = "an entry of the guardian"
