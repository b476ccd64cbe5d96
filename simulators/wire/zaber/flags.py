"""Warning flags of the Zaber protocol, and how a command is refused."""

__all__ = ["FLAGS", "LASTING", "RejectedError"]

FLAGS = (
    *("FF", "FN", "FZ", "FH", "FV", "FO", "FC", "FM", "FD", "FQ", "FI", "FA", "FR", "FS", "FB"),
    *("FP", "FE", "FT", "WL", "WV", "WT", "WS", "WM", "WP", "WR", "WH", "NC", "NI", "ND", "NR"),
    *("NT", "NU", "NJ"),
)
"""Warning flags in their order of priority (manual, warning flags)."""
LASTING = frozenset({"FO", "WR", "WH"})
"""Flags of a condition that persists; clearing does not remove them."""


class RejectedError(Exception):
    """A command is refused (RJ); the text is the reason as it goes on the wire."""
