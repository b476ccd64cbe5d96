"""Links: one exchange at a time with one instrument, over VISA or a serial line."""

from devices.links.base import Channel, Link, LinkSettings, Token, TokenSource
from devices.links.exchange import LineLink
from devices.links.factory import open_link
from devices.links.lock import PriorityLock
from devices.links.serial_port import SerialChannel, SerialSettings
from devices.links.visa import VisaChannel

__all__ = [
    "Channel",
    "LineLink",
    "Link",
    "LinkSettings",
    "PriorityLock",
    "SerialChannel",
    "SerialSettings",
    "Token",
    "TokenSource",
    "VisaChannel",
    "open_link",
]
