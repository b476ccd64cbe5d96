"""The one family of errors: what, where, which value, what to do.

Every error that a user can meet derives from `DacError`; its message is a complete sentence
that can be shown without a traceback.
"""

from typing import Final

__all__ = [
    "ConfigurationError",
    "DacError",
    "Disagreement",
    "IdentityError",
    "IndexUnreachable",
    "InstrumentError",
    "LimitError",
    "LinkDown",
    "MoveFailed",
    "NotAsked",
    "NotMeasured",
    "NotifyFailed",
    "PositionUnknown",
    "ProtocolError",
    "QueueRefused",
    "QueueUnreachable",
    "RampHeld",
    "RecordError",
    "ReplyTimeout",
    "RuleError",
    "SpectrumFileError",
    "StaleCalibration",
    "StaleReading",
    "TransportError",
    "UncertainWrite",
]


class DacError(Exception):
    """Any failure that `dac-control` foresees; its text is written for a person."""


class ConfigurationError(DacError):
    """A station file, run file or argument is wrong; nothing was opened or moved."""


class LimitError(DacError, ValueError):
    """A target, limit or parameter is out of bounds; nothing was moved.

    Also a `ValueError`, so that a file's validation can name the line it came from. Where one
    key of a file asks for what is refused, `key` is that, dotted as in the file: the run file, or
    the station file if `of_station`.
    """

    def __init__(self, message: str = "", *, key: str = "", of_station: bool = False) -> None:
        super().__init__(message)
        self.key, self.of_station = key, of_station


class TransportError(DacError):
    """A link failed; base of everything that can go wrong between host and instrument."""


class LinkDown(TransportError):
    """The peer refused, closed or vanished."""


class ReplyTimeout(TransportError):
    """The instrument did not answer in time."""


class ProtocolError(TransportError):
    """An answer came, and it is not a valid answer to what was asked."""


class UncertainWrite(TransportError):
    """A write whose effect could not be confirmed; read the instrument before anything else."""


class InstrumentError(DacError):
    """The instrument itself reports a fault or rejects a command."""


class IdentityError(InstrumentError):
    """Another instrument answers than the station file names."""


class PositionUnknown(DacError):
    """The screw drive does not know where it stands, so it may not move."""


class MoveFailed(InstrumentError):
    """A move did not end at its target; the drive was stopped where it is."""


class NotAsked(InstrumentError):
    """A question could not be put to anybody, so nobody has touched what it is about."""


class StaleReading(DacError):
    """No reading that is recent enough exists."""


class StaleCalibration(StaleReading):
    """A calibration that a run needs is missing or too old.

    `key` is where the station file asks for it.
    """

    of_station: Final = True

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class IndexUnreachable(DacError):
    """The index of runs cannot be opened; no run depends on it."""


class NotMeasured(DacError):
    """A gauge gave no usable value."""


class NotifyFailed(DacError):
    """A notice could not be sent; the run does not depend on it."""


class QueueRefused(DacError):
    """The queue does not do what was asked of it; it stays as it is."""


class QueueUnreachable(DacError):
    """The queue, or the Redis behind it, does not answer."""


class RampHeld(DacError):
    """A ramp ended in hold before it was done; the text says why."""


class Disagreement(RampHeld):
    """A run cannot be taken up again: what was found is not what it left; nothing was moved."""


class RecordError(DacError):
    """A run folder cannot be written or read."""


class RuleError(DacError, ValueError):
    """A rule cannot be understood, or could never or would always fire; nothing was started.

    Also a `ValueError`, so that a file's validation can name the line it came from.
    """


class SpectrumFileError(DacError):
    """A file of spectra cannot be read; the text names file and line."""
