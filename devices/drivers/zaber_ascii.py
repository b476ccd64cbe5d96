"""Zaber's ASCII protocol: requests, replies, checksums, flags; pure.

Source: Zaber ASCII Protocol Manual, sections on message format, checksums, reject reasons and
warning flags.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dac_control.errors import ProtocolError

__all__ = [
    "DOUBTFUL_FLAGS",
    "FLAG_MEANINGS",
    "NO_REFERENCE",
    "REJECT_REASONS",
    "Reply",
    "checksum",
    "fault_text",
    "flags_text",
    "format_request",
    "parse_flags",
    "parse_reply",
]

NO_REFERENCE = "WR"
"""No reference position: the drive has lost where it stands, until it is homed or told."""
NO_FLAG = "--"

FLAG_MEANINGS = {
    "FF": "critical system error",
    "FN": "the attached motor is not supported",
    "FZ": "the axis is not active",
    "FH": "the hardware emergency stop is engaged",
    "FV": "the driver is off: supply voltage too high or too low",
    "FO": "the driver is off since power-up or by command",
    "FC": "current inrush error",
    "FM": "the motor is too hot",
    "FD": "the driver switched itself off",
    "FQ": "encoder error, the position may be wrong",
    "FI": "index error",
    "FA": "analog encoder synchronisation error",
    "FR": "overdrive limit exceeded",
    "FS": "the motor stalled and stopped, so steps were lost",
    "FB": "a streamed motion left the allowed range",
    "FP": "a motion left its path",
    "FE": "a limit sensor cannot be reached or is faulty",
    "FT": "the axes of a lockstep group twisted too far",
    "WL": "a limit sensor stopped the motion unexpectedly",
    "WV": "supply voltage out of range",
    "WT": "the controller is too hot",
    "WS": "the motor stalled and went on, so steps may be lost",
    "WM": "the motor was displaced while it stood",
    "WP": "calibration data of the wrong kind",
    "WR": "no reference position: where the motor stands is unknown",
    "WH": "not homed (a pressure screw never is)",
    "NC": "moving under the manual knob",
    "NI": "a motion was interrupted by another command",
    "ND": "a streamed motion ran out of data",
    "NR": "a value was rounded",
    "NT": "a value was truncated",
    "NU": "a setting takes effect later",
    "NJ": "the joystick is being calibrated",
}

POSITION_WARNINGS = frozenset(("WL", "WS", "WM"))
"""Warnings after which the motor may not stand where the drive says, as bad as a fault."""

DOUBTFUL_FLAGS = frozenset((NO_REFERENCE, "FS", "FQ", *POSITION_WARNINGS))
"""While one of these stands, the position that the drive reports is not to be believed."""

REJECT_REASONS = {
    "AGAIN": "it cannot be done right now",
    "BADAXIS": "there is no such axis",
    "BADCOMMAND": "the command or setting is unknown",
    "BADDATA": "a value is malformed or outside the limits set in the drive",
    "BADMESSAGEID": "the message id is not 0 to 99",
    "DEVICEONLY": "the command goes to the device, not to an axis",
    "DRIVERDISABLED": "the motor driver is off",
    "FULL": "the permanent storage is full",
    "INACTIVE": "the axis is not active",
    "LOCKSTEP": "the axis belongs to a lockstep group",
    "NOACCESS": "the access level does not allow it",
    "PARKED": "the axis is parked",
    "REMOTE": "the drive is in remote mode",
    "STATUSBUSY": "it cannot be done while the motor moves",
}

REPLY = re.compile(
    r"@(?P<device>\d{1,2}) (?P<axis>\d{1,2}) (?:(?P<id>\d{1,2}) )?(?P<verdict>OK|RJ)"
    r" (?P<state>IDLE|BUSY) (?P<flag>[A-Z]{2}|--)(?: (?P<data>.*))?"
)
CHECKSUM = re.compile(r":(?P<sum>[0-9A-Fa-f]{2})$")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply of the drive to one request."""

    device: int
    axis: int
    message_id: int | None
    accepted: bool
    busy: bool
    flag: str
    """The most important flag; empty if there is none."""
    data: str
    checked: bool
    """Whether it carried a checksum (and it was right)."""


def checksum(text: str) -> str:
    """Longitudinal redundancy check of what stands between the first character and the colon."""
    return f"{-sum(text.encode('ascii')) & 0xFF:02X}"


def format_request(device: int, axis: int, message_id: int, command: str) -> str:
    """Make a request with message id and checksum; an empty command asks for the status."""
    text = f"{device} {axis} {message_id} {command}".rstrip()
    return f"/{text}:{checksum(text)}"


def parse_reply(line: str) -> Reply:
    """Parse a reply line.

    Raises
    ------
    ProtocolError
        If it is no reply (``@``), or its checksum is wrong.
    """
    text = line.strip()
    check = CHECKSUM.search(text)
    if check is not None:
        text = text[: check.start()]
        if checksum(text[1:]) != check["sum"].upper():
            raise ProtocolError(f"The checksum of the drive's reply {line!r} is wrong.")
    match = REPLY.fullmatch(text)
    if match is None:
        raise ProtocolError(f"The drive sent {line!r}, which is no reply of Zaber's protocol.")
    return Reply(
        device=int(match["device"]),
        axis=int(match["axis"]),
        message_id=None if match["id"] is None else int(match["id"]),
        accepted=match["verdict"] == "OK",
        busy=match["state"] == "BUSY",
        flag="" if match["flag"] == NO_FLAG else match["flag"],
        data=(match["data"] or "").strip(),
        checked=check is not None,
    )


def parse_flags(data: str) -> tuple[str, ...]:
    """Parse the data of a reply to ``warnings``: a count, and as many flags.

    Raises
    ------
    ProtocolError
        If the count and the flags disagree.
    """
    count, *flags = data.split() or [""]
    if not count.isdigit() or int(count) != len(flags):
        raise ProtocolError(f"The drive sent {data!r} where a list of its flags was due.")
    return tuple(flags)


def flags_text(flags: Iterable[str]) -> str:
    """Put flags into words, ``"FS (the motor stalled ...), ..."``."""
    return ", ".join(f"{flag} ({FLAG_MEANINGS.get(flag, 'unknown flag')})" for flag in flags)


def fault_text(flags: Iterable[str]) -> str:
    """Put into words those flags after which a move has failed; empty if there is none."""
    return flags_text(f for f in flags if f.startswith("F") or f in POSITION_WARNINGS)
