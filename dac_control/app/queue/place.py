"""Where a station's queue keeps its files, and how its parts find each other.

Everything listens on loopback, on ports that were free, so two stations of one machine never
meet. The addresses and the key that opens them stand in a file that only its owner can read.
"""

import contextlib
import hashlib
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from dac_control.errors import QueueUnreachable
from dac_control.records.disk import replace_file

__all__ = ["Place", "QueueAddresses", "free_port"]


@dataclass(frozen=True, kw_only=True)
class QueueAddresses:
    """How to reach a queue that is running."""

    control: str
    """0MQ address for clients."""
    public_key: str
    """Without it the manager answers nobody (CurveZMQ)."""
    redis: str
    prefix: str
    pid: int
    """Of the supervisor."""


@dataclass(frozen=True)
class Place:
    """The folder ``queue`` in a station's state folder."""

    state: Path

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.state / "queue"

    @property
    def worker(self) -> Path:
        """Folder whose lock the worker holds for as long as its process lives."""
        return self.folder / "worker"

    @property
    def tickets(self) -> Path:
        """Run files that were handed in, by ticket."""
        return self.folder / "tickets"

    @property
    def ledger(self) -> Path:
        """Which tickets were begun, and how they ended."""
        return self.folder / "tickets.jsonl"

    @property
    def scheduled(self) -> Path:
        """Tickets that wait for a time."""
        return self.folder / "scheduled"

    @property
    def log(self) -> Path:
        """What the manager and its worker print."""
        return self.folder / "manager.log"

    @property
    def prefix(self) -> str:
        """Prefix of this station's keys in Redis."""
        return f"dac_{hashlib.sha256(str(self.state.resolve()).encode()).hexdigest()[:12]}"

    def last_words(self, after: int = 0) -> str:
        """Last words of the manager's log, from a place in it on."""
        with self.log.open("rb") as file:
            file.seek(after)
            lines = file.read().decode(errors="replace").splitlines()
        errors = [line.strip() for line in lines if "Error" in line]
        return (errors or lines or ["it said nothing"])[-1] + f" ({self.log} has the rest)"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.folder, self.tickets, self.scheduled):
            folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # no such rights on Windows
            self.folder.chmod(0o700)

    def save(self, addresses: QueueAddresses) -> None:
        """Say where the queue is reached."""
        path = self.folder / "addresses.json"
        replace_file(path, orjson.dumps(asdict(addresses)))
        with contextlib.suppress(OSError):
            path.chmod(0o600)

    def forget(self) -> None:
        """Say that the queue is not running."""
        (self.folder / "addresses.json").unlink(missing_ok=True)

    def find(self) -> QueueAddresses:
        """Return where the queue is reached.

        Raises
        ------
        QueueUnreachable
            If it is not running.
        """
        try:
            return QueueAddresses(**orjson.loads((self.folder / "addresses.json").read_bytes()))
        except (OSError, orjson.JSONDecodeError, TypeError):
            raise QueueUnreachable(
                "The queue of this station is not running; start it with `dac-control queue start "
                "STATION` and leave that open."
            ) from None


def free_port() -> int:
    """Return a TCP port of loopback that nobody uses."""
    with contextlib.closing(socket.socket()) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
