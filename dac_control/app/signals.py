"""Signals that end a run in hold, and how they are called in a run's record."""

import signal

__all__ = ["SIGNALS", "ended_by"]

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]
"""SIGHUP is a dropped ssh session; Windows has SIGBREAK for a closed console instead."""


def ended_by(number: int) -> str:
    """Reason of a run that a signal ended."""
    name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    return f"ended by {name}; the drive was stopped where it was"
