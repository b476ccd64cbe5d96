"""A TCP connection to an Ocean spectrometer that hands on whole, verified replies only.

seabreeze reads from a plain socket, takes whatever comes as the answer to what it asked last,
counts a refused setting as made, and reads on for ever once the peer has closed. So what it is
given here looks like a socket and knows the frame of the Ocean Binary Protocol (Ventana Data
Sheet 891-00000-200-05-201305, pages 9 to 12): 44 bytes of header, payload, 16 bytes of
checksum, 4 of footer.
"""

import contextlib
import hashlib
import logging
import socket
import struct
import time

from dac_control.errors import InstrumentError, LinkDown, ProtocolError, ReplyTimeout

__all__ = ["ObpSocket"]

logger = logging.getLogger(__name__)

_HEADER = struct.Struct("<2sHHHII6sBB16sI")
_REGARDING = struct.Struct("<I")
_REGARDING_AT = 12
_TYPE_AT = 8
_START, _FOOTER = b"\xc1\xc0", b"\xc5\xc4\xc3\xc2"
_TRAILER_BYTES = 20
_LONGEST_REPLY_BYTES = 1 << 20  # a spectrum is 4 kB; a length beyond this is garbage
_NACK, _EXCEPTION = 0x08, 0x10
_MD5 = 1

# Data sheet, "Error Number"; what a person can do with the number.
_REFUSALS = {
    1: "it does not speak this version of the protocol",
    2: "it does not know this message type",
    3: "the checksum was wrong",
    4: "the message was too large",
    5: "the message had the wrong length",
    6: "the value is not allowed",
    7: "it is not ready",
    8: "it does not know the checksum type",
    9: "it was reset unexpectedly",
    10: "another bus commands it",
    11: "it is out of memory",
    12: "it has no such information",
    13: "it has an internal error",
}


class ObpSocket:
    """Connects on construction; used by one thread, except for `hang_up`.

    Parameters
    ----------
    host, port : str, int
        Where the spectrometer listens.
    address : str
        How messages name it.
    timeout_s : float
        For the connection, and the first value of `budget_s`.

    Attributes
    ----------
    budget_s : float
        Wall-clock seconds that a reply may take from the sending of its request to its last
        byte.

    Raises
    ------
    LinkDown
        If nothing accepts the connection in time.
    """

    def __init__(self, host: str, port: int, *, address: str, timeout_s: float) -> None:
        self._address = address
        self.budget_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._request = (0, 0)
        self._count = 0
        self._unread = memoryview(b"")
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            raise LinkDown(
                f"{address} cannot be reached ({error.strerror or error}); check that it is on, "
                "and its host and port in the station file."
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> int:
        """Send one request, numbered so that its reply can be told from a late one."""
        self._count = self._count % 0xFFFFFFFF + 1
        self._request = (_REGARDING.unpack_from(data, _TYPE_AT)[0], self._count)
        self._unread = memoryview(b"")
        numbered = bytearray(data)
        _REGARDING.pack_into(numbered, _REGARDING_AT, self._count)
        self._deadline = time.monotonic() + self.budget_s
        try:
            self._socket.settimeout(self.budget_s)
            self._socket.sendall(numbered)
        except OSError as error:
            raise self._lost(error) from error
        return len(data)

    def recv_into(self, buffer: memoryview, nbytes: int = 0) -> int:
        """Put up to `nbytes` of the reply into `buffer`; waits for the whole reply first.

        Raises
        ------
        ReplyTimeout, LinkDown
            If the reply does not come within `budget_s`, or the connection ends.
        ProtocolError
            If what comes is not a message.
        InstrumentError
            If the reply is a refusal.
        """
        if not self._unread:
            self._unread = memoryview(self._reply())
        size = min(nbytes or len(buffer), len(self._unread))
        buffer[:size] = self._unread[:size]
        self._unread = self._unread[size:]
        return size

    def settimeout(self, value: float | None) -> None:
        """Do nothing: seabreeze adds to its timeout at every spectrum; `budget_s` rules here."""

    def gettimeout(self) -> float:
        """Return `budget_s`."""
        return self.budget_s

    def hang_up(self) -> None:
        """End the connection from any thread, so that a wait in another one ends too."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket; idempotent."""
        self.hang_up()
        self._socket.close()

    def _reply(self) -> bytes:
        """Return the reply to the last request; replies to others are dropped."""
        while True:
            header = self._read(_HEADER.size)
            start, _, flags, error, kind, regarding, _, checksum_type, _, _, rest = _HEADER.unpack(
                header
            )
            if start != _START or not _TRAILER_BYTES <= rest <= _LONGEST_REPLY_BYTES:
                raise self._garbled(f"a reply begins with {header[:8].hex(' ')}")
            tail = self._read(rest)
            body = header + tail[:-_TRAILER_BYTES]
            if not tail.endswith(_FOOTER):
                raise self._garbled(f"a reply ends with {tail[-4:].hex(' ')}")
            if checksum_type == _MD5 and hashlib.md5(body).digest() != tail[-20:-4]:
                raise self._garbled("the checksum of a reply is wrong")
            # Firmware that leaves the number out would answer 0; the type still tells.
            if kind == self._request[0] and regarding in (0, self._request[1]):
                break
            logger.warning("%s: dropped a reply to another request (0x%08X)", self._address, kind)
        if flags & (_NACK | _EXCEPTION) and error:
            reason = _REFUSALS.get(error, f"error {error}")
            raise InstrumentError(f"{self._address} refused request 0x{kind:08X}: {reason}.")
        return header + tail

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                raise self._late()
            try:
                self._socket.settimeout(left_s)
                piece = self._socket.recv(size - len(data))
            except TimeoutError as error:
                raise self._late() from error
            except OSError as error:
                raise self._lost(error) from error
            if not piece:
                raise LinkDown(
                    f"{self._address} closed the connection; check that it is on and that no "
                    "other program uses it."
                )
            data += piece
        return bytes(data)

    def _late(self) -> ReplyTimeout:
        return ReplyTimeout(
            f"{self._address} did not answer within {self.budget_s:g} s; check that it is on and "
            "that its trigger mode is the normal one."
        )

    def _lost(self, error: OSError) -> LinkDown:
        return LinkDown(f"{self._address}: the connection broke ({error.strerror or error}).")

    def _garbled(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"{self._address}: {what}, which is not the Ocean Binary Protocol; check that the "
            "port is the spectrometer's."
        )
