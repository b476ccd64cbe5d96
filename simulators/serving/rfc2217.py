"""Serves a simulator as a serial line over TCP: Telnet with the COM port option of RFC 2217.

Unlike a pseudo-terminal it carries the line settings, so a client with the wrong baud rate,
data bits, parity or stop bits gets garbage, as on the real line.
"""

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from serial import rfc2217

from simulators.serving.pump import Channel
from simulators.serving.tcp import SocketChannel, TcpServer
from simulators.wire.reply import Clock, SessionFactory

__all__ = ["LineSettings", "Rfc2217Server"]


@dataclass(frozen=True)
class LineSettings:
    """How a serial line is set; the default is that of a Lake Shore 336's USB port."""

    baudrate: int = 57600
    bytesize: int = 7
    parity: str = "O"
    stopbits: float = 1


class _Port:
    """What pyserial's `PortManager` sets on a serial port; the modem lines are always up."""

    def __init__(self) -> None:
        self.baudrate = 9600
        self.bytesize = 8
        self.parity = "N"
        self.stopbits = 1.0
        self.xonxoff = False
        self.rtscts = False
        self.dtr = True
        self.rts = True
        self.break_condition = False
        self.cts = self.dsr = self.cd = True
        self.ri = False

    def settings(self) -> LineSettings:
        """How the client has set the line."""
        return LineSettings(self.baudrate, self.bytesize, self.parity, self.stopbits)

    def reset_input_buffer(self) -> None:
        """Nothing is buffered on this side."""

    def reset_output_buffer(self) -> None:
        """Nothing is buffered on this side."""


def garble(data: bytes) -> bytes:
    """What arrives when the two ends disagree on the line settings: rubbish of the same length."""
    return bytes((byte ^ 0x55) | 0x80 for byte in data)


class _Rfc2217Channel(SocketChannel):
    """A connection whose Telnet layer is peeled off, garbled while the settings are wrong."""

    def __init__(self, connection: socket.socket, wanted: LineSettings) -> None:
        super().__init__(connection)
        self._wanted = wanted
        self._lock = threading.RLock()
        self._port = _Port()
        # Any objects with the right attributes will do; the stubs ask for real serial ports.
        self._manager = rfc2217.PortManager(cast(Any, self._port), cast(Any, self))

    @property
    def settings(self) -> LineSettings:
        """How the client has set the line."""
        return self._port.settings()

    def write(self, data: bytes) -> None:
        """Send Telnet bytes as they are; called by `PortManager`."""
        with self._lock:
            super().send(data)

    def receive(self, timeout_s: float) -> bytes | None:
        """Return the payload bytes, without Telnet."""
        data = super().receive(timeout_s)
        if not data:
            return data
        try:
            payload = b"".join(self._manager.filter(data))
        except (struct.error, KeyError, TypeError, ValueError) as error:
            raise ConnectionError(f"malformed Telnet option from the client: {error}") from error
        return payload if self.settings == self._wanted else garble(payload)

    def send(self, data: bytes) -> None:
        """Send payload bytes, Telnet-escaped."""
        if self.settings != self._wanted:
            data = garble(data)
        self.write(b"".join(self._manager.escape(data)))


class Rfc2217Server(TcpServer):
    """Serves one instrument as a serial line; the client opens ``rfc2217://host:port``.

    Parameters
    ----------
    session_factory : Callable[[], Session]
        Called once per connection.
    line : LineSettings
        The settings of the instrument's line.
    host, port, clock, tick
        As of `TcpServer`.
    """

    def __init__(
        self,
        session_factory: SessionFactory,
        line: LineSettings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tick: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(session_factory, host, port, clock, tick)
        self._line = line or LineSettings()
        self._channels: list[_Rfc2217Channel] = []

    @property
    def client_settings(self) -> list[LineSettings]:
        """Line settings of every client so far, oldest first."""
        return [channel.settings for channel in self._channels]

    def make_channel(self, connection: socket.socket) -> Channel:
        """Wrap an accepted connection in its Telnet layer."""
        channel = _Rfc2217Channel(connection, self._line)
        self._channels.append(channel)
        return channel
