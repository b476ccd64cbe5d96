"""Faults of a line that its protocol cannot reveal: what a driver then takes for true.

The one list of them: tests hold every driver against it, and `docs/unattended.md` says of each what
bounds it.
"""

from simulators.faults import Fault

__all__ = ["UNREVEALED"]

UNREVEALED: dict[tuple[str, Fault, str], str] = {
    ("cryostat", Fault.FLIPPED_DIGIT, "read"): "temperatures between 0 and 400 K; the next reading",
    ("cryostat", Fault.PREVIOUS_REPLY, "read"): "the age of the reading before",
    ("laser", Fault.FLIPPED_DIGIT, "read"): "nothing is lit or shut by it; the next reading",
    ("laser", Fault.PREVIOUS_REPLY, "read"): "the hours of operation alone",
}
"""What bounds it, by role, fault, and what the driver was asked to do."""
